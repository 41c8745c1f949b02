"""Which rows of a file are left out: long bodies, long comments, long tables; but nothing of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.compressors.code.asked import Asked
from pipeline.compressors.code.languages import Language
from pipeline.compressors.code.outline import Comment, Definition, Frame, Outline, Style, skeleton

if TYPE_CHECKING:
    from tree_sitter import Tree

LEAST_BODY = 8  # rows; shorter bodies are getters and the like: the cheapest to be wrong about, and together 3 % of a file
LEAST_COMMENT = 4  # rows
_LEAST_NESTED = 3  # rows of a body within a body
_MOST_MENTIONS = 200
_MENTION_SHARE = 0.2  # of the lines: what more of them name tells nothing
_OPENED = 60  # rows of what a named line opens, at most
_WORTH = 1.5  # a run must be so many times longer than its marker
_TEXT = re.compile(r"[^\W_]{2}")


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that are left out, first and last, counted from 0."""

    first: int
    last: int
    style: Style

    def __len__(self) -> int:
        return self.last - self.first + 1


class Cut:
    """The rows of a file, each kept or left out.

    Args:
        lines: of the file, without printed numbers.
        found: what the file consists of.
        language: its language.
        nested: definitions within bodies that are left out keep their heads.
    """

    def __init__(self, lines: Sequence[str], found: Outline, language: Language, *, nested: bool = True) -> None:
        self.lines = lines
        self.language = language
        self.out = bytearray(len(lines))
        for comment in found.comments:
            self._comment(comment)
        for first, last in found.tables:
            self._leave(first, last, Style.TABLE)
        for definition in found.definitions:
            if definition.frame is None and not definition.container:
                self._body(definition)
        if nested:
            self._nested(found)

    def protect(self, asked: Asked, found: Outline) -> None:
        """Keeps what was asked for, whole, with the comments above it and the heads of what holds it."""
        by_last = {comment.last: comment for comment in found.comments}
        for definition in asked.definitions:
            self._stay(definition.first, definition.last)
            self._around(definition.frame, definition.first)
            self._comments_above(definition.first, by_last)

    def mention(self, asked: Asked, tree: Tree) -> None:
        """Keeps the rows that hold what was named and is no definition here, and what they open."""
        if not asked.unknown:
            return
        pattern = re.compile("|".join(_as_pattern(name) for name in sorted(asked.unknown, key=lambda n: (-len(n), n))))
        rows = [row for row, line in enumerate(self.lines) if pattern.search(line)]
        if len(rows) > max(10, len(self.lines) * _MENTION_SHARE):
            return
        for row in rows[:_MOST_MENTIONS]:
            if self.out[row]:
                self._around(_frame_of(tree, row, self.lines[row], self.language), row)
                self._stay(row, self._opened_by(row))

    def runs(self) -> Iterator[Run]:
        """What is left out, without the runs that are hardly longer than their marker."""
        row = 0
        while row < len(self.out):
            style = self.out[row]
            if not style:
                row += 1
                continue
            first = row
            while row < len(self.out) and self.out[row] == style:
                row += 1
            last = row - 1
            while last > first and not self.lines[last].strip():
                last -= 1
            while first < last and not self.lines[first].strip():
                first += 1
            length = sum(len(line) + 1 for line in self.lines[first : last + 1])
            indent = len(self.lines[first]) - len(self.lines[first].lstrip())
            if last > first and length >= _WORTH * (indent + 14):
                yield Run(first, last, Style(style))

    def _leave(self, first: int, last: int, style: Style) -> None:
        if last >= first:
            self.out[first : last + 1] = bytes([style]) * (last - first + 1)

    def _stay(self, first: int, last: int) -> None:
        if last >= first:
            last = min(last, len(self.out) - 1)
            self.out[first : last + 1] = bytes(last - first + 1)

    def _around(self, frame: Frame | None, first: int) -> None:
        for row in skeleton(frame, first, self.language.indented):
            if row < len(self.out):
                self.out[row] = 0

    def _comment(self, comment: Comment) -> None:
        """A comment keeps its first row with text; one with two ends keeps these too."""
        if comment.last - comment.first + 1 < LEAST_COMMENT:
            return
        text = next((r for r in range(comment.first, comment.last + 1) if _TEXT.search(self.lines[r])), comment.first)
        last = comment.last - (comment.style is Style.TEXT)
        self._leave(comment.first + (comment.style is Style.TEXT), last, comment.style)
        self._stay(text, text)

    def _body(self, definition: Definition) -> None:
        if definition.body is None:
            return
        first, last = definition.body
        if definition.doc is not None:
            first = max(first, definition.doc[1] + 1)
        if last - first + 1 >= LEAST_BODY:
            self._leave(first, last, Style.STATEMENTS)

    def _nested(self, found: Outline) -> None:
        """Heads of the definitions within bodies. Tests and the like, named by a text, only within one another."""
        texts: list[Definition] = []
        for definition in found.definitions:
            if definition.text_named:
                while texts and texts[-1].last < definition.first:
                    texts.pop()
                if not texts and definition.frame is not None:
                    continue
                texts.append(definition)
            if definition.frame is None or not definition.name or not self.out[definition.first]:
                continue
            self._around(definition.frame, definition.first)
            if definition.body is None or definition.body[1] - definition.body[0] + 1 < _LEAST_NESTED:
                self._stay(definition.first, definition.last)
            else:
                self._stay(definition.first, definition.body[0] - 1)
                self._stay(definition.body[1] + 1, definition.last)

    def _comments_above(self, row: int, by_last: dict[int, Comment]) -> None:
        """Keeps the comment that stands directly above a row, attributes in between not counted."""
        row -= 1
        while row >= 0 and self.lines[row].lstrip()[:1] in ("@", "#") and row not in by_last:
            row -= 1
        while (comment := by_last.get(row)) is not None:
            self._stay(comment.first, comment.last)
            row = comment.first - 1

    def _opened_by(self, row: int) -> int:
        """The last row of what a row opens: the next one of the same indentation."""
        if not self.lines[row].rstrip().endswith(("{", ":", "(", "[")):
            return row
        indent = _indent(self.lines[row])
        for below in range(row + 1, min(row + _OPENED, len(self.lines))):
            if self.lines[below].strip() and _indent(self.lines[below]) <= indent:
                return below if not self.language.indented else below - 1
        return row


