"""Unified diffs as lines with a part each: what git, ``diff -u``, Subversion and Mercurial print, combined diffs included.

A hunk is read by the line counts in its header, not by what its lines look like, so that a removed line ``-- a/x`` is never taken for a heading.
Where counts and lines disagree the hunk ends early, and what follows is outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.forks import cached_property

OUTSIDE = 0  # no part of a diff: a commit message, another program's output
HEADING = 1  # diff --git a/x b/x
META = 2  # renames, modes, binary files; --- and +++ that say more than the heading
INDEX = 3  # index 1234567..89abcde 100644
REPEAT = 4  # --- and +++ that say what the heading said
HUNK = 5  # @@ -1,5 +1,6 @@
CONTEXT = 6
CHANGE = 7  # a line added or removed; the note that a line has no line break

_GIT = ("diff --git ", "diff --cc ", "diff --combined ")
_EXTENDED = (
    "index ",
    "--- ",
    "+++ ",
    "old mode ",
    "new mode ",
    "mode ",
    "new file mode ",
    "deleted file mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "Binary files ",
    "GIT binary patch",
    "==========",
)
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_COMBINED = re.compile(r"(@{3,60})((?: -\d{1,9}(?:,\d{1,9})?){2,59}) \+(\d{1,9})(?:,(\d{1,9}))? @@@")
_RANGE = re.compile(r"-\d+(?:,(\d+))?")
_OCTAL = re.compile(r"\\([0-7]{3}|.)")
_RUN = re.compile(r" +|\++|-+|\\+")
_CONTEXT, _CHANGE = bytes([CONTEXT]), bytes([CHANGE])
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_PATH = 4096  # no path is longer


class Hunk(NamedTuple):
    """A hunk: its header is line ``start``, its last line ``end - 1``; ``line`` is where it begins in the new file."""

    start: int
    end: int
    added: int
    removed: int
    line: int


@dataclass(slots=True)
class FileDiff:
    """The lines ``[start, end)`` that show the change to one file; ``paths`` are its new and old name, without ``a/`` and ``b/``."""

    start: int
    end: int
    paths: tuple[str, ...]
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Number of lines added and removed."""
        return sum(h.added + h.removed for h in self.hunks)


@dataclass(frozen=True)
class Unified:
    """A text's lines by part (``parts[n]`` is one of the constants above), and the files in it."""

    parts: bytearray
    files: list[FileDiff]

    @cached_property
    def hunks(self) -> int:
        """Number of hunks."""
        return sum(len(f.hunks) for f in self.files)


def parse(lines: Sequence[str]) -> Unified:
    """The diffs in a text.

    Args:
        lines: physical lines without colours and carriage returns.
    """
    parts = bytearray(len(lines))
    files: list[FileDiff] = []
    marks = "".join([line[0] if line else " " for line in lines])
    i = 0
    while i < len(lines):
        first = marks[i]
        if first == "@":
            hunk = _hunk(lines, marks, i, parts)
            if hunk is not None:
                if not files or files[-1].end != i:
                    files.append(FileDiff(i, i, ()))
                files[-1].hunks.append(hunk)
                files[-1].end = i = hunk.end
                continue
        elif first in {"d", "I", "-"}:
            end = _heading(lines, i, parts)
            if end > i:
                files.append(FileDiff(i, end, tuple(dict.fromkeys(_paths(lines[i:end])))))
                i = end
                continue
        i += 1
    return Unified(parts, files)


def is_hunk(line: str) -> bool:
    """Whether a line is a hunk's header."""
    return line.startswith("@@") and (_HUNK.match(line) or _COMBINED.match(line)) is not None


def _heading(lines: Sequence[str], start: int, parts: bytearray) -> int:
    """Sets the parts of a file's heading and returns where that ends; ``start`` if none begins there."""
    line = lines[start]
    old = new = ""
    if line.startswith(_GIT):
        old, new = _sides(line)
        following = start + 1
    elif _begins_plain(lines, start):
        following = start + 1 if line.startswith(("diff ", "Index: ")) else start
    else:
        return start
    parts[start] = HEADING
    end = following
    while end < len(lines) and lines[end].startswith(_EXTENDED):
        line = lines[end]
        if line.startswith("index "):
            parts[end] = INDEX
        elif line.startswith("new file mode "):
            parts[end], old = META, "/dev/null"
        elif line.startswith("deleted file mode "):
            parts[end], new = META, "/dev/null"
        else:
            side = old if line.startswith("--- ") else new if line.startswith("+++ ") else ""
            parts[end] = REPEAT if side and line[4:].removesuffix("\t") == side else META
        end += 1
        if line.startswith("+++ "):
            break
    return end


