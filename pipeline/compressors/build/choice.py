"""What of a build's output is left out, and why. Everything else stays: a line goes only where a rule says what it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, islice

from pipeline.compressors.api import Content
from pipeline.compressors.asked import hits_of
from pipeline.compressors.build import figures, outcomes, pytest_run
from pipeline.compressors.build.alike import alike
from pipeline.compressors.build.diagnostics import Diagnostic, diagnostics, shape_of
from pipeline.compressors.build.pytest_run import KEEP, PLAIN
from pipeline.compressors.build.repeats import repeats
from pipeline.compressors.build.traces import folded
from pipeline.compressors.search.asked import asked_files
from pipeline.policy import Policy, Profile

KEPT = ""
DIAGNOSTIC = "diagnostic"
REPEAT = "as lines "
STACK = "of the stack"

_LAST = 3
_SAME_SHAPE = {Profile.BALANCED: 3, Profile.AGGRESSIVE: 1}  # diagnostics shown of one message shape
_SAME_SHAPE_VALUES = {Profile.BALANCED: 6, Profile.AGGRESSIVE: 2}  # so many if what they quote is new each time
_ROWS = {Profile.BALANCED: 40, Profile.AGGRESSIVE: 20}  # of figures that are shown of one table
_NAMED_LINES, _NAMED_SHARE = 60, 0.3  # what names more than this of the text tells nothing
_WORDS, _WORD_LINES = 40, 5  # a word of the question names something only where few lines have it
_SLOWEST = 8
_YAML = 60  # lines of the detail below a TAP line at most
_DURATION = re.compile(r"(?<![\w.])(\d{1,7}(?:\.\d{1,6})?) ?(ms|s|sec|seconds)\b")
_PICKED = re.compile(r"(?:^|\s)(?:-k|-t|-g|--grep|-run|--run|--testNamePattern|--filter|-Dtest=)[ =]?[\"']?([\w:.\-/\[\]]{3,100})")


@dataclass(frozen=True)
class Choice:
    """What is left out.

    Args:
        why: line -> ``KEPT``, or a label that says what the line is.
        found: all diagnostics.
        of: line -> index in ``found``; -1 for a line of none.
        shown: index in ``found`` -> whether it is shown.
    """

    why: list[str]
    found: list[Diagnostic]
    of: list[int]
    shown: list[bool]


def choose(content: Content, lines: Sequence[str], policy: Policy) -> Choice:
    """Decide on every line.

    Args:
        content: the block; its query and call say what is asked for.
        lines: its lines as compared, without colours.
        policy: how far to go.
    """
    aggressive = policy.profile is Profile.AGGRESSIVE
    roles = pytest_run.roles(lines, content.query.all_words, aggressive=aggressive)
    found = diagnostics(lines, roles.inside)
    of = [-1] * len(lines)
    for index, one in enumerate(found):
        of[one.start : one.end] = [index] * (one.end - one.start)
    named = bytearray(len(lines))
    for at in _named(content, lines):
        named[at] = 1
    why = _quiet(lines, roles.role, of)
    for frame, stays in folded(lines):
        for at in frame:
            if of[at] < 0:
                why[at] = KEEP if stays else STACK
    headings = {one.heading for one in found}
    plain = [at for at, label in enumerate(why) if label == PLAIN and of[at] < 0 and at not in headings and lines[at].strip()]
    rows = figures.rows(lines, plain)
    others = sorted(set(plain).difference(rows))
    for at, label in (*alike(lines, others), *figures.within(lines, rows, _ROWS[policy.profile])):
        why[at] = label
    shown = _diagnostics(content, found, named, why, policy)
    _protect(content, lines, why, named)
    free = bytearray(label == KEPT and one < 0 and not name for label, one, name in zip(why, of, named, strict=True))
    why = [KEPT if label == KEEP else label for label in why]
    for start, end, above in repeats(lines, free):
        why[start:end] = [f"{REPEAT}{above + 1}-{above + end - start}"] * (end - start)
    _blanks(lines, why)
    return Choice(why, found, of, shown)


def _quiet(lines: Sequence[str], role: Sequence[str], of: Sequence[int]) -> list[str]:
    """Labels of pytest's lines as they are, of others that are good news theirs."""
    why = list(role)
    at = 0
    while at < len(lines):
        if why[at] == PLAIN and of[at] < 0 and lines[at]:
            label = outcomes.quiet(lines[at])
            why[at] = label
            if label in (outcomes.PASSED, outcomes.SKIPPED) and at + 1 < len(lines) and lines[at + 1].strip() == "---":
                end = next((i for i in range(at + 2, min(at + _YAML, len(lines))) if lines[i].strip() == "..."), at)
                why[at + 1 : end + 1] = ["detail of passed tests"] * (end - at)
                at = end
        at += 1
    return why


