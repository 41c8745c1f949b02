"""A collection of a document as lines: its table, and the tables of the long lists in its records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from json.encoder import encode_basestring as quote

from pipeline.compressors.api import Content, Gap
from pipeline.compressors.smart_crusher.collect import MIN_VALUES, Kind, at_least, collection, scalar
from pipeline.compressors.smart_crusher.elide import Shares, View, choose, keys_of, lines_of_run
from pipeline.compressors.smart_crusher.rank import rank
from pipeline.compressors.smart_crusher.render import LEGEND, Writer
from pipeline.compressors.smart_crusher.series import again, folded, parts_of, series_of
from pipeline.compressors.smart_crusher.spans import Place, Span
from pipeline.compressors.smart_crusher.table import STATE, Table, analyse
from pipeline.compressors.weigh import tokens
from pipeline.forks import cached_property
from pipeline.policy import Policy

END = "#end"
_NAME = re.compile(r"(?:^|[._])(?:name|title|id|login|path|filename|key\))$", re.IGNORECASE)
MIN_ELIDED = 400  # tokens of a table below which no record is left out
_POPULATION = 12  # records
_STATES = 8
_MANY = 20
_COARSE = 0.05  # of a table: where a record is more, the items of its lists are the better unit
_OWN = 1.5  # a row of a table is so many times as long as JSON


@dataclass
class Numbering:
    """The records numbered so far.

    Args:
        total: how many.
        gaps: those left out.
        located: for each table, what finds its records in the original; called only if something was left out.
        short: for each record left out of which a short row is shown, the columns of that row.
    """

    total: int = 0
    gaps: list[Gap] = field(default_factory=list)
    located: list[Callable[[], list[Span]]] = field(default_factory=list)
    short: dict[int, str] = field(default_factory=dict)

    def copy(self) -> Numbering:
        """A copy to go back to."""
        return Numbering(self.total, list(self.gaps), list(self.located), dict(self.short))


@dataclass
class Run:
    """One rewrite in the making: the text so far, the records numbered so far."""

    content: Content
    shares: Shares | None
    asked: frozenset[str]
    out: list[str] = field(default_factory=list)
    numbering: Numbering = field(default_factory=Numbering)
    tables: int = 0
    events: bool = False  # what is being written are values one below the other
    policy: Policy = field(default_factory=Policy)
    sentences: int = 0  # of what was numbered
    said: list[str] = field(default_factory=list)  # what was checked about the sentences left out
    beside: dict[int, tuple[object, list[float]]] = field(default_factory=dict)
    """The identity of a list -> the list, which must live on as others would get it, and what each place is worth in the lists beside it."""


class Node:
    """A table with its rows written, and the tables of the long lists in its records.

    Args:
        table: the table.
        name: the path that leads to it from the outermost table.
        chain: the keys that lead to it, level by level.
    """

    def __init__(self, table: Table, name: str = "", chain: tuple[tuple[str, ...], ...] = ()) -> None:
        self.table = table
        self.name = name
        self.chain = chain
        self.writer = Writer(table)
        self.rows = [self.writer.row(i) for i in range(table.count)]
        self.series = series_of(table, self.writer.positional)
        self.inner = {p: Node(t, f"{name}.{p}" if name else p, (*chain, table.keys[p])) for p, t in table.linked.items()}

    @cached_property
    def parts(self) -> list[tuple[int, str]]:
        """Its rows as runs are found in them."""
        return parts_of(self.rows, self.series)

    @cached_property
    def hanging(self) -> list[int]:
        """By record, the characters of everything in the tables within."""
        found = [0] * self.table.count
        for path, inner in self.inner.items():
            at = 0
            own = inner.hanging
            for row, size in enumerate(self.table.sizes[path]):
                if size > 0:
                    found[row] += sum(len(inner.rows[i]) + own[i] + 1 for i in range(at, at + size))
                    at += size
        return found

    @cached_property
    def population(self) -> bool:
        """Whether its records have a state that most of them share."""
        table = self.table
        if table.count < _POPULATION:
            return False
        for path, column in table.columns.items():
            if path not in table.same and path.count(".") <= 1 and STATE.search(path):
                states = Counter(column)
                if 1 < len(states) <= _STATES and states.most_common(1)[0][1] >= 0.5 * table.count:
                    return True
        return False

    @cached_property
    def is_referred_to(self) -> bool:
        """Whether items within say by its records what they say; then all its records are shown."""
        return any(inner.table.inherited or inner.table.filled for inner in self.inner.values())

    @cached_property
    def leads_to_population(self) -> bool:
        """Whether it, or a table within, is one."""
        return self.population or any(inner.leads_to_population for inner in self.inner.values())

    @cached_property
    def elidable(self) -> bool:
        """Whether its records are what may be left out, rather than the items of the lists in them."""
        if not self.inner or self.population:
            return True
        if any(inner.leads_to_population for inner in self.inner.values()):
            return False
        weights = [len(row) + more for row, more in zip(self.rows, self.hanging, strict=True)]
        return self.table.count >= _MANY and max(weights) <= _COARSE * sum(weights)

    def text(self) -> list[str]:
        """All its lines, and those of the tables within."""
        lines = [*self.writer.heading(), *folded(self.rows, self.parts, self.series)]
        for inner in self.inner.values():
            lines += inner.text()
        return lines


def table_lines(run: Run, place: Place, value: object) -> list[str] | None:
    """A collection as tables, from ``#table`` to ``#end``; None if it is none, or no shorter that way."""
    found = collection(value)
    table = analyse(found.kind, found.records, asked=run.asked) if found is not None else None
    if table is None:
        return None
    before = run.numbering.copy()
    _, worth = run.beside.get(id(value), (None, ()))
    lines = [*([] if run.tables else [LEGEND]), *_lines(run, place, Node(table), {}, worth), END]
    if at_least(value, sum(map(len, lines))):
        run.tables += 1
        return lines
    run.numbering = before
    return None


