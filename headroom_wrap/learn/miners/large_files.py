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
    r"|\[Truncated: PARTIAL view|file content has been truncated"
    r"|[Ff]ile content \([^)\n]{1,60}\) exceeds|exceeds the (?:maximum|size) limit|[Ff]ile has more lines\b"
)
_RANGES = ("offset", "limit", "start_line", "end_line", "view_range", "startLine", "endLine", "line_start", "line_end")


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each file that was refused whole, how it was read soon after."""
    told: set[str] = set()
    for step in trail.steps:
        if step.use.kind is not ToolKind.READ or not step.use.path or step.use.command or _ranged(step):
            continue
        if not (_TOO_LARGE.search(step.use.result[:1200]) or _TOO_LARGE.search(step.use.result[-1200:])):
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
    if _TOO_LARGE.search(step.use.result[:1200]) or step.use.result_bytes <= SIZE:
        return ""
    return place(trail, step, posixpath.normpath(step.use.path)) or ""


def _ranged(step: Step) -> bool:
    return any(step.use.arguments.get(k) is not None for k in _RANGES)
