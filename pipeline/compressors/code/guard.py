"""The guard: a result must parse at least as well as the original did.

Parsing costs more than all else, so a result is parsed only where it is not plain that it parses: where whole statements of a block, whole elements
of a list or the inner lines of a comment have given way to a comment, in a file without errors, nothing can go wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.compressors.code.cut import Run
from pipeline.compressors.code.languages import Language
from pipeline.compressors.code.outline import HANDLERS, Style, last_row

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Query, Tree

_ENDS = frozenset("{}[]()")
_WITH_BLOCKS = frozenset(  # statements of Python that are whole after any statement of their block
    """function_definition class_definition decorated_definition if_statement elif_clause else_clause for_statement while_statement with_statement
    except_clause finally_clause""".split()
)
_JOINING = tuple("([/+-`*.,?:=<>&|")  # a line of a script that begins so may go on with the statement before it


def errors(tree: Tree, language: Language) -> int:
    """The number of nodes that the parser could not place, or had to make up, and of those that the language does not have without more."""
    return _misplaced(tree) + (_unfinished(tree) if language.indented else 0)


def _unfinished(tree: Tree) -> int:
    """Blocks of Python without a statement, and what is tried without a clause that handles it: the grammar takes both."""
    from tree_sitter import QueryCursor

    found = QueryCursor(_blocks(tree.language)).captures(tree.root_node)
    empty = sum(all(child.type == "comment" for child in node.named_children) for node in found.get("block", ()))
    return empty + sum(HANDLERS.isdisjoint(child.type for child in node.named_children) for node in found.get("try", ()))


@lru_cache(maxsize=1)  # to make it takes longer than to ask it
def _blocks(grammar: Grammar) -> Query:
    from tree_sitter import Query

    query: Query = Query(grammar, "(block) @block (try_statement) @try")
    return query


def _misplaced(tree: Tree) -> int:
    count = 0
    stack: list[Node] = [tree.root_node]
    while stack:
        node = stack.pop()
        if not node.has_error:
            continue
        if node.is_error or node.is_missing:
            count += 1
        stack += node.children
    return count


def plain(tree: Tree, lines: Sequence[str], runs: Sequence[Run], language: Language) -> bool:
    """Whether it is plain that the file parses without the runs. Where it is not it may parse all the same.

    Args:
        tree: of the file as it was.
        lines: of the file.
        runs: what gives way to a marker each.
        language: the file's.
    """
    return not tree.root_node.has_error and all(_plain(tree, lines, run, language) for run in runs)


def _plain(tree: Tree, lines: Sequence[str], run: Run, language: Language) -> bool:
    if run.style in (Style.LINE_COMMENT, Style.TEXT):
        return True  # a comment's rows are its own, and the ends of one that has two stay
    first = run.statement(lines, language)  # a comment above it is no part of the block
    if first is None:
        return True
    margin = _indentation(lines[first])  # of the marker
    begin, end = _begin(lines, first), (run.last, len(lines[run.last].rstrip().encode("utf-8", "surrogatepass")))
    holder = tree.root_node.descendant_for_point_range(begin, end)
    while holder is not None and _within(holder, run) and holder.type not in language.bodies:
        holder = holder.parent  # the only statement, or all elements
    if holder is None:
        return False
    if language.indented and run.style is Style.STATEMENTS and holder.start_point[0] < run.first and last_row(holder) <= run.last:
        return _ends_blocks(holder, begin, lines, run, margin)
    kind = holder.type
    if kind not in language.bodies and kind not in language.tables and kind not in language.members:
        return language.indented and kind == "function_definition" and _above_body(holder, lines, run, margin)
    upper, lower = _child_at(holder, begin), _child_at(holder, (end[0], end[1] - 1))
    if upper is None or lower is None or last_row(lower) > run.last or upper.type in _ENDS or lower.type in _ENDS:
        return False
    below = _below(lines, run.last)
    if kind in language.tables:  # every element goes with the comma behind it
        return _is_element(upper, begin, language) and _goes_on(holder, _begin(lines, below), language)
    if run.style is Style.TABLE:
        return False
    if upper.start_point[0] < run.first:
        return language.indented and _ends_blocks(upper, begin, lines, run, margin)
    if language.indented:
        return margin == _indentation(lines[holder.start_point[0]])
    return not (language.joins_lines and below < len(lines) and lines[below].lstrip().startswith(_JOINING))


def _child_at(node: Node, point: tuple[int, int]) -> Node | None:
    """The child of a node in which a character stands; None if it stands in none."""
    row, column = point
    inner = node.descendant_for_point_range((row, column), (row, column + 1))
    return None if inner is None or inner == node else node.child_with_descendant(inner)


def _is_element(node: Node, begin: tuple[int, int], language: Language) -> bool:
    return node.is_named and node.type not in language.comments and node.start_point == begin


def _goes_on(table: Node, below: tuple[int, int], language: Language) -> bool:
    """Whether an element of a table or its end begins at a point."""
    following = _child_at(table, below)
    return following is not None and (
        _is_element(following, below, language) or (following.start_point == below and following == table.child(table.child_count - 1))
    )


def _above_body(function: Node, lines: Sequence[str], run: Run, margin: str) -> bool:
    """Whether a run is comments between the head of a function and the first statement: its marker is then the first statement."""
    body = function.child_by_field_name("body")
    if body is None or body.start_point[0] != _below(lines, run.last):
        return False
    return margin == _indentation(lines[body.start_point[0]])


def _ends_blocks(node: Node, begin: tuple[int, int], lines: Sequence[str], run: Run, margin: str) -> bool:
    """Whether a run begins with a statement of a block within a statement that ends in the run: what stood above the run stays, and goes on
    with the marker as the last statement of that block.
    """
    while True:
        inner = _child_at(node, begin)
        if inner is None:
            return False
        if node.type == "block":
            if inner.start_point[0] >= run.first:
                return margin == _indentation(lines[node.start_point[0]])
        elif node.type not in _WITH_BLOCKS and not (node.type == "try_statement" and inner.type != "block"):
            return False
        node = inner


def _within(node: Node, run: Run) -> bool:
    return run.first <= node.start_point[0] and last_row(node) <= run.last


def _below(lines: Sequence[str], row: int) -> int:
    """The next row that is not blank."""
    row += 1
    while row < len(lines) and not lines[row].strip():
        row += 1
    return row


def _begin(lines: Sequence[str], row: int) -> tuple[int, int]:
    """Where a row begins; in bytes, as the parser counts."""
    return (row, len(_indentation(lines[row]).encode("utf-8", "surrogatepass"))) if row < len(lines) else (row, 0)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
