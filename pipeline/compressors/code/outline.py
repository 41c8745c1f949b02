"""What a file consists of: definitions, comments and tables with their rows. Rows are counted from 0.

The syntax tree is walked once, with an explicit stack, and only where something may be found: not within nodes of one row, and not within
functions that can hold no definition.
"""

from __future__ import annotations

import enum
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pipeline.compressors.code.languages import BY_NAME, LANGUAGES, Language

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
_LINES = frozenset({"preproc_def", "preproc_function_def", "preproc_include", "preproc_call"})  # they end where the row below begins
_DECORATING = frozenset({"decorated_definition"})
HANDLERS = frozenset({"except_clause", "except_group_clause", "finally_clause"})  # Python knows no ``try`` without one of them
_LONGEST_READ = 1000  # bytes of a node without a table that is read for a sign of a definition
_LEAST_ELEMENTS, _LEAST_TABLE, _LEAST_LEFT = 8, 11, 4  # elements of a table, its rows but one, and those of them that are left out
_LAST_NAME = re.compile(r"[\w$~#]+$")
_OWNER = re.compile(r"([A-Za-z_$][\w$]*)\s*(?:<[^<>]{0,80}>)?\s*(?:::|\.)\s*[\w$~#]+$")
_RECEIVER = re.compile(r"(\w+)(?:\[[^\]]{0,80}\])?\)$")


class Frame(NamedTuple):
    """A node on the way from a function's body to what lies in it.

    Args:
        first: its first row.
        last: its last row.
        is_block: it holds statements.
        up: leads back to the function.
        depth: how many lead there.
        handler: the rows, end excluded, of the head of a clause without which it is no statement.
    """

    first: int
    last: int
    is_block: bool
    up: Frame | None
    depth: int
    handler: tuple[int, int] = (0, 0)


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


class Comment(NamedTuple):
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


class _Place(NamedTuple):
    """What is known of where a node stands."""

    owner: str = ""
    hint: str = ""  # what names a function that has no name of its own
    by_text: bool = False
    frame: Frame | None = None


def outline(root: Node, source: bytes, lines: Sequence[str], language: Language) -> Outline:
    """What a file consists of."""
    walk = _Walk(source, lines, language)
    walk.all(root)
    found = walk.found
    found.definitions.sort(key=lambda d: (d.first, -d.last))
    found.comments.sort(key=lambda c: c.first)
    begins = [definition.first for definition in found.definitions]
    # Not every definition has a sign in its text by which it was seen: methods of objects have none.
    found.tables = [(first, last) for first, last in found.tables if bisect_left(begins, first) == bisect_right(begins, last)]
    return found


def frame_of(node: Node, kind: str, language: Language, up: Frame | None) -> Frame:
    """A node of a kind as a frame of what lies in it."""
    handler = _handler(node) if kind == "try_statement" and language.indented else (0, 0)
    return Frame(node.start_point[0], node.end_point[0], kind in language.bodies, up, 0 if up is None else up.depth + 1, handler)


def _handler(node: Node) -> tuple[int, int]:
    """The rows of the head of the first clause that handles what is tried, end excluded."""
    clause = next((c for c in node.named_children if c.type in HANDLERS), None)
    if clause is None:
        return 0, 0
    first = clause.start_point[0]
    body = next((c.start_point[0] for c in clause.named_children if c.type == "block"), first)
    return first, max(first + 1, body) if body - first <= _HEADER else first + 1


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
            yield from range(*frame.handler)
        elif not indented:
            yield start
            yield frame.last
        first = start
        frame = frame.up


# What a node is to the walk; the first two are of interest though they have but one row.
_FUNCTION, _CONTAINER, _COMMENT, _DECORATED, _TABLE, _LINE, _OTHER = range(7)
_MOST_OF_ONE_ROW = _CONTAINER


@lru_cache(maxsize=len(LANGUAGES))
def _roles(name: str) -> dict[str, int]:
    """What the nodes of a language are to the walk."""
    language = BY_NAME[name]
    kinds = ((_LINES, _LINE), (language.tables, _TABLE), (_DECORATING, _DECORATED), (language.comments, _COMMENT))
    return {kind: role for of, role in (*kinds, (language.containers, _CONTAINER), (language.functions, _FUNCTION)) for kind in of}