def side_by_side(run: Run, holder: dict[str, object]) -> None:
    """Lists of values of one length in one object are columns of a table in disguise: of what matters in one the place is shown in all."""
    groups: dict[int, dict[str, list[object]]] = {}
    for key, value in holder.items():
        if type(value) is list and len(value) >= MIN_VALUES and all(map(scalar, value)):
            groups.setdefault(len(value), {})[key] = value
    for lists in groups.values():
        if len(lists) < 2:
            continue
        table = analyse(Kind.RECORDS, [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)])
        if table is not None:
            priority = rank(table, run.content.query).priority
            run.beside.update((id(value), (value, priority)) for value in lists.values())


def _lines(run: Run, place: Place, node: Node, starts: dict[int, str], worth: Sequence[float] = ()) -> list[str]:
    """The lines of a table and those within; records that may be left out are numbered on the way.

    Args:
        run: the rewrite in the making.
        place: the outermost collection.
        node: the table.
        starts: the line before the first item of each record that holds them.
        worth: what each record is worth, if that is not to be told from the table alone.
    """
    table = node.table
    title = _title(node)
    view = None
    first = run.numbering.total + 1
    events = run.events and not node.chain
    if run.shares is None:
        run.numbering.total += 0 if node.inner else table.count
    elif node.elidable:
        _number(run, place, node)
        cost = tokens("\n".join(node.text()))
        if cost > MIN_ELIDED:
            was = tokens(place.source.text[place.at : place.end])
            if cost > run.shares.target * was:
                view = choose(node.writer, run.content.query, was, run.shares, texts=node.rows, hanging=node.hanging, worth=worth, events=events)
    elif table.count >= _POPULATION and not node.is_referred_to and (cost := tokens("\n".join(node.rows))) > MIN_ELIDED:
        _number(run, place, node)
        view = choose(node.writer, run.content.query, int(_OWN * cost), run.shares, texts=node.rows)
    if view is not None:
        title = f"{title} {first}-{run.numbering.total}"
        lines = [title, *node.writer.heading(view.keys), *_shown(run, table, view, first, starts)]
        kept = [i for i, row in enumerate(view.rows) if row is not None]
    else:
        kept = list(range(table.count))
        lines = [title, *_all(node, node.writer.heading(), kept, starts)]
    for path, inner in node.inner.items():
        parents = _parents(table, table.sizes[path], first if view is not None else 1)
        if view is not None and node.elidable:
            lines += _details(inner, _items(table.sizes[path], kept), parents)
        elif node.elidable and run.shares is not None:
            lines += _details(inner, list(range(inner.table.count)), parents)
        else:
            lines += _lines(run, place, inner, parents)
    return lines


