"""What a table's columns have in common: constants, copies, templates, look-ups, defaults. Nothing is rendered here.

Each finding is verified on every row before it is used, so the table says exactly what the records said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.compressors.smart_crusher.collect import Kind, at_least, collection
from pipeline.compressors.smart_crusher.filled import Filled, fillable, find_filled
from pipeline.compressors.smart_crusher.flatten import Columns, flatten
from pipeline.compressors.smart_crusher.templates import Template, find_templates
from pipeline.compressors.smart_crusher.values import ABSENT, dumps, leaf, reads_as_literal

_DEFAULT = 0.4  # of the rows
_SPARSE = 0.25  # of the rows
_REPEATS = 0.75  # distinct keys of a look-up over rows that have one
_LINKED = 1200  # characters of a list, on average, beyond which its items get rows of their own
_INHERITED = 60  # characters that a column must have to be said by naming another
_TUPLE = 6  # cells of an item in a list; more are better read as JSON
_LINKS = ("html_url", "web_url", "permalink", "link", "href", "url")
_KEYS_TRIED = 4
_KEYS = re.compile(r"(?:^|[._])(?:login|name|title|full_name|username|email|slug)$", re.IGNORECASE)
_NAMED = r"(?:[._](?:name|value|label))?$"  # ``status`` may be an object that has one: ``state.name``
STATUS = re.compile(
    r"(?:^|[._ -])(?:status|state|phase|conclusion|severity|priority|level|result|outcome|reason|health|type|kind|event|category)" + _NAMED,
    re.IGNORECASE,
)
STATE = re.compile(
    r"(?:^|[._ -])(?:status|state|phase|conclusion|severity|result|outcome|health)" + _NAMED, re.IGNORECASE
)  # what most records share if all is well
SORT = re.compile(r"(?:^|[._ -])(?:type|kind|category)" + _NAMED, re.IGNORECASE)
_NO_COLUMNS: Mapping[str, Sequence[object]] = {}
_TROUBLE = re.compile("error|fail|crash|denied|refused|timeout|backoff|killed|panic|fatal")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column that determines others: ``user.login`` says what ``user.id`` is.

    Args:
        key: the column that determines.
        columns: those determined.
        rows: for each value of the key, the row in which it first stands.
    """

    key: str
    columns: tuple[str, ...]
    rows: dict[object, int]


@dataclass
class Table:
    """A collection, analysed.

    Args:
        kind: what its elements are.
        count: how many.
        columns: all columns by path, leaves hashable, except those of ``lists`` and ``linked``.
        keys: the keys that lead to each path.
        same: columns with one value throughout.
        inherited: columns of a list's items that say what a column of the record that holds them says, and that column.
        filled: those that say a text of that record with their own values filled in, in most rows; their cells say where they do not.
        copies: ``(target, source)`` in the order in which they were removed; ``a.*`` means all below ``a``.
        derived: columns that follow from others in every row.
        soft: those that do in most rows; their cells say where they do not.
        lookups: columns that another determines.
        defaults: what an empty cell means, where it does not mean absent.
        grid: columns that have a cell in every row.
        sparse: columns named in the rows where they differ from the default.
        textual: columns that hold strings only, some of which look like numbers.
        lists: columns that hold short lists of objects, as a table of all their items; None for lists of plain values.
        linked: columns that hold long lists of objects, as a table of all their items.
        sizes: for each column of ``lists`` and ``linked``, the number of items by row, -1 where there is no list.
    """

    kind: Kind
    count: int
    columns: dict[str, list[object]] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    same: dict[str, object] = field(default_factory=dict)
    inherited: dict[str, str] = field(default_factory=dict)
    filled: dict[str, Filled] = field(default_factory=dict)
    copies: list[tuple[str, str]] = field(default_factory=list)
    derived: dict[str, Template] = field(default_factory=dict)
    soft: dict[str, Template] = field(default_factory=dict)
    lookups: list[Lookup] = field(default_factory=list)
    defaults: dict[str, object] = field(default_factory=dict)
    grid: list[str] = field(default_factory=list)
    sparse: list[str] = field(default_factory=list)
    textual: set[str] = field(default_factory=set)
    lists: dict[str, Table | None] = field(default_factory=dict)
    linked: dict[str, Table] = field(default_factory=dict)
    sizes: dict[str, list[int]] = field(default_factory=dict)
    values: dict[str, list[object]] = field(default_factory=dict)


