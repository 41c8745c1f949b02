"""What a file consists of: definitions, comments and tables with their rows. Rows are counted from 0.

The syntax tree is walked once, with an explicit stack, and only where something may be found: not within nodes of one row, and not within
functions that can hold no definition.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pipeline.compressors.code.languages import Language

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 64  # levels within a function: what lies deeper is no outline
_WRAPPER_SHARE = 0.6  # a function without a name that holds most of a file is a scope
_MOST_NAME = 120
_C_NAMES = frozenset({"identifier", "field_identifier", "qualified_identifier", "destructor_name", "operator_name", "type_identifier"})
_NAMED_BY = {  # nodes that name the function or the table in them, and by which field
    "variable_declarator": "name",
    "assignment_expression": "left",
    "pair": "key",
    "field_definition": "property",
    "public_field_definition": "name",
    "var_spec": "name",
}
_HEADER = 6  # rows of a statement's head, at most
_DOC_PARENTS = frozenset({"module", "class_definition", "function_definition"})
_LAST_NAME = re.compile(r"[\w$~#]+$")
_OWNER = re.compile(r"([A-Za-z_$][\w$]*)\s*(?:<[^<>]{0,80}>)?\s*(?:::|\.)\s*[\w$~#]+$")
_RECEIVER = re.compile(r"(\w+)(?:\[[^\]]{0,80}\])?\)$")


class Frame(NamedTuple):
    """A node on the way from a function's body to what lies in it; ``up`` leads back to the function."""

    first: int
    last: int
    is_block: bool
    up: Frame | None
    depth: int


@dataclass(slots=True)
class Definition:
    """A function, method, class or the like.

    Args:
        name: without what it is qualified by; ``""`` if it has none.
        owner: the class or scope that it belongs to, ``""`` if unknown.
        first: its first row, decorators included.
        last: its last row.
        body: the rows of its body that may be left out, first and last; None if there are none.
        doc: the rows of the string that documents it, within the body.
        container: it holds fields or definitions rather than statements.
        frame: where it lies within a function; None if it lies in none.
        text_named: it is named by a string alone, such as a test.
    """

    name: str
    owner: str
    first: int
    last: int
    body: tuple[int, int] | None
    doc: tuple[int, int] | None = None
    container: bool = False
    frame: Frame | None = None
    text_named: bool = False


