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
        if sum(x.count(delimiter) == width for x in below) * 3 >= len(below) or '"' in "".join(below):
            return delimiter
    return ""


def _titles(cells: Sequence[str]) -> bool:
    """Whether these may be column titles: short, different, no numbers, no times."""
    if len(cells) < 2 or len(set(cells)) < len(cells) or (not all(cells) and len(cells) < 3):
        return False
    return all(not c or (len(c) <= _CELL and _TITLE.fullmatch(c) and not _NUMBER.fullmatch(c) and not _CLOCK.search(c)) for c in cells)


def _parse(lines: Sequence[str], head: int, delimiter: str) -> Grid | None:
    """The rows, a quoted cell of several lines in one row."""
    found: list[list[str]] = []
    ends: list[int] = []
    quoting = csv.QUOTE_MINIMAL if any('"' in line for line in lines[head:]) else csv.QUOTE_NONE
    reader = csv.reader((line + "\n" for line in lines[head:]), delimiter=delimiter, quoting=quoting, strict=True)
    try:
        for row in reader:
            found.append(row)
            ends.append(head + reader.line_num)
    except csv.Error:
        if delimiter != "\t":
            return None
        found = [line.rstrip("\r").split(delimiter) for line in lines[head:]]
        ends = list(range(head + 1, len(lines) + 1))
    names = found[0]
    starts = ends[:-1]
    rows, ends = found[1:], ends[1:]
    width = len(names)
    filled = [(r, s, e) for r, s, e in zip(rows, starts, ends, strict=True) if any(r)]
    fits = sum(len(r) == width for r, _, _ in filled)
    if fits < LEAST_ROWS or fits < _AGREE * len(filled) or width < 2:
        return None
    odd = {i: None for i, (r, _, _) in enumerate(filled) if len(r) != width}
    blank = [""] * width
    columns = [list(c) for c in zip(*(r if len(r) == width else blank for r, _, _ in filled), strict=True)]
    if _repeats_itself(names, columns):
        return None
    names[0] = names[0].lstrip("\ufeff")
    return Grid(unique(names), [s for _, s, _ in filled], [e for _, _, e in filled], columns, odd)


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
        while end < len(lines) and (_is_row(lines[end]) or lines[end].startswith("+-")):
            if _is_row(lines[end]):
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
