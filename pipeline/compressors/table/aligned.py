"""Tables whose columns are aligned with blanks, under a header line: kubectl, docker, ps, df, pip, dpkg, the sections of ``describe``.

Never without a header or a rule line: logs and compilers align their output too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.compressors.table.grid import Grid, unique

LEAST_ROWS = 10
_WIDTH = 1200  # characters of a header
_PROBE = 10
_SAMPLE = 120
_BLANK = 0.95  # of the rows are blank where two columns meet
_STRANGE = 3  # lines on end that do not fit: the table is over

_TITLE_BEGINS = frozenset("%#|/")
_RULE_CHARACTERS = frozenset(" \t\r+-=")
_NO_HEADER = re.compile(r"[^\w\s%#()/.:+@|-]")  # what stands in no title
_OTHER_SPACE = re.compile(r"[^\S ]")
_WORD = re.compile(r"(?=.*[A-Za-z])[A-Za-z%#|/][\w%#()/.:+@|-]{0,40}")
_CAPITALS = re.compile(r"[A-Z0-9%#()/.:+_@-]*[A-Z%#][A-Z0-9%#()/.:+_@-]*")
_NOT_TITLE = re.compile(r"^\W*(?:error|warning|info|debug|note|at|in|from|import|fatal|e|w)\b[: ]", re.IGNORECASE)


def aligned(lines: Sequence[str]) -> Iterator[Grid]:
    """The aligned tables in a text, from top to bottom."""
    i = 0
    while i + LEAST_ROWS < len(lines):
        line = lines[i]
        if len(line) > _WIDTH or len(line) < 6:
            i += 1
            continue
        ruled = bool(line.strip()) and len(_ruled_cuts(lines[i + 1])) > 1
        if not ruled and not _is_header(line):
            i += 1
            continue
        found = _read(lines, i, i + 2 if ruled else i + 1, ruled=ruled)
        if found is None:
            i += 1
            continue
        grid, i = found
        if grid is not None:
            yield grid


def _is_header(line: str) -> bool:
    """Titles in capitals, or at least three that begin with one, and nothing that is no title."""
    first = line.lstrip()[:1]
    if (not first.isalpha() and first not in _TITLE_BEGINS) or _NO_HEADER.search(line):
        return False  # most lines of most texts, at a tenth of the cost
    words = line.split()
    if len(words) < 2 or not all(map(_WORD.fullmatch, words)) or _NOT_TITLE.match(line):
        return False
    if sum(_CAPITALS.fullmatch(w) is not None for w in words) >= 0.75 * len(words):
        return "  " in line or len(words) >= 4
    titles = [t[0] for t in re.finditer(r"\S+(?: \S+){0,3}", line)] if "  " in line else []
    if len(titles) < 3 or line.rstrip().endswith((".", ":", ",")):
        return False
    return sum(t[0].isupper() or t[0] in "%#" for t in titles) >= 0.75 * len(titles)


def _read(lines: Sequence[str], head: int, first: int, *, ruled: bool) -> tuple[Grid | None, int] | None:
    """The table below a header and the line after it, or None if there is none."""
    header = lines[head].expandtabs()
    indent = len(header) - len(header.lstrip())
    probe: list[str] = []
    for line in lines[first : first + _PROBE]:
        if not _may_be_row(line, indent):
            break
        probe.append(line[:_WIDTH].expandtabs())
    if len(probe) < min(_PROBE, LEAST_ROWS):
        return None
    cuts = _ruled_cuts(lines[first - 1]) if ruled else _cuts(header, probe)
    if ruled and header[: cuts[0]].strip():
        cuts = [0, *cuts]
    if len(cuts) < 2 or sum(_fits(p, cuts) for p in probe) < 0.9 * len(probe):
        return None
    end, odd = _end(lines, first, indent, cuts)
    if not ruled:
        step = max(1, (end - first) // _SAMPLE)
        cuts = _cuts(header, [x[:_WIDTH].expandtabs() for x in lines[first:end:step]])
        if len(cuts) < 2:
            return None
    if end - first < LEAST_ROWS:
        return None, end
    bounds = list(zip(cuts, [*cuts[1:], None], strict=True))
    names = unique([header[a:b] for a, b in bounds])
    texts = [line.expandtabs() if "\t" in line else line for line in lines[first:end]]
    columns = _split(texts, names)
    if columns is not None:
        odd = _strange(columns, odd) if odd else odd
    else:
        columns = [[text[a:b].strip() for text in texts] for a, b in bounds]
    for row in odd:
        for column in columns:
            column[row] = ""
    return Grid(names, list(range(first, end)), list(range(first + 1, end + 1)), columns, odd), end


def _may_be_row(line: str, indent: int) -> bool:
    body = line[: indent + 400].expandtabs().lstrip(" ")
    return bool(body.strip()) and len(line[: indent + 400].expandtabs()) - len(body) >= indent


def _end(lines: Sequence[str], first: int, indent: int, cuts: Sequence[int]) -> tuple[int, dict[int, None]]:
    """The line after the last row, and the lines between rows that do not fit: a few on end belong to the table."""
    plain = re.compile("".join(f".{{{b - a - 1}}} " for a, b in pairwise(cuts)) + r" {0,1200}\S", re.DOTALL)
    skipped = cuts[0]
    end = at = first
    odd: dict[int, None] = {}
    while at < len(lines) and at - end < _STRANGE:
        line = lines[at]
        at += 1
        if line[:indent].strip() == "" and plain.match(line, skipped) and "\t" not in line[:_WIDTH]:  # the common case, at a tenth of the cost
            end = at
        elif not _may_be_row(line, indent):
            break
        elif _fits(line[:_WIDTH].expandtabs(), cuts):
            end = at
        else:
            odd[at - 1 - first] = None
    return end, {row: None for row in odd if row < end - first}


def _fits(line: str, cuts: Sequence[int]) -> bool:
    """Whether the line is blank before most columns, and has something in two of them."""
    inner = cuts[1:]
    blank = sum(c > len(line) or line[c - 1 : c] == " " for c in inner)
    return blank >= 0.7 * len(inner) and len(line.rstrip()) > inner[0]


def _ruled_cuts(rule: str) -> list[int]:
    """Where the strokes of a rule line begin (``=`` where it has both); none if it is no rule line."""
    if (
        rule[:1] not in _RULE_CHARACTERS
        or len(rule) > _WIDTH
        or not rule.lstrip().startswith(("--", "==", "++"))
        or not _RULE_CHARACTERS.issuperset(rule)
    ):
        return []
    stroke = "={2,}" if "=" in rule else "-{2,}"
    return [m.start() for m in re.finditer(stroke, rule.expandtabs())]


def _cuts(header: str, rows: Sequence[str]) -> list[int]:
    """Where columns begin: after positions that are blank in the header and in nearly all rows, and only where a title stands.

    A blank between two words of a cell is no border unless it is one in nearly all rows; a border without a title of its own is none.
    """
    width = len(header)
    spaced = [_OTHER_SPACE.sub(" ", row[:width]).ljust(width) for row in rows]
    used = [len(rows) - column.count(" ") for column in zip(*spaced, strict=True)] if rows else [0] * width
    most = (1 - _BLANK) * len(rows)
    blank = [header[at] == " " and used[at] <= most for at in range(width)]
    cuts: list[int] = []
    start = 0
    for at in range(1, width + 1):
        if at == width or (not blank[at] and blank[at - 1]):
            if not header[start:at].strip():
                continue  # numbers that stand to the left of their title's start
            if (
                not cuts or any(used[start:at]) or (at == width and header[start - 2 : start] == "  ")
            ):  # the second word of a title has nothing below it
                cuts.append(start)
            start = at
    return cuts


def _split(texts: Sequence[str], names: tuple[str, ...]) -> list[list[str]] | None:
    """The cells by their blanks, where every row has as many words as there are titles of one word: then a wide number shifts nothing."""
    if any(" " in name for name in names):
        return None
    rows = [text.split(None, len(names) - 1) for text in texts]
    if any(len(row) != len(names) for row in rows):
        return None
    return [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]


def _strange(columns: Sequence[Sequence[str]], odd: dict[int, None]) -> dict[int, None]:
    """Of rows that do not stand below the titles those that no wide cell shifted: their words are not of the kinds of their columns.

    Where no column is of one kind, nothing tells a row that was shifted from a line that is no row, and few such lines are no rows.
    """
    count = len(columns[0])
    kinds = [(column, kind) for column in columns for kind in (_is_figure, _is_word) if sum(map(kind, column)) >= _BLANK * count]
    if all(kind is _is_word for _, kind in kinds) and len(odd) <= (1 - _BLANK) * count:
        return odd
    return {row: None for row in odd if not all(kind(column[row]) for column, kind in kinds)}


def _is_figure(cell: str) -> bool:
    return cell[:1].isdecimal() or cell[1:2].isdecimal()  # -1, $5, <2ms


def _is_word(cell: str) -> bool:
    return " " not in cell