def analyse(
    kind: Kind,
    records: Sequence[dict[str, object]],
    *,
    asked: frozenset[str] = frozenset(),
    inline: bool = False,
    holders: Sequence[int] = (),
    outer: Mapping[str, Sequence[object]] = _NO_COLUMNS,
) -> Table | None:
    """The table of a collection's records, or None if they have no grid in common.

    Args:
        kind: what the records were made from.
        records: the elements.
        asked: words of the query; up to three columns of such a name are not derived.
        inline: the records are items of lists that stay in cells: no defaults, no lists of their own.
        holders: of each item of lists, the row of the record that holds it.
        outer: the columns of these records.
    """
    flat = flatten(records)
    if flat is None or not flat.values:
        return None
    table = Table(kind, len(records), keys=flat.keys)
    _set_lists_apart(table, flat, asked, inline=inline)
    _constants(table)
    _inherit(table, holders, outer)
    _fill(table, asked, holders, outer)
    _copies(table)
    _templates(table, asked, inline=inline)
    _lookups(table, inline=inline)
    _cells(table, inline=inline)
    return table if table.grid else None


def _set_lists_apart(table: Table, flat: Columns, asked: frozenset[str], *, inline: bool) -> None:
    for path, column in flat.values.items():
        kinds = {type(v) for v in column}
        if list not in kinds and dict not in kinds:
            table.columns[path] = column
        elif inline or kinds - {list, type(ABSENT)} or not _list_column(table, path, flat, asked):
            table.columns[path] = [leaf(v) for v in column]


def _list_column(table: Table, path: str, flat: Columns, asked: frozenset[str]) -> bool:
    """Takes a column of lists apart, if they are lists of objects or of plain values."""
    column = flat.values[path]
    lists: list[list[object]] = [v for v in column if type(v) is list]
    items = [item for one in lists for item in one]
    kinds = {type(i) for i in items}
    long = len(items) >= 3 and at_least(items, _LINKED * sum(1 for one in lists if one))
    if not items or (not long and _one_value(lists, table.count)):
        return False
    if kinds == {dict} and all(items):
        records: list[dict[str, object]] = items  # type: ignore[assignment]
        holders = [row for row, one in enumerate(column) if type(one) is list for _ in one] if long else []
        inner = analyse(Kind.RECORDS, records, asked=asked, inline=not long, holders=holders, outer=flat.values)
        if inner is None or (not long and len(inner.grid) > _TUPLE):
            return False
        if long:
            table.linked[path] = inner
        else:
            table.lists[path] = inner
    elif kinds == {list}:
        found = collection(items) if long else None
        inner = analyse(found.kind, found.records) if found is not None else None
        if inner is None:
            return False
        table.linked[path] = inner
    elif dict in kinds or list in kinds:
        return False
    else:
        table.lists[path] = None
        table.values[path] = items
    table.sizes[path] = [len(v) if type(v) is list else -1 for v in column]
    return True


def _one_value(lists: list[list[object]], count: int) -> bool:
    """Whether one list stands in so many rows that it is a constant or a default."""
    return Counter(map(dumps, lists)).most_common(1)[0][1] >= max(2, _DEFAULT * count)


def _constants(table: Table) -> None:
    if table.count < 2:
        return
    for path, column in list(table.columns.items()):
        first = column[0]
        if column.count(first) == table.count and first is not ABSENT:
            table.same[path] = first
    if len(table.same) == len(table.columns) and not table.lists and not table.linked:
        table.same.pop(next(iter(table.columns)))  # rows without a cell could not be counted


