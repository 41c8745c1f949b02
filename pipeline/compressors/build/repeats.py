"""Text that a run prints twice: a summary that tells all failures again, a function listed for each test that fails in it."""

from __future__ import annotations

from collections.abc import Sequence

_WINDOW = 4  # lines
_LEAST_CHARS = 160


def repeats(lines: Sequence[str], free: Sequence[bool]) -> list[tuple[int, int, int]]:
    """Runs of at least four lines that stand above word for word, as ``(start, end, first line above)``.

    What stands above stays: a line that is repeated by a run is not part of any run.

    Args:
        lines: the lines.
        free: which of them may go. A run, and what it repeats, lies within such lines, each on end.
    """
    first: dict[tuple[str, ...], int] = {}
    found: list[tuple[int, int, int]] = []
    at = 0
    while at + _WINDOW <= len(lines):
        if not all(free[at : at + _WINDOW]):
            at += 1
            continue
        window = tuple(lines[at : at + _WINDOW])
        above = first.setdefault(window, at)
        if above + _WINDOW > at:
            at += 1
            continue
        end = at + _WINDOW
        while end < len(lines) and free[end] and above + end - at < at and free[above + end - at] and lines[end] == lines[above + end - at]:
            end += 1
        if sum(len(line) + 1 for line in lines[at:end]) >= _LEAST_CHARS and not _taken(found, above, above + end - at):
            found.append((at, end, above))
            at = end
        else:
            at += 1
    return found


def _taken(found: Sequence[tuple[int, int, int]], start: int, end: int) -> bool:
    """Whether any of these lines is left out already. Runs are ascending: the first that ends after ``start`` decides."""
    low, high = 0, len(found)
    while low < high:
        middle = (low + high) // 2
        if found[middle][1] <= start:
            low = middle + 1
        else:
            high = middle
    return low < len(found) and found[low][0] < end