class Style(enum.IntEnum):
    """Where a row stands that is left out, and so how its marker is written."""

    STATEMENTS = 1
    LINE_COMMENT = 2
    TEXT = 3  # within a comment with two ends, or a string
    TABLE = 4


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or a documenting string that has its rows for itself."""

    first: int
    last: int
    column: int
    style: Style


@dataclass(slots=True)
class Outline:
    """What was found in a file."""

    definitions: list[Definition] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    tables: list[tuple[int, int]] = field(default_factory=list)  # rows of the elements between the first and the last ones


class _Visit(NamedTuple):
    node: Node
    owner: str
    hint: str  # what names a function that has no name of its own
    by_text: bool
    frame: Frame | None


def outline(root: Node, source: bytes, lines: Sequence[str], language: Language) -> Outline:
    """What a file consists of."""
    found = Outline()
    walk = _Walk(source, lines, language, found)
    stack = [_Visit(root, "", "", False, None)]
    while stack:
        stack += walk.visit(stack.pop())
    found.definitions.sort(key=lambda d: (d.first, -d.last))
    found.comments.sort(key=lambda c: c.first)
    return found


def skeleton(frame: Frame | None, first: int, indented: bool) -> Iterator[int]:
    """The rows that must stay around something at row ``first`` within a function, so that the result is still a program: heads and ends
    of the statements that hold it.
    """
    if frame is not None and frame.depth > _DEEPEST:
        return
    while frame is not None:
        start = frame.first
        if not frame.is_block:
            head_end = first - 1 if indented else first
            yield from range(start, head_end + 1) if head_end - start <= _HEADER else (start,)
            if not indented:
                yield frame.last
        elif not indented:
            yield start
            yield frame.last
        first = start
        frame = frame.up


class _Walk:
    """One walk over a tree."""

    def __init__(self, source: bytes, lines: Sequence[str], language: Language, found: Outline) -> None:
        self.source = source
        self.lines = lines
        self.language = language
        self.found = found

    def visit(self, at: _Visit) -> list[_Visit]:
        """Notes what a node is, and says which of its children to visit."""
        node = at.node
        kind = node.type
        language = self.language
        if kind in language.functions:
            return self._function(at)
        if kind in language.containers:
            at = self._container(at)
        elif kind == "decorated_definition":
            return self._decorated(at)
        elif kind in language.tables and node.start_point[0] + 2 < node.end_point[0]:
            self._table(node)
        if language.indented and kind == "module":
            self._docstring(node)
        return self._children(at)

    def _children(self, at: _Visit) -> list[_Visit]:
        """The children that have several rows or are definitions, with what names them; comments are noted."""
        language = self.language
        node = at.node
        frame = at.frame
        field_name = _NAMED_BY.get(node.type)
        hint, by_text = at.hint if node.type == "parenthesized_expression" else "", False
        if field_name is not None:
            named = node.child_by_field_name(field_name)
            hint = "" if named is None else self._text(named)
        nested = node.type in language.bodies
        if frame is not None:
            frame = Frame(node.start_point[0], node.end_point[0], nested, frame, frame.depth + 1)
        visits: list[_Visit] = []
        arguments = node.type == "arguments"
        for child in node.named_children:
            kind = child.type
            first = child.start_point[0]
            last = child.end_point[0]
            if kind in language.comments:
                self._comment(child, first)
            elif first != last or kind in language.functions or kind in language.containers:
                visits.append(_Visit(child, at.owner, hint, by_text, frame))
            elif arguments and not hint and kind in ("string", "template_string"):
                hint, by_text = self._text(child).strip("'\"`"), True
        return visits

    def _function(self, at: _Visit) -> list[_Visit]:
        node = at.node
        name, owner = self._name(node, at)
        by_text = at.by_text and name == at.hint
        body = node.child_by_field_name("body") or next((c for c in node.named_children if c.type in self.language.bodies), None)
        if body is None or body.type not in self.language.bodies:
            self._define(node, name, owner, None, at, by_text=by_text)
            return [] if body is None else self._children(at)
        first, last = node.start_point[0], last_row(node)
        wraps = not at.frame and (not name or by_text) and last - first > len(self.lines) * _WRAPPER_SHARE
        definition = self._define(node, name, owner, None if wraps else self._inner(node, body), at, by_text=by_text)
        if self.language.indented:
            self._function_doc(body, definition)
        if wraps:
            return self._children(_Visit(body, owner, "", False, None))
        if first == last or not self.language.nested:
            return []
        text = self.source[body.start_byte : body.end_byte]
        if not any(word in text for word in self.language.nested):
            return []
        depth = at.frame.depth if at.frame is not None else 0
        if depth > _DEEPEST:
            return []
        frame = Frame(definition.first, last, False, at.frame, depth + 1)
        return self._children(_Visit(body, owner, "", False, frame))

    def _container(self, at: _Visit) -> _Visit:
        """Notes a container, and says how its children are to be seen."""
        node = at.node
        name_node = node.child_by_field_name("name") or node.child_by_field_name("type")
        name = self._text(name_node) if name_node is not None else ""
        body = node.child_by_field_name("body")
        if name and (body is not None or self.language.name == "go"):
            rows = None if body is None else self._inner(node, body)
            self._define(node, _bare(name), at.owner, rows, at, container=True)
        if self.language.indented and body is not None:
            self._docstring(body)
        return at._replace(owner=_bare(name) or at.owner)

    def _decorated(self, at: _Visit) -> list[_Visit]:
        """A definition starts at its first decorator."""
        inner = at.node.child_by_field_name("definition")
        if inner is None:
            return self._children(at)
        before = len(self.found.definitions)
        visits = self.visit(at._replace(node=inner))
        if len(self.found.definitions) > before:
            self.found.definitions[before].first = at.node.start_point[0]
        return visits

    def _define(
        self, node: Node, name: str, owner: str, body: tuple[int, int] | None, at: _Visit, *, container: bool = False, by_text: bool = False
    ) -> Definition:
        definition = Definition(name, owner, node.start_point[0], last_row(node), body, container=container, frame=at.frame, text_named=by_text)
        self.found.definitions.append(definition)
        return definition

    def _inner(self, node: Node, body: Node) -> tuple[int, int] | None:
        """The rows of a body without the rows of its braces, or below the colon."""
        if self.language.indented:
            colon = next((c for c in node.children if c.type == ":"), body)
            first, last = colon.start_point[0] + 1, last_row(body)
        else:
            first, last = body.start_point[0] + 1, body.end_point[0] - 1
        return (first, last) if last >= first else None

    def _name(self, node: Node, at: _Visit) -> tuple[str, str]:
        """The name of a function, and whose it is."""
        named = node.child_by_field_name("name")
        declarator = node
        for _ in range(12):
            if named is not None:
                break
            inner = declarator.child_by_field_name("declarator")
            if inner is None:
                inner = next((c for c in declarator.named_children if c.type.endswith("declarator")), None) if declarator is not node else None
            if inner is None:
                break
            declarator = inner
            if declarator.type in _C_NAMES:
                named = declarator
        text = self._text(named) if named is not None else at.hint
        if named is None and at.by_text:
            return " ".join(text.split()), at.owner
        owner = at.owner
        if ("." in text or "::" in text) and (qualified := _OWNER.search(text)) is not None:
            owner = qualified[1]
        receiver = node.child_by_field_name("receiver")
        if receiver is not None and (match := _RECEIVER.search(self._text(receiver))) is not None:
            owner = match[1]
        return _bare(text), owner

    def _function_doc(self, body: Node, definition: Definition) -> None:
        rows = self._doc_rows(body)
        if rows is not None:
            definition.doc = rows
            self._add_doc(rows)

    def _docstring(self, block: Node) -> None:
        rows = self._doc_rows(block)
        if rows is not None:
            self._add_doc(rows)

    def _add_doc(self, rows: tuple[int, int]) -> None:
        self.found.comments.append(Comment(*rows, 0, Style.TEXT))

    def _doc_rows(self, block: Node) -> tuple[int, int] | None:
        """The rows of the string that a block begins with."""
        first = next((c for c in block.named_children if c.type not in self.language.comments), None)
        if first is None or first.type != "expression_statement" or first.named_child_count != 1:
            return None
        text = first.named_child(0)
        if text is None or text.type != "string":
            return None
        return text.start_point[0], last_row(text)

    def _comment(self, node: Node, first: int) -> None:
        line = self.lines[first] if first < len(self.lines) else ""
        bare = line.lstrip()
        column = len(line) - len(bare)
        if node.start_point[1] != len(line[:column].encode()):
            return  # it stands behind code
        last = last_row(node)
        if bare.startswith("/*"):
            if last < len(self.lines) and self.lines[last].rstrip().endswith("*/"):
                self.found.comments.append(Comment(first, last, column, Style.TEXT))
        elif bare.startswith(self.language.line_comment):
            self.found.comments.append(Comment(first, last, column, Style.LINE_COMMENT))

    def _table(self, node: Node) -> None:
        """The rows of a literal between its first three elements and its last one, unless there is a function in it."""
        elements = [c for c in node.named_children if c.type not in self.language.comments]
        if len(elements) < 8 or node.end_point[0] - node.start_point[0] < 11:
            return
        text = self.source[node.start_byte : node.end_byte]
        if any(word in text for word in self.language.nested):
            return
        rows = [(e.start_point[0], e.end_point[0]) for e in elements]
        start = next((i for i in range(3, len(rows)) if rows[i][0] > rows[i - 1][1]), None)
        end = next((i for i in range(len(rows) - 1, 2, -1) if rows[i][0] > rows[i - 1][1]), None)
        if start is not None and end is not None and start < end and rows[end][0] - rows[start][0] >= 4:
            self.found.tables.append((rows[start][0], rows[end][0] - 1))

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : min(node.end_byte, node.start_byte + _MOST_NAME)].decode("utf-8", "replace")


def last_row(node: Node) -> int:
    """The last row of a node. Some nodes end at the start of the row below."""
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point[0] else row


def _bare(name: str) -> str:
    """A name without type parameters, quotes and what qualifies it."""
    if (at := name.rfind("operator")) >= 0:
        return name[at:]
    name = name.strip("'\"`[] ")
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += (name[at] == ">") - (name[at] == "<")
        if depth == 0:
            name = name[:at] if name[at] == "<" else name[: at + 1]
            break
    match = _LAST_NAME.search(name)
    return match[0] if match else name
