"""A shell command line taken apart: pipelines of commands of words, without what a shell does not run and what is not shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise

FILLED_IN = "{}"  # stands for what a command is given by another
_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ash"})
_SEPARATORS = frozenset({"&&", "||", ";", "&", "\n"})
_OPENERS = frozenset({"do", "then", "else", "if", "elif", "while", "until", "{", "!"})  # a command stands behind them
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WORD = re.compile(r"[|&;<>()\n]+|(?:[^ \t\r|&;<>()\n'\"]+|'[^']*'|\"[^\"]*\")+|['\"]")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_INTO = frozenset({">", ">>", "&>", "&>>", ">&"})
_SHOWN = frozenset({"/dev/stdout", "/dev/stderr", "/dev/tty"})
_MAX = 4000  # characters; no command line that is longer is taken apart
_LONGEST = 100_000  # likewise, with the heredocs in it

# Commands before others: which of their short options the next word is the value of, and how many words stand before the command.
_PREFIXES = {
    "sudo": ("ughpCUrtDRT", 0),
    "doas": ("uC", 0),
    "time": ("fo", 0),
    "nice": ("n", 0),
    "nohup": ("", 0),
    "command": ("", 0),
    "exec": ("a", 0),
    "env": ("uCS", 0),
    "stdbuf": ("ioe", 0),
    "timeout": ("ks", 1),
    "xargs": ("nPILdasE", 0),
}
_VALUED_LONG = frozenset(  # long options, of these and of readers, that the next word is the value of
    """line-range language style theme highlight-line tabs wrap color paging terminal-width lines bytes expression file user group signal env workdir
    env-file kill-after adjustment max-args max-procs max-lines delimiter arg-file unset chdir""".split()
)

_CONTAINERS = frozenset({"docker", "podman", "nerdctl", "docker-compose"})
_CLUSTERS = frozenset({"kubectl", "oc"})

# Comments and the starts of heredocs. Within quotation marks and behind a backslash there are none.
_SKIPPED = re.compile(
    r"""\\.|'[^']*'|"[^"\\]*(?:\\.[^"\\]*)*"|(?P<comment>(?<![^\s;&|()])#[^\n]*)|(?P<end>\n)"""
    r"""|<<<|<<-?[ \t]{0,9}(?:'(?P<single>[^'\n]{1,80})'|"(?P<double>[^"\n]{1,80})"|\\?(?P<plain>\w{1,80}))""",
    re.DOTALL,
)
_FEEDS_SHELL = re.compile(r"(?:^|[\s;&|/(])(?:ba|z|da|a)?sh(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands that feed each other.

    Args:
        commands: each as words; none is empty.
        into: the file that the output of the last one goes into, ``""`` if it is shown.
        elsewhere: the first runs in a container or on another machine.
    """

    commands: list[list[str]]
    into: str = ""
    elsewhere: bool = False


def pipelines(command: str) -> list[list[list[str]]]:
    """A command line as pipelines of commands of words. ``bash -lc '…'`` is opened; comments, heredocs, redirections and prefixes are left off.
    What ``xargs`` adds to a command is ``{}``.
    """
    return [pipeline.commands for pipeline in parsed(command)]


def parsed(command: str, *, within: bool = False) -> list[Pipeline]:
    """A command line as pipelines, in order, as by ``pipelines``; ``within``: ``docker exec``, ``kubectl exec`` and ``ssh`` are opened, too."""
    words = _words(run(command).replace("\\\n", " "))
    found: list[list[list[str]]] = []
    pipeline: list[list[str]] = [[]]
    for word in words:
        if word in ("|", "|&"):
            pipeline.append([])
        elif word in _SEPARATORS or not word.strip("\n;&"):
            found.append(pipeline)
            pipeline = [[]]
        else:
            pipeline[-1].append(word)
    found.append(pipeline)
    opened: list[Pipeline] = []
    for stages in found:
        here = [c for c in map(_strip, stages) if c]
        commands = [_within(c) for c in here] if within else here
        elsewhere = commands[:1] != here[:1]
        inner = _shell_script(commands[0]) if len(commands) == 1 else None
        if inner is not None:
            found_in = parsed(inner, within=within)
            opened += [replace(one, elsewhere=True) for one in found_in] if elsewhere else found_in
        elif commands:
            opened.append(Pipeline(commands, _into(stages[-1]), elsewhere))
    return opened


def run(command: str) -> str:
    """What a shell runs of a command line: no comments, and no texts of heredocs unless they are fed to a shell. Its first 4,000 characters."""
    if "#" not in command and "<<" not in command:
        return command[:_MAX]
    command = command[:_LONGEST]
    kept: list[str] = []
    waiting: list[str] = []  # ends of the heredocs that begin with the next line
    done = line = at = 0
    heredocs = True
    while (found := _SKIPPED.search(command, at)) is not None:
        at = found.end()
        if found["comment"] is not None:
            kept.append(command[done : found.start()])
            done = at
        elif found["end"] is None:
            ending = found["single"] or found["double"] or found["plain"]
            waiting += [ending] if ending and heredocs else []
        else:
            if waiting:
                end = _heredoc_end(command, at, waiting)
                heredocs = end >= 0  # one without end is looked for to the end of the text: once is enough
                waiting = []
                if heredocs and not _FEEDS_SHELL.search(command, line, at):
                    kept.append(command[done:at])
                    done = end
                at = max(at, end)
            line = at
    return ("".join(kept) + command[done:])[:_MAX]


def opened(words: list[str]) -> list[str]:
    """A command without the keywords of the shell that it stands behind, such as ``then``."""
    while words and words[0] in _OPENERS:
        words = _strip(words[1:])
    return words


def plain(arguments: Sequence[str], valued: str, flags: AbstractSet[str] | None = None) -> tuple[list[str], list[str]]:
    """The arguments that are neither options nor their values, and the options: letters, or words without their dashes.

    Args:
        arguments: of a command.
        valued: the short options that the next word is the value of.
        flags: of a command with many options the long ones that have no value; by default few have one.
    """
    found: list[str] = []
    options: list[str] = []
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word.startswith("--"):
            option, equals, _ = word[2:].partition("=")
            options.append(option)
            skip = not equals and (option in _VALUED_LONG if flags is None else option not in flags)
        elif word.startswith("-") and word != "-":
            own = next((n for n, letter in enumerate(word) if n and letter in valued), len(word))
            options += word[1 : own + 1]
            skip = own == len(word) - 1
        else:
            found.append(word)
    return found, options


def name(words: Sequence[str]) -> str:
    """The program that a command runs, without its folder; ``""`` for none."""
    return words[0].rsplit("/", 1)[-1] if words else ""


def _heredoc_end(command: str, at: int, endings: Sequence[str]) -> int:
    """Where the heredocs that begin at an offset have ended; -1 if one has no end."""
    for ending in endings:
        found = re.compile(rf"^\t{{0,99}}{re.escape(ending)}[ \t\r]{{0,99}}$", re.MULTILINE).search(command, at)
        if found is None:
            return -1
        at = found.end()
    return at


def _words(line: str) -> list[str]:
    """The words of a line and the operators between them; where a quotation has no end, what stands between white space."""
    if "\\" in line:
        return _lexed(line)
    # Without a backslash two patterns do what `shlex` does letter by letter, in a twentieth of the time.
    words = _WORD.findall(line)
    if "'" not in line and '"' not in line:
        return words
    if "'" in words or '"' in words:
        return line.split()
    return [_QUOTED.sub(lambda found: found[1] or found[2] or "", word) for word in words]


def _lexed(line: str) -> list[str]:
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()\n")
        lexer.whitespace = " \t\r"
        lexer.whitespace_split = True
        lexer.commenters = ""
        return list(lexer)
    except ValueError:
        return line.split()


def _strip(words: Sequence[str]) -> list[str]:
    """A command without assignments, prefixes such as ``sudo`` and redirections."""
    kept: list[str] = []
    skip = before = 0
    prefix = valued = filled = ""
    for n, word in enumerate(words):
        if skip:
            skip -= 1
        elif set(word) <= set("<>&") and word:
            skip = 1
            if kept and kept[-1].isdigit():
                kept.pop()
        elif not kept and (_ASSIGNMENT.match(word) or word in ("(", ")", "{", "}", "!")):
            continue
        elif not kept and word in _PREFIXES:
            prefix, (valued, before) = word, _PREFIXES[word]
        elif not kept and word.startswith("-"):
            rest, options = plain((word, ""), valued)
            skip = 0 if rest else 1
            if prefix == "xargs" and options[-1:] == ["I"]:
                filled = word[word.index("I") + 1 :] or "".join(words[n + 1 : n + 2])
        elif not kept and before:
            before -= 1
        elif word not in ("(", ")"):
            kept.append(word)
    if prefix == "xargs" and kept:
        return [word.replace(filled, FILLED_IN) for word in kept] if filled else [*kept, FILLED_IN]
    return kept


def _within(words: list[str]) -> list[str]:
    """The command that another one runs in a container or on another machine; the words as they are where there is none."""
    program = name(words)
    if program in _CONTAINERS:
        rest = words[2:] if words[1:2] == ["compose"] else words[1:]
        return _within(_behind(rest[1:], "euw", 1)) or words if rest[:1] == ["exec"] else words
    if program in _CLUSTERS and "exec" in words and "--" in words:
        return _within(words[words.index("--") + 1 :]) or words
    if program == "ssh":
        rest = _behind(words[1:], "bcDEeFIiJLlmOopQRSWw", 1)
        return ["sh", "-c", " ".join(rest)] if rest else words  # as the shell there takes it
    return words


def _behind(words: Sequence[str], valued: str, count: int) -> list[str]:
    """What stands behind so many plain arguments; ``valued``: the short options that the next word is the value of."""
    at = 0
    while at < len(words) and (count or words[at].startswith("-")):
        is_option = words[at].startswith("-") and words[at] != "-"
        count -= not is_option
        at += 2 if is_option and not plain((words[at], ""), valued)[0] else 1
    return list(words[at:])


def _into(words: Sequence[str]) -> str:
    """The file that what a command puts out goes into, ``""`` if it is shown."""
    for n, (word, file) in enumerate(pairwise(words)):
        other = n > 0 and words[n - 1].isdigit() and words[n - 1] != "1"  # what it says of errors
        if word in _INTO and not other and not file.isdigit() and file not in _SHOWN:
            return file
    return ""


def _shell_script(words: list[str]) -> str | None:
    if name(words) not in _SHELLS:
        return None
    for i, word in enumerate(words[1:], 1):
        if word.startswith("-") and "c" in word.lstrip("-") and not word.startswith("--"):
            return words[i + 1] if i + 1 < len(words) else None
        if not word.startswith("-"):
            return None
    return None
