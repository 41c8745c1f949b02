"""What a shell command line shows: a file, search hits, a listing, a page, or a program's own output."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import lru_cache

from pipeline.transcript import ToolKind

_SEPARATORS = frozenset({"&&", "||", ";", "&", "\n"})
_PREFIXES = frozenset({"sudo", "time", "nice", "nohup", "command", "exec", "env", "stdbuf", "timeout", "xargs", "doas"})
_PREFIX_VALUE = {"timeout": 1, "nice": 0, "env": 0, "xargs": 0}
_EDITORS = frozenset({"edit", "str_replace_editor", "apply_patch", "insert", "patch", "tee"})
_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ash"})
_READERS = frozenset({"cat", "head", "tail", "sed", "nl", "bat", "batcat", "less", "more", "awk"})
_SEARCHERS = frozenset({"grep", "rg", "ag", "ack", "egrep", "fgrep", "ripgrep", "zgrep"})
_LISTERS = frozenset({"ls", "find", "fd", "fdfind", "tree", "dir", "eza", "exa", "du", "dpkg", "ps"})
_FETCHERS = frozenset({"curl", "wget", "http", "https", "xh"})
_QUIET = frozenset({"cd", "export", "set", "source", ".", "pushd", "popd", "true", ":", "mkdir", "echo", "sleep", "unset", "alias"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WORD = re.compile(r"[|&;<>()\n]+|(?:[^ \t\r|&;<>()\n'\"]+|'[^']*'|\"[^\"]*\")+|['\"]")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_MAX = 4000  # a heredoc of a whole file is no command line to take apart
_KNOWN = 1024  # command lines: a transcript comes again with every request, and compressors ask for the same one several times


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command line shows.

    Args:
        kind: what it does.
        program: the program whose output is shown, without its folder.
        path: the file that a reader shows, ``""`` if none or several.
        ranged: only a part of the file is asked for.
    """

    kind: ToolKind
    program: str = ""
    path: str = ""
    ranged: bool = False


def shows(command: str) -> Shown:
    """What the output of ``command`` is. Several commands in one line that differ in kind are SHELL."""
    return _shows(command[:_MAX])


@lru_cache(maxsize=_KNOWN)
def _shows(command: str) -> Shown:
    stages = [_of_pipeline(p) for p in pipelines(command)]
    loud = [s for s in stages if s.program and s.program not in _QUIET]
    if not loud:
        return Shown(ToolKind.SHELL)
    if len(loud) == 1 or len({(s.kind, s.path) for s in loud}) == 1:
        return loud[0]
    return Shown(loud[0].kind if len({s.kind for s in loud}) == 1 else ToolKind.SHELL, loud[0].program)


def pipelines(command: str) -> list[list[list[str]]]:
    """A command line as pipelines of commands of words; ``bash -lc '…'`` is opened, redirections and prefixes are left off."""
    words = _words(command[:_MAX].replace("\\\n", " "))
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
    opened: list[list[list[str]]] = []
    for stages in found:
        commands = [c for c in (_strip(s) for s in stages) if c]
        inner = _shell_script(commands[0]) if len(commands) == 1 else None
        opened += pipelines(inner) if inner is not None else [commands] if commands else []
    return opened


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


def _of_pipeline(commands: list[list[str]]) -> Shown:
    first = _of_command(commands[0])
    for later in commands[1:]:
        name = _name(later)
        if name in _SEARCHERS and first.kind in (ToolKind.READ, ToolKind.SEARCH):
            first = Shown(ToolKind.SEARCH, name, first.path, ranged=True)
        elif name in _READERS and first.kind is ToolKind.READ:
            first = Shown(first.kind, first.program, first.path, ranged=True)
    return first


def _of_command(words: list[str]) -> Shown:
    name = _name(words)
    arguments = words[1:]
    if name == "git" and arguments:
        verb = next((a for a in arguments if not a.startswith("-")), "")
        if verb == "grep":
            return Shown(ToolKind.SEARCH, "git grep")
        if verb == "ls-files":
            return Shown(ToolKind.LIST, "git ls-files")
        return Shown(ToolKind.SHELL, f"git {verb}")
    if name in _EDITORS:
        return Shown(ToolKind.EDIT, name)
    if name in _SEARCHERS:
        return Shown(ToolKind.SEARCH, name)
    if name in _LISTERS:
        return Shown(ToolKind.LIST, name)
    if name in _FETCHERS:
        return Shown(ToolKind.FETCH, name)
    if name in _READERS:
        return _reader(name, arguments)
    return Shown(ToolKind.SHELL, name)


def _reader(name: str, arguments: list[str]) -> Shown:
    plain = [a for a in arguments if not a.startswith("-") or a == "-"]
    if name in ("sed", "awk"):
        if "-i" in arguments or any(a.startswith("-i") for a in arguments):
            return Shown(ToolKind.EDIT, name)
        plain = plain[1:]
    elif name in ("head", "tail"):
        plain = [a for a in plain if not a.lstrip("+").isdigit()]
    path = plain[0] if len(plain) == 1 and plain[0] != "-" else ""
    return Shown(ToolKind.READ if plain else ToolKind.SHELL, name, path, ranged=name in ("sed", "awk", "head", "tail"))


def _strip(words: list[str]) -> list[str]:
    """A command without assignments, prefixes such as ``sudo`` and redirections."""
    kept: list[str] = []
    skip = 0
    for i, word in enumerate(words):
        if skip:
            skip -= 1
        elif set(word) <= set("<>&") and word:
            skip = 1
            if kept and kept[-1].isdigit():
                kept.pop()
        elif not kept and (_ASSIGNMENT.match(word) or word in ("(", ")", "{", "}", "!")):
            continue
        elif not kept and word in _PREFIXES:
            skip = _PREFIX_VALUE.get(word, 0)
            if i + 1 < len(words) and words[i + 1].startswith("-") and word in ("timeout", "nice"):
                skip += 1
        elif not kept and word.startswith("-"):
            continue
        elif word not in ("(", ")"):
            kept.append(word)
    return kept


def _shell_script(words: list[str]) -> str | None:
    if _name(words) not in _SHELLS:
        return None
    for i, word in enumerate(words[1:], 1):
        if word.startswith("-") and "c" in word.lstrip("-") and not word.startswith("--"):
            return words[i + 1] if i + 1 < len(words) else None
        if not word.startswith("-"):
            return None
    return None


def _name(words: list[str]) -> str:
    return words[0].rsplit("/", 1)[-1] if words else ""
