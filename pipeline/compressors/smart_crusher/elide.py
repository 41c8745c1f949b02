"""Which records of a table are shown whole, which in short, which are only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline import markers
from pipeline.compressors.api import Gap
from pipeline.compressors.smart_crusher.context import with_context
from pipeline.compressors.smart_crusher.hits import Hits, Places, choose_hits, hits_of
from pipeline.compressors.smart_crusher.rank import ASKED, NOTABLE, STRONG, Ranking, rank
from pipeline.compressors.smart_crusher.render import Writer, spelled
from pipeline.compressors.smart_crusher.table import Table
from pipeline.compressors.smart_crusher.values import ABSENT, dumps
from pipeline.compressors.weigh import tokens
from pipeline.query import Query

FOLD = 240  # characters of a cell in a row that was not asked for
FOLD_ASKED = 2400
FOLD_MOST = 80  # in a row that was asked for and has no room else
_SHORT_CELL = 90
_SHORT_ROW = 26  # tokens
_STATES = 8  # values counted above the rows
_NOTED = 10  # records of a run, from which on its marker says what they are
# Shares of the room that may be used up, other records and notable ones:
_SHARE = (1.0, 1.6)
_UNASKED = (0.2, 0.8)  # where something was asked for and found, there is less to guess
_STRONG_SHARE = 1.6
_ASKED_SHARE = 3.0  # one of few that fit, with all that hangs on it
_CUT_SHARE = 1.25
_WORTH = 20.0  # priority below which a whole row says no more than a short one


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a collection's tokens may be spent: on whole rows, on short rows; nothing is left out of what costs less than ``target``.

    Where not all short rows fit, at most one in ``stride`` of those that do not matter is shown.
    """

    target: float = 0.20
    full: float = 0.10
    index: float = 0.10
    stride: int = 6


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
        heads: the columns of a short row as they are named above the rows.
        census: how many records are left out, and how many of all have which state.
    """

    rows: list[str | None]
    notes: list[str]
    cut: frozenset[int]
    short: tuple[str, ...]
    counts: str | None
    keys: dict[str, set[object]]
    places: Places | None = None
    heads: tuple[str, ...] = ()
    census: str = ""


def choose(
    writer: Writer,
    query: Query,
    budget: int,
    shares: Shares,
    *,
    texts: Sequence[str],
    hanging: Sequence[int] = (),
    worth: Sequence[float] = (),
    events: bool = False,
) -> View:
    """Shares out the budget.

    Args:
        writer: the table's writer.
        query: what was asked.
        budget: tokens of the collection as it was.
        shares: how much of them may be spent.
        texts: the table's rows.
        hanging: by record, the characters of the long lists that are shown if it is shown whole.
        worth: by record, what it is worth together with what stands in its place in other lists; by default what it is worth alone.
        events: the records are a stream of events, of which those around a notable one say why it is.
    """
    table = writer.table
    if (hits := hits_of(table)) is not None:
        return _of_search(table, texts, query, hits)
    ranking = rank(table, query)
    if worth:
        ranking.priority = list(worth)
    if events:
        ranking.priority = with_context(table, ranking.priority)
    identity = ranking.identity if len(table.columns) + len(table.sizes) > 1 else []  # of a list of values a short row is the whole
    density = max(tokens("\n".join(texts)), 1) / max(sum(map(len, texts)), 1)  # tokens a character: rows of a table are much alike
    full = shares.full * budget + (0 if identity else 0.6 * shares.index * budget)
    rows, notes = _fill(writer, ranking, texts, hanging or [0] * table.count, full / density)
    cut = frozenset(i for i, note in enumerate(notes) if note)
    status = next(iter(ranking.status), None)
    short: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    if identity:
        beside = [p for p in ranking.asked if p in table.columns and p not in table.same][:2]
        short = tuple(dict.fromkeys([*identity, *beside, *([status] if status is not None else [])]))
        rest = [i for i in range(table.count) if rows[i] is None and not notes[i]]
        if ranking.told:  # a state tells which records are meant; the others are counted by it
            rest = [i for i in rest if ranking.priority[i] >= STRONG]
        brief = Brief(writer, short, status, _usual(table, status))
        for i, text in _short_rows(brief, ranking, rest, shares.stride, budget=shares.index * budget, density=density).items():
            notes[i] = text
        heads = brief.heads
    keys = keys_of(table, [i for i in range(table.count) if rows[i] is not None or i in cut])
    counted = next((p for p in ranking.status if p in ranking.asked), status)
    return View(rows, notes, cut, short, counted, keys, heads=heads, census=_census(table, rows, dict.fromkeys((counted, status))))


def _census(table: Table, rows: Sequence[str | None], paths: Iterable[str | None]) -> str:
    """How many records are left out, and how many of all have which value: nobody should have to count rows."""
    said = f"{rows.count(None)} of {table.count} records"
    for path in paths:
        if path is not None:
            said += f"; all by {path}: {_counts(table, path, range(table.count), _STATES)}"
    return said


def _fill(writer: Writer, ranking: Ranking, texts: Sequence[str], hanging: Sequence[int], room: float) -> tuple[list[str | None], list[str]]:
    """The rows that are shown: whole, or as notes with their long cells cut and without what hangs on them, as far as there is room."""
    rows: list[str | None] = [None] * len(texts)
    notes = [""] * len(texts)
    order = sorted((i for i, p in enumerate(ranking.priority) if p >= _WORTH), key=lambda i: (-ranking.priority[i], i))
    spent = 0.0
    found = bool(order) and ranking.priority[order[0]] >= STRONG
    for i in order:
        priority = ranking.priority[i]
        strong = priority >= STRONG
        most = room * (_ASKED_SHARE if priority >= ASKED else _STRONG_SHARE if strong else (_UNASKED if found else _SHARE)[priority >= NOTABLE])
        whole = texts[i]
        shown = writer.row(i, FOLD_ASKED if strong else FOLD) if len(whole) > FOLD else whole
        if shown == whole and spent + len(whole) + hanging[i] <= most:
            rows[i] = whole
            spent += len(whole) + hanging[i] + 1
            continue
        if shown == whole and not hanging[i]:
            continue
        for fold in (FOLD_ASKED, FOLD, FOLD_MOST) if strong else (FOLD,):
            shown = writer.row(i, fold)
            if spent + len(shown) <= most * (_CUT_SHARE if fold == FOLD_MOST else 1.0):
                notes[i] = shown
                spent += len(shown) + 1
                break
    return rows, notes


def _usual(table: Table, path: str | None) -> object:
    """The value that most rows have, if it is most of them."""
    if path is None:
        return ABSENT
    value, times = Counter(table.columns[path]).most_common(1)[0]
    return value if times >= 0.5 * table.count else ABSENT


@dataclass(frozen=True, slots=True)
class Brief:
    """How a short row is written.

    Args:
        writer: the table's writer.
        paths: its columns.
        status: the last of them, if it is a state; it is said only where it is not the usual one.
        usual: the usual state.
    """

    writer: Writer
    paths: tuple[str, ...]
    status: str | None
    usual: object

    @property
    def heads(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(f"{p}={self.writer.cell(p, self.usual)}" if p == self.status and self.usual is not ABSENT else p for p in self.paths)

    def row(self, row: int) -> str:
        """A short row."""
        cells = []
        for path, text in zip(self.paths, self.writer.cells(row, self.paths), strict=True):
            usual = path == self.status and self.usual is not ABSENT
            said = ("" if text == self.writer.cell(path, self.usual) else text) if usual else spelled(text)
            cells.append(said if len(said) <= _SHORT_CELL else said[: _SHORT_CELL - 1] + "…")
        return "\t".join(cells).rstrip("\t")


def _of_search(table: Table, texts: Sequence[str], query: Query, hits: Hits) -> View:
    """What is shown of the answer of a code search, where a place is worth more than a record."""
    whole, places = choose_hits(table, hits, texts, query)
    keys = keys_of(table, [i for i, show in enumerate(whole) if show])
    return View([t if show else None for t, show in zip(texts, whole, strict=True)], [""] * table.count, frozenset(), (), None, keys, places)


def keys_of(table: Table, rows: Sequence[int]) -> dict[str, set[object]]:
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


def _short_rows(brief: Brief, ranking: Ranking, rest: Sequence[int], stride: int, *, budget: float, density: float) -> dict[int, str]:
    """Short rows: for all of the rest if they fit, else for those that matter and a few in between."""
    texts = {i: brief.row(i) for i in rest}
    costs = {i: min(_SHORT_ROW, int(len(t) * density)) + 3 for i, t in texts.items()}
    total = sum(costs.values())
    wanted = rest
    if total > budget:
        stride = max(stride, int(total / max(1.0, budget)) + 1)
        wanted = [i for i in rest if ranking.priority[i] > 0] + [i for i in rest if ranking.priority[i] <= 0][::stride]
    chosen = {}
    spent = 0
    for i in wanted:
        spent += costs[i]
        if spent > budget:
            break
        chosen[i] = texts[i]
    return chosen


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


def _counts(table: Table, path: str | None, run: Sequence[int], most: int = 4) -> str:
    """``open 25, closed 4``: how many records of a run have which value."""
    if path is None:
        return ""
    column = table.columns[path]
    counted = Counter(column[i] for i in run)
    shown = [f"{_word(v)} {n}" for v, n in sorted(counted.items(), key=lambda c: (-c[1], _word(c[0])))[:most]]
    others = len(counted) - len(shown)
    return ", ".join(shown) + (f", {others} other values" if others > 0 else "")


def _word(value: object) -> str:
    if value is ABSENT:
        return "none"
    text = value if type(value) is str else dumps(value)
    return text.replace("]", ")").replace("\n", " ")[:24]
