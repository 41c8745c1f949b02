"""Text that a run prints twice: a summary that tells all failures again, a function listed for each test that fails in it."""

from __future__ import annotations

from collections.abc import Sequence

_WINDOW = 4  # lines
_LEAST_CHARS = 160


def repeats(lines: Sequence[str], free: bytearray) -> list[tuple[int, int, int]]:
    """Runs of at least four lines that stand above word for word, as ``(start, end, first line above)``.

    What stands above stays: no line that a run repeats is part of a run.

    Args:
        lines: the lines.
        free: 1 for each that may go, else 0. A run, and what it repeats, lies within such lines, each on end.
    """
    first: dict[tuple[str, ...], int] = {}
    gone = bytearray(len(lines))
    found: list[tuple[int, int, int]] = []
    at = 0
    while at + _WINDOW <= len(lines):
        taken = free.rfind(0, at, at + _WINDOW)
        if taken >= 0:
            at = taken + 1
            continue
        above = first.setdefault(tuple(lines[at : at + _WINDOW]), at)
        distance = at - above
        end = at
        while end < len(lines) and free[end] and end - distance < at and not gone[end - distance] and lines[end] == lines[end - distance]:
            end += 1
        if distance and sum(map(len, lines[at:end])) >= _LEAST_CHARS and end - at >= _WINDOW:
            found.append((at, end, above))
            gone[at:end] = b"\x01" * (end - at)
            at = end
        else:  # what starts within these lines ends with them, and is too short all the more
            at = max(at + 1, end - _WINDOW + 1)
    return found
