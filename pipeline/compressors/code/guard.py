"""The guard: a result must parse at least as well as the original did."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Tree


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
