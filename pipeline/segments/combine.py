"""References and what a compressor made of the same block, in one: what stands above is named, of the rest the compressor's lines stay."""

from __future__ import annotations

import re

from pipeline.compressors.api import Gap, Rewrite
from pipeline.markers import IN_PLACE

# Only references to other blocks: what one into the block itself points to may have been left out.
_ABOVE = re.compile(r"\[… [\d-]{1,20}: (?:numbered [\d-]{1,20}, )?(?:unchanged, )?as in result \d")

_Marked = list[tuple[Gap, str]]


def combine(lines: list[str], references: Rewrite, other: Rewrite) -> Rewrite | None:
    """Both rewrites of a block in one, or None where they cannot be told to fit together or one adds nothing to the other.

    Args:
        lines: the block's.
        references: with references to blocks above.
        other: with whole lines left out. What of it lies within a reference is named by that; a reference that cuts across is dropped.
    """
    above, gone = marked(lines, references), marked(lines, other)
    if not above or not gone:
        return None
    kept, rest = _fitting([one for one in above if _ABOVE.match(one[1])], gone)
    if not kept or not rest:
        return None
    both = sorted((*kept, *rest), key=lambda one: one[0].first)
    out: list[str] = []
    at = 0
    for gap, marker in both:
        out += [*lines[at : gap.first - 1], marker]
        at = gap.last
    named = sum(len(gap) for gap, _ in kept)
    summary = f"{named} of them stand above" + (f"; of the others: {other.summary}" if other.summary else "")
    return Rewrite("\n".join(out + lines[at:]), other.total, tuple(gap for gap, _ in both), summary)


def marked(lines: list[str], rewrite: Rewrite) -> _Marked:
    """The gaps of a rewrite with their markers; none unless its text is the lines that stay and, for every gap, a line with its marker."""
    if rewrite.unit != "line" or rewrite.spans:
        return []
    out = rewrite.text.split("\n")
    found: _Marked = []
    at = done = 0
    for gap in rewrite.gaps:
        end = done + gap.first - 1 - at
        if end >= len(out) or out[done:end] != lines[at : gap.first - 1]:
            return []
        match = IN_PLACE.fullmatch(out[end])
        if match is None or (int(match[1]), int(match[2] or match[1])) != (gap.first, gap.last):
            return []
        found.append((gap, out[end]))
        at, done = gap.last, end + 1
    return found if out[done:] == lines[at:] else []


def _fitting(above: _Marked, gone: _Marked) -> tuple[_Marked, _Marked]:
    """The references that no gap cuts or covers, and the gaps outside of them."""
    kept: _Marked = []
    rest: _Marked = []
    at = 0
    for one in above:
        reference = one[0]
        while at < len(gone) and gone[at][0].last < reference.first:
            rest.append(gone[at])
            at += 1
        end = at
        while end < len(gone) and gone[end][0].last <= reference.last:
            end += 1
        cut = end < len(gone) and gone[end][0].first <= reference.last
        if cut or (end > at and gone[at][0].first < reference.first):
            continue
        kept.append(one)
        at = end
    return kept, rest + gone[at:]