def _title(node: Node, shown: int | None = None) -> str:
    count = str(node.table.count) if shown is None or shown == node.table.count else f"{shown} of {node.table.count}"
    return f"#table {node.name + ': ' if node.name else ''}{count} {node.table.kind.value}"


def _number(run: Run, place: Place, node: Node) -> None:
    run.numbering.total += node.table.count
    run.numbering.located.append(lambda: place.source.in_original(place.records(node.chain)))


def _items(sizes: Sequence[int], rows: Sequence[int]) -> list[int]:
    """The items that some rows hold."""
    ends = list(accumulate(max(0, size) for size in sizes))
    return [i for row in rows for i in range(ends[row] - max(0, sizes[row]), ends[row])]


def _details(node: Node, rows: Sequence[int], starts: dict[int, str]) -> list[str]:
    """The items of lists in records that are shown whole: all of them, whatever they hold."""
    if not rows:
        return []
    everything = len(rows) == node.table.count
    heading = node.writer.heading(None if everything else keys_of(node.table, rows))
    lines = [_title(node, len(rows)), *_all(node, heading, rows, starts)]
    for path, inner in node.inner.items():
        lines += _details(inner, _items(node.table.sizes[path], rows), _parents(node.table, node.table.sizes[path], 1))
    return lines


def _all(node: Node, heading: list[str], rows: Sequence[int], starts: dict[int, str]) -> list[str]:
    """A heading and the rows below it, each list of another record's items under a line of its own."""
    lines: list[str] = []
    starting = [k for k, i in enumerate(rows) if i in starts]
    for begin, end in pairwise([*([] if starting[:1] == [0] else [0]), *starting, len(rows)]):
        below = rows[begin:end]
        if below and below[0] in starts:
            lines.append(starts[below[0]])
        lines += folded([node.rows[i] for i in below], [node.parts[i] for i in below], node.series)
    if len(lines) < len(rows) + len(starting):
        heading = [*heading[:-1], again(node.series), heading[-1]]
    return [*heading, *lines]


def _parents(table: Table, sizes: Sequence[int], first: int) -> dict[int, str]:
    """The line before the first item of each record: the record's number, counted from ``first``, and its name."""
    texts = [p for p in table.grid if p in table.columns and all(type(v) is str for v in table.columns[p][:3]) and not STATE.search(p)]
    named = next((p for p in texts if _NAME.search(p)), next(iter(texts), None))
    name = table.columns[named] if named is not None else None
    found = {}
    at = 0
    for row, size in enumerate(sizes):
        if size > 0:
            said = name[row] if name is not None else None
            found[at] = f"@{first + row}" + (f"\t{quote(said[:60])[1:-1]}" if type(said) is str else "")
            at += size
    return found


def _shown(run: Run, table: Table, view: View, first: int, starts: dict[int, str]) -> list[str]:
    """The rows of a table of which records are left out."""
    lines = short_heading(run, view, first)
    pending: list[int] = []
    under = ""
    said = ""

    def close() -> None:
        made, gaps = lines_of_run(table, view, pending, first)
        lines.extend(made)
        run.numbering.gaps.extend(gaps)
        pending.clear()

    for i, row in enumerate(view.rows):
        under = starts.get(i, under)
        if row is None and not (starts and view.notes[i]):
            pending.append(i)
            continue
        if pending:
            close()
        if under != said:
            lines.append(under)
            said = under
        if row is None:
            pending.append(i)
            close()
        else:
            lines.append(row)
    if pending:
        close()
    return lines


def short_heading(run: Run, view: View, first: int) -> list[str]:
    """The line before the rows that says what is left out and how to read what stands in its place."""
    if view.places is not None:
        run.numbering.short.update({first + i: view.places.names for i, row in enumerate(view.rows) if row is None})
        return [view.places.heading]
    if all(row is not None for row in view.rows):
        return []
    if not view.short:
        return [f"#left out: {view.census}"]
    names = " and ".join(view.short)
    run.numbering.short.update({first + i: names for i, note in enumerate(view.notes) if note and i not in view.cut})
    return [f"#left out: {view.census}; short rows, indented: record\t" + "\t".join(view.heads)]
