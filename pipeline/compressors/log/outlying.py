"""Lines with a number far above what others have in its place: a time without a unit or name, a large size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise

from pipeline.query import Query

# Looks behind its first digit, so that the search skips to it.
_NUMBER = re.compile(r"(\d(?<![\w.-]\d)(?<!\d:\d)\d{0,14}(\.\d{1,9})?) ?([kKMGT]i?B|[kKMGT](?![\w.]))?(?!\.?\w|[:-]\d)")
_NAME_BACKWARDS = re.compile(r"[\"'\\]{0,2} ?[=:] ?[\"'\\]{0,2}([\w.-]{1,40})")
_NAME_REACH = 48  # characters before a number
_LINE = 2000  # characters of a line that are looked at
_NUMBERS = 40  # of a line: where there are more, they are data
_LEAST = 8  # numbers; of fewer a median means nothing
_FAR = 8  # times the median
_OF_TOP = 0.1  # of the largest
_MOST_SHARE = 0.1  # of the numbers: what more of them are is usual
_ORDERED = 0.9  # of the numbers are no smaller than the one before: a clock, or a count that goes on
_UNITS = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_LARGE = frozenset(
    """large larger largest big bigger biggest huge size sizes oversized heavy heavier heaviest high higher highest peak max
    maximum""".split()
)
_Place = tuple[object, ...]


def asked(query: Query) -> bool:
    """Whether the question asks for what is large."""
    return not _LARGE.isdisjoint(query.all_words)


def outlying(lines: Sequence[str], groups: Iterable[Sequence[int]], *, decimal: bool = False) -> list[int]:
    """The lines with a number of at least 8 times the median of those in its place, and a tenth of their maximum; the farthest first.

    In one place are numbers of one name in whatever lines, and those without a name that are as many-eth in lines of one shape.

    Args:
        lines: the lines.
        groups: of each shape the lines that are looked at.
        decimal: only numbers with a decimal point are looked at: most others are ids, ports and counts.
    """
    places: dict[_Place, list[tuple[int, float]]] = {}
    for shape, members in enumerate(groups):
        columns: dict[tuple[int, int], list[tuple[int, float]]] = {}  # how many numbers a line has, which of them it is -> its numbers, in ``places``
        for i in members:
            line = lines[i][:_LINE]
            found = [match for match in islice(_NUMBER.finditer(line), _NUMBERS) if match[2] or not decimal]
            for n, match in enumerate(found):
                column = columns.get((len(found), n))
                if column is None:
                    name = _NAME_BACKWARDS.match(line[max(0, match.start() - _NAME_REACH) : match.start()][::-1])
                    column = places.setdefault((name[1],) if name else (shape, len(found), n), [])
                    columns[len(found), n] = column
                column.append((i, float(match[1]) * (_UNITS[match[3][0].lower()] if match[3] else 1.0)))
    far: dict[int, float] = {}
    for numbers in places.values():
        for i, times in _far(numbers):
            far[i] = max(times, far.get(i, 0.0))
    return sorted(far, key=lambda i: (-far[i], i))


def _far(numbers: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The lines whose number is far above the others', each with how many times the median it is."""
    values = [value for _, value in sorted(numbers)]
    ranked = sorted(values)
    median = ranked[len(ranked) // 2]
    floor = max(_OF_TOP * ranked[-1], _FAR * median)
    if len(values) < _LEAST or not 0 < floor <= ranked[-1]:
        return []
    found = [(i, value / max(median, 1e-9)) for i, value in numbers if value >= floor]
    if len(found) > _MOST_SHARE * len(values) or sum(a <= b for a, b in pairwise(values)) >= _ORDERED * (len(values) - 1):
        return []
    return found
