"""The guard: a result must parse at least as well as the original did.

Parsing costs more than all else, so a result is parsed only where it is not plain that it parses: where whole statements of a block, whole elements
of a list or the inner lines of a comment have given way to a comment, in a file without errors, nothing can go wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.compressors.code.cut import Run
from pipeline.compressors.code.languages import Language
from pipeline.compressors.code.outline import Style, last_row

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_ENDS = frozenset("{}[]()")
_JOINING = tuple("([/+-`*.,?:=<>&|")  # a line of a script that begins so may go on with the statement before it


def errors(tree: Tree) -> int:
    """The number of nodes that the parser could not place, or had to make up."""
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
    first = run.first
    while language.indented and first < run.last and lines[first].lstrip().startswith(language.line_comment):
        first += 1  # a comment above the first statement is no part of the block
    begin = _begin(lines, first)
    holder = tree.root_node.descendant_for_point_range(begin, (run.last, len(lines[run.last].rstrip().encode("utf-8", "surrogatepass"))))
    while holder is not None and _within(holder, run) and holder.type not in language.bodies:
        holder = holder.parent  # the only statement, or all elements
    if holder is None:
        return False
    children = holder.children
    if not all(_apart(child, run) or (_within(child, run) and child.type not in _ENDS) for child in children):
        return False
    below = _below(lines, run.last)
    if holder.type in language.tables:  # every element goes with the comma behind it
        elements = [child.start_point for child in holder.named_children if child.type not in language.comments]
        return begin in elements and _begin(lines, below) in (*elements, children[-1].start_point)
    if run.style is Style.TABLE or (holder.type not in language.bodies and holder.type != "statement_list"):
        return False
    if language.indented:
        return _indentation(lines[run.first]) == _indentation(lines[holder.start_point[0]])
    return not (language.joins_lines and below < len(lines) and lines[below].lstrip().startswith(_JOINING))


def _within(node: Node, run: Run) -> bool:
    return run.first <= node.start_point[0] and last_row(node) <= run.last


def _apart(node: Node, run: Run) -> bool:
    return last_row(node) < run.first or node.start_point[0] > run.last


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
