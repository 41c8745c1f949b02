"""Rows of figures: coverage by file, benchmarks, sizes, durations. Each is a fact of its own, and no more of the same.

A table of a few stays whole. Of a longer one stay its ends, its totals, and the rows with the highest and lowest figures of each column, whichever
of them was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from pipeline.compressors.severity import NEITHER, severity

_READ = 600  # characters of a line
_ENDS, _TOTALS = 2, 4  # rows at the start and at the end that stay, and rows that sum up
_COLUMNS = 6  # figures of a row that are looked at
_COMMON = 0.5  # of the rows have a figure in what is a column

_NUMBER = r"[+-]?\d[\d,.]{0,20}"
_UNIT = r"%|[kKMGT]i?[bB]|B|bytes|ns|[uµ]s|ms|s|secs?|seconds|mins?|minutes"
_FIGURE = re.compile(rf"(?<!\S)({_NUMBER})(?: ?({_UNIT}))?(?!\S)")
_CELL = re.compile(rf"(?:\S(?:  |\t)\s*|[|│┃]\s*){_NUMBER}(?:{_UNIT})?(?!\S)")
_FIRST = re.compile(rf"{_NUMBER}(?: ?(?:{_UNIT}))?(?:  |\t)\s*\S")
_TAKEN = re.compile(rf"{_NUMBER} ?(?:ns|[uµ]s|ms|s|secs?|seconds) ")  # how long something took, before what it was
_BETWEEN = ("  ", "\t", "|", "│", "┃")
_SIZE = re.compile(r" \d{1,6}(?:\.\d{1,4})? ?(?:[kKMGT]i?B|bytes)(?!\S)")
_CLOCK = re.compile(r"\d\d:[0-5]\d:[0-6]\d")
_TOTAL = re.compile(r"\W{0,9}(?:total|all files|overall|average|mean|geomean|sum|median)\b", re.IGNORECASE)
_UNITS = {
    "": 1.0, "%": 1.0, "b": 1.0, "bytes": 1.0, "kb": 1e3, "kib": 1024.0, "mb": 1e6, "mib": 1024.0**2, "gb": 1e9, "gib": 1024.0**3, "tb": 1e12,
    "tib": 1024.0**4, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "min": 60.0, "mins": 60.0, "minutes": 60.0,
}  # fmt: skip


class _Row(NamedTuple):
    """A line of figures."""

    at: int
    layout: tuple[str, ...]  # what the rows of one table have in common
    figures: list[float]


def rows(lines: Sequence[str], indices: Sequence[int]) -> list[int]:
    """Which of these lines are rows of figures: in columns, or with how long something took at the start, or with a size.

    What tells of trouble is none, nor is a record of a log.
    """
    return [at for at in indices if _is_row(lines[at][:_READ])]


def within(lines: Sequence[str], indices: Sequence[int], most: int) -> Iterator[tuple[int, str]]:
    """Which rows of figures go, each with a label that says what it is like.

    Args:
        lines: all lines.
        indices: those that are rows, ascending.
        most: so many of one table stay.
    """
    tables: dict[tuple[str, ...], list[_Row]] = {}
    for at in indices:
        row = _read(at, lines[at][:_READ])
        tables.setdefault(row.layout, []).append(row)
    for table in tables.values():
        if len(table) > most:
            stays = set(_stay(table, lines, most))
            for row in table:
                if row.at not in stays:
                    yield row.at, f"like line {table[0].at + 1}, within the figures shown"


def _stay(table: Sequence[_Row], lines: Sequence[str], most: int) -> list[int]:
    """The lines of a table that stay: its ends and totals, then the highest and lowest of each column in turn."""
    totals = [row for row in table if _TOTAL.match(lines[row.at][:_READ])]
    first = [row.at for row in (*table[:_ENDS], *table[-_ENDS:], *totals[:_TOTALS])]
    rankings: list[list[tuple[float, int]]] = []
    for column in range(_COLUMNS):
        upwards = sorted((row.figures[column], row.at) for row in table if len(row.figures) > column)
        if len(upwards) > _COMMON * len(table):
            rankings += [upwards[:most], upwards[::-1][:most]]
    in_turn = (one[1] for turn in zip_longest(*rankings) for one in turn if one is not None)
    return list(dict.fromkeys(chain(first, in_turn)))[:most]


def _is_row(text: str) -> bool:
    text = text.strip()
    # What stands in all that the patterns find: looking for that costs a tenth.
    if not (
        (any(map(text.__contains__, _BETWEEN)) and (_CELL.search(text) or _FIRST.match(text)))
        or (text[:1].isdecimal() and _TAKEN.match(text))
        or (("B" in text or "bytes" in text) and _SIZE.search(text))
    ):
        return False
    return _CLOCK.search(text) is None and severity(text) == NEITHER


def _read(at: int, text: str) -> _Row:
    found = _FIGURE.findall(text)[:_COLUMNS]
    apart = next((mark for mark in ("|", "│", "┃", "\t") if mark in text), " ")
    kinds = ("%" if unit == "%" else "size" if unit[-1:] in ("b", "B") or unit == "bytes" else "time" if unit else "" for _, unit in found[:2])
    return _Row(at, (apart, *kinds), [_value(*one) for one in found])


def _value(number: str, unit: str) -> float:
    """A figure in the base unit of its kind; of a version its first two parts."""
    return float(".".join(number.replace(",", "").split(".")[:2])) * _UNITS.get(unit.lower(), 1.0)
