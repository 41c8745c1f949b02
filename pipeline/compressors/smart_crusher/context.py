"""What led to trouble: in a stream of events the message of a failure stands in a record of its own, before or behind the one that says ``FAIL``.

What belongs together is told by structure alone: a column whose values few records have, and those near each other, names the test, the
request, the job that an event is about. Where there is none, neighbours belong together.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from statistics import median

from pipeline.compressors.smart_crusher.rank import NOTABLE
from pipeline.compressors.smart_crusher.table import Table

_BEFORE, _AFTER = 12, 6  # records that share an identity; a failure's message comes before its verdict
_NEAR_BEFORE, _NEAR_AFTER = 8, 8  # neighbours; a stack trace comes behind its first line
_NEAREST = 4.0  # priority that the nearest record has above NOTABLE, so that of many contexts each gets its heart first
_LEAST, _MOST = 8, 0.1  # records whose context is looked at: some, and of many no more than this share
_SHARED = 0.8  # of the records that have a value share it with another
_HAVE = 0.5  # of all records have a value
_FEW = 40  # records have the same value, on average …
_FEW_SHARE = 0.2  # … and no more than this share of all
_NEAR = 0.2  # of all records lie between the first and the last of most values: chance would spread them over twice as many
_PEEK = 8
_KINDS = 4  # columns of such names that are looked at for each record
_CLOCK = re.compile(r"\d:\d\d|\d{4}[-/]\d\d|\d\.\d|\d{9}")  # a time or a measure names nothing

Groups = dict[object, list[int]]


def with_context(table: Table, priority: Sequence[float]) -> list[float]:
    """The priorities of a stream's events, with what stands around the notable ones notable too, the nearest most."""
    raised = list(priority)
    notable = sorted((i for i, p in enumerate(priority) if p >= NOTABLE), key=lambda i: (-priority[i], i))
    threads = _threads(table) if notable else []
    for row in notable[: max(_LEAST, int(_MOST * table.count))]:
        for distance, other in _around(table, threads, row):
            raised[other] = max(raised[other], NOTABLE + _NEAREST / distance)
    return raised


def _around(table: Table, threads: Sequence[tuple[str, Groups]], row: int) -> list[tuple[int, int]]:
    """Records that belong to one, each with its distance, counted in records that do."""
    found: dict[int, int] = {}
    for path, groups in threads:
        rows = groups.get(table.columns[path][row], [])
        at = bisect_left(rows, row)
        for distance, other in [
            *enumerate(rows[max(0, at - _BEFORE) : at][::-1], 1),
            *enumerate(rows[at + 1 : at + 1 + _AFTER], 1),
        ]:
            found.setdefault(other, distance)
        if len(found) >= _BEFORE:
            break
    if not found:
        near = range(max(0, row - _NEAR_BEFORE), min(table.count, row + 1 + _NEAR_AFTER))
        return [(abs(row - other), other) for other in near if other != row]
    return [(distance, other) for other, distance in found.items()]


def _threads(table: Table) -> list[tuple[str, Groups]]:
    """Columns that name what an event is about, with the records of each value; those that tell most apart come first."""
    found: list[tuple[float, str, Groups]] = []
    for path, column in table.columns.items():
        if path in table.same or path in table.derived:
            continue
        groups: Groups = {}
        for row, value in enumerate(column):
            if value and type(value) in {str, bytes}:
                groups.setdefault(value, []).append(row)
        size = _size(groups, table.count)
        if size:
            found.append((size, path, groups))
    return [(path, groups) for _, path, groups in sorted(found, key=lambda f: f[0])[:_KINDS]]


def _size(groups: Groups, count: int) -> float:
    """How many records have the same value, on average; 0 where the values name nothing that events could be about."""
    total = sum(map(len, groups.values()))
    shared = [rows for rows in groups.values() if len(rows) > 1]
    if total < _HAVE * count or sum(map(len, shared)) < _SHARED * total or total > min(_FEW, _FEW_SHARE * count) * len(groups):
        return 0.0
    if any(_CLOCK.search(v if isinstance(v, str) else v.decode()) for v in list(groups)[:_PEEK] if isinstance(v, (str, bytes))):
        return 0.0
    return total / len(groups) if median(rows[-1] - rows[0] for rows in shared) <= _NEAR * count else 0.0
