"""How a table with rows left out is printed: kept lines as they were, and a marker that counts in the place of every run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.compressors.api import Gap, Rewrite
from pipeline.compressors.table.choice import Choice
from pipeline.compressors.table.grid import Grid
from pipeline.markers import gap

_NOTED = 10  # rows of a run from which on a marker says what they are
_WORTH = 1.5  # a run must be so many times longer than its marker
_VALUES = 4  # values counted in a marker
_TOTALS = 3  # columns counted in the footer
_TOTAL_VALUES = 8
_KEY = 28
_KEY_ALIKE = 80  # of values that begin alike
_PADDING = re.compile(r" {3,}")
_BAD_WORDS = ("error", "fail", "crash", "exception", "fatal", "panic", "denied", "refused", "timeout", "timed out", "backoff")


@dataclass(frozen=True, slots=True)
class Run:
    """Lines left out, and what stands in their place."""

    gap: Gap
    marker: str
    rows: range


def runs_of(grid: Grid, choice: Choice, lines: Sequence[str]) -> list[Run]:
    """What is left out of a table, without the runs that are hardly longer than their marker."""
    runs: list[Run] = []
    row = 0
    while row < grid.count:
        if choice.kept[row]:
            row += 1
            continue
        first = row
        while row < grid.count and not choice.kept[row] and (row == first or grid.starts[row] == grid.ends[row - 1]):
            row += 1
        run = _run(grid, choice, range(first, row))
        if sum(len(line) - 2 * line.count("   ") + 1 for line in lines[run.gap.first - 1 : run.gap.last]) >= _WORTH * len(run.marker):
            runs.append(run)
        else:
            choice.kept[first:row] = b"\x01" * (row - first)
    return runs


def _run(grid: Grid, choice: Choice, rows: range) -> Run:
    left = Gap(grid.starts[rows[0]] + 1, grid.ends[rows[-1]])
    parts: list[str] = []
    if len(left) > len(rows):
        parts.append(f"{len(rows)} {grid.noun}")
    if len(rows) >= _NOTED:
        if choice.key is not None:
            keys = grid.columns[choice.key]
            parts.append(f"{clean(keys[rows[0]])} to {clean(keys[rows[-1]])}")
        for i in choice.classes[:1]:
            parts.append(counted(grid.columns[i][rows[0] : rows[-1] + 1], _VALUES))
    return Run(left, gap(left.first, left.last, ", ".join(parts)), rows)


def counted(values: Iterable[str], most: int) -> str:
    """``Running 24, Completed 5``, the commonest first."""
    counts = sorted(Counter(values).items(), key=lambda c: (-c[1], c[0]))
    cut = [clean(v) for v, _ in counts[:most]]
    if len(set(cut)) < len(cut):  # what tells them apart stands further on
        cut = [clean(v, _KEY_ALIKE) for v, _ in counts[:most]]
    parts = [f"{name or 'none'} {n}" for name, (_, n) in zip(cut, counts, strict=False)]
    if len(counts) > most:
        parts.append(f"{len(counts) - most} other values {sum(n for _, n in counts[most:])}")
    return ", ".join(parts)


def clean(value: str, most: int = _KEY) -> str:
    """A cell that cannot end a marker."""
    return " ".join(value.replace("]", ")").replace("[", "(").split())[:most]


def rewrite(lines: Sequence[str], found: Sequence[tuple[Grid, Choice, Sequence[Run]]], *, ended: bool) -> Rewrite:
    """The text with its tables shortened."""
    out: list[str] = []
    gaps: list[Gap] = []
    at = 0
    for _, _, runs in found:
        for run in runs:
            out += lines[at : run.gap.first - 1]
            out.append(run.marker)
            gaps.append(run.gap)
            at = run.gap.last
    out += lines[at:]
    return Rewrite("\n".join(out) + ("\n" if ended else ""), len(lines), tuple(gaps), summary(lines, found))


def summary(lines: Sequence[str], found: Sequence[tuple[Grid, Choice, Sequence[Run]]]) -> str:
    """What was counted in all rows, and whether a word of trouble stands in those left out."""
    parts: list[str] = []
    for grid, choice, runs in found:
        if not runs:
            continue
        columns = [i for i in choice.classes if i in choice.asked or len(set(grid.fitting(i))) <= _TOTAL_VALUES]
        columns = columns[: _TOTALS if not choice.told else max(1, sum(i in choice.asked for i in columns[:_TOTALS]))]
        name = f"all {grid.count - len(grid.odd)} {grid.noun}"
        totals = "; ".join(f"{clean(grid.names[i])}: {counted(grid.fitting(i), _TOTAL_VALUES)}" for i in columns)
        parts.append(f"{name} by {totals}" if totals else name)
    text = "\n".join("\n".join(lines[run.gap.first - 1 : run.gap.last]) for _, _, runs in found for run in runs).lower()
    if not any(word in text for word in _BAD_WORDS):
        parts.append("no error-like word among them")
    return "; ".join(parts)
