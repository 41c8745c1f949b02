"""A block's original against what was sent: which lines were kept, left out, and put in. Pure, and linear in both texts."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

KEPT, LEFT_OUT, PUT_IN, UNTOLD = " ", "-", "+", "…"
_MOST_COMPARED, _MOST_LEFT_OUT = 200_000, 50_000
"""Lines of what was sent, and lines that are shown of what was left out: the page must be there at once."""


class Compared(NamedTuple):
    """A line with what became of it, one of `KEPT`, `LEFT_OUT`, `PUT_IN`; `UNTOLD` for a line of ours in place of others."""

    mark: str
    text: str


class Comparison(NamedTuple):
    """What became of a text.

    Args:
        lines: all of it, in order.
        kept: how many lines of the original were kept.
        left_out: how many were not.
        whole: whether all that was sent was compared; the numbers are of what was.
    """

    lines: list[Compared]
    kept: int
    left_out: int
    whole: bool


def compare(original: str, sent: str) -> Comparison:
    """Lay `sent` along `original`, both line by line: a line of `sent` is kept where it stands next in the original."""
    told = sent.split("\n", _MOST_COMPARED)
    whole = len(told) <= _MOST_COMPARED
    lines, told = original.split("\n"), told[:_MOST_COMPARED]
    wanted = frozenset(told)
    places: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        if line in wanted:
            places.setdefault(line, []).append(place)
    laid = _Laid(lines)
    for line in told:
        standing = places.get(line, [])
        index = bisect_left(standing, laid.at)
        if index == len(standing):
            laid.found.append(Compared(PUT_IN, line))
        else:
            laid.keep(standing[index])
    if whole:
        laid.leave_out(len(lines))
    else:
        laid.found.append(Compared(UNTOLD, "what follows was not compared"))
    return Comparison(laid.found, laid.kept, laid.left_out, whole)


class _Laid:
    """How far a text has been laid along the original."""

    def __init__(self, lines: list[str]) -> None:
        self.found: list[Compared] = []
        self.at = self.kept = self.left_out = 0
        self._lines = lines

    def keep(self, place: int) -> None:
        """The line at `place` was kept, and none since the last one that was."""
        self.leave_out(place)
        self.found.append(Compared(KEPT, self._lines[place]))
        self.kept += 1
        self.at = place + 1

    def leave_out(self, end: int) -> None:
        """Lines up to `end` were left out: they stand before the markers that stand for them."""
        if end == self.at:
            return
        markers: list[Compared] = []
        while self.found and self.found[-1].mark == PUT_IN:
            markers.append(self.found.pop())
        shown = min(max(_MOST_LEFT_OUT - self.left_out, 0), end - self.at)
        self.found += [Compared(LEFT_OUT, line) for line in self._lines[self.at : self.at + shown]]
        if shown < end - self.at:
            self.found.append(Compared(UNTOLD, f"{end - self.at - shown:,} more lines that were left out"))
        self.found += markers[::-1]
        self.left_out += end - self.at
        self.at = end
