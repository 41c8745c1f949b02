"""Line numbers that a tool printed in front of the lines of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PREFIX = re.compile(r"[ \t]{0,12}(\d{1,7})(\t|→|[:|] ?)")
_MOST_HEAD = 5  # lines that a tool prints above the file
_LEAST_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Numbered:
    """The lines of a file as a tool printed them.

    Args:
        bare: every line as it stands in the file; lines of the tool's own are empty here.
        head: how many lines the tool printed above the file.
        tail: how many it printed below.
        printed: numbers are printed in front.
    """

    bare: Sequence[str]
    head: int = 0
    tail: int = 0
    printed: bool = False


def strip(lines: Sequence[str]) -> Numbered | None:
    """The lines without their numbers; as they are where there are none; None where numbers do not run from 1 on by ones: no whole file."""
    first = next((i for i, line in enumerate(lines[: _MOST_HEAD + 1]) if _PREFIX.match(line)), None)
    if first is None or len(lines) < 3:
        return Numbered(lines)
    bare = [""] * first
    separator = ""
    for n, line in enumerate(lines[first:], 1):
        match = _PREFIX.match(line)
        if match is None or int(match[1]) != n or (separator and match[2].strip(" ") != separator):
            break
        separator = match[2].strip(" ")
        bare.append(line[match.end() :])
    count = len(bare) - first
    tail = len(lines) - len(bare)
    if count < _LEAST_SHARE * len(lines):
        many = sum(_PREFIX.match(line) is not None for line in lines) * 2 >= len(lines)
        return None if many else Numbered(lines)  # a line or two may begin with a number
    if any(_PREFIX.match(line) for line in lines[len(bare) :]):
        return None
    return Numbered([*bare, *[""] * tail], first, tail, printed=True)
