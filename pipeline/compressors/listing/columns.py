"""Columns of ``ls -l`` that are the same in most lines are named once, above them. Loss-free but for the blanks that align the columns.

Under ``[a line without mode: -rw-r--r-- 1 root root; dN: drwxr-xr-x N root root; without time: Apr 30 08:32]`` the line ``9336 BUILD.md`` is
a file and ``d3 4096 src`` a folder. A line that begins with a mode is as it was; ``unfold`` gives all lines back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

DATE = (
    r"[A-Za-z]{3}\s{1,4}\d{1,2}\s{1,4}[\d:]{4,5}|\d{1,2}\s[A-Za-z]{3}\s{1,4}[\d:]{4,5}"
    r"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:\s[+-]\d{4})?"
)
_SIZE = r"\d[\d.,]{0,20}[KMGTPE]?"
_ROW = re.compile(
    rf"([-d][-rwxsStTlL]{{9}}[.+@]?) {{1,20}}(\d{{1,9}}) {{1,20}}((?:[^\s/]{{1,60}} {{1,20}}){{0,2}})({_SIZE}) {{1,20}}({DATE}) (\S.{{0,4095}})"
)
_FOLDED = re.compile(rf"(?:d(\d{{1,9}}) )?({_SIZE}) (?:({DATE}) )?(\S.{{0,4095}})")
_HEAD = re.compile(
    r"\[(?:a line without mode: (-\S{9,10}) (\d{1,9})((?: \S{1,60}){0,2}))?(?:(?:; )?dN: (d\S{9,10}) N((?: \S{1,60}){0,2}))?"
    r"(?:(?:; )?without time: ([^\]]{1,60}))?\]"
)
_LEAST = 4  # lines that get shorter
_TIMES = 0.3  # of the lines have the commonest time; below, to look it up costs more than it saves
_WORTH = 0.85  # of the characters


class _Row(NamedTuple):
    """A line of ``ls -l``."""

    mode: str
    links: str
    owner: str  # and group, as far as printed, each with a blank before it
    size: str
    date: str
    name: str

    def line(self) -> str:
        """As it was, but for the alignment."""
        return f"{self.mode} {self.links}{self.owner} {self.size} {self.date} {self.name}"


class _Usual(NamedTuple):
    """What most lines have: mode, links and owner of files; mode and owner of folders, and the time, ``""`` if none is usual."""

    mode: str
    links: str
    owner: str
    folder: str
    folder_owner: str
    date: str

    def head(self) -> str:
        """The line above the listing that says so."""
        said = [f"a line without mode: {self.mode} {self.links}{self.owner}"] if self.mode else []
        said += [f"dN: {self.folder} N{self.folder_owner}"] if self.folder else []
        said += [f"without time: {self.date}"] if self.date else []
        return f"[{'; '.join(said)}]"


def fold(lines: Sequence[str]) -> list[str] | None:
    """The lines in short under a line that says what they lack, or None where that is not clear or gains little."""
    rows = [_row(line) for line in lines]
    usual = _usual([r for r in rows if r is not None])
    if usual is None or not _HEAD.fullmatch(usual.head()):
        return None
    out: list[str] = []
    shorter = 0
    for line, row in zip(lines, rows, strict=True):
        if row is None and (_FOLDED.fullmatch(line) or _HEAD.fullmatch(line)):
            return None  # it could be taken for an entry, or for our head
        short = _short(row, usual) if row is not None else None
        shorter += short is not None
        out.append(line if short is None else short)
    out = [usual.head(), *out]
    if shorter < _LEAST or sum(map(len, out)) + len(out) > _WORTH * (sum(map(len, lines)) + len(lines)):
        return None
    return out


def unfold(lines: Sequence[str]) -> list[str]:
    """The lines that were folded, with single blanks between the columns; other lines as they are."""
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None:
        return list(lines)
    usual = _Usual(*(group or "" for group in head.groups()))
    return [row.line() if (row := _long(line, usual)) is not None else line for line in lines[1:]]


def _row(line: str) -> _Row | None:
    match = _ROW.fullmatch(line) if line[:1] in ("-", "d") else None
    if match is None:
        return None
    owner = "".join(f" {word}" for word in match[3].split())
    return _Row(match[1], match[2], owner, match[4], match[5], match[6])


def _usual(rows: Sequence[_Row]) -> _Usual | None:
    if not rows:
        return None
    files = Counter((r.mode, r.links, r.owner) for r in rows if r.mode[0] == "-")
    mode, links, owner = files.most_common(1)[0][0] if files else ("", "", "")
    folders = Counter((r.mode, r.owner) for r in rows if r.mode[0] == "d")
    folder, folder_owner = folders.most_common(1)[0][0] if folders else ("", "")
    date, count = Counter(r.date for r in rows).most_common(1)[0]
    return _Usual(mode, links, owner, folder, folder_owner, date if count > 1 and count >= _TIMES * len(rows) else "")


def _short(row: _Row, usual: _Usual) -> str | None:
    """A row without what is usual; None where it differs or could be read in another way."""
    if row.mode == usual.folder and row.owner == usual.folder_owner:
        short = f"d{row.links} {row.size} "
    elif (row.mode, row.links, row.owner) == usual[:3]:
        short = f"{row.size} "
    else:
        return None
    short += row.name if row.date == usual.date else f"{row.date} {row.name}"
    return short if _long(short, usual) == row else None


def _long(line: str, usual: _Usual) -> _Row | None:
    """The row that a folded line stands for."""
    match = _FOLDED.fullmatch(line)
    if match is None or (match[3] is None and not usual.date) or not (usual.folder if match[1] else usual.mode):
        return None
    if match[1]:
        return _Row(usual.folder, match[1], usual.folder_owner, match[2], match[3] or usual.date, match[4])
    return _Row(usual.mode, usual.links, usual.owner, match[2], match[3] or usual.date, match[4])
