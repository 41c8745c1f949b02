"""Tables without a header: what ``grep``, ``tail -n +2`` or ``--no-headers`` leaves of one. Columns have no titles but their places.

Nothing in such lines says that they are a table: only for who knows it from the call.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from pipeline.compressors.table.grid import Grid

LEAST_ROWS = 10
_WIDTH = 1200  # characters of a row that are read
_SAMPLE = 400
_AGREE = 0.95  # of the rows have a column; what the others are is not told, and they stay
_FILLED = 0.2  # of the rows have something in a column of its own: less is the end of a long text before it
_MOST = 24  # columns
_FIGURES = 0.9
_FEW_VALUES = 12
_FEW_SHARE = 0.1
_JOINED = re.compile(r"([^\s/:]{1,200})([/:])([^\s/:]{1,80})")  # bash/stable,now; libc6:amd64

_Columns = list[list[str]]


def headless(lines: Sequence[str]) -> Grid | None:
    """The table that the lines are, titles ``column 1`` and so on; None if their words do not stand in columns.

    Columns are what tabs separate, or what stands below each other, or the words. One of them at least has figures or few values: lines of prose
    are of many words too.
    """
    at = [n for n, line in enumerate(lines) if line.strip()]
    if len(at) < LEAST_ROWS:
        return None
    rows = [lines[n][:_WIDTH].rstrip() for n in at]
    columns, odd = _tabbed(rows) or _worded(rows, exactly=True) or _below(rows) or _worded(rows) or ([], {})
    count = len(rows) - len(odd)
    if len(columns) < 2 or count < LEAST_ROWS:
        return None
    for row in odd:
        for column in columns:
            column[row] = ""
    if not any(_tells([c for row, c in enumerate(column) if row not in odd] if odd else column) for column in columns):
        return None
    titled = {
        f"{end}column {n}": part for n, column in enumerate(columns, 1) for end, part in zip(("", "end of "), _parts(column, count), strict=False)
    }
    return Grid(tuple(titled), at, [n + 1 for n in at], list(titled.values()), odd, titled=False)


def _tabbed(rows: Sequence[str]) -> tuple[_Columns, dict[int, None]] | None:
    width, agree = Counter(row.count("\t") for row in rows).most_common(1)[0]
    if not 0 < width < _MOST or agree < _AGREE * len(rows):
        return None
    cells = [row.split("\t") for row in rows]
    return _filled(cells, width + 1)


def _worded(rows: Sequence[str], *, exactly: bool = False) -> tuple[_Columns, dict[int, None]] | None:
    """The words as columns, the last one with all that follows where rows have more; with ``exactly`` only where none has."""
    counts = sorted(len(row.split(None, _MOST)) for row in rows)
    width = counts[int((1 - _AGREE) * len(rows))]
    if width < 2 or (exactly and counts[0] != counts[-1]):
        return None
    return _filled([row.split(None, width - 1) for row in rows], width)


def _filled(cells: Sequence[Sequence[str]], width: int) -> tuple[_Columns, dict[int, None]]:
    odd = {n: None for n, row in enumerate(cells) if len(row) != width}
    columns = zip(*(row if len(row) == width else [""] * width for row in cells), strict=True)
    return [[cell.strip() for cell in column] for column in columns], odd


def _below(rows: Sequence[str]) -> tuple[_Columns, dict[int, None]] | None:
    """What stands below each other, with blanks before it in nearly all rows."""
    rows = [row.expandtabs()[:_WIDTH] if "\t" in row else row for row in rows]
    sample = rows[:: max(1, len(rows) // _SAMPLE)]
    width = max(map(len, sample))
    used = [len(sample) - column.count(" ") for column in zip(*(row.ljust(width) for row in sample), strict=True)]
    most = (1 - _AGREE) * len(sample)
    starts = [at for at in range(width) if used[at] > most and (at == 0 or used[at - 1] <= most)]
    cuts: list[int] = []
    for a, b in pairwise([*starts, width]):
        filled = sum(a < len(row) and not row[a:b].isspace() for row in sample)
        apart = a > 1 and used[a - 2] <= most  # one blank stands between the words of a cell too
        if not cuts or filled >= (_FILLED if apart else _AGREE) * len(sample):
            cuts.append(a)
    if not 3 <= len(cuts) <= _MOST:
        return None
    inner = [cut - 1 for cut in cuts[1:]]
    odd = {n: None for n, row in enumerate(rows) if any(row[at : at + 1] not in ("", " ") for at in inner)}
    if len(odd) > (1 - _AGREE) * len(rows):
        return None
    return [[row[a:b].strip() for row in rows] for a, b in pairwise([*cuts, _WIDTH])], odd


def _tells(cells: Sequence[str]) -> bool:
    """Whether a column is one of figures, or of few values, but not of one."""
    if sum(cell[:1].isdecimal() or cell[1:2].isdecimal() for cell in cells) >= _FIGURES * len(cells):
        return True
    return 1 < len(set(cells)) <= min(_FEW_VALUES, max(2, int(_FEW_SHARE * len(cells))))


def _parts(column: list[str], count: int) -> list[list[str]]:
    """A column of names with what few words say behind them, such as ``bash/stable,now``, as two; any other as it is."""
    found = [_JOINED.fullmatch(cell) for cell in column]
    joined = [match for match in found if match is not None]
    if len(joined) < _AGREE * count or len({match[3] for match in joined}) > _FEW_SHARE * count or len({match[2] for match in joined}) > 1:
        return [column]
    if len({match[1] for match in joined}) < _FEW_SHARE * count:  # 1/1, tcp:80: one value
        return [column]
    return [[cell if match is None else match[n] for cell, match in zip(column, found, strict=True)] for n in (1, 3)]