class _Walk:
    """One walk over a tree. Every look at a node is a call into the parser's library, so none is taken twice."""

    def __init__(self, source: bytes, lines: Sequence[str], language: Language) -> None:
        self.source = source
        self.lines = lines
        self.language = language
        self.roles = _roles(language.name)
        self.found = Outline()
        self.left: list[tuple[Node, _Place]] = []

    def all(self, root: Node) -> None:
        """Notes what there is in a file."""
        if self.language.indented and root.type == "module":
            self._docstring(root)
        left = self.left
        left.append((root, _Place()))
        while left:
            self._visit(*left.pop())

    def _visit(self, node: Node, at: _Place) -> None:
        """Notes what a node is, and which of its children are left to be visited."""
        kind = node.type
        role = self.roles.get(kind, _OTHER)
        if role == _FUNCTION:
            self._function(node, at)
        elif role == _CONTAINER:
            self._children(node, kind, self._container(node, at))
        elif role == _DECORATED:
            self._decorated(node, at)
        else:
            if role == _TABLE:
                self._table(node)
            self._children(node, kind, at)

    def _children(self, node: Node, kind: str, at: _Place) -> None:
        """The children that have several rows or are definitions are to be visited, with what names them; comments are noted."""
        roles, left = self.roles, self.left
        arguments = kind == "arguments"
        place: _Place | None = None  # of the children; most nodes have none that are visited
        for child in node.named_children:
            role = roles.get(child.type, _OTHER)
            if role == _COMMENT:
                self._comment(child)
                continue
            if role > _MOST_OF_ONE_ROW:
                rows = child.end_point[0] - child.start_point[0]
                if not rows:
                    if arguments and child.type in ("string", "template_string"):
                        place = self._titled(place or self._within(node, kind, at), child)
                    continue
                if role == _LINE and last_row(child) == child.start_point[0]:
                    continue
                if rows < _LEAST_TABLE and not self._may_hold(child):
                    continue
            if place is None:
                place = self._within(node, kind, at)
            left.append((child, place))

    def _within(self, node: Node, kind: str, at: _Place) -> _Place:
        """Where the children of a node stand."""
        field_name = _NAMED_BY.get(kind)
        hint = at.hint if kind == "parenthesized_expression" else ""
        if field_name is not None:
            named = node.child_by_field_name(field_name)
            hint = "" if named is None else self._text(named)
        frame = at.frame
        if frame is None and not at.by_text and hint == at.hint:
            return at
        if frame is not None:
            frame = frame_of(node, kind, self.language, frame)
        return _Place(at.owner, hint, by_text=False, frame=frame)

    def _titled(self, at: _Place, text: Node) -> _Place:
        """Where what stands behind a text in a list of arguments stands: that names it, as it does tests."""
        return at if at.hint else _Place(at.owner, self._text(text).strip("'\"`"), by_text=True, frame=at.frame)

    def _function(self, node: Node, at: _Place) -> None:
        name, owner = self._name(node, at)
        by_text = at.by_text and name == at.hint
        bodies = self.language.bodies
        body = node.child_by_field_name("body") or next((c for c in node.named_children if c.type in bodies), None)
        first, last = node.start_point[0], last_row(node)
        if body is None or body.type not in bodies:
            self._define(name, owner, (first, last), None, at, by_text=by_text)
            if body is not None:
                self._children(node, node.type, at)
            return
        wraps = at.frame is None and (not name or by_text) and last - first > len(self.lines) * _WRAPPER_SHARE
        definition = self._define(name, owner, (first, last), None if wraps else self._inner(node, body), at, by_text=by_text)
        if self.language.indented:
            self._function_doc(body, definition)
        if wraps:
            self._children(body, body.type, _Place(owner))
            return
        if first == last or not self._may_nest(body):
            return
        depth = at.frame.depth if at.frame is not None else 0
        if depth <= _DEEPEST:
            frame = Frame(definition.first, last, False, at.frame, depth + 1)
            self._children(body, body.type, _Place(owner, frame=frame))

    def _may_nest(self, node: Node) -> bool:
        """Whether a function or a table may hold a definition, by its text."""
        return self._has_one(node, self.language.nested)

    def _may_hold(self, node: Node) -> bool:
        """Whether a node that is too small for a table may hold anything, by its text. Of nodes within one another all are read, so none that is
        long.
        """
        signs = self.language.signs
        return not signs or node.end_byte - node.start_byte > _LONGEST_READ or self._has_one(node, signs)

    def _has_one(self, node: Node, words: Sequence[bytes]) -> bool:
        start, end = node.start_byte, node.end_byte
        return any(self.source.find(word, start, end) >= 0 for word in words)

    def _container(self, node: Node, at: _Place) -> _Place:
        """Notes a container, and says where its children stand."""
        name_node = node.child_by_field_name("name") or node.child_by_field_name("type")
        name = self._text(name_node) if name_node is not None else ""
        bare = _bare(name)
        body = node.child_by_field_name("body")
        if name and (body is not None or self.language.name == "go"):
            rows = None if body is None else self._inner(node, body)
            self._define(bare, at.owner, (node.start_point[0], last_row(node)), rows, at, container=True)
        if self.language.indented and body is not None:
            self._docstring(body)
        return at._replace(owner=bare or at.owner)

    def _decorated(self, node: Node, at: _Place) -> None:
        """A definition starts at its first decorator."""
        inner = node.child_by_field_name("definition")
        if inner is None:
            self._children(node, node.type, at)
            return
        before = len(self.found.definitions)
        self._visit(inner, at)
        if len(self.found.definitions) > before:
            self.found.definitions[before].first = node.start_point[0]

    def _define(
        self,
        name: str,
        owner: str,
        rows: tuple[int, int],
        body: tuple[int, int] | None,
        at: _Place,
        *,
        container: bool = False,
        by_text: bool = False,
    ) -> Definition:
        definition = Definition(name, owner, *rows, body, None, container, at.frame, by_text)
        self.found.definitions.append(definition)
        return definition

    def _inner(self, node: Node, body: Node) -> tuple[int, int] | None:
        """The rows of a body without the rows of its braces, or below the colon."""
        if self.language.indented:
            colon = node.child(max(node.child_count - 2, 0))
            if colon.type != ":":  # comments stand between it and the body
                colon = next((c for c in node.children if c.type == ":"), body)
            first, last = colon.start_point[0] + 1, last_row(body)
        else:
            first, last = body.start_point[0] + 1, body.end_point[0] - 1
        return (first, last) if last >= first else None

    def _name(self, node: Node, at: _Place) -> tuple[str, str]:
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
        receiver = node.child_by_field_name("receiver") if self.language.name == "go" else None
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
        first = block.named_child(0) if block.named_child_count else None
        if first is not None and first.type in self.language.comments:
            first = next((c for c in block.named_children if c.type not in self.language.comments), None)
        if first is None or first.type != "expression_statement" or first.named_child_count != 1:
            return None
        text = first.named_child(0)
        if text is None or text.type != "string":
            return None
        return text.start_point[0], last_row(text)

    def _comment(self, node: Node) -> None:
        first, at = node.start_point
        line = self.lines[first] if first < len(self.lines) else ""
        bare = line.lstrip()
        column = len(line) - len(bare)
        if at != len(line[:column].encode()):
            return  # it stands behind code
        last = last_row(node)
        if bare.startswith("/*"):
            if last < len(self.lines) and self.lines[last].rstrip().endswith("*/"):
                self.found.comments.append(Comment(first, last, column, Style.TEXT))
        elif bare.startswith(self.language.line_comment):
            self.found.comments.append(Comment(first, last, column, Style.LINE_COMMENT))

    def _table(self, node: Node) -> None:
        """The rows of a literal between its first three elements and its last one, unless its text has a sign of a function."""
        if node.named_child_count < _LEAST_ELEMENTS or node.end_point[0] - node.start_point[0] < _LEAST_TABLE or self._may_nest(node):
            return
        elements = [child for child in node.named_children if child.type not in self.language.comments]
        if len(elements) < _LEAST_ELEMENTS:
            return
        # The rows where an element begins that does not share a row with the one before it: the fourth or the next such, and the last such.
        begins = ((i, e.start_point[0]) for i, e in enumerate(elements[3:], 3))
        start = next((row for i, row in begins if row > elements[i - 1].end_point[0]), None)
        ends = ((i, elements[i].start_point[0]) for i in range(len(elements) - 1, 2, -1))
        end = next((row for i, row in ends if row > elements[i - 1].end_point[0]), None)
        if start is not None and end is not None and end - start >= _LEAST_LEFT:
            self.found.tables.append((start, end - 1))

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
    if name.isascii() and name.isidentifier():
        return name
    name = name.strip("'\"`[] ")
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += (name[at] == ">") - (name[at] == "<")
        if depth == 0:
            name = name[:at] if name[at] == "<" else name[: at + 1]
            break
    match = _LAST_NAME.search(name)
    return match[0] if match else name
