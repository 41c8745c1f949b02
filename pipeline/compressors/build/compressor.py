"""The build compressor: decide on every line, put a marker in place of every run left out. Lines that stay are the original's, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import compress

from pipeline import markers
from pipeline.compressors import elision
from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.build.choice import DIAGNOSTIC, KEPT, REPEAT, Choice, choose
from pipeline.compressors.build.recognise import confidence
from pipeline.compressors.log.shapes import matched_lines
from pipeline.policy import Policy

_LEAST_LINES = 12
_WORTH = 0.93  # of the characters; above, the loss of lines buys next to nothing
_RUN_WORTH = 1.5  # a run must be so many times longer than its marker
_LABELS = 5
_NOTE = 480  # characters of a note; the grammar of markers allows 500


class BuildCompressor:
    """Output of test runners, compilers, linters, package managers and build tools."""

    name = "build"

    def recognise(self, content: Content) -> float:
        """0.96 where a test runner's own headings or totals stand, 0.93 for diagnostics and progress all over, 0.8 where the call builds."""
        return confidence(content)

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The output without its good news and repeats, or None where fewer than 12 lines or too little would go."""
        if not policy.lossy or markers.carries_marker(content.text):
            return None
        lines = elision.units(content.lines)
        if len(lines) < _LEAST_LINES:
            return None
        choice = choose(content, matched_lines(lines), policy)
        runs = _runs(choice, lines)
        if not runs:
            return None
        text = elision.render(content.lines, runs)
        if len(text) > _WORTH * len(content.text):
            return None
        gaps = tuple(gap for gap, _ in runs)
        return Rewrite(text, len(lines), gaps, _summary(gaps, choice))


def _runs(choice: Choice, lines: Sequence[str]) -> list[tuple[Gap, str]]:
    """The runs left out with their markers; one that is not much longer than its marker stays. Repeats are runs of their own."""
    found: list[tuple[Gap, str]] = []
    why = choice.why
    mixed = len({one.kind for one in choice.found}) > 1
    at = 0
    while at < len(why):
        if why[at] == KEPT:
            at += 1
            continue
        start = at
        repeated = why[at].startswith(REPEAT)
        while at < len(why) and why[at] != KEPT and (why[at] == why[start] if repeated else not why[at].startswith(REPEAT)):
            at += 1
        parts = _parts(start, at, choice, lines, mixed=mixed)
        markers_length = sum(len(marker) + 1 for _, marker in parts)
        if sum(map(len, lines[start:at])) + at - start >= _RUN_WORTH * markers_length:
            found += parts
    return found


def _parts(start: int, end: int, choice: Choice, lines: Sequence[str], *, mixed: bool) -> list[tuple[Gap, str]]:
    """A run with its marker; in several parts if it takes more files to name than a marker holds."""
    found: list[tuple[Gap, str]] = []
    todo = [(start, end)]
    while todo:
        first, last = todo.pop()
        note = _note(first, last, choice, lines, mixed=mixed)
        middle = _middle(first, last, choice) if len(note) > _NOTE else first
        if first < middle < last:
            todo += [(middle, last), (first, middle)]
        else:
            found.append((Gap(first + 1, last), markers.gap(first + 1, last, note[:_NOTE])))
    return found


def _middle(start: int, end: int, choice: Choice) -> int:
    """Where a diagnostic starts, about half-way; ``start`` if none does."""
    starts = [choice.found[i].start for i in dict.fromkeys(choice.of[start + 1 : end]) if i >= 0]
    starts = [at for at in starts if start < at < end]
    return starts[len(starts) // 2] if starts else start


def _note(start: int, end: int, choice: Choice, lines: Sequence[str], *, mixed: bool) -> str:
    """What is left out, by class; diagnostics by file."""
    if choice.why[start].startswith(REPEAT):
        return choice.why[start]
    inside = dict.fromkeys(i for i in choice.of[start:end] if i >= 0 and not choice.shown[i])
    parts: list[str] = []
    if inside:
        ones = [choice.found[i] for i in inside]
        if mixed or end - start >= elision.NOTED:
            parts += [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in Counter(one.kind for one in ones).items()]
        if ones[0].heading < 0:
            before = choice.of[start - 1] if start and choice.why[start - 1] == KEPT else -1
            same = before >= 0 and all(one.path == choice.found[before].path for one in ones)
            parts.append("same file" if same else elision.by_folder(Counter(one.path for one in ones)))
    if end - start >= elision.NOTED:
        labels = Counter([why for why, line in zip(choice.why[start:end], lines[start:end], strict=True) if why != DIAGNOSTIC and line.strip()])
        ranked = sorted(labels.items(), key=lambda item: -item[1])
        parts += [f"{count} {label}" for label, count in ranked[:_LABELS]]
        if ranked[_LABELS:]:
            parts.append(f"{sum(count for _, count in ranked[_LABELS:])} more")
    return ", ".join(parts)


def _summary(gaps: Sequence[Gap], choice: Choice) -> str:
    """What was checked about the lines left out."""
    out = bytearray(len(choice.why))
    for gap in gaps:
        out[gap.first - 1 : gap.last] = b"\x01" * len(gap)
    parts: list[str] = []
    hidden = sum(out[one.head] for one in choice.found)
    if hidden:
        parts.append(f"{hidden} of {len(choice.found)} diagnostics counted by file, each of a message shape that is shown")
    counts = Counter(compress(choice.why, out))
    passed = counts["passed"]
    if passed:
        parts.append(f"{passed} line{'' if passed == 1 else 's'} of passed tests")
    likes = sum(count for why, count in counts.items() if why.endswith("(error-like)"))
    if likes:
        parts.append(f"{likes} error-like, each like one shown")
    return "; ".join(parts)
