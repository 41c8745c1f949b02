"""The log compressor: mine shapes, keep what matters, put a marker in place of every run left out.

Every line that is kept is the original line (but for JSON lines of one form, which become rows, and for a header that many lines share, which is
printed once: both loss-free); lines are never merged, reworded or moved.
Where nothing may be left out, lines of one shape become rows under a template, and what would be kept stays written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.elision import NOTED, gaps_of
from pipeline.compressors.log.columns import encode
from pipeline.compressors.log.fold import fold, header_columns, may_save
from pipeline.compressors.log.recognise import confidence, json_lines
from pipeline.compressors.log.rows import as_rows
from pipeline.compressors.log.select import AGGRESSIVE, BALANCED, Selection
from pipeline.compressors.log.shapes import Shapes, matched_lines, mine
from pipeline.compressors.log.traces import events
from pipeline.compressors.severity import ERROR, NEITHER, WARNING
from pipeline.policy import Policy, Profile

_LEAST_LINES = 12
_WORTH = 0.93  # of the characters; above, the loss of lines buys next to nothing
_WORTH_LOSSLESS = 0.88  # likewise, in columns: that is about 0.9 of the tokens, as columns have more of them in a character
_NOTED_LEVELS = 4


class LogCompressor:
    """Logs: service logs, syslog and journald, Kubernetes, JSON lines, anything of mostly repeating lines."""

    name = "log"
    surest = 0.92

    def recognise(self, content: Content) -> float:
        """0.92 for JSON lines with a time and a message, 0.9 by timestamps, 0.6-0.7 by levels or by the call, else 0."""
        return confidence(content)

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The log without its repeats, or in columns where nothing may go; None for fewer than 12 lines or too little gain."""
        lines = content.lines
        ended = lines[-1] == ""  # the text ends with a line break: no line of its own
        if ended:
            lines = lines[:-1]
        if len(lines) < _LEAST_LINES or (policy.preserve_json and json_lines(lines)):
            return None
        plain = matched_lines(lines)
        grouped = events(plain)
        shapes = mine(plain, grouped.frame)
        limits = AGGRESSIVE if policy.profile is Profile.AGGRESSIVE else BALANCED
        selection = Selection(shapes, grouped, content.query, limits)
        if not policy.lossy:
            return _in_columns(content.text, lines, shapes, selection.outstanding(), "\n" if ended else "")
        kept = selection.run()
        found = gaps_of(lines, kept, lambda start, end: _note(shapes, start, end))
        if not found:
            return None
        text = _text(lines, found, shapes, least_fold=limits.fold) + ("\n" if ended else "")
        gaps = tuple(gap for gap, _ in found)
        if len(text) > _WORTH * len(content.text):
            return None
        return Rewrite(text, len(lines), gaps, _summary(gaps, shapes))


def _in_columns(text: str, lines: Sequence[str], shapes: Shapes, kept: Sequence[int], end: str) -> Rewrite | None:
    """All lines in columns; the rows of what stands out hold the line as it is."""
    columns = encode(lines, shapes.shape_of, kept)
    if columns is None or len(columns) > _WORTH_LOSSLESS * len(text):
        return None
    return Rewrite(columns + end, len(lines), summary=f"all {len(lines)} lines, in columns")


def _text(lines: Sequence[str], found: Sequence[tuple[Gap, str]], shapes: Shapes, *, least_fold: float) -> str:
    """The kept lines and the markers; JSON lines of one form as rows, else headers that lines share said once if that saves enough."""
    places: list[int] = []  # of the lines shown; -1 for a marker
    at = 0
    for gap, _ in found:
        places += [*range(at, gap.first - 1), -1]
        at = gap.last
    places += range(at, len(lines))
    shown = [lines[i] if i >= 0 else None for i in places]
    out = as_rows(shown, [i >= 0 and shapes.severities[i] > NEITHER for i in places])
    if len(out) == len(shown) and least_fold < 1:
        most = (1 - least_fold) * _size(out)
        if _size(out) - may_save(out) <= most and _size(folded := fold(out, header_columns(lines))) <= most:
            out = folded
    markers = (marker for _, marker in found)
    return "\n".join(next(markers) if line is None else line for line in out)


def _size(lines: Sequence[str | None]) -> int:
    return sum(len(line) + 1 for line in lines if line is not None)


def _note(shapes: Shapes, start: int, end: int) -> str:
    """What lines ``[start, end)`` are: their levels, else how many look like trouble."""
    if end - start < NOTED:
        return ""
    levels = Counter(shapes.levels[start:end])
    if len(levels) > 1 or "" not in levels:
        named = [(count, level) for level, count in levels.items() if level]
        return ", ".join(f"{count} {level}" for count, level in sorted(named, key=lambda n: (-n[0], n[1]))[:_NOTED_LEVELS])
    bad = Counter(shapes.severities[start:end])
    return ", ".join(f"{bad[s]} {word}-like" for s, word in ((ERROR, "error"), (WARNING, "warning")) if bad[s])


def _summary(gaps: Sequence[Gap], shapes: Shapes) -> str:
    """What was checked about the lines left out."""
    out = bytearray(len(shapes.lines))
    for gap in gaps:
        out[gap.first - 1 : gap.last] = b"\x01" * len(gap)
    shown = bytearray(len(shapes.members))  # shape -> the worst severity among its lines shown, plus 1
    for i, shape in enumerate(shapes.shape_of):
        if not out[i]:
            shown[shape] = max(shown[shape], 1 + shapes.severities[i])
    parts = [f"{sum(map(bool, shown))} of {len(shapes.members)} line shapes shown"]
    for bad, word in ((ERROR, "error"), (WARNING, "warning")):
        left = [shapes.shape_of[i] for i, s in enumerate(shapes.severities) if s == bad and out[i]]
        if left:
            repeats = all(shown[shape] > bad for shape in left)
            parts.append(f"{len(left)} {word}-like left out" + (", of shapes shown" if repeats else ""))
        elif bad == ERROR:
            parts.append("no error-like line left out")
    return "; ".join(parts)
