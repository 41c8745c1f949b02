"""Rewrites of parts of a text as one rewrite of the text, whose other lines stay as they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from pipeline import markers
from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.segments.combine import marked
from pipeline.segments.join import shifted
from pipeline.segments.pasted import Part

_SUMMARIES = 4


def by_line(rewrite: Rewrite) -> bool:
    """Whether what a rewrite leaves out is counted in lines, so that it can stand beside others in a text."""
    return not rewrite.gaps or (rewrite.unit == "line" and not rewrite.spans)


def restored(rewrite: Rewrite, lines: list[str], kept: Sequence[int]) -> Rewrite | None:
    """A rewrite with some lines back in their places; None where it cannot be told that they stand there.

    Args:
        rewrite: of the lines.
        lines: what was rewritten.
        kept: the numbers of those that are to stay, ascending.
    """
    if not kept:
        return rewrite
    found = marked(lines, rewrite)
    if not found:
        there = Counter(rewrite.text.split("\n"))
        left_out = any(g.first <= n <= g.last for g in rewrite.gaps for n in kept) if by_line(rewrite) else True
        return None if left_out or Counter(lines[n - 1] for n in kept) - there else rewrite
    out: list[str] = []
    gaps: list[Gap] = []
    at = 0
    for gap, marker in found:
        out += lines[at : gap.first - 1]
        pieces = list(_without(gap, kept[bisect_left(kept, gap.first) : bisect_right(kept, gap.last)]))
        at = gap.first - 1
        for piece in pieces:
            out += [*lines[at : piece.first - 1], marker if piece == gap else markers.gap(piece.first, piece.last)]
            at = piece.last
        gaps += pieces
        out += lines[at : gap.last]
        at = gap.last
    return replace(rewrite, text="\n".join(out + lines[at:]), gaps=tuple(gaps))


def _without(gap: Gap, kept: Sequence[int]) -> Iterator[Gap]:
    """What is left of a gap."""
    first = gap.first
    for n in (*kept, gap.last + 1):
        if n > first:
            yield Gap(first, n - 1)
        first = n + 1


def within(content: Content, made: Sequence[tuple[Part, Rewrite]]) -> Rewrite | None:
    """The text with its parts rewritten; None where that cannot be said in its own numbers.

    Args:
        content: the text.
        made: the parts that become another text, ascending. One whose units are not lines can only stand alone.
    """
    if not made:
        return None
    if len(made) == 1 and not by_line(made[0][1]):
        return _of_units(content, *made[0])
    lines = content.lines
    out: list[str] = []
    gaps: list[Gap] = []
    summaries: list[str] = []
    at = 0
    for part, rewrite in made:
        own = shifted(rewrite, "\n".join(lines[part.first - 1 : part.last]), part.first - 1)
        if own is None:
            return None
        out += [*lines[at : part.first - 1], own.text]
        gaps += own.gaps
        if own.gaps and own.summary:
            summaries.append(own.summary if len(made) == 1 else f"{part.first}-{part.last}: {own.summary}")
        at = part.last
    total = max(len(lines) - (lines[-1] == ""), gaps[-1].last if gaps else 0)
    return Rewrite("\n".join(out + lines[at:]), total, tuple(gaps), "; ".join(summaries[:_SUMMARIES]))


def _of_units(content: Content, part: Part, rewrite: Rewrite) -> Rewrite:
    """The text with one part whose units are no lines: they keep their numbers, and stand further on."""
    lines = content.lines
    start = [0, *accumulate(len(line) + 1 for line in lines)][part.first - 1]
    spans = tuple((a + start, b + start) for a, b in rewrite.spans)
    text = rewrite.text.removesuffix("\n")
    return Rewrite(
        "\n".join([*lines[: part.first - 1], text, *lines[part.last :]]), rewrite.total, rewrite.gaps, rewrite.summary, rewrite.unit, spans
    )
