"""Which rows of a table stay: those asked for, trouble, the rare, extremes, the ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.compressors.parts import called
from pipeline.compressors.smart_crusher.collect import Kind
from pipeline.compressors.smart_crusher.rank import NOTABLE, rank
from pipeline.compressors.smart_crusher.table import STATUS, Table
from pipeline.compressors.smart_crusher.values import ABSENT
from pipeline.compressors.table.grid import Grid
from pipeline.compressors.table.named import by_cell, by_entity
from pipeline.query import Query

_STATE = re.compile(r"status|state|phase|ready|health|level|severity|type|reason|result|conclusion|outcome|^stat?$|^s$|err", re.IGNORECASE)
_TROUBLE = re.compile(
    "error|fail|crash|exception|refused|denied|timed?[ _-]?out|unhealthy|backoff|oomkilled|panic|fatal|critical|abort|corrupt|degraded"
    "|unknown|evicted|terminat|unreachable|not ?ready|pending|invalid|dead|broken|missing|unavailable|warn|restarting|zombie|defunct"
    r"|^exited \((?!0\))"
)
_HTTP_ERROR = re.compile(r"5\d\d|4\d\d")
_SHARE = re.compile(r"(\d{1,6})/(\d{1,6})")
_CELL = 80  # characters: a state or a message, not a text
_FEW_TROUBLE = 0.2  # of the rows: where trouble is asked for and so few tell of it, they are the answer
_UNASKED = 0.2  # of the room for rows that nobody asked for, where the answer is there
_EACH = 6  # rows of each value that tells trouble, where there are too many for all
_DIFFERENT = 0.8  # of the values: such a column names the rows
_FEW_VALUES = 12  # a column of so few values is one to count by


@dataclass(frozen=True, slots=True)
class Limits:
    """How much stays.

    Args:
        full: share of the table's characters for rows that the ranking names.
        strong: the same with rows of high priority, those that were asked for.
        named: rows that one name in the question may keep; or ``named_share`` of all, where that is more.
        named_share: see ``named``.
        trouble: share of the rows that may be kept for a value that tells trouble; of more, some of each value.
        head: rows at the top that stay.
        tail: rows at the end that stay.
    """

    full: float = 0.10
    strong: float = 0.16
    named: int = 40
    named_share: float = 0.15
    trouble: float = 0.20
    head: int = 2
    tail: int = 2


BALANCED = Limits()
AGGRESSIVE = Limits(full=0.05, strong=0.10, named=30, named_share=0.10, trouble=0.10, head=1, tail=1)


@dataclass
class Choice:
    """What stays of a table.

    Args:
        kept: 1 for every row that stays.
        classes: columns to count by, best first.
        key: a column in whose order the rows stand, None if there is none.
        asked: columns that the question names.
        told: trouble is asked for, and few rows tell of it.
    """

    kept: bytearray
    classes: list[int] = field(default_factory=list)
    key: int | None = None
    asked: list[int] = field(default_factory=list)
    told: bool = False


def choose(grid: Grid, lines: Sequence[str], query: Query, limits: Limits) -> Choice:
    """The rows that stay, best first as far as the budget goes; what is named or tells trouble stays whatever it costs."""
    count = grid.count
    ranking = rank(_table(grid), query)
    choice = Choice(bytearray(count))
    index = {name: i for i, name in enumerate(grid.names)}
    counts = [Counter(grid.fitting(i)) for i in range(len(grid.columns))]
    choice.asked = [index[p] for p in ranking.asked]
    choice.classes = _classes([index[p] for p in ranking.status], choice.asked, counts, grid)
    choice.key = _ordered(grid, counts)
    texts = [lines[a] if b == a + 1 else "\n".join(lines[a:b]).replace("\n", " ") for a, b in zip(grid.starts, grid.ends, strict=True)]
    most = max(limits.named, int(limits.named_share * count))
    keep = [*range(min(limits.head, count)), *range(max(0, count - limits.tail), count), *grid.odd]
    keep += by_entity(texts, query, most)
    keep += by_cell(grid.names, grid.columns, query, most)
    keep += [row for i in range(len(grid.columns)) if len(counts[i]) >= _DIFFERENT * count for row in called(grid.columns[i], query, most)]
    trouble = _trouble(grid, counts, limits, asked=query.severity)
    keep += [*trouble, *_rare(grid, counts)]
    for row in keep:
        choice.kept[row] = 1
    choice.told = query.severity and 0 < len(trouble) <= _FEW_TROUBLE * count
    full = limits.full * (_UNASKED if choice.told else 1.0)
    _spend(choice.kept, ranking.priority, [len(t) - 2 * t.count("  ") for t in texts], full, limits.strong)
    return choice


def _table(grid: Grid) -> Table:
    """The grid as the ranking for JSON records reads it; what is the same in all rows is no column, and odd rows have no cells."""
    columns: dict[str, list[object]] = {}
    same: dict[str, object] = {}
    for i, name in enumerate(grid.names):
        columns[name] = [ABSENT if row in grid.odd else cell for row, cell in enumerate(grid.columns[i])] if grid.odd else list(grid.columns[i])
        cells = grid.fitting(i)
        if cells.count(cells[0]) == len(cells):
            same[name] = cells[0]
    return Table(Kind.RECORDS, grid.count, columns=columns, same=same)


def _classes(status: Sequence[int], asked: Sequence[int], counts: Sequence[Counter[str]], grid: Grid) -> list[int]:
    """Columns to count by: those asked for first, then those that say a state, then others of few short values."""
    found = [i for i in status if len(counts[i]) <= _FEW_VALUES and (_wordy(counts[i]) or STATUS.search(grid.names[i]))]
    found += [i for i, c in enumerate(counts) if i not in found and 1 < len(c) <= min(_FEW_VALUES, grid.count // 8) and _wordy(c)]
    return sorted(found, key=lambda i: (i not in asked, not STATUS.search(grid.names[i]), len(counts[i])))


def _wordy(values: Counter[str]) -> bool:
    """Whether most are short and begin with a letter: no measures."""
    return all(len(v) <= 40 for v in values) and sum(v[:1].isalpha() for v in values) * 2 > len(values)


def _ordered(grid: Grid, counts: Sequence[Counter[str]]) -> int | None:
    """A column of mostly different short values in whose order the rows stand: it tells where to look."""
    for i in range(len(grid.columns)):
        column = grid.fitting(i)
        if len(counts[i]) < 0.8 * len(column) or sum(map(len, column[:200])) > 60 * min(200, len(column)):
            continue
        for values in (column, [v.lower() for v in column]):
            if all(a <= b for a, b in pairwise(values)):
                return i
    return None


def _trouble(grid: Grid, counts: Sequence[Counter[str]], limits: Limits, *, asked: bool) -> list[int]:
    """Rows whose state tells trouble: all if they are few, else some of each value."""
    found: list[int] = []
    for name, column, values in zip(grid.names, grid.columns, counts, strict=True):
        state = _STATE.search(name) is not None
        if not state and len(values) > max(_FEW_VALUES, grid.count // 20):
            continue
        bad = {v: n for v, n in values.items() if len(v) <= _CELL and _tells_trouble(v, name, state=state)}
        if not bad:
            continue
        budget = int((2 if asked else 1) * limits.trouble * grid.count) + 3
        if sum(bad.values()) <= budget:
            found += [row for row, v in enumerate(column) if v in bad]
            continue
        each = max(2, min(_EACH, budget // (2 * len(bad))))
        seen: Counter[str] = Counter()
        for row, v in enumerate(column):
            if v in bad and len(found) < 2 * budget:
                seen[v] += 1
                if seen[v] <= each or seen[v] == values[v]:
                    found.append(row)
    return found


def _rare(grid: Grid, counts: Sequence[Counter[str]]) -> list[int]:
    """Rows whose state hardly any other row has."""
    found: list[int] = []
    for name, column, values in zip(grid.names, grid.columns, counts, strict=True):
        state = _STATE.search(name) is not None or (not grid.titled and _wordy(values))
        if not state or len(values) > max(_FEW_VALUES, grid.count // 20) or values.most_common(1)[0][1] < 0.6 * grid.count:
            continue
        rare = {v for v, n in values.items() if v and n <= max(2, 0.01 * grid.count)}
        if rare and sum(values[v] for v in rare) <= max(4, 0.05 * grid.count):
            found += [row for row, v in enumerate(column) if v in rare]
    return found


def _tells_trouble(value: str, name: str, *, state: bool) -> bool:
    share = _SHARE.fullmatch(value)
    if share is not None:
        return share[1] != share[2]
    if state and _HTTP_ERROR.fullmatch(value):
        return "status" in name.lower() or "code" in name.lower()
    return _TROUBLE.search(value.lower()) is not None


def _spend(kept: bytearray, priority: Sequence[float], cost: Sequence[int], full: float, strong: float) -> None:
    """Adds rows, best first, until that share of the characters is spent which rows of their priority may have."""
    total = sum(cost)
    spent = 0.0
    for negative, row in sorted((-p, row) for row, p in enumerate(priority) if p > 0):
        if kept[row]:
            continue
        spent += cost[row]
        if spent > (strong if -negative >= NOTABLE else full) * total:
            break
        kept[row] = 1
