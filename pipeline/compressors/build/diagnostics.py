"""Diagnostics of compilers, type checkers and linters: which lines belong to one, in which file, and of what message shape.

Four layouts cover the tools: the location before the message (gcc, javac, tsc, mypy, go, pylint …), an arrow with the location below it
(rustc, ruff), rows below a heading that is the file (eslint, stylelint), and Maven's brackets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

ERROR, WARNING, OTHER = "error", "warning", "message"
_LINE = 1000  # what is read of a line
_PATH = 300

_LOCATION = re.compile(
    r"\(\d{1,7}(?:[,:-]\d{1,7}){0,3}\)\s?:\s{1,3}"  # tsc, MSBuild: a.ts(1,2): error TS1: …
    r"|:\[\d{1,7},\d{1,7}\]:?\s{1,3}"  # Maven: A.java:[1,2] …
    r"|:\d{1,7}(?::\d{1,7})?(?:-\d{1,7}(?::\d{1,7})?)?(?::\s{1,3}|\s{1,3}-\s{1,3}|\s{1,3}(?=(?:error|warning|note|info)\b))"
    r"|: line \d{1,7}(?:, col(?:umn)? \d{1,7})?(?:,|:)\s{1,3}"  # shellcheck, eslint compact, sh
)
_LEAD = re.compile(r"\[(ERROR|WARNING|WARN|error|warn)\]\s{1,3}(?:\[(?:Error|Warn)\]\s{1,3})?|(ERROR|WARNING): (?=\S{1,300}:\d)")
_SAID = re.compile(
    r"(?:(?P<error>fatal error|fatal|internal compiler error|error|Error|ERROR|[EF]\d{3,4}\b)"
    r"|(?P<warning>warning|Warning|WARNING|warn|style|performance|portability|convention|refactor|[A-DG-Z]{1,4}\d{3,5}\b|[A-Z]\w{2,40}Warning\b)"
    r"|(?P<note>note|help|hint|info|remark|information))(?![\w.])"
)
_FILE = re.compile(
    r"(?:[A-Za-z]:)?[\w./\\@+~#%$()\[\] -]*[\w\])]\.[A-Za-z][\w+]{0,9}$"
    r"|(?:[A-Za-z]:)?[\w./\\@+~-]*(?:Makefile|Dockerfile|BUILD|WORKSPACE|Rakefile|Jenkinsfile)$"
)
_ARROW = re.compile(r"\s{0,8}(?:-->|┌─|╭─\[|╭▸|,-\[)\s?([^\s:]{1,300}(?: [^\s:]{1,100}){0,4}):(\d{1,7})(?::\d{1,7})?")
_HEADED = re.compile(r"(?:(error|warning)(?:\[[\w:-]{1,60}\])?: |([A-Z]{1,4}\d{3,5}|[a-z][a-z-]{2,60}(?:\[[\w-]{1,60}\])?:?) (?:\[\*\] )?)\S")
_ROW = re.compile(r"\s{1,8}(\d{1,7}):(\d{1,7})\s{1,6}(error|warning|info|✖|⚠|×|ℹ|[A-Z]{1,4}\d{2,5})\s{1,4}(\S.*)$")
_CONTEXT = re.compile(
    r"In file included from |\s{1,40}from \S{1,300}:\d{1,7}[:,]|\S{1,300}: (?:In |At )(?:\w{1,20} ){0,3}|\S{1,300}: (?:in|at) (?:\w{1,20} )"
)
_CARET = re.compile(r"\s{0,400}\^[\s~^-]{0,400}$")
_NUMBERED = re.compile(r"\s{0,8}\d{1,7}(?: |$)")
_UNDERLINE = re.compile(r"\s{0,400}[~^][~^]{0,400}$")
_ROW_CLASS = {"error": ERROR, "✖": ERROR, "×": ERROR, "warning": WARNING, "⚠": WARNING}

_PLACE = re.compile(r"[:(]\[?\d|: line \d")  # what stands in the text of any diagnostic
_ARROWS = ("-->", "┌─", "╭─[", "╭▸", ",-[")  # in that of any with an arrow

_BLANKS = frozenset(" \t")
_BRACKETED = ("[ERROR]   ", "[WARNING]   ")
_LEADING = frozenset("[EW")  # what a lead begins with

_QUOTED = re.compile(r"'[^'\n]{0,200}'|`[^`\n]{0,200}`|\"[^\"\n]{0,200}\"|‘[^’\n]{0,200}’|“[^”\n]{0,200}”")
_NUMBER = re.compile(r"\d{1,20}")
_FRAME = re.compile(r"in (?:\S{1,100}|<\w{1,20}>)$")  # ``a.py:3: in f`` is a frame of a short traceback
_BLOCK = 200  # lines of one diagnostic at most
_CARET_WITHIN = 3
_LISTING = 40


@dataclass(slots=True)
class Diagnostic:
    """One diagnostic: lines ``[start, end)``.

    Args:
        start: its first line; lines that lead to it (``In file included from``) are among its own.
        head: the line with its message.
        end: after its last line.
        path: the file it is about.
        kind: error, warning or message.
        text: the message without its location.
        heading: the line on which the path stands, where that is no line of its own; else -1.
    """

    start: int
    head: int
    end: int
    path: str
    kind: str
    text: str
    heading: int = -1


def shape_of(text: str) -> str:
    """A message without what varies: quoted parts and numbers."""
    return _NUMBER.sub("0", _QUOTED.sub("*", text))


@dataclass(frozen=True, slots=True)
class _Head:
    path: str
    kind: str
    text: str
    note: bool = False


def diagnostics(lines: Sequence[str], closed: Sequence[bool] = ()) -> list[Diagnostic]:
    """All diagnostics in order, disjoint. Lines for which ``closed`` is true are none."""
    found: list[Diagnostic] = []
    text = "\n".join(lines)
    if _PLACE.search(text) is None:
        return found
    arrows = any(map(text.__contains__, _ARROWS))
    heading = -1  # of rows
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line or (closed and closed[at]):
            if not line:
                heading = heading if at + 1 < len(lines) and _ROW.match(lines[at + 1][:_LINE]) else -1
            at += 1
            continue
        if line[0] in " \t":
            row = _ROW.match(line[:_LINE]) if heading >= 0 and ":" in line[:20] else None
            if row is not None:
                end = _indented(lines, at + 1, rows=True)
                path, kind = lines[heading].strip().rstrip(":")[:_PATH], _ROW_CLASS.get(row[3], OTHER)
                found.append(Diagnostic(at, at, end, path, kind, row[4] if kind != OTHER else f"{row[3]} {row[4]}", heading))
                at = end
            else:
                at += 1
            continue
        one = _at(lines, at, found) if arrows or ":" in line else None
        if one is None:
            heading = at if at + 1 < len(lines) and lines[at + 1][:1] in _BLANKS and _may_head_rows(lines, at) else -1
            at += 1
        else:
            found.append(one)
            at = one.end
            heading = -1
    return found


def _may_head_rows(lines: Sequence[str], at: int) -> bool:
    """Whether rows follow a line; there is one below it."""
    return len(lines[at]) <= _PATH and _ROW.match(lines[at + 1][:_LINE]) is not None


def _at(lines: Sequence[str], at: int, found: list[Diagnostic]) -> Diagnostic | None:
    """The diagnostic that begins on this line, or None. A note that follows its diagnostic is made a part of it."""
    head = _located(lines[at])
    if head is None:
        return _arrowed(lines, at)
    end = _continued(lines, at + 1)
    if head.note and found and found[-1].end == at:
        last = found.pop()
        return Diagnostic(last.start, last.head, end, last.path, last.kind, last.text)
    return Diagnostic(_leading(lines, at, found), at, end, head.path, head.kind, head.text)


def _located(line: str) -> _Head | None:
    """What a line with the location before the message says."""
    line = line[:_LINE]
    if ":" not in line:
        return None
    lead = _LEAD.match(line) if line[0] in _LEADING else None
    start = lead.end() if lead is not None else 0
    location = _LOCATION.search(line, start, start + _PATH + 40)
    if location is None or location.start() == start or location.start() - start > _PATH:
        return None
    path, text = line[start : location.start()], line[location.end() :].strip()
    said = _SAID.match(text)
    if not text or "://" in path or path[-1:] in ".:" or (said is None and _FRAME.match(text)):
        return None
    if not _is_file(path) and not (said is not None and ("/" in path or "\\" in path) and " " not in path and not path[0].isdigit()):
        return None
    if " " in path and said is None and lead is None:
        return None
    if said is not None and said["note"]:
        return _Head(path, OTHER, text, note=True)
    kind = ERROR if said is not None and said["error"] else WARNING if said is not None and said["warning"] else OTHER
    if kind == OTHER and lead is not None:
        kind = ERROR if (lead[1] or lead[2]).lower().startswith("e") else WARNING
    return _Head(path, kind, text)


@lru_cache(maxsize=1024)  # a file has many diagnostics
def _is_file(path: str) -> bool:
    return _FILE.match(path) is not None


def _arrowed(lines: Sequence[str], at: int) -> Diagnostic | None:
    """A message with its location on one of the two lines below it; it ends at the next blank line."""
    headed = _HEADED.match(lines[at][:_LINE]) if lines[at][0].isalpha() else None
    if headed is None:
        return None
    for below in range(at + 1, min(at + 3, len(lines))):
        arrow = _ARROW.match(lines[below][:_LINE])
        if arrow is not None:
            end = below + 1
            while end < len(lines) and lines[end].strip() and end - at < _BLOCK:
                end += 1
            kind = headed[1] or (ERROR if headed[2][0] in "EF" else WARNING)
            return Diagnostic(at, at, end, arrow[1], kind, lines[at][:_LINE])
    return None


def _indented(lines: Sequence[str], at: int, *, rows: bool = False) -> int:
    end = at
    while end < len(lines) and end - at < _BLOCK and lines[end][:1] in _BLANKS and not lines[end].isspace():
        if rows and ":" in lines[end][:20] and _ROW.match(lines[end][:_LINE]):
            break
        end += 1
    return end


def _continued(lines: Sequence[str], at: int) -> int:
    """After the last line of a diagnostic: its source line and caret, and what is indented below its message."""
    for below in range(at, min(at + _CARET_WITHIN, len(lines))):
        if "^" in lines[below] and _CARET.match(lines[below][:_LINE]):
            if any(_located(lines[between]) is not None for between in range(at, below)):
                break
            return _indented(lines, below + 1)
    end = at
    while end < len(lines) and end - at < _BLOCK:
        line = lines[end]
        if not line or line.isspace():
            listing = _listing(lines, end + 1)
            if listing == end + 1:
                break
            end = listing
        elif (line[0] in _BLANKS or line.startswith(_BRACKETED)) and not _CONTEXT.match(line[:_PATH]):
            end += 1
        else:
            break
    return end


def _listing(lines: Sequence[str], at: int) -> int:
    """After a source line with its number and the tildes or carets below it, as tsc prints after a blank line; ``at`` if none is there."""
    end = at
    while end + 1 < len(lines) and end - at < _LISTING and _NUMBERED.match(lines[end][:_LINE]):
        if _UNDERLINE.match(lines[end + 1][:_LINE]):
            end += 2
        elif _NUMBERED.match(lines[end + 1][:_LINE]):
            end += 1
        else:
            break
    return end if end > at and _UNDERLINE.match(lines[end - 1][:_LINE]) else at


def _leading(lines: Sequence[str], at: int, found: list[Diagnostic]) -> int:
    """The first of the lines that lead to a diagnostic: how it came to be included, in which function it stands."""
    least = found[-1].end if found else 0
    start = at
    while start > least and at - start < _BLOCK and lines[start - 1] and _CONTEXT.match(lines[start - 1][:_PATH]):
        start -= 1
    return start