def _begins_plain(lines: Sequence[str], i: int) -> bool:
    """Whether a file's diff without git's heading begins there."""
    following = lines[i + 1 : i + 4]
    if lines[i].startswith("--- "):
        return len(following) > 1 and following[0].startswith("+++ ") and is_hunk(following[1])
    if lines[i].startswith("diff -"):
        return bool(following) and following[0].startswith(("--- ", "Binary files "))
    return lines[i].startswith("Index: ") and bool(following) and following[0].startswith("==========")


def _hunk(lines: Sequence[str], marks: str, start: int, parts: bytearray) -> Hunk | None:
    """The hunk whose header is line ``start``, its parts set; None if that is no header.

    Args:
        lines: all lines.
        marks: the first character of every line, a blank for an empty one: some tools cut the blank of an empty line of context.
        start: index of the line.
        parts: where the parts go.
    """
    match = _HUNK.match(lines[start])
    if match is None:
        return _combined(lines, start, parts)
    old = 1 if match[2] is None else int(match[2])
    new = 1 if match[4] is None else int(match[4])
    parts[start] = HUNK
    added = removed = 0
    i = start + 1
    while old > 0 or new > 0:
        run = _RUN.match(marks, i)
        if run is None:
            break
        mark, end = marks[i], run.end()
        if mark == "+":
            end = min(end, i + max(new, 0))
            new -= end - i
            added += end - i
        elif mark == "-":
            end = min(end, i + max(old, 0))
            old -= end - i
            removed += end - i
        elif mark == " ":
            end = min(end, i + max(min(old, new), 0))
            old -= end - i
            new -= end - i
        if end == i:
            break
        parts[i:end] = (_CONTEXT if mark == " " else _CHANGE) * (end - i)
        i = end
    if i < len(lines) and lines[i].startswith("\\ "):
        parts[i] = CHANGE
        i += 1
    return Hunk(start, i, added, removed, int(match[3]))


def _combined(lines: Sequence[str], start: int, parts: bytearray) -> Hunk | None:
    """A hunk against several parents: a column for each, see "Combined diff format" in https://git-scm.com/docs/diff-format ."""
    match = _COMBINED.match(lines[start])
    if match is None:
        return None
    width = len(match[1]) - 1
    old = [1 if c is None else int(c) for c in (m[1] for m in _RANGE.finditer(match[2]))]
    if len(old) != width:
        return None
    new = 1 if match[4] is None else int(match[4])
    parts[start] = HUNK
    added = removed = 0
    i = start + 1
    while i < len(lines) and (new > 0 or any(c > 0 for c in old)):
        columns = lines[i][:width].ljust(width)
        if columns[0] == "\\":
            parts[i] = CHANGE
            i += 1
            continue
        if columns.strip(" +-"):
            break
        gone = "-" in columns
        new -= not gone
        for parent, mark in enumerate(columns):  # a line that is gone was only in the parents marked
            old[parent] -= mark == "-" if gone else mark == " "
        removed += gone
        added += not gone and "+" in columns
        parts[i] = CHANGE if gone or "+" in columns else CONTEXT
        i += 1
    return Hunk(start, i, added, removed, int(match[3]))


def _sides(heading: str) -> tuple[str, str]:
    """The two names in git's heading as they are written, ``a/x`` and ``b/x``; empty where a rename makes the border unsure."""
    if not heading.startswith("diff --git "):
        path = heading.split(" ", 2)[2]
        return f"a/{path}", f"b/{path}"
    both = heading[len("diff --git ") :]
    half = len(both) // 2
    old, new = both[:half], both[half + 1 :]
    if both[half : half + 1] == " " and (old == new or old.partition("/")[2] == new.partition("/")[2]):
        return old, new
    return "", ""


def _paths(heading: Sequence[str]) -> Iterator[str]:
    """The names of a file in the lines of its heading, new before old."""
    git = heading[0].startswith(_GIT)
    old, new = _sides(heading[0]) if git else ("", "")
    if old and new:  # the other lines say the same
        sides = [new, old]
    else:
        renamed = [line[len(start) :] for start in ("rename to ", "rename from ") for line in heading if line.startswith(start)]
        yield from map(_plain, renamed)
        sides = [line[4:].split("\t")[0] for start in ("+++ ", "--- ") for line in heading if line.startswith(start)]
    for side in sides:
        path = _plain(side)
        if path and path != "/dev/null":
            yield path[2:] if path[1:2] == "/" and (git or path[0] in "ab") else path
    if heading[0].startswith("Index: "):
        yield heading[0][len("Index: ") :][:_PATH]


def _plain(path: str) -> str:
    """A path as it is on disk: git quotes what is not ASCII, and escapes its bytes."""
    path = path.strip()[:_PATH]
    if not (path.startswith('"') and path.endswith('"') and len(path) > 1):
        return path
    raw = _OCTAL.sub(lambda m: chr(int(m[1], 8) & 0xFF) if len(m[1]) == 3 else _ESCAPES.get(m[1], m[1]), path[1:-1])
    try:
        return raw.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return raw
