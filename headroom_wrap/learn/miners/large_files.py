"""A file too large to be read whole, and what reading worked.

Claim: the file is larger than the agent reads. Refuted where it is read whole; one of this day is gone tomorrow.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, LargerThan, Lesson, Observation
from headroom_wrap.learn.miners.line import basename
from headroom_wrap.learn.miners.paths import passing, place
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from pipeline.command import shows
from pipeline.transcript import ToolKind

SIZE = 20_000  # bytes: the least that any agent refuses to read whole
_TOO_LARGE = re.compile(
    r"exceeds maximum allowed (?:tokens|size)|[Ff]ile (?:is )?too large|too large to (?:be )?read"
    r"|[Ff]ile content \([^)\n]{1,60}\) exceeds|exceeds the (?:maximum|size) limit"
)
# How agents say beside a file's content that it is not all of it. A line of the content may say so as well, but stands elsewhere or begins otherwise.
_IN_PART = re.compile(
    r"(?:<[\w-]{1,40}>)?[\[(]?(?:IMPORTANT: )?"
    r"(?:Truncated: PARTIAL view|The file content has been truncated|File (?:has more lines|too large|is too large)\b)"
)
_EDGE = 1200  # characters of a result's head, and as many of its tail, in which agents' own words stand
_LAST_LINES = 3
_RANGES = ("offset", "limit", "start_line", "end_line", "view_range", "startLine", "endLine", "line_start", "line_end")


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each file that was refused whole, how it was read soon after."""
    told: set[str] = set()
    for step in trail.steps:
        if step.use.kind is not ToolKind.READ or not step.use.path or step.use.command or _ranged(step):
            continue
        if not _said_too_large(step):
            continue
        path = place(trail, step, step.use.path)
        lesson = _worked(trail, step, path) if path and path not in told and not _of_the_session(trail, path) else None
        if path and lesson:
            told.add(path)
            yield Observation(
                kind=Kind.LARGE_FILE,
                subject=clean(path),
                lesson=lesson,
                slots={"path": clean(path)},
                evidence=trail.evidence(step),
                premise=(LargerThan(clean(path), SIZE),),
                firm=not passing(path),
                refuted_by=(f"whole:{clean(path)}",),
                wasted_tokens=cost(step),
            )


def _worked(trail: Trail, step: Step, path: str) -> Lesson | None:
    for later in trail.after(step):
        if not later.worked:
            continue
        if later.line and later.line.words:
            shown = shows(later.use.command)
            if any(place(trail, later, w) == path for w in later.line.words[1:]) and shown.kind in (ToolKind.READ, ToolKind.SEARCH):
                return Lesson.SEARCH_FILE if shown.kind is ToolKind.SEARCH else Lesson.READ_RANGES if shown.ranged else None
        elif later.use.path and place(trail, later, later.use.path) == path:
            if later.use.kind is ToolKind.SEARCH:
                return Lesson.SEARCH_FILE
            if later.use.kind is ToolKind.READ and _ranged(later):
                return Lesson.READ_RANGES
    return None


def _of_the_session(trail: Trail, path: str) -> bool:
    """Whether the session itself made the file, or did away with it."""
    name = posixpath.basename(path)
    return any(name in one.use.command for one in trail.steps if one.line and (one.line.writes or basename(one.line.program) in ("rm", "mv", "cp")))


def whole(trail: Trail, step: Step) -> str:
    """The file that a step has read whole, relative to the project, else ``""``."""
    if not step.worked or step.use.kind is not ToolKind.READ or step.use.command or not step.use.path or _ranged(step):
        return ""
    if _said_too_large(step) or step.use.result_bytes <= SIZE:
        return ""
    return place(trail, step, posixpath.normpath(step.use.path)) or ""


def _said_too_large(step: Step) -> bool:
    """Whether the agent says that a file is too large. Where the reading failed all words are the agent's, else those around the content."""
    text = step.use.result
    if step.failed:
        return _TOO_LARGE.search(text[:_EDGE]) is not None or _IN_PART.match(text.lstrip()) is not None
    lines = (*text[:_EDGE].lstrip().split("\n", 1)[:1], *text[-_EDGE:].rstrip().split("\n")[-_LAST_LINES:])
    return any(_IN_PART.match(line) for line in lines)


def _ranged(step: Step) -> bool:
    return any(step.use.arguments.get(k) is not None for k in _RANGES)
