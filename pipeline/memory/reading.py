"""What of a file a tool result shows: the lines that stand in both, whatever the tool printed around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_CHARS = 200  # less may stand anywhere
_NUMBERED = re.compile(r"[ \t]{0,12}\d{1,8}(?:\t|→|: ?|\| ?)")
_NUMBERED_SHARE = 0.75  # of the lines; a reader adds a heading or a reminder


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a file.

    Args:
        text: the lines, as they stand in the file; the whole file where ``whole``.
        first, last: their numbers, from 1 on, inclusive.
        whole: it is all of the file.
    """

    text: str
    first: int
    last: int
    whole: bool

    @property
    def label(self) -> str:
        """Which lines, ``""`` for the whole file."""
        return "" if self.whole else f"lines {self.first}-{self.last}"


def shown(result: str, file: str) -> Part | None:
    """The part of a file that a tool result shows, None if it shows none of it as it stands there: then it may be another file, or has changed.

    Args:
        result: as the tool returned it, with or without line numbers.
        file: the file's text.
    """
    given = _bare(result.replace("\r\n", "\n").split("\n"))
    return _place(given, file)


def standing(text: str, file: str) -> Part | None:
    """Where a part that was shown once stands in the file now, None if it does so no more."""
    return _place(text.split("\n"), file)


def _place(given: Sequence[str], file: str) -> Part | None:
    lines = file.replace("\r\n", "\n").removesuffix("\n").split("\n")
    here, there = "\n".join(lines), "\n".join(given).strip("\n")
    if min(len(here), len(there)) < LEAST_CHARS:
        return None
    if f"\n{here}\n" in f"\n{there}\n":
        return Part(file, 1, len(lines), whole=True)
    at = f"\n{here}\n".find(f"\n{there}\n")
    if at < 0:
        return None
    first = here.count("\n", 0, at) + 1
    return Part(there, first, first + there.count("\n"), whole=False)


def _bare(lines: list[str]) -> list[str]:
    """The lines without the numbers that a tool printed in front of them, and without its own lines between."""
    found = [_NUMBERED.match(line) for line in lines]
    if sum(m is not None for m in found) < _NUMBERED_SHARE * len(lines):
        return lines
    return [line[m.end() :] for line, m in zip(lines, found, strict=True) if m is not None]
