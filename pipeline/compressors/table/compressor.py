"""The table compressor: finds tables, ranks their rows, keeps whole lines."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.table.aligned import aligned
from pipeline.compressors.table.choice import AGGRESSIVE, BALANCED, choose
from pipeline.compressors.table.delimited import barred, delimited
from pipeline.compressors.table.grid import Grid
from pipeline.compressors.table.render import Run, rewrite, runs_of
from pipeline.markers import carries_marker
from pipeline.policy import Policy, Profile
from pipeline.query import Query

_LOOK = 400  # lines that are looked at to recognise
_LINE = 4000
_LEAST = 0.3  # of the characters must stand in tables
_WORTH = 0.95
_FEW = 20  # rows: fewer are read at a glance
_SMALL = 1500  # characters: a smaller table costs less than the looking up


class TableCompressor:
    """CSV, TSV, Markdown tables, and tables aligned with blanks, each under its header."""

    name = "table"
    surest = 0.9

    def recognise(self, content: Content) -> float:
        """0.9 delimited values under a header, 0.6-0.85 by the share of the text that stands in aligned or barred tables."""
        if carries_marker(content.text):
            return 0.0
        lines = content.lines
        sample = [line[:_LINE] for line in lines[:_LOOK]]
        if delimited(sample[: -1 if len(lines) > _LOOK else None]) is not None:
            return 0.9
        share = share_in(sample, tables(sample))
        return 0.6 + share / 4 if share >= _LEAST else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The text with rows left out, or None where there is no table or nothing to gain."""
        if not policy.lossy or carries_marker(content.text):
            return None
        lines = content.lines
        grid = delimited(lines)
        return shorten(lines, [grid] if grid is not None else tables(lines), content.query, policy)


def tables(lines: Sequence[str]) -> list[Grid]:
    """The barred or else the aligned tables in a text."""
    return list(barred(lines)) or list(aligned(lines))


def shorten(lines: Sequence[str], grids: Sequence[Grid], query: Query, policy: Policy) -> Rewrite | None:
    """The text with rows of these tables left out, or None where that gains nothing."""
    ended = len(lines) > 1 and lines[-1] == ""
    if ended:
        lines = lines[:-1]
    limits = AGGRESSIVE if policy.profile is Profile.AGGRESSIVE else BALANCED
    found = []
    for grid in grids:
        if grid.count < _FEW or sum(len(line) for line in lines[grid.starts[0] : grid.ends[-1]]) < _SMALL:
            continue
        choice = choose(grid, lines, query, limits)
        runs: list[Run] = runs_of(grid, choice, lines)
        found.append((grid, choice, runs))
    if not any(runs for _, _, runs in found):
        return None
    result = rewrite(lines, found, ended=ended)
    return result if len(result.text) <= _WORTH * (sum(map(len, lines)) + len(lines)) else None


def share_in(lines: Sequence[str], grids: Sequence[Grid]) -> float:
    """The share of the characters that stands in the rows of these tables."""
    inside = sum(len(line) + 1 for g in grids for a, b in zip(g.starts, g.ends, strict=True) for line in lines[a:b])
    return inside / max(1, sum(map(len, lines)) + len(lines))
