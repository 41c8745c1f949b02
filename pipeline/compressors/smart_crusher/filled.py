"""Texts of items that are a text of the record holding them, its placeholders filled in: what an alert says is what its rule says of all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.compressors.smart_crusher.values import ABSENT

_PLACEHOLDER = re.compile(r"\{\{\s{0,8}[$.]{0,2}([\w.]{1,100})\s{0,8}\}\}")  # as Go, Jinja, Liquid and Handlebars have it
_EXCEPTIONS = 0.34  # of the rows; beyond it the text explains too little
_GAIN = 200  # characters that it must save
_LONGEST = 4000  # characters of a text that is filled in
_MOST = 16  # places of it
_SOURCES = 3  # columns of one name that are looked through: bounds the work on very wide tables


@dataclass(frozen=True, slots=True)
class Filled:
    """A column of items that follows from a text of their record.

    Args:
        source: the record's column.
        says: by item, whether it says that text with its own columns in the places of their names, nothing for one that it lacks.
    """

    source: str
    says: list[bool]

    def __str__(self) -> str:
        return f"its record's {self.source}, {{{{…}}}} filled in"


def fillable(outer: Mapping[str, Sequence[object]]) -> dict[str, dict[str, list[list[str]]]]:
    """By name, the columns of records that hold texts with places to fill, at most three, each text in its parts."""
    found: dict[str, dict[str, list[list[str]]]] = {}
    for path, column in outer.items():
        named = found.setdefault(path.rpartition(".")[2], {})
        if len(named) < _SOURCES and any(type(v) is str and "{{" in v for v in column):
            parts = [_parts(text) for text in column]
            if any(len(one) > 1 for one in parts):
                named[path] = parts
    return found


def find_filled(
    path: str, columns: Mapping[str, Sequence[object]], holders: Sequence[int], sources: Mapping[str, Sequence[Sequence[str]]]
) -> Filled | None:
    """How a column follows from one of the records that hold the items, or None.

    Args:
        path: the column.
        columns: all columns of the items.
        holders: of each item, the row of the record that holds it.
        sources: columns of these records, each text in its parts.
    """
    wanted = columns[path]
    for source, parts in sources.items():
        says = [_says(text, parts[holder], columns, row) for row, (text, holder) in enumerate(zip(wanted, holders, strict=True))]
        saved = sum(len(text) for text, said in zip(wanted, says, strict=True) if said and type(text) is str)
        if says.count(False) <= _EXCEPTIONS * len(says) and saved >= _GAIN:
            return Filled(source, says)
    return None


def _parts(text: object) -> list[str]:
    """Literal text and the names of columns in turn, beginning and ending with literal text; nothing if it is not to be filled in."""
    if type(text) is not str or len(text) > _LONGEST:
        return []
    parts = _PLACEHOLDER.split(text)
    return parts if len(parts) <= 2 * _MOST + 1 else []


def _says(text: object, parts: Sequence[str], columns: Mapping[str, Sequence[object]], row: int) -> bool:
    """Whether a text is the parts with a row's values in the places of the names. Lengths come first, so that no long text is made in vain."""
    if type(text) is not str or not parts or sum(map(len, parts[::2])) > len(text):
        return False
    made = list(parts)
    for at in range(1, len(parts), 2):
        column = columns.get(parts[at])
        value = ABSENT if column is None else column[row]
        if type(value) is bytes:
            made[at] = value.decode()
        elif type(value) is str:
            made[at] = value
        elif value is ABSENT:
            made[at] = ""
        else:
            return False
    return sum(map(len, made)) == len(text) and "".join(made) == text
