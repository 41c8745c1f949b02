"""Mixed output compressed segment by segment, and joined under the line numbers of the whole block."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pipeline.command import shows
from pipeline.compressors.api import Compressor, Content, Gap, Rewrite
from pipeline.compressors.registry import ranking
from pipeline.markers import carries_marker
from pipeline.policy import Policy
from pipeline.segments.cut import Segment, segment
from pipeline.transcript import ToolCall, ToolKind

_LEAST_CHARS = 800  # of a segment
_WORTH = 0.9  # of a segment's characters, and of the block's
_CERTAIN = 0.8  # a compressor so sure of the whole block knows better than a guess from the look of lines
_SUMMARIES = 4
_NUMBERS = re.compile(r"(\[… |⋯)(\d{1,9})(?:-(\d{1,9}))?")


def _is_read(content: Content) -> bool:
    call = content.call
    return call is not None and (call.kind is ToolKind.READ or shows(call.command).files != ())


def compress_segments(
    content: Content, policy: Policy, among: tuple[Compressor, ...], *, keep: Callable[[Content], bool] = _is_read
) -> Rewrite | None:
    """Each segment by the compressor that knows it best, the rest as it was; None where the block is all of one piece or nothing is gained.

    Args:
        content: the block.
        policy: what may be done.
        among: the compressors to choose from.
        keep: says of a segment that it stays as it is, whatever it holds: a file that the agent may edit, or output that may be one.
    """
    if len(content.text) < _LEAST_CHARS or policy.preserve_json or carries_marker(content.text):
        return None

    def certain(text: str, hint: str) -> bool:
        best = next(ranking(Content(text, content.query, _call(hint, content.call), content.is_error), among), None)
        return best is not None and best[0] >= _CERTAIN

    segments = segment(content, certain)
    if len(segments) < 2:
        return None
    texts: list[str] = []
    gaps: list[Gap] = []
    summaries: list[str] = []
    changed = False
    for one in segments:
        made = _compressed(one, content, policy, among, keep)
        if made is None:
            texts.append(one.text(content))
            continue
        changed = True
        texts.append(made.text)
        gaps += made.gaps
        if made.gaps and made.summary:
            summaries.append(f"{one.first}-{one.last}: {made.summary}")
    text = "\n".join(texts)
    if not changed or len(text) > _WORTH * len(content.text):
        return None
    total = len(content.lines) - (content.lines[-1] == "")
    return Rewrite(text, max(total, gaps[-1].last if gaps else 0), tuple(gaps), "; ".join(summaries[:_SUMMARIES]))


def _compressed(one: Segment, content: Content, policy: Policy, among: tuple[Compressor, ...], keep: Callable[[Content], bool]) -> Rewrite | None:
    """A segment's rewrite in the numbers of the block; None where it stays as it is."""
    text = one.text(content)
    if one.separator or len(text) < _LEAST_CHARS:
        return None
    part = Content(text, content.query, _call(one.hint, content.call), content.is_error)
    if keep(part):  # of a segment without a hint the call is the block's: it may be any of what that prints
        return None
    for _, compressor in ranking(part, among):
        if compressor.name in policy.disabled:
            continue
        rewrite = compressor.compress(part, policy)
        if rewrite is not None and rewrite.gaps and rewrite.unit != "line":
            # Its units are no lines of the block, so they could not be asked for by number: nothing of it is left out.
            rewrite = compressor.compress(part, replace(policy, elide=False))
        moved = shifted(rewrite, text, one.first - 1) if rewrite is not None else None
        if moved is not None and len(moved.text) <= _WORTH * len(text):
            return moved
    return None


def _call(hint: str, call: ToolCall | None) -> ToolCall | None:
    """The call that a segment would be the result of, had its command been run alone."""
    if call is None or not hint or hint == call.command:
        return call
    shown = shows(hint)
    return replace(call, kind=shown.kind, arguments={"command": hint}, command=hint, path=shown.path)


def shifted(rewrite: Rewrite, original: str, by: int) -> Rewrite | None:
    """A rewrite of a segment with ``by`` added to its line numbers, in the gaps and in the markers.

    None where that cannot be done with certainty: its units are no lines, the segment itself holds what looks like a marker, or the markers
    in the text are not the gaps one by one.
    """
    text = rewrite.text
    if text.endswith("\n") and not original.endswith("\n"):
        text = text[:-1]
    if not rewrite.gaps:
        return Rewrite(text, rewrite.total, (), rewrite.summary)
    if rewrite.unit != "line" or rewrite.spans or _NUMBERS.search(original):
        return None
    found = [(int(m[2]), int(m[3] or m[2])) for m in _NUMBERS.finditer(text)]
    if found != [(g.first, g.last) for g in rewrite.gaps]:
        return None
    text = _NUMBERS.sub(lambda m: f"{m[1]}{int(m[2]) + by}" + (f"-{int(m[3]) + by}" if m[3] else ""), text)
    return Rewrite(text, rewrite.total, tuple(Gap(g.first + by, g.last + by) for g in rewrite.gaps), rewrite.summary)
