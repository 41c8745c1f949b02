"""What pytest prints, section by section: what of a failing test is kept, and what its listing, captured output and the passing tests give up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.compressors.build.traces import LIBRARY
from pipeline.compressors.severity import ERROR, severity

KEEP = "\0keep"  # never left out
PLAIN = ""  # nothing known of the line

_SECTION = re.compile(r"={3,} ?([^=\s][^\n]{0,200}?) ?={3,}$")
_HEADING = re.compile(r"_{3,} .{1,2000} _{3,}$|_{2,} .{60,2000} _{2,}$")
_SUBHEADING = re.compile(r"-{3,} ?(Captured .{1,100}?) ?-{3,}$|-{3,}.{1,100}-{3,}$")
_LOCATION = re.compile(r"[^\s:].{0,400}?:\d{1,7}: ")
_DEFINITION = re.compile(r"\s{4,}(?:async )?(?:def|class) ")
_VALUE = re.compile(r"[A-Za-z_*]\w{0,80} {1,12}= ")
_OUTCOME = re.compile(r"(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|SUBFAILED?|SUBPASS(?:ED)?) ")
_WARNING = re.compile(r"\s{1,4}\S.{0,300}:\d{1,7}: \w{0,60}Warning\b|\s{1,4}\S.{0,300}Warning: ")
_COUNTED = re.compile(
    r"(?:\d{1,7} (?:failed|passed|skipped|errors?|xfailed|xpassed|deselected|warnings?|rerun|subtests passed)(?:, |\b)|no tests ran|in [\d.])"
)
_KNOWN = ("test session starts", "FAILURES", "ERRORS", "PASSES", "warnings summary", "short test summary info", "XFAILURES", "XPASSES", "RERUNS")

_OPENING = frozenset("=0123456789")

_CONTEXT = {False: 4, True: 2}  # lines of source above the line that failed; by whether the policy is aggressive
_LIBRARY_CONTEXT = 1
_ERROR_FIRST, _ERROR_LAST = 20, 6
_CAPTURED_FIRST, _CAPTURED_LAST = 3, 4
_CAPTURED_ERRORS = 30  # error-like lines of captured output at most; no test's log need be repeated whole
_VALUES = 8
_SHORT = 6  # lines of source of a frame without a mark
_WARNINGS = 10
_ALIKE = 3  # failing tests with one message that are shown with their source


@dataclass(slots=True)
class Roles:
    """Line -> ``KEEP``, ``PLAIN`` or a label that says what it is, should it be left out; and which lines are pytest's."""

    role: list[str]
    inside: list[bool]


def is_section(line: str) -> bool:
    """Whether a line is a heading or the last line of a pytest run."""
    if not line.startswith("==="):
        return False
    match = _SECTION.match(line[:300])
    return match is not None and (match[1].startswith(_KNOWN) or _COUNTED.match(match[1]) is not None)


def roles(lines: Sequence[str], asked: frozenset[str], *, aggressive: bool) -> Roles:
    """The role of every line.

    Args:
        lines: without colours.
        asked: words of the question, lower case: whether it asks for warnings or skipped tests.
        aggressive: less source around a failure.
    """
    role = [PLAIN] * len(lines)
    inside = [False] * len(lines)
    section, start = "", 0
    signatures: dict[tuple[str, ...], int] = {}
    marks = [(at, name) for at, line in enumerate(lines) if line[:1] in _OPENING and (name := _name_of(line))]
    for at, name in (*marks, (len(lines), "")):
        _fill(section, lines, range(start, at), role, asked=asked, signatures=signatures, aggressive=aggressive)
        if section:
            inside[start:at] = [True] * (at - start)
        if not name:
            break
        role[at], inside[at] = KEEP, True
        section, start = ("" if _COUNTED.match(name) else name), at + 1
    return Roles(role, inside)


def _name_of(line: str) -> str:
    """The name of the section that this line opens, ``""`` if it opens none. The quiet form of the last line has no bars."""
    if line.startswith("==="):
        match = _SECTION.match(line[:300])
        return match[1] if match is not None else ""
    return line if line[:1].isdigit() and " in " in line[:300] and _COUNTED.match(line[:300]) else ""


def _fill(
    section: str,
    lines: Sequence[str],
    span: range,
    role: list[str],
    *,
    asked: frozenset[str],
    signatures: dict[tuple[str, ...], int],
    aggressive: bool,
) -> None:
    if section.startswith(("FAILURES", "ERRORS")):
        heads = [at for at in span if lines[at].startswith("__") and _HEADING.match(lines[at][:2100])]
        for start, end in pairwise([*heads, span.stop]):
            _failure(lines, range(start, end), role, signatures, aggressive=aggressive)
    elif section.startswith(("PASSES", "XFAILURES", "XPASSES")):
        for at in span:
            role[at] = "output of passed tests"
    elif section.startswith("warnings summary"):
        _warnings(lines, span, role, whole=not asked.isdisjoint({"warning", "warnings", "warn", "warns", "deprecated", "deprecation"}))
    elif section.startswith("short test summary"):
        _summary(lines, span, role, skips=any(word.startswith(("skip", "xfail")) for word in asked))


