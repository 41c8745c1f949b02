"""Stretches of lines that are surely of one kind: JSON, diffs, tables, stamped log lines. What stands between them is something else."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline.compressors.smart_crusher.parse import Refused, documents, looks_like_object

_LEAST_CHARS = 1000  # a shorter stretch is not worth a compressor of its own
_LEAST_STAMPED = 12
_LEAST_RECORDS = 12
_LEAST_ROWS = 8
_CONTINUED = 60  # lines of a stack trace between two stamped lines
_STRAY = 2  # other lines between two stamped lines
_LINE = 2000
_MOST_HEADERS = 40  # lines of headers on end without a hunk: renames and binary files

_STAMPED = re.compile(r".{0,60}?(?<!\d)[0-2]\d:[0-5]\d:[0-6]\d(?!\d)")
_CONTINUES = re.compile(r"[ \t]+\S|Caused by|Traceback |\.\.\. |[\w.$]{1,120}(?:Error|Exception)\b")
_DIFF_HEADER = (
    "diff --git ",
    "index ",
    "--- ",
    "+++ ",
    "new file mode ",
    "deleted file mode ",
    "old mode ",
    "new mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename ",
    "copy ",
    "Binary files ",
)
_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_COMMIT = re.compile(r"commit [0-9a-f]{7,64}(?: \([^\n]{1,300}\))?\r?$")
_COMMIT_LINE = re.compile(
    r"    |(?:Author|AuthorDate|Commit|CommitDate|Date|Merge): | \S.{0,300} \| {1,80}(?:\d{1,9} |Bin )| \d{1,9} files? changed|\r?$"
)
_MARKDOWN_RULE = re.compile(r"\|(?: {0,3}:?-{2,200}:? {0,3}\|){1,100}\s{0,3}$")
_DASHES = re.compile(r"\s{0,20}-{2,200}(?:\s{1,200}-{2,200}){1,60}\s{0,20}$")
_CAPITALS = re.compile(r"\s{0,8}[A-Z][A-Z0-9()%/_.-]{0,40}(?:\s{1,200}[A-Z0-9][A-Z0-9()%/_.-]{0,40}){2,40}\s{0,200}$")
_CELL = re.compile(r"\S{1,200}(?: \S{1,200}){0,10}")
_ALIGNED = 0.6  # of a row's columns


@dataclass(frozen=True, slots=True)
class Island:
    """Lines ``[start, end)``, counted from 0, of one kind: ``json`` (a document), ``records`` (JSON lines), ``diff``, ``table`` or ``log``."""

    start: int
    end: int
    kind: str


def islands(lines: Sequence[str]) -> list[Island]:
    """The islands of a text in order, none shorter than 1000 characters."""
    documents_at = _documents(lines)
    found: list[Island] = []
    i = 0
    while i < len(lines):
        kind, end = _at(lines, i, documents_at)
        if end > i:
            if sum(map(len, lines[i:end])) >= _LEAST_CHARS:
                found.append(Island(i, end, kind))
            i = end
        else:
            i += 1
    return found


def _at(lines: Sequence[str], i: int, documents_at: dict[int, int]) -> tuple[str, int]:
    """What begins at a line and where it ends; at the line itself if nothing does."""
    line = lines[i]
    if i in documents_at:
        return "json", documents_at[i]
    if not line:
        return "", i
    if line[0] == "{" and (end := records(lines, i, len(lines))) > i:
        return "records", end
    if line.startswith(("diff --git ", "--- ", "commit ")) and (end := changes(lines, i)) > i:
        return "diff", end
    if line[0] == "|" and (end := _markdown(lines, i)) > i:
        return "table", end
    if (end := _columns(lines, i, documents_at)) > i:
        return "table", end
    if _stamped(line) and (end := _log(lines, i, documents_at)) > i:
        return "log", end
    return "", i


def _documents(lines: Sequence[str]) -> dict[int, int]:
    """First line -> line after the last, of every JSON document on lines of its own."""
    text = "\n".join(lines)
    if "{" not in text and "[" not in text:
        return {}
    try:
        found = [d for d in documents(text) if not d.cut]
    except Refused:
        return {}
    if not found:
        return {}
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    return {bisect_right(starts, d.start) - 1: bisect_right(starts, d.end - 1) for d in found}


def records(lines: Sequence[str], i: int, limit: int) -> int:
    """Where JSON lines that begin at line ``i`` end, before line ``limit``; ``i`` itself where too few do."""
    end = i
    while end < limit and looks_like_object(lines[end]):
        end += 1
    return end if end - i >= _LEAST_RECORDS else i


def changes(lines: Sequence[str], i: int) -> int:
    """Where a diff that begins at line ``i`` ends, by the line counts in its hunks; ``i`` itself where none does.

    Commits in front of and between diffs belong to it.
    """
    start, hunks, commits, headers = i, 0, 0, 0
    while i < len(lines):
        line = lines[i]
        if hunk := _HUNK.match(line):
            i = _hunk(lines, i + 1, int(hunk[1] or 1), int(hunk[2] or 1))
            hunks, headers = hunks + 1, 0
        elif _COMMIT.match(line):
            commits, headers = commits + 1, 0
            i += 1
        elif line.startswith(_DIFF_HEADER) and headers < _MOST_HEADERS:
            headers += 1
            i += 1
        elif commits and _COMMIT_LINE.match(line):
            i += 1
        else:
            break
    while i > start and not lines[i - 1].strip():
        i -= 1
    return i if hunks or commits > 1 else start


def _hunk(lines: Sequence[str], i: int, old: int, new: int) -> int:
    while i < len(lines) and (old > 0 or new > 0):
        mark = lines[i][:1]
        if mark in {" ", "", "\r"}:
            old, new = old - 1, new - 1
        elif mark == "-":
            old -= 1
        elif mark == "+":
            new -= 1
        elif mark != "\\":
            return i
        i += 1
    return i + 1 if i < len(lines) and lines[i].startswith("\\ ") else i


def _markdown(lines: Sequence[str], i: int) -> int:
    if i + 1 >= len(lines) or len(lines[i + 1]) > _LINE or not _MARKDOWN_RULE.match(lines[i + 1]):
        return i
    end = i + 2
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return end if end - i - 2 >= _LEAST_ROWS else i


def _columns(lines: Sequence[str], i: int, documents_at: dict[int, int]) -> int:
    """Where a table of aligned columns ends: under a header in capitals, or one with dashes below."""
    header = lines[i]
    if len(header) > _LINE or "  " not in header:
        return i
    ruled = i + 1 < len(lines) and len(lines[i + 1]) <= _LINE and _DASHES.match(lines[i + 1]) is not None
    if not ruled and not _CAPITALS.match(header):
        return i
    columns = [m.span() for m in _CELL.finditer(header)]
    if len(columns) < 2:
        return i
    end = first = i + 2 if ruled else i + 1
    stamped = first < len(lines) and _stamped(lines[first])
    while end < len(lines) and end not in documents_at and _aligned(lines[end], columns) and (stamped or not _stamped(lines[end])):
        end += 1
    return end if end - first >= _LEAST_ROWS else i


def _aligned(row: str, columns: Sequence[tuple[int, int]]) -> bool:
    """Whether cells begin or end where the columns of the header do."""
    if not row.strip():
        return False
    reached = [(start, end) for start, end in columns[1:] if end <= len(row) or start < len(row)]
    fit = sum((row[a - 1] == " " and row[a] != " ") or (row[b - 1 : b] not in {"", " "} and row[b : b + 1] in {"", " "}) for a, b in reached)
    return fit >= max(1, _ALIGNED * len(reached))


def _stamped(line: str) -> bool:
    return _STAMPED.match(line) is not None


def _log(lines: Sequence[str], i: int, documents_at: dict[int, int]) -> int:
    """Where a run of stamped lines ends, with the stack traces between them."""
    start, end, stamped, stray, continued = i, i, 0, 0, 0
    while i < len(lines) and i not in documents_at:
        line = lines[i]
        if _stamped(line):
            stamped += 1
            end, stray, continued = i + 1, 0, 0
        elif line.startswith("diff --git "):
            break
        elif _CONTINUES.match(line):
            continued += 1
            if not stray:
                end = i + 1
        else:
            stray += 1
        if stray > _STRAY or continued > _CONTINUED:
            break
        i += 1
    return end if stamped >= _LEAST_STAMPED else start