def _diagnostics(content: Content, found: Sequence[Diagnostic], named: bytearray, why: list[str], policy: Policy) -> list[bool]:
    """Of each message shape the first few, more where they quote other names; all of the files asked for."""
    asked = asked_files({one.path: None for one in found}, content.query)
    most, most_values = _SAME_SHAPE[policy.profile], _SAME_SHAPE_VALUES[policy.profile]
    shapes = {text: shape_of(text) for text in dict.fromkeys(one.text for one in found)}
    counts: dict[tuple[str, str], int] = {}
    texts: dict[str, None] = {}
    shown: list[bool] = []
    for one in found:
        shape = (one.kind, shapes[one.text])
        count = counts.get(shape, 0)
        shows = one.path in asked or 1 in named[one.start : one.end] or count < (most if one.text in texts else most_values)
        shown.append(shows)
        if shows:
            counts[shape] = count + 1
            texts[one.text] = None
        else:
            why[one.start : one.end] = [DIAGNOSTIC] * (one.end - one.start)
    return shown


def _protect(content: Content, lines: Sequence[str], why: list[str], named: bytearray) -> None:
    """What stays whatever it is: lines that name what is asked for, the first line, the last lines, the slowest tests if they are asked for."""
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    last = islice((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), _LAST)
    for at in (*last, *(() if first is None else (first,)), *compress(range(len(lines)), named)):
        why[at] = KEEP
    words = content.query.all_words
    if any(word.startswith(("skip", "ignored", "pending", "disabled")) for word in words):
        for at, label in enumerate(why):
            if label == outcomes.SKIPPED:
                why[at] = KEEP
    if content.query.slowness:
        timed = [(-_seconds(lines[at]), at) for at, label in enumerate(why) if label in (outcomes.PASSED, outcomes.PROGRESS)]
        for seconds, at in sorted(timed)[:_SLOWEST]:
            if seconds < 0:
                why[at] = KEEP


def _seconds(line: str) -> float:
    times = _DURATION.findall(line[-200:])
    return 0.0 if not times else float(times[-1][0]) * (0.001 if times[-1][1] == "ms" else 1.0)


def _blanks(lines: Sequence[str], why: list[str]) -> None:
    """Blank lines go with what stands on both sides of them."""
    end = 0
    for at, line in enumerate(lines):
        if at < end or why[at] != KEPT or line.strip():
            continue
        end = next((below for below in range(at + 1, len(lines)) if lines[below].strip()), len(lines))
        if at > 0 and end < len(lines) and why[at - 1] != KEPT and why[end] != KEPT:
            why[at:end] = [why[at - 1]] * (end - at)


# ----- what is named -----------------------------------------------------------------------------------------------------------------


def _named(content: Content, lines: Sequence[str]) -> list[int]:
    """Lines that name something that the question, or the call's choice of tests, names; not what nearly every line names."""
    wanted = [*content.query.entities, *(q for q in content.query.quoted if " " in q)][:100]
    if content.call is not None:
        wanted += [m[1] for m in _PICKED.finditer(content.call.command[:4000])][:10]
        wanted += [w for w in content.call.command[:4000].split() if "::" in w][:10]
    words = content.query.words[:_WORDS]
    most = max(_NAMED_LINES, int(_NAMED_SHARE * len(lines)))
    found = hits_of(lines, wanted, most) + hits_of(lines, words, _WORD_LINES, within_words=True)
    return [at for hits in found for at in hits]
