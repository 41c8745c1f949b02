"""Numbered lines as ``cat -n`` prints them, without what only fills the column: the blanks before the numbers, which are a token or two a line, and
the numbers of empty lines, two or three, where the numbers around them tell. Nothing else is touched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from pipeline.compressors.api import Content, Rewrite
from pipeline.policy import Policy

_NUMBERED = re.compile(r" {1,8}(?=\d{1,9}[\t→])")
_PADDED = re.compile(r"^ {1,8}\d{1,9}[\t→]", re.MULTILINE)
_PREFIX = re.compile(r"(\d{1,9})([\t→])")
_BARE = re.compile(r"\d{1,9}[\t→]")
_SEPARATORS = ("\t", "→")
_SAMPLE = 20_000  # characters
_SHARE = 0.6  # of the lines; those from the one with the most digits on have no blanks
_LEAST = 10


class PaddingCompressor:
    """Loss-free, so it serves files that the agent will edit too: an edit is matched against what stands behind the numbers."""

    name = "padding"
    surest = 0.3

    def recognise(self, content: Content) -> float:
        """0.3 where most lines are numbered and padded: whoever knows the content itself goes first."""
        sample = content.text[:_SAMPLE]
        padded = len(_PADDED.findall(sample))
        return 0.3 if padded >= max(_LEAST, _SHARE * (sample.count("\n") + 1)) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The same lines without the blanks before their numbers, empty ones without a number between numbered ones."""
        lines = [_NUMBERED.sub("", line, count=1) if _NUMBERED.match(line) else line for line in content.lines]
        if lines == content.lines:
            return None
        shorter = without_told(lines)
        said = "blanks before numbers" + (", numbers of empty lines" if shorter != lines else "")
        return Rewrite("\n".join(shorter), len(lines), summary=f"only {said} left out")


def told(lines: Sequence[str], numbers: Sequence[int | None]) -> list[int | None]:
    """The numbers of lines; empty ones without one get it where those before and after them leave room for exactly so many.

    Args:
        lines: bare or not.
        numbers: what is printed before each, None for nothing.
    """
    found = list(numbers)
    before = -1  # the last line with a number
    for at, number in enumerate(numbers):
        if number is None:
            if lines[at]:
                before = -1
            continue
        first = numbers[before] if before >= 0 else None
        if first is not None and number - first == at - before:
            found[before + 1 : at] = range(number - (at - before) + 1, number)
        before = at
    return found


def without_told(lines: Sequence[str]) -> list[str]:
    """Numbered lines, those that hold nothing else emptied where ``with_told`` brings their numbers back."""
    out = list(lines)
    bare = [at for at, line in enumerate(lines) if line.endswith(_SEPARATORS) and _BARE.fullmatch(line)]
    runs = [[*run] for _, run in groupby(enumerate(bare), key=lambda one: one[1] - one[0])]
    for first, last in ((run[0][1], run[-1][1]) for run in runs):
        start = first - 1 if first and _follow(lines, first - 1, first) else first
        if last + 1 < len(lines) and all(_follow(lines, at, at + 1) for at in range(start, last + 1)):
            out[start + 1 : last + 1] = [""] * (last - start)
    if "" in lines[:-1] and with_told(out) != list(lines):
        return list(lines)  # lines without a number stand where some are missing
    return out


def _follow(lines: Sequence[str], one: int, other: int) -> bool:
    """Whether the second line is numbered on from the first."""
    a, b = _PREFIX.match(lines[one]), _PREFIX.match(lines[other])
    return a is not None and b is not None and a[2] == b[2] and b[1] == str(int(a[1]) + 1)


def with_told(lines: Sequence[str]) -> list[str]:
    """The inverse of ``without_told``."""
    parts = [_PREFIX.match(line) for line in lines]
    out = []
    separator = ""
    for line, part, number in zip(lines, parts, told(lines, [None if part is None else int(part[1]) for part in parts]), strict=True):
        separator = separator if part is None else part[2]
        out.append(line if part is not None or number is None else f"{number}{separator}")
    return out
