"""Which rows of a file are left out: long bodies, long comments, long tables; but nothing of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.compressors.code.asked import Asked
from pipeline.compressors.code.comments import Remark, opening
from pipeline.compressors.code.languages import Language
from pipeline.compressors.code.outline import Comment, Definition, Frame, Outline, Style, frame_of, skeleton

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

LEAST_BODY = 8  # rows; shorter bodies are getters and the like: the cheapest to be wrong about, and together 3 % of a file
_LEAST_NESTED = 3  # rows of a body within a body
_MOST_MENTIONS = 200
_MENTION_SHARE = 0.2  # of the lines: what more of them name tells nothing
_FEW_MENTIONS = 10
_STATEMENT = 12  # rows of a statement that stays whole
_MARKER = 14  # characters of a marker
_OPENED = 60  # rows of what a named line opens, at most
_WORTH = 1.5  # a run must be so many times longer than its marker
_ALIKE = re.compile(rb"([\x01-\x04])\1*")
_NO_STATEMENT = ("", "#")  # what rows of Python without a statement begin with
_OF_COMMENTS = (Style.LINE_COMMENT, Style.TEXT)


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that are left out, first and last, counted from 0."""

    first: int
    last: int
    style: Style

    def __len__(self) -> int:
        return self.last - self.first + 1

    def statement(self, lines: Sequence[str], language: Language) -> int | None:
        """The row that a marker in the place of the run is indented like: of the first statement, where blocks are told by that.

        None where there are no statements but comments: these may be indented in any way, and no block needs them.
        """
        if self.style is not Style.STATEMENTS or not language.indented:
            return self.first
        return next((row for row in range(self.first, self.last + 1) if lines[row].lstrip()[:1] not in _NO_STATEMENT), None)


class Cut:
    """The rows of a file, each kept or left out.

    Args:
        lines: of the file, without printed numbers.
        found: what the file consists of.
        remarks: its long comments.
        language: its language.
        nested: definitions within bodies that are left out keep their heads.
    """

    def __init__(self, lines: Sequence[str], found: Outline, remarks: Sequence[Remark], language: Language, *, nested: bool = True) -> None:
        self.lines = lines
        self.language = language
        self.out = bytearray(len(lines))
        for remark in remarks:
            self._comment(remark)
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

    def mention(self, asked: Asked, tree: Tree, *, callers: bool = True) -> None:
        """Keeps the rows that hold what was named and is no definition here, and what they open; with ``callers`` also the statements
        that hold the names of definitions.
        """
        unknown = dict.fromkeys(asked.unknown)
        names = [*unknown, *(asked.known if callers else ())]
        if not names:
            return
        rows = self._rows_with(names)
        most = max(_FEW_MENTIONS, int(len(self.lines) * _MENTION_SHARE))
        left = _MOST_MENTIONS
        for name in names:
            if len(rows[name]) > most:
                continue
            for row in rows[name]:
                if self.out[row] and left:
                    left -= 1
                    self._statement(tree, row)
                    if name in unknown:
                        self._stay(row, self._opened_by(row))

    def quote(self, rows: Sequence[tuple[int, int]]) -> None:
        """Keeps rows of comments, first and last of each sentence, where the comment is a part of the outline."""
        for first, last in rows:
            if all(not self.out[row] or self.out[row] in _OF_COMMENTS for row in range(first, last + 1)):
                self._stay(first, last)

    def runs(self) -> Iterator[Run]:
        """What is left out, without the runs that are hardly longer than their marker."""
        for match in _ALIKE.finditer(self.out):
            first, last = match.start(), match.end() - 1
            while last > first and not self.lines[last].strip():
                last -= 1
            while first < last and not self.lines[first].strip():
                first += 1
            if last > first and self._pays(first, last):
                yield Run(first, last, Style(self.out[first]))

    def _pays(self, first: int, last: int) -> bool:
        """Whether rows are so much longer than their marker that it is worth its place."""
        missing = _WORTH * (_indent(self.lines[first]) + _MARKER) - (last - first)
        for row in range(first, last + 1):  # most often the first few are enough
            missing -= len(self.lines[row])
            if missing <= 0:
                return True
        return False

    def _rows_with(self, names: Sequence[str]) -> dict[str, list[int]]:
        """The rows that hold each of these names."""
        text = "\n".join(self.lines)
        rows: dict[str, list[int]] = {}
        for name in names:
            found = rows[name] = []
            row = counted = 0
            at = text.find(name)
            while at >= 0:
                if _stands_alone(text, at, at + len(name)):
                    row += text.count("\n", counted, at)
                    counted = at
                    if not found or found[-1] != row:
                        found.append(row)
                at = text.find(name, at + len(name))
        return rows

    def _statement(self, tree: Tree, row: int) -> None:
        """Keeps a row with the rest of the statement that it belongs to, if that is short, or with its head; and what holds it."""
        path = _path_to(tree, row, self.lines[row], self.language)
        below = next((i for i in range(len(path) - 1, -1, -1) if path[i].type in self.language.bodies), -1) + 1
        frame: Frame | None = None
        for node in path[:below]:
            frame = frame_of(node, node.type, self.language, frame)
        first = head = row
        if below < len(path):
            statement = path[below]
            first, last = statement.start_point[0], statement.end_point[0]
            block = next((c for c in statement.named_children if c.type in self.language.bodies), None)
            if last - first < _STATEMENT:
                head = last
            elif block is not None:
                head = max(row, block.start_point[0] - self.language.indented)
            if not self.language.indented:
                self._stay(last, last)
        if head - first > _STATEMENT:
            first = head = row
        self._stay(first, head)
        self._around(frame, first)

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

    def _comment(self, remark: Remark) -> None:
        """A comment keeps its first sentence; one with two ends keeps these too."""
        comment = remark.comment
        last = comment.last - (comment.style is Style.TEXT)
        self._leave(comment.first + (comment.style is Style.TEXT), last, comment.style)
        self._stay(*opening(remark))

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
    begin = below = column = -1  # of the comment that the next one may go on with: its first row, the row below it, its column
    for first, last, at, style in comments:
        if style is Style.LINE_COMMENT and first == below and at == column:
            found[-1] = Comment(begin, last, at, style)
        else:
            found.append(Comment(first, last, at, style))
            begin, column = first, at
        below = last + 1 if style is Style.LINE_COMMENT else -1
    return found


def _path_to(tree: Tree, row: int, line: str, language: Language) -> list[Node]:
    """The nodes of several rows that hold the first word of a row, from the outermost function on."""
    column = len(line[: _indent(line)].encode("utf-8", "surrogatepass"))
    cursor = tree.walk()
    path: list[Node] = []
    while cursor.goto_first_child_for_point((row, column)) is not None:
        node = cursor.node
        if node is None or node.start_point[0] > row or node.start_point[0] == node.end_point[0]:
            break
        if path or node.type in language.functions:
            path.append(node)
    return path


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a name is no part of a longer one."""
    before = text[start - 1 : start]
    after = text[end : end + 1]
    return not (_in_name(before) and _in_name(text[start])) and not (_in_name(after) and _in_name(text[end - 1]))


def _in_name(character: str) -> bool:
    return character.isalnum() or character in ("_", "$")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
