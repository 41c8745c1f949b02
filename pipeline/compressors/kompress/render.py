"""From units that stay and units that do not to a text with markers in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline.compressors.api import Gap
from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import Unit
from pipeline.compressors.kompress.squeeze import separator
from pipeline.markers import gap

NOTED = 10  # from so many units on a marker says what they are
_WORTH = 2.0  # a run stays where it is not this many times as long as its marker, which costs more tokens than its length says


def numbers(units: Sequence[Unit], first: int = 1) -> list[int]:
    """The number of each unit as it is retrieved by, from ``first`` on: empty lines have none, 0."""
    found = []
    last = first - 1
    for unit in units:
        last += unit.kind is not Kind.BLANK
        found.append(last if unit.kind is not Kind.BLANK else 0)
    return found


def gaps_of(
    units: Sequence[Unit], said: Sequence[str], kept: bytearray, same_as: Mapping[int, int], first: int = 1
) -> list[tuple[Gap, int, int, str]]:
    """The runs that are left out: unit numbers, indices ``[start, end)`` and the marker. Those hardly longer than their marker stay."""
    number = numbers(units, first)
    found = []
    for start, end in _runs(units, kept, same_as):
        low, high = number[start], number[end - 1]
        marker = gap(low, high, _note(units[start:end], number, same_as, start))
        if sum(map(len, said[start:end])) >= _WORTH * len(marker):
            found.append((Gap(low, high), start, end, marker))
    return found


def render(text: str, units: Sequence[Unit], said: Sequence[str], gaps: Sequence[tuple[Gap, int, int, str]]) -> str:
    """The units as they are said, with the markers in the places of the gaps."""
    out: list[str] = []
    at = 0
    for _, start, end, marker in gaps:
        out += _shown(text, units, said, at, start)
        within = end < len(units) and units[end].kind is not Kind.BLANK and units[end].paragraph == units[end - 1].paragraph
        out += [marker, " " if within else "\n"]
        at = end
        while at < len(units) and units[at].kind is Kind.BLANK:  # the marker's line break is enough
            at += 1
    out += _shown(text, units, said, at, len(units))
    joined = "".join(out)
    return joined if text.endswith("\n") else joined.removesuffix("\n")


def _shown(text: str, units: Sequence[Unit], said: Sequence[str], start: int, end: int) -> Iterator[str]:
    while end < len(units) and end > start and units[end - 1].kind is Kind.BLANK:
        end -= 1
    for n in range(start, end):
        if units[n].kind is Kind.BLANK:
            yield "\n"
            continue
        yield said[n]
        yield separator(text, units[n], units[n + 1] if n + 1 < len(units) else None)


def _runs(units: Sequence[Unit], kept: bytearray, same_as: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Runs of units that go, empty lines at their ends left out; what repeats another unit and what does not are runs of their own."""
    start = -1
    end = 0
    for n, unit in enumerate(units):
        if unit.kind is Kind.BLANK:
            continue
        goes_on = start >= 0 and same_as.get(n, -1) - n == same_as.get(start, -1) - start if n in same_as or start in same_as else True
        if start >= 0 and (kept[n] or not goes_on):
            yield start, end
            start = -1
        if not kept[n]:
            start = n if start < 0 else start
            end = n + 1
    if start >= 0:
        yield start, end


def _note(run: Sequence[Unit], number: Sequence[int], same_as: Mapping[int, int], start: int) -> str:
    if start in same_as:
        return f"same as {number[same_as[start]]}"
    counts: Counter[Kind] = Counter(unit.kind for unit in run if unit.kind is not Kind.BLANK)
    if sum(counts.values()) < NOTED or len(counts) < 2:
        return ""
    return ", ".join(f"{counts[kind]} {_PLURAL[kind]}" for kind in Kind if counts[kind])


_PLURAL = {
    Kind.SENTENCE: "sentences",
    Kind.HEADING: "headings",
    Kind.CODE: "code",
    Kind.TABLE: "tables",
    Kind.ITEM: "list items",
}
