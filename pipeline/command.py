"""What a shell command line shows: a file, search hits, a listing, a page, or a program's own output."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from pipeline.shell import FILLED_IN, name, opened, parsed, pipelines, plain, run
from pipeline.transcript import ToolKind

__all__ = ["Shown", "pipelines", "shows"]

_EDITORS = frozenset({"edit", "str_replace_editor", "apply_patch", "insert", "patch", "tee"})
_READERS = frozenset({"cat", "head", "tail", "sed", "nl", "bat", "batcat", "less", "more", "awk"})
_IN_PART = frozenset({"sed", "awk", "head", "tail"})
_SEARCHERS = frozenset({"grep", "rg", "ag", "ack", "egrep", "fgrep", "ripgrep", "zgrep"})
_LISTERS = frozenset({"ls", "find", "fd", "fdfind", "tree", "dir", "eza", "exa", "du", "dpkg", "ps"})
_FINDERS = frozenset({"find", "fd", "fdfind"})
_RUN = frozenset({"-exec", "-execdir", "-x", "--exec"})
_FETCHERS = frozenset({"curl", "wget", "http", "https", "xh"})
_QUIET = frozenset(
    """cd export set source . pushd popd true false : mkdir echo printf sleep unset alias [ [[ test exit return break continue shift read local
    declare shopt trap wait rm cp mv touch chmod ln for select case done fi esac""".split()
)
_BRIEF = frozenset({"pwd", "wc"})  # they print a line: it does not count beside what another command prints
_VALUED = {"head": "nc", "tail": "ncs", "sed": "ef", "awk": "Fvf", "bat": "rlHm", "batcat": "rlHm", "nl": "bdfhilnsvw"}
_SCRIPTS = frozenset({"e", "f", "expression", "file"})  # options of sed and awk with which the script is no plain argument
_VARIABLE = re.compile(r"\$(?:\{(\w{1,60})\}|(\w{1,60}))")
_MOST_VALUES = 20  # of a loop
_KNOWN = 1024  # command lines: a transcript comes again with every request, and compressors ask for the same one several times


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command line shows.

    Args:
        kind: what it does.
        program: the program whose output is shown, without its folder.
        path: the file that a reader shows, ``""`` if none or several.
        ranged: only a part of the file is asked for.
        files: all files that readers show, among other output too, as they are named: patterns and variables, ``{}`` where another command
            names them.
    """

    kind: ToolKind
    program: str = ""
    path: str = ""
    ranged: bool = False
    files: tuple[str, ...] = ()


_Loops = Mapping[str, Sequence[str]]
"""The variables of loops, and the values that they take."""


def shows(command: str) -> Shown:
    """What the output of ``command`` is. Several commands in one line that differ in kind are SHELL."""
    return _shows(run(command))


@lru_cache(maxsize=_KNOWN)
def _shows(command: str) -> Shown:
    loud: list[Shown] = []
    brief: list[Shown] = []
    unseen: list[Shown] = []
    loops: dict[str, Sequence[str]] = {}
    made: dict[str, Shown] = {}  # files that hold what an earlier program of the line put out
    for pipeline in parsed(command, within=True):
        commands = [opened(words) for words in pipeline.commands]
        first = commands[0]
        program = name(first)
        if not first or program in _QUIET:
            if program == "for" and first[2:3] == ["in"]:
                loops[first[1]] = first[3 : 3 + _MOST_VALUES]
            continue
        shown = _of_pipeline([words for words in commands if words], loops)
        if shown.files and all(file in made for file in shown.files):
            shown = made[shown.files[0]]
        if pipeline.elsewhere:
            shown = replace(shown, path="")  # no file here has this name
        (unseen if pipeline.into else brief if program in _BRIEF else loud).append(shown)
        if shown.kind is ToolKind.FETCH:
            made |= {place: shown for word in first[1:] for place in (word, word.rsplit("/", 1)[-1])}
        elif pipeline.into and program not in _READERS:
            made[pipeline.into] = shown
    return _together(loud or brief or unseen)


def _together(several: Sequence[Shown]) -> Shown:
    """What several commands show."""
    if not several:
        return Shown(ToolKind.SHELL)
    first = several[0]
    files = tuple(dict.fromkeys(file for shown in several for file in shown.files))
    if all((shown.kind, shown.path) == (first.kind, first.path) for shown in several):
        return replace(first, files=files)
    return Shown(first.kind if all(shown.kind is first.kind for shown in several) else ToolKind.SHELL, first.program, files=files)


def _of_pipeline(commands: Sequence[list[str]], loops: _Loops) -> Shown:
    first = _of_command(commands[0], loops)
    for later in commands[1:]:
        program = name(later)
        if any(FILLED_IN in word for word in later):
            first = _of_found(commands[0], first, later, loops)
        elif program in _SEARCHERS and first.kind in (ToolKind.READ, ToolKind.SEARCH):
            first = Shown(ToolKind.SEARCH, program, first.path, ranged=True)
        elif program in _READERS and first.kind is ToolKind.READ:
            first = replace(first, ranged=True)
    return first


def _of_command(words: list[str], loops: _Loops) -> Shown:
    program = name(words)
    arguments = words[1:]
    if program == "git" and arguments:
        verb = next(iter(plain(arguments, "Cc")[0]), "")
        if verb == "grep":
            return Shown(ToolKind.SEARCH, "git grep")
        if verb == "ls-files":
            return Shown(ToolKind.LIST, "git ls-files")
        files = tuple(a.partition(":")[2] for a in arguments if ":" in a[1:] and not a.startswith("-")) if verb == "show" else ()
        if files:
            return Shown(ToolKind.READ, "git show", files=files)  # as they were: no path that can be read again
        return Shown(ToolKind.SHELL, f"git {verb}")
    if program in _EDITORS:
        return Shown(ToolKind.EDIT, program)
    if program in _SEARCHERS:
        return Shown(ToolKind.SEARCH, program)
    if program in _LISTERS:
        found = Shown(ToolKind.LIST, program)
        at = next((n for n, word in enumerate(arguments) if word in _RUN), -1) if program in _FINDERS else -1
        return found if at < 0 else _of_found(words, found, [word for word in arguments[at + 1 :] if word != "+"], loops)
    if program in _FETCHERS:
        return Shown(ToolKind.FETCH, program)
    if program in _READERS:
        return _reader(program, arguments, loops)
    return Shown(ToolKind.SHELL, program)


def _of_found(finder: Sequence[str], found: Shown, words: list[str], loops: _Loops) -> Shown:
    """What a command shows that is run on what another finds; that of the other where it neither reads, nor searches, nor edits."""
    shown = _of_command(words, loops)
    if shown.kind not in (ToolKind.READ, ToolKind.SEARCH, ToolKind.EDIT):
        return found
    folder = f"{finder[1]}/" if len(finder) > 1 and not finder[1].startswith("-") and found.kind is ToolKind.LIST else ""
    patterns = [pattern for option, pattern in pairwise(finder) if option in ("-name", "-iname")]
    named = [folder + pattern for pattern in patterns or [FILLED_IN]]
    files = [file for one in shown.files for file in (named if FILLED_IN in one else [one])]
    return replace(shown, path="", files=tuple(dict.fromkeys(files)))


def _reader(program: str, arguments: Sequence[str], loops: _Loops) -> Shown:
    words, options = plain(arguments, _VALUED.get(program, ""))
    ranged = program in _IN_PART
    if program in ("sed", "awk"):
        if any(a.startswith(("-i", "--in-place")) for a in arguments):
            return Shown(ToolKind.EDIT, program)
        if _SCRIPTS.isdisjoint(options):
            words = words[1:]
    elif ranged:
        words = [word for word in words if not word.lstrip("+").isdigit()]
    elif program in ("bat", "batcat"):
        ranged = "r" in options or "line-range" in options
    files = tuple(file for word in words if word != "-" for file in _values(word, loops))
    path = files[0] if len(words) == len(files) == 1 and (files[0] == words[0] or "*" not in files[0]) else ""
    return Shown(ToolKind.READ if words else ToolKind.SHELL, program, "" if FILLED_IN in path else path, ranged, files)


def _values(word: str, loops: _Loops) -> list[str]:
    """A word, once for every value of the first variable of a loop in it."""
    found = _VARIABLE.search(word)
    values = loops.get(found[1] or found[2], ()) if found is not None else ()
    return [word.replace(found[0], value, 1) for value in values] if found is not None and values else [word]
