"""The commits in what ``git log`` and ``git show`` print (medium, full, fuller, raw; with ``--stat``, ``--name-status``, ``--graph``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

OTHER = 0  # anything else; always kept
COMMIT = 1  # commit 1234567 (HEAD -> main)
HEADER = 2  # Author, Date, Merge
COMMITTER = 3
BLANK = 4
SUBJECT = 5
BODY = 6
TRAILER = 7
STAT = 8  # path | 3 ++-; create mode 100644 path
TOTAL = 9  # 3 files changed, 5 insertions(+)
NAME = 10  # a path, with its status or its counts

_COMMIT = re.compile(r"([|*\\/_ ]{0,200})commit (?:[<>^=+-] )?([0-9a-f]{7,64})(?![^\s(])")
_AFTER = re.compile(r"(?:Author|Merge|Reflog|gpg|tree|Date)\b")
_COMMITTER = re.compile(r"Commit(?:Date)?:|committer ")
_HEADER = re.compile(r"(?:Author(?:Date)?|Date|Merge|Reflog(?: message)?|gpg|Primary key fingerprint): ?|(?:tree|parent|author|encoding|gpgsig) ")
_TRAILER = re.compile(r"\s{4}[A-Z][A-Za-z]{1,30}(?:-[A-Za-z]{1,30}){1,5}: \S")
_TELLING = re.compile(r"\s{4}(?:BREAKING[ -]CHANGE\b|This reverts commit [0-9a-f]{7})")
_TOTAL = re.compile(r" \d{1,9} files? changed\b")
_STAT = re.compile(r" .{0,4000} \| {1,30}(?:\d|Bin\b|Unmerged\b)| (?:create|delete|rename|copy|mode change) ")
_NAME = re.compile(r"[ACDMRTUXB]\d{0,3}\t|(?:\d{1,9}|-)\t(?:\d{1,9}|-)\t|:\d{6} \d{6} ")
_SUBJECT_LINES = 3
_READ = 2000  # characters of a line


@dataclass(slots=True)
class Commit:
    """The lines ``[start, end)`` of one commit, its hash, and its subject as one line."""

    start: int
    end: int
    id: str
    subject: str = ""
    paragraph: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class History:
    """A text's lines by kind (one of the constants above), and the commits in it."""

    kinds: bytearray
    commits: list[Commit]


def starts(lines: Sequence[str]) -> list[int]:
    """Indices of the lines at which a commit begins."""
    return [i for i, line in enumerate(lines) if "commit " in line and _begins(lines, i) is not None]


def _begins(lines: Sequence[str], i: int) -> re.Match[str] | None:
    match = _COMMIT.match(lines[i])
    if match is None or i + 1 >= len(lines) or (match[1] and "*" not in match[1]):
        return None
    return match if _AFTER.match(lines[i + 1], min(len(match[1]), len(lines[i + 1]))) else None


def parse(lines: Sequence[str], skip: bytearray | None = None, *, names: bool = False) -> History:
    """The commits in a text.

    Args:
        lines: physical lines without colours and carriage returns.
        skip: not 0 for lines that belong to a diff.
        names: bare paths below a commit are files it changed (``--name-only``).
    """
    kinds = bytearray(len(lines))
    found = starts(lines) if skip is None else [i for i in starts(lines) if not skip[i]]
    commits: list[Commit] = []
    for start, end in zip(found, [*found[1:], len(lines)], strict=False):
        match = _COMMIT.match(lines[start])
        commit = Commit(start, end, match[2] if match else "")
        _read(lines, commit, kinds, width=len(match[1]) if match else 0, skip=skip, names=names)
        commits.append(commit)
    return History(kinds, commits)


def _read(lines: Sequence[str], commit: Commit, kinds: bytearray, *, width: int, skip: bytearray | None, names: bool) -> None:
    """Sets the kinds of a commit's lines: headers up to a blank line, an indented message, then the files."""
    kinds[commit.start] = COMMIT
    below = _header
    subject: list[str] = []
    for i in range(commit.start + 1, commit.end):
        if skip is not None and skip[i]:
            below = _file
            continue
        line = lines[i][:_READ]
        if width:
            if line[:width].strip("|*\\/_ "):
                continue
            line = line[width:]
        blank = not line.strip()
        if blank:
            kinds[i] = BLANK
            if below is _header:
                below = _message
            continue
        if below is _message and not line.startswith("    "):
            below = _file
        if line.startswith(("diff --git ", "diff --cc ")):  # behind a graph
            below = _other
        kind = below(line)
        if kind == NAME and not (names or _NAME.match(line)):
            kind = OTHER
        elif below is _message and (not subject or (kinds[i - 1] == SUBJECT and len(subject) < _SUBJECT_LINES)):
            kind = SUBJECT
        if kind == SUBJECT:
            subject.append(line.strip())
        elif kind == BODY and (not commit.paragraph or commit.paragraph[-1] == i - 1):
            commit.paragraph.append(i)
        kinds[i] = kind
    commit.subject = " ".join(subject)


def _header(line: str) -> int:
    if _COMMITTER.match(line):
        return COMMITTER
    return HEADER if _HEADER.match(line) else OTHER


def _message(line: str) -> int:
    if _TELLING.match(line):
        return OTHER
    return TRAILER if _TRAILER.match(line) else BODY


def _other(line: str) -> int:
    return OTHER


def _file(line: str) -> int:
    if _TOTAL.match(line):
        return TOTAL
    if _STAT.match(line):
        return STAT
    return OTHER if line.startswith(" ") else NAME
