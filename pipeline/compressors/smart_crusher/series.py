"""Rows that only repeat: the same row again, or the same but for a column that counts on, as the samples of a time series do.

Such rows are written once, with a line below that says how many more there are; nothing is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.compressors.smart_crusher.table import Table

AGAIN = "×"
_LEAST = 8  # rows of a series
_STEADY = 0.6  # of its steps are alike
_RUN = 3  # rows, from which on a run is shorter than its rows
_COUNT = re.compile(rb"0|-?[1-9]\d{0,17}")  # not -0, which no count would bring back


@dataclass(frozen=True, slots=True)
class Series:
    """A column that counts on.

    Args:
        path: the column.
        place: its cell in a row.
        step: by how much.
    """

    path: str
    place: int
    step: int


def series_of(table: Table, positional: Sequence[str]) -> Series | None:
    """The first column, of those read by position, whose integers mostly grow by one step."""
    if table.count < _LEAST:
        return None
    for place, path in enumerate(positional):
        column = table.columns.get(path)
        if column is None or path in table.defaults or path in table.soft:
            continue
        if all(isinstance(v, bytes) and _COUNT.fullmatch(v) is not None for v in column):
            numbers = [int(v) for v in column if isinstance(v, bytes)]
            step, times = Counter(b - a for a, b in pairwise(numbers)).most_common(1)[0]
            if step != 0 and times >= _STEADY * (len(numbers) - 1):
                return Series(path, place, step)
    return None


def again(series: Series | None) -> str:
    """The line that says how to read a line ``×n``."""
    if series is None:
        return f"#again: {AGAIN}n below a row: n more such rows"
    return f"#again {series.path} {series.step:+d}: {AGAIN}n below a row: n more such rows, {series.path} growing by {series.step}"


def parts_of(rows: Sequence[str], series: Series | None) -> list[tuple[int, str]]:
    """Of each row the count in it, and the rest of it."""
    if series is None:
        return [(0, row) for row in rows]
    found = []
    place = series.place
    for row in rows:
        cells = row.split("\t", place + 1)
        count = int(cells.pop(place))
        found.append((count, "\t".join(cells)))
    return found


def folded(rows: Sequence[str], parts: Sequence[tuple[int, str]], series: Series | None) -> Iterator[str]:
    """Rows that follow each other, runs of them written once."""
    at = 0
    step = 0 if series is None else series.step
    while at < len(rows):
        end = at + 1
        count, rest = parts[at]
        while end < len(rows) and parts[end] == (count + step * (end - at), rest):
            end += 1
        yield rows[at]
        if end - at >= _RUN:
            yield f"{AGAIN}{end - at - 1}"
        else:
            yield from rows[at + 1 : end]
        at = end
