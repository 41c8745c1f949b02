"""What is a collection: something that is better read as a table than as JSON."""

from __future__ import annotations

import enum
import re
from collections import Counter
from dataclasses import dataclass

from pipeline.compressors.smart_crusher.values import dumps

MIN_RECORDS = 3
MIN_CHARS = 300
MIN_VALUES = 24  # a shorter list of plain values is as cheap as JSON
_MIN_MAP = 6
_WIDE = 120  # a dict of more keys is data, not a record
_SHARED = 0.5
_DATA_KEY = re.compile(r"[\d/@:]")
KEY = "(key)"
VALUE = "(value)"


class Kind(str, enum.Enum):
    """What the elements of a collection are; also how its table is introduced."""

    RECORDS = "records"  # a list of objects
    TUPLES = "tuples"  # a list of lists of one length, of plain values
    VALUES = "values"  # a list of plain values
    MAP = "entries"  # an object whose keys are data


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, its elements as records with one key a column."""

    kind: Kind
    records: list[dict[str, object]]


def collection(value: object) -> Collection | None:
    """The collection that a value is, or None."""
    if type(value) is list:
        found = _of_list(value)
    elif type(value) is dict:
        found = _of_map(value)
    else:
        return None
    return found if found is not None and at_least(value, MIN_CHARS) else None


def scalar(value: object) -> bool:
    """Whether a value is no container."""
    return type(value) is not dict and type(value) is not list


def _of_list(value: list[object]) -> Collection | None:
    if len(value) < MIN_RECORDS:
        return None
    kinds = {type(v) for v in value}
    if kinds == {dict}:
        records: list[dict[str, object]] = value  # type: ignore[assignment]
        return Collection(Kind.RECORDS, records) if similar(records) else None
    if kinds == {list}:
        rows: list[list[object]] = value  # type: ignore[assignment]
        width = len(rows[0])
        if 2 <= width <= 12 and all(len(r) == width and all(map(scalar, r)) for r in rows):
            return Collection(Kind.TUPLES, [{str(i): v for i, v in enumerate(r, 1)} for r in rows])
        return None
    if len(value) >= MIN_VALUES and dict not in kinds and list not in kinds:
        return Collection(Kind.VALUES, [{VALUE: v} for v in value])
    return None


def _of_map(value: dict[str, object]) -> Collection | None:
    if len(value) < _MIN_MAP:
        return None
    values = list(value.values())
    kinds = {type(v) for v in values}
    if kinds == {dict}:
        records: list[dict[str, object]] = values  # type: ignore[assignment]
        if similar(records) and not any(KEY in r or VALUE in r for r in records):
            return Collection(Kind.MAP, [{KEY: k, **r} for k, r in zip(value, records, strict=True)])
        return None
    if kinds == {list} and all(type(i) is dict for v in values for i in v):  # type: ignore[attr-defined]
        return Collection(Kind.MAP, [{KEY: k, VALUE: v} for k, v in value.items()])
    if dict in kinds or list in kinds or len(value) < MIN_VALUES:
        return None
    if sum(1 for k in value if _DATA_KEY.search(k)) >= 0.6 * len(value):
        return Collection(Kind.MAP, [{KEY: k, VALUE: v} for k, v in value.items()])
    return None


def similar(records: list[dict[str, object]]) -> bool:
    """Whether objects have much in common; neither empty ones nor very wide ones are records.

    An entry of one has a key that half of them have, on average: keys that few have do not count against those that nearly all have.
    """
    keys: Counter[str] = Counter()
    for record in records:
        if not record or len(record) > _WIDE:
            return False
        keys.update(record.keys())
    return sum(n * n for n in keys.values()) >= _SHARED * sum(keys.values()) * len(records)


def at_least(value: object, chars: int) -> bool:
    """Whether a value's compact JSON has so many characters; stops counting there."""
    left = chars
    todo = [value]
    while todo:
        one = todo.pop()
        if type(one) is dict:
            left -= 2 + sum(map(len, one)) + 4 * len(one)
            todo.extend(one.values())
        elif type(one) is list:
            left -= 2 + len(one)
            todo.extend(one)
        elif type(one) is str:
            left -= 2 + len(one)
        else:
            left -= len(dumps(one))
        if left <= 0:
            return True
    return False
