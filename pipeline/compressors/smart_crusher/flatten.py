"""Records to columns: nested objects, and lists that never hold more than one, become paths; an absent key stays absent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.compressors.smart_crusher.values import ABSENT, step

_Keys = tuple[str, ...]
_DEPTH = 6
_WIDE = 120
_SPARSE = 12  # cells of the grid for each value: beyond it the records have no columns in common
_FREE = 20_000
ITEM = "[0]"  # the step to the only element of a list; a key of that name is quoted


@dataclass
class Columns:
    """The columns of a table, in the order in which their paths first occur.

    Args:
        count: the number of rows.
        values: by path, one value a row; lists and objects that stay whole are still lists and dicts.
        keys: by path, the keys that lead to it.
    """

    count: int
    values: dict[str, list[object]] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)


def flatten(records: Sequence[dict[str, object]]) -> Columns | None:
    """The columns of records, or None if they have too little in common for a grid."""
    for depth in (_DEPTH, 1):
        columns = _flatten(records, depth)
        if columns is not None:
            return columns
    return None


def _flatten(records: Sequence[dict[str, object]], depth: int) -> Columns | None:
    """The columns down to a depth. Objects whose keys are data, such as the names of dependencies, stay whole where they would be too many."""
    maps: set[str] = set()
    columns = _grid(records, depth, frozenset(), maps)
    return _grid(records, depth, frozenset(maps), set()) if columns is None and maps else columns


def _grid(records: Sequence[dict[str, object]], depth: int, whole: frozenset[str], maps: set[str]) -> Columns | None:
    """The columns, or None if they are too sparse.

    Args:
        records: what is taken apart.
        depth: the most keys of a path.
        whole: paths of objects that are not taken apart.
        maps: takes up, where the columns are too sparse, the paths of the objects that have no keys in common.
    """
    count = len(records)
    columns = Columns(count)
    found: dict[str, tuple[list[int], list[object]]] = {}  # rows and values: nothing is padded before the size is known
    steps: dict[str, dict[str, str]] = {}
    objects: Counter[str] = Counter()
    entries: Counter[str] = Counter()

    def fill(record: dict[str, object], path: str, keys: tuple[str, ...], row: int) -> None:
        names = steps.setdefault(path, {})
        objects[path] += 1
        entries[path] += len(record)
        for key, value in record.items():
            name = names.get(key)
            if name is None:
                name = names[key] = step(path, key)
            if type(value) is dict and value and len(keys) + 1 < depth and len(value) <= _WIDE and name not in whole:
                fill(value, name, (*keys, key), row)
                continue
            column = found.get(name)
            if column is None:
                column = found[name] = ([], [])
                columns.keys[name] = (*keys, key)
            column[0].append(row)
            column[1].append(value)

    alike: dict[str, tuple[_Keys, list[object]]] = {}
    if not whole and _alike(records, "", (), depth, alike):
        every = list(range(count))
        for name, (keys, values) in alike.items():
            columns.keys[name] = keys
            found[name] = (every, values)
    else:
        for row, record in enumerate(records):
            fill(record, "", (), row)
    filled = sum(len(rows) for rows, _ in found.values())
    if len(found) * count > _SPARSE * filled + _FREE:
        maps.update(path for path, names in steps.items() if path and len(names) * objects[path] > _SPARSE * entries[path])
        return None
    for name, (rows, values) in found.items():
        alone = _only_elements(values) if len(columns.keys[name]) < depth else None
        if alone is None:
            columns.values[name] = values if len(values) == count else _padded(rows, values, count)
        elif (inner := _flatten(alone, depth - len(columns.keys[name]) - 1)) is not None:
            for path, column in inner.values.items():
                below = f"{name}.{ITEM}.{path}"
                columns.values[below] = column if len(column) == count else _padded(rows, column, count)
                columns.keys[below] = (*columns.keys[name], ITEM, *inner.keys[path])
        else:
            return None
    return columns


def _alike(
    records: Sequence[dict[str, object]], path: str, keys: tuple[str, ...], depth: int, found: dict[str, tuple[tuple[str, ...], list[object]]]
) -> bool:
    """Column by column, which is several times faster, if all records have the same keys at every level; else nothing can be said."""
    names = records[0].keys()
    if any(record.keys() != names for record in records):
        return False
    for key in names:
        values = [record[key] for record in records]
        name = step(path, key)
        if len(keys) + 1 < depth:
            nested = [v for v in values if type(v) is dict and v and len(v) <= _WIDE]
            if nested:
                if len(nested) < len(values) or not _alike(nested, name, (*keys, key), depth, found):
                    return False
                continue
        found[name] = ((*keys, key), values)
    return True


def _only_elements(values: list[object]) -> list[dict[str, object]] | None:
    """The elements of lists of one object each: such a list is an object in disguise."""
    alone = []
    for value in values:
        if type(value) is not list or len(value) != 1 or type(value[0]) is not dict or not value[0] or len(value[0]) > _WIDE:
            return None
        alone.append(value[0])
    return alone if len(alone) > 1 else None


def _padded(rows: list[int], values: list[object], count: int) -> list[object]:
    column: list[object] = [ABSENT] * count
    for row, value in zip(rows, values, strict=True):
        column[row] = value
    return column