def joined(comments: Sequence[Comment]) -> list[Comment]:
    """Comments of one row each that follow each other in one column as one comment."""
    found: list[Comment] = []
    for comment in comments:
        before = found[-1] if found else None
        if (
            before is not None
            and before.style is comment.style is Style.LINE_COMMENT
            and before.last + 1 == comment.first
            and before.column == comment.column
        ):
            found[-1] = Comment(before.first, comment.last, comment.column, comment.style)
        else:
            found.append(comment)
    return found


def _frame_of(tree: Tree, row: int, line: str, language: Language) -> Frame | None:
    """The nodes of several rows that hold the first word of a row, within the outermost function."""
    column = len(line[: _indent(line)].encode("utf-8", "surrogatepass"))
    cursor = tree.walk()
    frame: Frame | None = None
    within = False
    while cursor.goto_first_child_for_point((row, column)) is not None:
        node = cursor.node
        if node is None or node.start_point[0] == node.end_point[0] or node.start_point[0] >= row:
            break
        within = within or node.type in language.functions
        if within:
            depth = 0 if frame is None else frame.depth + 1
            frame = Frame(node.start_point[0], node.end_point[0], node.type in language.bodies, frame, depth)
    return frame


def _as_pattern(name: str) -> str:
    left = r"(?<![\w$])" if name[:1].isalnum() or name[:1] in "_$" else ""
    right = r"(?![\w$])" if name[-1:].isalnum() or name[-1:] in "_$" else ""
    return left + re.escape(name) + right


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
