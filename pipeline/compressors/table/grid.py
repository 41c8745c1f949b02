"""A table in a text: its header, its rows as ranges of lines, its cells by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Grid:
    """A table found in the lines of a text.

    Args:
        names: the columns' titles, each once.
        starts: for every row the index of its first line.
        ends: for every row the index after its last line.
        columns: the cells, column by column; an odd row has empty cells.
        odd: rows that do not fit the header; they are always kept.
        noun: what a row is, plural.
        titled: the titles are the table's own; else they are places.
    """

    names: tuple[str, ...]
    starts: list[int]
    ends: list[int]
    columns: list[list[str]]
    odd: dict[int, None] = field(default_factory=dict)
    noun: str = "rows"
    titled: bool = True

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.starts)

    def fitting(self, column: int) -> Sequence[str]:
        """The cells of a column, without those of odd rows, which say nothing about it."""
        cells = self.columns[column]
        return [cell for row, cell in enumerate(cells) if row not in self.odd] if self.odd else cells

    @property
    def lines(self) -> int:
        """How many lines its rows have."""
        return sum(self.ends) - sum(self.starts)


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Titles made different from each other, blanks stripped."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for name in names:
        title = name.strip() or "column"
        seen[title] = seen.get(title, 0) + 1
        found.append(title if seen[title] == 1 else f"{title} ({seen[title]})")
    return tuple(found)
