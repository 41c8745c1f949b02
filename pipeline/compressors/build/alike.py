"""Lines that no rule knows, where many are of one shape: the first and last are shown, the rest counted as more of the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.compressors.log.shapes import mine
from pipeline.compressors.severity import ERROR, NEITHER, severity

# From how many lines of a shape on some are left out, and how many of them stay at the start and at the end; by severity.
_FROM = {NEITHER: (8, 3, 1), 1: (10, 4, 1), ERROR: (24, 12, 4)}
_AS = {NEITHER: "", 1: " (warning-like)", ERROR: " (error-like)"}
_READ = 2000  # characters of a line
_COUNTS = ("+", "-", ">", "|", "E ", "# ")  # parts of a comparison, of a listing, headings: each line counts

_NAME = re.compile(r"(?<![^\s\"'`(=,])[^\s\"'`()=,]{0,200}[./][^\s\"'`()=,]{0,300}")
_QUOTED = re.compile(r"'[^'\n]{0,200}'|`[^`\n]{0,200}`|\"[^\"\n]{0,200}\"")


def alike(lines: Sequence[str], indices: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Which of these lines are more of the same, each with a label that says as which line.

    Args:
        lines: all lines.
        indices: those to look at, ascending.
    """
    wanted = [at for at in indices if not lines[at].lstrip().startswith(_COUNTS)]
    if len(wanted) < _FROM[NEITHER][0]:
        return
    masked = [_NAME.sub("/", _QUOTED.sub("*", lines[at][:_READ])) for at in wanted]
    shapes = mine(masked, [True] * len(masked))
    for members in shapes.members:
        if len(members) < _FROM[NEITHER][0]:
            continue
        bad: dict[int, list[int]] = {}
        for member in members:
            at = wanted[member]
            bad.setdefault(severity(lines[at]), []).append(at)
        for level, group in bad.items():
            least, first, last = _FROM[level]
            if len(group) >= least:
                for at in group[first:-last]:
                    yield at, f"like line {group[0] + 1}{_AS[level]}"