def _inherit(table: Table, holders: Sequence[int], outer: Mapping[str, Sequence[object]]) -> None:
    """Texts that the record holding an item says too, in all of them: a column of the same name before another."""
    for path, column in table.columns.items():
        if not holders or path in table.same or len(table.same) + len(table.inherited) + 1 >= len(table.columns):
            continue
        if not all(type(v) is str or v is ABSENT for v in column) or sum(len(v) for v in column if type(v) is str) < _INHERITED:
            continue
        alike = (p for p, values in outer.items() if all(values[row] == v for row, v in zip(holders, column, strict=True)))
        name = table.keys[path][-1]
        source = min(alike, key=lambda p: p.rpartition(".")[2] != name, default=None)
        if source is not None:
            table.inherited[path] = source


def _fill(table: Table, asked: frozenset[str], holders: Sequence[int], outer: Mapping[str, Sequence[object]]) -> None:
    """Texts that the record holding an item says in general."""
    sources = fillable(outer) if holders else {}
    for path in table.columns if any(sources.values()) else ():
        name = path.rpartition(".")[2]
        if path in table.same or path in table.inherited or name.lower() in asked:
            continue
        found = find_filled(path, table.columns, holders, sources.get(name, {}))
        if found is not None:
            table.filled[path] = found


def _open(table: Table) -> list[str]:
    """Columns that nothing was said about so far, in order."""
    said = table.same.keys() | table.inherited.keys() | table.derived.keys() | {c for one in table.lookups for c in one.columns}
    copied = {t for t, _ in table.copies}
    return [p for p in table.columns if p not in said and p not in copied and not _below(p, copied)]


def _below(path: str, copied: set[str]) -> bool:
    return bool(copied) and any(prefix + ".*" in copied for prefix in _above(path))


def _above(path: str) -> Iterator[str]:
    """The paths of the objects that a path lies in, outermost first; a dot within quotes yields one that does not exist."""
    at = path.find(".")
    while at >= 0:
        yield path[:at]
        at = path.find(".", at + 1)


def _copies(table: Table) -> None:
    """Objects, then columns, that are equal to another throughout. Constants take part in objects: that saves naming them twice."""
    ids: dict[tuple[object, ...], int] = {}
    vectors = {p: ids.setdefault(tuple(c), len(ids)) for p, c in table.columns.items()}
    busy = table.lists.keys() | table.linked.keys()
    groups: dict[str, list[tuple[str, int]]] = {}
    for path, vector in vectors.items():
        keys = table.keys[path]
        prefix = ""
        rest = path
        for key in keys[:-1]:
            size = _segment(rest, key)
            prefix, rest = (prefix + "." if prefix else "") + rest[:size], rest[size + 1 :]
            groups.setdefault(prefix, []).append((rest, vector))
    for path in busy:  # an object that holds a list set apart is no copy
        for prefix in _above(path):
            groups.pop(prefix, None)
    seen: dict[tuple[tuple[str, int], ...], str] = {}
    removed: set[str] = set()
    for prefix, members in sorted(groups.items(), key=lambda g: -len(g[1])):  # stable: an object comes before those within it
        if len(members) < 2 or _below(prefix, removed):
            continue
        source = seen.setdefault(tuple(sorted(members)), prefix)
        if source != prefix and not prefix.startswith(source + ".") and not source.startswith(prefix + "."):
            table.copies.append((prefix + ".*", source + ".*"))
            removed.add(prefix + ".*")
    first: dict[int, str] = {}
    still = [p for p in _open(table) if p not in table.filled]
    for path in sorted(still, key=lambda p: p.count(".")):  # stable: what stands nearest to the record is what others are copies of
        first.setdefault(vectors[path], path)
    for path in still:
        source = first[vectors[path]]
        if source != path:
            table.copies.append((path, source))
    gone = {t for t, _ in table.copies}
    for path in [p for p in table.same if _below(p, gone)]:
        del table.same[path]
    for said in (table.inherited, table.filled):
        for path in [p for p in said if _below(p, gone)]:
            del said[path]


