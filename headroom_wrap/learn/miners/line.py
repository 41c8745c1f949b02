"""A shell command line as the miners compare it: where it runs, with which variables, and the words of its commands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from pipeline.command import pipelines

_MAX = 4000  # characters: what is longer is no line to learn from
_WRAPPED = re.compile(r"(?:/\S{0,40}/)?(?:ba|z|da|a)?sh\s{1,4}-l?i?c\s{1,4}(?=['\"])")
_CD = re.compile(r"(?:cd|pushd)\s{1,4}('[^'\n]{1,300}'|\"[^\"\n$]{1,300}\"|[^\s;&|$`\"']{1,300})\s{0,4}(?:&&|;|\n)\s{0,8}")
_SET = re.compile(
    r"(?:export\s{1,4}|env\s{1,4})?([A-Za-z_]\w{0,63})=('[^'\n]{0,300}'|\"[^\"\n]{0,300}\"|[^\s;&|\"'`]{0,300})(?:\s{0,4}(?:&&|;|\n)\s{0,8}|\s{1,8})"
)
_ACTIVATE = re.compile(r"(?:source|\.)\s{1,4}([^\s;&|$`\"']{0,200}activate)\s{0,4}(?:&&|;|\n)\s{0,8}")
_GUARDS = frozenset(
    {"for", "while", "until", "if", "case", "select", "test", "[", "[[", "!", "function", "do", "then", "trap", "which", "type", "hash"}
)
_ALL = frozenset(";|\n")  # without these between commands, the status of the line is that of them all
_TRAILERS = frozenset({"cd", "popd", "echo", "printf", "true", ":", "pwd", "date"})
_REDIRECTED = re.compile(r"(?<![0-9&>])>{1,2}\s{0,4}(?!/dev/|&)\S|\btee\s")


@dataclass(frozen=True, slots=True)
class Line:
    """A command line taken apart.

    Args:
        folder: that it changes to first, as written, ``""`` if it does not.
        variables: set for it, in order, name and value.
        activate: the script of a virtual environment that it sources first, ``""`` if none.
        commands: the words of every command in it, in order, without redirections and prefixes such as ``sudo``.
        words: those of its one command, piped or not; empty where it has several.
        masked: the exit status is not that of ``words``: it is piped, or something comes after it.
        guarded: it expects that something in it fails: it has ``||``, a loop, a condition.
        writes: it writes a file by redirection.
    """

    folder: str
    variables: tuple[tuple[str, str], ...]
    activate: str
    commands: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    masked: bool
    guarded: bool
    writes: bool

    @property
    def text(self) -> str:
        """Its words with one space between, for comparison."""
        return " ".join(self.words)

    @property
    def program(self) -> str:
        """The program as it was called, ``""`` where there are several commands."""
        return self.words[0] if self.words else ""


def parse(command: str) -> Line | None:
    """A command line taken apart, or None if it is too long or shows no command."""
    inline = "<<" in command  # what is fed to a program: it may do anything, and says nothing of how the program is called
    command = command.split("<<", 1)[0] if inline else command
    if not command.strip() or len(command) > _MAX:
        return None
    rest, folder, activate = _unwrapped(command.strip()), "", ""
    variables: list[tuple[str, str]] = []
    while True:
        if found := _CD.match(rest):
            folder = _joined(folder, _bare(found[1]))
        elif found := _ACTIVATE.match(rest):
            activate = found[1]
        elif found := _SET.match(rest):
            variables.append((found[1], _bare(found[2])))
        else:
            break
        rest = rest[found.end() :]
    try:
        parts = pipelines(rest)
    except (ValueError, RecursionError):
        return None
    if not parts:
        return None
    guarded = "||" in rest or any(stage[0] in _GUARDS for part in parts for stage in part) or "command -v" in rest
    commands = tuple(tuple(stage) for part in parts for stage in part)
    main = parts[0] if all(stage[0] in _TRAILERS for part in parts[1:] for stage in part) else []
    words = tuple(main[0]) if main and not guarded else ()
    masked = (len(parts) > 1 and not _ALL.isdisjoint(rest)) or len(parts[0]) > 1 or inline
    return Line(folder, tuple(variables), activate, commands, words, masked, guarded, inline or bool(_REDIRECTED.search(rest)))


def basename(program: str) -> str:
    """A program without its folder."""
    return program.rsplit("/", 1)[-1]


def _unwrapped(command: str) -> str:
    if command[0] == "(" and command[-1] == ")" and not {"(", ")"} & set(command[1:-1]):
        command = command[1:-1].strip()  # a shell of its own, and nothing after it
    if not (found := _WRAPPED.match(command)):
        return command
    try:
        words = shlex.split(command[found.end() :])
    except ValueError:
        return command
    return words[0].strip() if len(words) == 1 else command


def _joined(folder: str, following: str) -> str:
    return following if not folder or following.startswith(("/", "~")) else f"{folder}/{following}"


def _bare(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word
