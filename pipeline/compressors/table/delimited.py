"""Delimited values (CSV, TSV, semicolons, bars) under a header line, and tables drawn with bars (Markdown, psql, MySQL)."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.compressors.table.grid import Grid, unique

LEAST_ROWS = 8
_BEFORE = 6  # lines that may stand above the header: a caption, "stdout:"
_AGREE = 0.95  # of the rows must have the header's width
_PROBE = 12
_LINE = 20_000  # characters; a header is shorter
_CELL = 80
_NUMBER = re.compile(r"[-+]?(?:\d[\d_, ]*)?\.?\d+(?:[eE][-+]?\d+)?%?")
_TITLE = re.compile(r"(?=.*[^\W\d_])[^\"{}\[\]<>=;|]*")
_CLOCK = re.compile(r"\d\d:\d\d|\d{4}[-/]\d\d")
_RULE_CHARACTERS = frozenset(" \t\r|+:=-")
_BAR = re.compile(r"(?<!\\)\|")


def delimited(lines: Sequence[str]) -> Grid | None:
    """The table that a text of delimited values is, or None."""
    for head in range(min(_BEFORE, len(lines) - LEAST_ROWS)):
        delimiter = _delimiter(lines, head)
        if delimiter:
            return _parse(lines, head, delimiter)
    return None


def _delimiter(lines: Sequence[str], head: int) -> str:
    """The character that splits this line into titles and the next lines into as many cells."""
    line = lines[head].lstrip("\ufeff")
    if not line.strip() or len(line) > _LINE:
        return ""
    below = [x[:_LINE] for x in lines[head + 1 : head + 1 + _PROBE]]
    for delimiter in "\t,;|":
        width = line.count(delimiter)
        if not width or not _titles([c.strip().strip('"') for c in line.split(delimiter)]):
            continue
        if _prose(line, below, delimiter):
            continue
        if sum(x.count(delimiter) == width for x in below) * 3 >= len(below) or '"' in "".join(below):
            return delimiter
    return ""


def _prose(line: str, below: Sequence[str], delimiter: str) -> bool:
    """Whether the delimiter stands in sentences or in code: with brackets open around it, or once a line with a blank after it."""
    open_ = sum(any(c.count("(") != c.count(")") or c.count("[") != c.count("]") for c in x.split(delimiter)) for x in below if '"' not in x)
    return open_ * 3 > len(below) or (delimiter in ",;" and line.count(delimiter) == 1 and f"{delimiter} " in line)


def _titles(cells: Sequence[str]) -> bool:
    """Whether these may be column titles: short, different, no numbers, no times."""
    if len(cells) < 2 or len(set(cells)) < len(cells) or (not all(cells) and len(cells) < 3):
        return False
    return all(not c or (len(c) <= _CELL and _TITLE.fullmatch(c) and not _NUMBER.fullmatch(c) and not _CLOCK.search(c)) for c in cells)


def _parse(lines: Sequence[str], head: int, delimiter: str) -> Grid | None:
    """The rows, a quoted cell of several lines in one row."""
    read = _read(lines[head:], delimiter)
    if read is None:
        return None
    rows, ends = read
    names = rows[0]
    starts, ends, rows = ends[:-1], ends[1:], rows[1:]
    if not all(map(any, rows)):  # blank lines are no rows
        filled = [n for n, row in enumerate(rows) if any(row)]
        rows, starts, ends = [rows[n] for n in filled], [starts[n] for n in filled], [ends[n] for n in filled]
    width = len(names)
    odd = {n: None for n, row in enumerate(rows) if len(row) != width}
    if len(rows) - len(odd) < max(LEAST_ROWS, _AGREE * len(rows)):
        return None
    for n in odd:
        rows[n] = [""] * width
    columns = [list(c) for c in zip(*rows, strict=True)]
    if _repeats_itself(names, columns):
        return None
    return Grid(unique([names[0].lstrip("\ufeff"), *names[1:]]), [n + head for n in starts], [n + head for n in ends], columns, odd)


def _read(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]] | None:
    """The records and the number of lines read after each, or None where the quotes do not match."""
    if not any('"' in line for line in lines) or delimiter not in lines[0]:
        return [line.rstrip("\r").split(delimiter) for line in lines], list(range(1, len(lines) + 1))
    rows: list[list[str]] = []
    ends: list[int] = []
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error:
        if delimiter != "\t":  # nobody quotes cells that tabs separate
            return None
        return [line.rstrip("\r").split(delimiter) for line in lines], list(range(1, len(lines) + 1))
    return rows, ends


def _repeats_itself(names: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Whether the first line is a row like the others: its cells come again below."""
    return any(name and name in column[:2000] for name, column in zip(names, columns, strict=True))


def barred(lines: Sequence[str]) -> Iterator[Grid]:
    """Tables with a rule line such as ``|---|---|`` or ``---+---`` below their header."""
    i = 1
    while i < len(lines):
        if not _is_rule(lines[i]) or not _is_row(lines[i - 1]):
            i += 1
            continue
        names = _cells(lines[i - 1])
        end = i + 1
        starts: list[int] = []
        while end < len(lines) and (_is_row(lines[end]) or _is_rule(lines[end])):
            if not _is_rule(lines[end]):
                starts.append(end)
            end += 1
        grid = _of_rows(lines, names, starts)
        if grid is not None:
            yield grid
        i = max(end, i + 1)


def _is_rule(line: str) -> bool:
    return ("-" in line[:40] or "=" in line[:40]) and ("|" in line or "+" in line) and len(line) <= _LINE and _RULE_CHARACTERS.issuperset(line)


def _is_row(line: str) -> bool:
    return "|" in line and not line.lstrip().startswith("+")


def _cells(line: str) -> list[str]:
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [c.strip() for c in (_BAR.split(line) if "\\|" in line else line.split("|"))]


def _of_rows(lines: Sequence[str], names: list[str], starts: list[int]) -> Grid | None:
    if len(starts) < LEAST_ROWS or len(names) < 2:
        return None
    rows = [_cells(lines[i]) for i in starts]
    widths = Counter(map(len, rows))
    if widths[len(names)] < _AGREE * len(rows):
        return None
    blank = [""] * len(names)
    odd = {i: None for i, r in enumerate(rows) if len(r) != len(names)}
    columns = [list(c) for c in zip(*(r if len(r) == len(names) else blank for r in rows), strict=True)]
    return Grid(unique(names), starts, [i + 1 for i in starts], columns, odd)
