"""The header fold: leading columns (time, level, host) that consecutive kept lines share are printed once. Loss-free, and never into the message.

A group reads ``<header>»`` on a line of its own and then each line as ``»<rest>``; ``unfold`` gives the lines back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

_SIGN = "»"
_COLUMN = re.compile(r"\S+\s+")
_HEADERLIKE = re.compile(
    r".*\d|[\W_]+$|\W*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)\W*$"
    r"|\W*(?:emerg|alert|crit(?:ical)?|fatal|panic|severe|err(?:or)?|warn(?:ing)?|notice|info|debug|trace|verbose|fine)\W*$",
    re.IGNORECASE,
)
_COLUMNS = 12
_WIDTH = 400
_SHARE = 0.9
_LOOK = 200  # lines a group is looked for: longer ones are split
_LEAST = 12  # characters a group must save


def header_columns(lines: Sequence[str]) -> int:
    """How many leading columns are header in at least 90 % of a sample of the lines: digits, levels, dates, punctuation, or constant."""
    sample = [line[:_WIDTH].split(None, _COLUMNS)[:-1] for line in lines[:: max(1, len(lines) // 100)] if line.strip()]  # the last word is no column
    for at in range(_COLUMNS):
        column = [row[at] for row in sample if len(row) > at]
        if len(column) < _SHARE * len(sample) or not column:
            return at
        constant = max(map(column.count, column[:1]))
        if constant < _SHARE * len(sample) and sum(_HEADERLIKE.match(c) is not None for c in column) < _SHARE * len(sample):
            return at
    return _COLUMNS


def may_save(lines: Sequence[str | None]) -> int:
    """The most characters that ``fold`` can save: what lines share with the line before them, up to the end of a column. A cheap look."""
    saved = 0
    before = ""
    for line in lines:
        if line is not None:
            if line[:_LEAST] == before[:_LEAST]:
                saved += line.rfind(" ", 0, _shared(before, line)) + 1
            before = line
    return saved


def fold(lines: Sequence[str | None], columns: int) -> list[str | None]:
    """Fold the headers of consecutive lines; None stands for a place that is no line (a marker) and does not end a group.

    Lines are given back unchanged if one of them could be taken for a folded one.
    """
    given = list(lines)
    if not columns or any(line is not None and (line.startswith(_SIGN) or line.endswith(_SIGN)) for line in given):
        return given
    ends = [[] if line is None else _ends(line, columns) for line in given]
    out: list[str | None] = []
    i = 0
    while i < len(given):
        stop, width = _group(given, ends, i)
        head = given[i]
        if head is None or stop == i:
            out.append(head)
            i += 1
            continue
        out.append(head[:width] + _SIGN)
        out += [None if line is None else _SIGN + line[width:] for line in given[i:stop]]
        i = stop
    return out


def unfold(lines: Sequence[str]) -> list[str]:
    """The inverse of ``fold`` where it folded anything, for lines without markers."""
    out: list[str] = []
    header = ""
    for line in lines:
        if line.endswith(_SIGN) and not line.startswith(_SIGN):
            header = line[:-1]
        elif line.startswith(_SIGN):
            out.append(header + line[1:])
        else:
            out.append(line)
    return out


def _shared(before: str, line: str) -> int:
    """How many characters two lines begin with alike, up to a limit."""
    least, most = 0, min(len(before), len(line), _WIDTH)
    while least < most:
        middle = (least + most + 1) // 2
        if before[:middle] == line[:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _columns(line: str) -> list[str]:
    return [m[0] for m in takewhile(lambda m: m.end() <= _WIDTH, _COLUMN.finditer(line, 0, _WIDTH))][:_COLUMNS]


def _ends(line: str, columns: int) -> list[int]:
    """Where the first columns of a line end."""
    ends: list[int] = []
    for column in _columns(line)[:columns]:
        ends.append((ends[-1] if ends else 0) + len(column))
    return ends


def _group(lines: list[str | None], ends: list[list[int]], start: int) -> tuple[int, int]:
    """The group from ``start`` that saves most: where it stops, and how many characters its lines share; ``(start, 0)`` for none."""
    head = lines[start]
    best, stop, width = _LEAST, start, 0
    if head is None:
        return start, 0
    reach = min(len(lines), start + _LOOK)
    for end in ends[start]:
        prefix = head[:end]
        count, last, at = 1, start, start + 1
        while at < reach:
            line = lines[at]
            if line is not None:
                if end not in ends[at] or not line.startswith(prefix):
                    break
                count, last = count + 1, at
            at += 1
        saved = (count - 1) * end - 2 - count
        if count > 1 and saved > best:
            best, stop, width = saved, last + 1, end
        reach = last + 1
        if count == 1:
            break
    return stop, width