def _failure(lines: Sequence[str], span: range, role: list[str], signatures: dict[tuple[str, ...], int], *, aggressive: bool) -> None:
    """One failing test: heading, message, location, the line that failed and what leads to it."""
    body, captured = span, range(span.stop, span.stop)
    for at in span:
        if lines[at].startswith("---") and _SUBHEADING.match(lines[at][:200]):
            body, captured = range(span.start, at), range(at, span.stop)
            break
    errors = tuple(lines[at] for at in body if lines[at].startswith("E  "))
    seen = signatures.get(errors, 0) if errors else 0
    signatures[errors] = seen + 1
    if seen >= _ALIKE:
        _known_failure(lines, body, role)
    else:
        _listing(lines, body, role, _CONTEXT[aggressive])
    _captured(lines, captured, role)


def _known_failure(lines: Sequence[str], span: range, role: list[str]) -> None:
    """A test that failed with the very message of others before it: its heading, that message's first line and its location."""
    told = False
    last = -1
    for at in span:
        if lines[at].startswith("E  "):
            role[at] = KEEP if not told else "as before"
            told = True
        elif at == span.start:
            role[at] = KEEP
        else:
            role[at] = "source"
            if _LOCATION.match(lines[at][:500]):
                last = at
    if last >= 0:
        role[last] = KEEP


def _listing(lines: Sequence[str], span: range, role: list[str], context: int) -> None:
    definition = -1
    run: list[int] = []
    values = 0
    library = _in_library(lines, span)
    for at in span:
        line = lines[at]
        if line.startswith("E  ") or line == "E":
            run.append(at)
            continue
        _ends(run, role)
        run = []
        if line.startswith((">", "  ->")):
            role[at] = KEEP
            for above in range(max(span.start, at - (_LIBRARY_CONTEXT if library[at - span.start] else context)), at):
                role[above] = KEEP
            if definition >= 0:
                role[definition] = KEEP
        elif not line.strip() or line.startswith("    "):
            role[at] = "source"
            if _DEFINITION.match(line):
                definition = at
        elif _VALUE.match(line):
            values += 1
            role[at] = KEEP if values <= _VALUES else "values"
        else:
            role[at] = KEEP
            values = 0
    _ends(run, role)
    _short_style(lines, span, role)


def _in_library(lines: Sequence[str], span: range) -> list[bool]:
    """Whether each line belongs to a frame in a library's code. The location stands below the source."""
    found = [False] * len(span)
    library = False
    for place in range(len(span) - 1, -1, -1):
        line = lines[span[place]]
        if line[:1] not in (" ", ">", "E", "") and _LOCATION.match(line[:500]):
            library = LIBRARY.search(line[:500]) is not None
        found[place] = library
    return found


def _short_style(lines: Sequence[str], span: range, role: list[str]) -> None:
    """``--tb=short``, and frames between the first and the last, mark no line with ``>``: there the source shown is the line that failed."""
    frame: list[int] = []
    marked = False
    for at in span:
        marked = marked or lines[at].startswith(">")
        if role[at] == "source" and lines[at].strip():
            frame.append(at)
        elif _LOCATION.match(lines[at][:500]):
            if not marked:
                _keep(frame, role)
            frame, marked = [], False
    if not marked:
        _keep(frame, role)


def _keep(frame: Sequence[int], role: list[str]) -> None:
    for at in frame[-_SHORT:]:
        role[at] = KEEP


def _ends(run: Sequence[int], role: list[str]) -> None:
    """Of a long message the first and last lines."""
    long = len(run) > _ERROR_FIRST + _ERROR_LAST + 4
    for place, at in enumerate(run):
        role[at] = KEEP if not long or place < _ERROR_FIRST or place >= len(run) - _ERROR_LAST else "lines of the message"


def _captured(lines: Sequence[str], span: range, role: list[str]) -> None:
    """Captured output: first and last lines of each stream, and what looks like an error."""
    starts = [at for at in span if lines[at].startswith("---") and _SUBHEADING.match(lines[at][:200])]
    for start, end in pairwise([*starts, span.stop]):
        role[start] = KEEP
        filled = [at for at in range(start + 1, end) if lines[at].strip()]
        shown = {*filled[:_CAPTURED_FIRST], *filled[len(filled) - min(len(filled), _CAPTURED_LAST) :]}
        errors = 0
        for at in range(start + 1, end):
            if at in shown:
                role[at] = KEEP
            elif errors < _CAPTURED_ERRORS and severity(lines[at]) == ERROR:
                role[at] = KEEP
                errors += 1
            else:
                role[at] = "captured"


def _warnings(lines: Sequence[str], span: range, role: list[str], *, whole: bool) -> None:
    """Each warning once; which tests raised it is left out."""
    seen: dict[str, None] = {}
    for at in span:
        match = _WARNING.match(lines[at][:600])
        role[at] = "of the warnings"
        if match is not None and lines[at] not in seen and (whole or len(seen) < _WARNINGS):
            seen[lines[at]] = None
            role[at] = KEEP


def _summary(lines: Sequence[str], span: range, role: list[str], *, skips: bool) -> None:
    for at in span:
        outcome = _OUTCOME.match(lines[at][:20])
        if outcome is None:
            continue
        if outcome[1] in ("PASSED", "SUBPASS", "SUBPASSED"):
            role[at] = "passed"
        elif outcome[1] in ("SKIPPED", "XFAIL"):
            role[at] = KEEP if skips else outcome[1].lower()
        else:
            role[at] = KEEP
