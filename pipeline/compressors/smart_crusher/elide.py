"""Which records of a table are shown whole, which in short, which are only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline import markers
from pipeline.compressors.api import Gap
from pipeline.compressors.smart_crusher.hits import Hits, Places, choose_hits, hits_of
from pipeline.compressors.smart_crusher.rank import NOTABLE, STRONG, Ranking, rank
from pipeline.compressors.smart_crusher.render import Writer, spelled
from pipeline.compressors.smart_crusher.table import Table
from pipeline.compressors.smart_crusher.values import ABSENT, dumps
from pipeline.compressors.smart_crusher.weigh import tokens
from pipeline.query import Query

FOLD = 240  # characters of a cell in a row that was not asked for
FOLD_ASKED = 2400
_SHORT_CELL = 90
_SHORT_ROW = 26  # tokens
_STRIDE = 6
_NOTED = 10  # records of a run, from which on its marker says what they are
_STRONG_SHARE = 1.6
_WORTH = 20.0  # priority below which a whole row says no more than a short one


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a collection's tokens may be spent: on whole rows, on short rows; nothing is left out of what costs less than ``target``."""

    target: float = 0.20
    full: float = 0.10
    index: float = 0.10


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of a table.

    Args:
        rows: for each record the text of its row, None where it is left out.
        notes: for each record left out, what is still said of it: a cut row or its identity; ``""`` nothing.
        cut: records that are left out but shown with their long cells cut.
        short: the columns of a short row.
        counts: the column by whose values runs are counted, None if there is none.
        keys: values of look-up keys in the rows shown, by scope and path.
        places: where the table answers a code search: what is said of the hits left out.
    """

    rows: list[str | None]
    notes: list[str]
    cut: frozenset[int]
    short: tuple[str, ...]
    counts: str | None
    keys: dict[str, set[object]]
    places: Places | None = None


def choose(table: Table, writer: Writer, query: Query, budget: int, shares: Shares) -> View:
    """Shares out the budget.

    Args:
        table: the table.
        writer: its writer.
        query: what was asked.
        budget: tokens of the collection as it was.
        shares: how much of them may be spent.
    """
    if (hits := hits_of(table)) is not None:
        return _of_search(table, writer, query, hits)
    ranking = rank(table, query)
    order = sorted((i for i in range(table.count) if ranking.priority[i] >= _WORTH), key=lambda i: (-ranking.priority[i], i))
    identity = ranking.identity if len(table.columns) + len(table.lists) > 1 else []  # of a list of values a short row is the whole
    texts = [writer.row(i) for i in range(table.count)]
    density = max(tokens("\n".join(texts)), 1) / max(sum(map(len, texts)), 1)  # tokens a character: rows of a table are much alike
    full = shares.full * budget + (0 if identity else 0.6 * shares.index * budget)
    rows: list[str | None] = [None] * table.count
    notes = [""] * table.count
    cut = set()
    spent = 0
    for i in order:
        strong = ranking.priority[i] >= STRONG
        whole = texts[i]
        shown = writer.row(i, FOLD_ASKED if strong else FOLD) if len(whole) > FOLD else whole
        cost = int(len(shown) * density) + 1
        if spent + cost > full * (_STRONG_SHARE if ranking.priority[i] >= NOTABLE else 1.0):
            continue
        spent += cost
        if shown == whole:
            rows[i] = whole
        else:
            notes[i] = shown
            cut.add(i)
    short = tuple(dict.fromkeys([*identity, *[p for p in ranking.asked if p in table.columns and p not in table.same][:2]])) if identity else ()
    if short:
        rest = [i for i in range(table.count) if rows[i] is None and not notes[i]]
        for i, text in _short_rows(writer, ranking, short, rest, budget=shares.index * budget, density=density).items():
            notes[i] = text
    shown_rows = [i for i in range(table.count) if rows[i] is not None or i in cut]
    keys = _keys(table, shown_rows)
    return View(rows, notes, frozenset(cut), short, next(iter(ranking.status), None), keys)


def _of_search(table: Table, writer: Writer, query: Query, hits: Hits) -> View:
    """What is shown of the answer of a code search, where a place is worth more than a record."""
    texts = [writer.row(i) for i in range(table.count)]
    whole, places = choose_hits(table, hits, texts, query)
    keys = _keys(table, [i for i, show in enumerate(whole) if show])
    return View([t if show else None for t, show in zip(texts, whole, strict=True)], [""] * table.count, frozenset(), (), None, keys, places)


def _keys(table: Table, rows: Sequence[int]) -> dict[str, set[object]]:
    """The look-up keys that stand in some rows, and in the items of their lists."""
    keys = {one.key: {table.columns[one.key][i] for i in rows} for one in table.lookups}
    for path, inner in table.lists.items():
        if inner is None or not inner.lookups:
            continue
        ends = list(accumulate(max(0, size) for size in table.sizes[path]))
        items = [k for i in rows for k in range(ends[i] - max(0, table.sizes[path][i]), ends[i])]
        for one in inner.lookups:
            keys[f"{path}[] {one.key}"] = {inner.columns[one.key][k] for k in items}
    return keys


def _short_rows(writer: Writer, ranking: Ranking, short: Sequence[str], rest: Sequence[int], *, budget: float, density: float) -> dict[int, str]:
    """Short rows: for all of the rest if they fit, else for those that matter and a few in between."""
    texts = {i: _short(writer, i, short) for i in rest}
    costs = {i: min(_SHORT_ROW, int(len(t) * density)) + 3 for i, t in texts.items()}
    total = sum(costs.values())
    wanted = rest
    if total > budget:
        stride = max(_STRIDE, int(total / max(1.0, budget)) + 1)
        wanted = [i for i in rest if ranking.priority[i] > 0] + [i for i in rest if ranking.priority[i] <= 0][::stride]
    chosen = {}
    spent = 0
    for i in wanted:
        spent += costs[i]
        if spent > budget:
            break
        chosen[i] = texts[i]
    return chosen


def _short(writer: Writer, row: int, paths: Sequence[str]) -> str:
    cells = [spelled(c) for c in writer.cells(row, paths)]
    return "\t".join(c if len(c) <= _SHORT_CELL else c[: _SHORT_CELL - 1] + "…" for c in cells).rstrip("\t")


def lines_of_run(table: Table, view: View, run: Sequence[int], first: int) -> tuple[list[str], list[Gap]]:
    """Markers for records left out next to each other, and what is still said of them.

    Args:
        table: the table.
        view: what is shown of it.
        run: the rows left out, consecutive.
        first: the number of the table's first record.
    """
    if view.places is not None:
        return view.places.rows(run, first)
    lines: list[str] = []
    gaps: list[Gap] = []
    pending: list[int] = []

    def close() -> None:
        if not pending:
            return
        gap = Gap(first + pending[0], first + pending[-1])
        gaps.append(gap)
        mark = markers.gap(gap.first, gap.last, _counts(table, view.counts, pending) if len(pending) >= _NOTED else "")
        noted = [i for i in pending if view.notes[i]]
        if len(pending) == 1 and noted:
            lines.append(f"{mark}\t{view.notes[noted[0]]}")
        else:
            lines.append(mark)
            lines.extend(f" {first + i}\t{view.notes[i]}" for i in noted)
        pending.clear()

    for i in run:
        if i in view.cut:
            close()
            gaps.append(Gap(first + i, first + i))
            lines.append(f"{markers.gap(first + i, first + i, 'cut')}\t{view.notes[i]}")
        else:
            pending.append(i)
    close()
    return lines, gaps


def _counts(table: Table, path: str | None, run: Sequence[int]) -> str:
    """``open 25, closed 4``: how many records of a run have which value."""
    if path is None:
        return ""
    column = table.columns[path]
    counted = Counter(column[i] for i in run)
    shown = [f"{_word(v)} {n}" for v, n in sorted(counted.items(), key=lambda c: (-c[1], _word(c[0])))[:4]]
    others = len(counted) - len(shown)
    return ", ".join(shown) + (f", {others} other values" if others > 0 else "")


def _word(value: object) -> str:
    if value is ABSENT:
        return "none"
    text = value if type(value) is str else dumps(value)
    return text.replace("]", ")").replace("\n", " ")[:24]