def _segment(path: str, key: str) -> int:
    """The length of the first step of a path, which stands for ``key``."""
    return len(dumps(key)) if path.startswith('"') else len(key)


def _link(paths: list[str]) -> str:
    """The column that links to the record: at the top, or in the object that wraps most of it."""
    found = next((p for p in _LINKS if p in paths), "")
    if found or not paths:
        return found
    wrapper, below = Counter(p.rpartition(".")[0] for p in paths).most_common(1)[0]
    return next((p for p in (f"{wrapper}.{name}" for name in _LINKS) if p in paths), "") if 2 * below >= len(paths) else ""


def _templates(table: Table, asked: frozenset[str], *, inline: bool) -> None:
    rest = {p: table.columns[p] for p in _open(table) if p not in table.filled}
    keep = [_link(list(rest))]
    keep += [p for p in rest if p.rsplit(".", 1)[-1].lower() in asked][:3]
    hard, table.soft = find_templates(rest, frozenset(keep))
    table.derived.update(hard)
    if inline:
        table.soft = {}  # in a list of items an empty cell could not be told from no item


def _lookups(table: Table, *, inline: bool) -> None:
    """Objects within the record whose name determines the rest. No number is a key and no status is moved out of its row."""
    groups: dict[str, list[str]] = {}
    for path in _open(table):
        prefix = path.rpartition(".")[0]
        if (prefix or inline) and path not in table.filled:
            groups.setdefault(prefix, []).append(path)
    for members in groups.values():
        for key in [p for p in members if _KEYS.search(p)][:_KEYS_TRIED]:
            if (found := _lookup(table, key, members)) is not None:
                table.lookups.append(found)
                table.soft.pop(key, None)  # it might be made of what it determines
                break


def _lookup(table: Table, key: str, members: list[str]) -> Lookup | None:
    column = table.columns[key]
    if not {type(v) for v in column} <= {str, type(None), type(ABSENT)}:
        return None
    rows: dict[object, int] = {}
    for row, value in enumerate(column):
        rows.setdefault(value, row)
    present = table.count - column.count(ABSENT)
    absent_row = rows.pop(ABSENT, None)
    if len(rows) > _REPEATS * present:
        return None
    columns = []
    for path in members:
        other = table.columns[path]
        if path == key or path in table.soft or STATUS.search(path) or (absent_row is not None and other[absent_row] is not ABSENT):
            continue
        if any(_TROUBLE.search(v.lower()) for v in {v for v in other if type(v) is str and len(v) < 60}):
            continue
        if all(other[rows[k]] == v if k is not ABSENT else v is ABSENT for k, v in zip(column, other, strict=True)):
            columns.append(path)
    return Lookup(key, tuple(columns), rows) if columns else None


def _cells(table: Table, *, inline: bool) -> None:
    """Defaults, and which columns stand in the grid."""
    for path in _open(table):
        column = table.columns[path]
        strings = [v for v in column if type(v) is str]
        if len(strings) >= 3 and {type(v) for v in column} <= {str, type(ABSENT)} and any(map(reads_as_literal, strings)):
            table.textual.add(path)
        if inline:
            table.grid.append(path)
            continue
        if path in table.filled:
            continue
        if path in table.soft:
            table.grid.append(path)
            continue
        value, times = Counter(column).most_common(1)[0]
        default: object = ABSENT
        if value is not ABSENT and times >= max(2, _DEFAULT * table.count):
            default = table.defaults[path] = value
        same = times if default is not ABSENT else column.count(ABSENT)
        if table.count - same <= _SPARSE * table.count and table.count >= 4:
            table.sparse.append(path)
        else:
            table.grid.append(path)
    table.grid += table.lists
    table.grid += table.linked
    if not table.grid and table.sparse:
        table.grid.append(table.sparse.pop(0))
    last = list(table.filled)  # mostly empty, so that rows end before them
    if not table.grid:
        table.filled.clear()  # rows without a cell could not be counted
    table.grid += last
