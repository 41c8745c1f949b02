"""A block's original against what was sent: which lines were kept, left out, and put in. Pure, and linear in both texts."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

KEPT, LEFT_OUT, PUT_IN = " ", "-", "+"


class Compared(NamedTuple):
    """A line with what became of it, one of `KEPT`, `LEFT_OUT`, `PUT_IN`."""

    mark: str
    text: str


def compare(original: str, sent: str) -> list[Compared]:
    """Lay `sent` along `original`, both line by line: a line of `sent` is kept where it stands next in the original."""
    lines = original.split("\n")
    places: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        places.setdefault(line, []).append(place)
    found: list[Compared] = []
    at = 0
    for line in sent.split("\n"):
        standing = places.get(line, [])
        index = bisect_left(standing, at)
        if index == len(standing):
            found.append(Compared(PUT_IN, line))
            continue
        place = standing[index]
        if place > at:
            _leave_out(found, lines[at:place])
        found.append(Compared(KEPT, line))
        at = place + 1
    _leave_out(found, lines[at:])
    return found


def _leave_out(found: list[Compared], lines: list[str]) -> None:
    """Add lines that were left out, before the markers that stand for them."""
    markers: list[Compared] = []
    while lines and found and found[-1].mark == PUT_IN:
        markers.append(found.pop())
    found += [Compared(LEFT_OUT, line) for line in lines]
    found += markers[::-1]
