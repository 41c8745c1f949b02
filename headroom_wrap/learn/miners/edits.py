"""Edits whose old text did not match the file, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation, PathExists
from headroom_wrap.learn.miners.paths import place
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from pipeline.transcript import ToolKind

_UNMATCHED = re.compile(
    r"not found in (?:the )?file|[Ss]tring to replace not found|old_str(?:ing)?[^\n]{0,80}(?:not found|did not (?:appear|match))"
    r"|[Nn]o (?:match|replacement)"
    r"|did(?:n't| not) match|could not find the string|[Ff]ailed to find (?:expected|context)|0 occurrences|[Ff]ound 0 "
)
_CHANGED_SINCE = re.compile(r"modified since (?:it was )?(?:last )?read|has changed since|[Rr]ead it again before")
_OLD = ("old_string", "old_str", "oldString", "old_text", "search")
_NUMBERED = re.compile(r"^\s{0,8}\d{1,6}[\t|:]", re.MULTILINE)  # copied with the numbers of the view: no change of the file is to blame
_SPACE = re.compile(r"\s+")
_REPEATED = 2  # edits of one file that fail in one session before re-reading it is what helped


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each edit that failed to match, what was different about the one that did; else files whose edits fail until they are read again."""
    failed: dict[str, list[Step]] = {}
    changed: set[str] = set()  # files of which the agent said that they were changed by something else
    for step in trail.steps:
        if step.use.command or step.use.kind is not ToolKind.EDIT or not step.use.path:
            continue
        path = place(trail, step, step.use.path)
        if not path:
            continue
        if step.failed and _CHANGED_SINCE.search(step.use.result[:2000]):
            failed.setdefault(path, []).append(step)
            changed.add(path)
        elif step.failed and _UNMATCHED.search(step.use.result[:2000]) and not _NUMBERED.search(_old(step)[:2000]):
            failed.setdefault(path, []).append(step)
            if found := _spacing(trail, step, path):
                yield found
    for path, steps in failed.items():
        if (len(steps) >= _REPEATED or path in changed) and _reread(trail, steps[-1], path):
            yield _observation(trail, steps[-1], Lesson.REREAD_BEFORE_EDIT, {"path": clean(path)}, cost(*steps[:20]))


def _spacing(trail: Trail, step: Step, path: str) -> Observation | None:
    old = _old(step)
    for later in trail.after(step, 6):
        if later.use.kind is not ToolKind.EDIT or later.use.command or not later.worked or place(trail, later, later.use.path) != path:
            continue
        new = _old(later)
        if not old or not new or old == new or _SPACE.sub("", old) != _SPACE.sub("", new):
            return None
        if old.replace("\r", "") == new.replace("\r", ""):
            return _observation(trail, step, Lesson.EDIT_LINE_ENDS, {"path": clean(path)}, cost(step)) if "\r\n" in new else None
        was, now = _indentation(old), _indentation(new)
        if was and now and was != now:
            return _observation(trail, step, Lesson.EDIT_INDENTATION, {"path": clean(path), "indentation": now}, cost(step))
        return None
    return None


def _reread(trail: Trail, step: Step, path: str) -> bool:
    """Whether the file was read again, and then an edit of it worked."""
    read = False
    for later in trail.after(step, 6):
        if later.worked and not later.use.command and place(trail, later, later.use.path or ".") == path:
            if later.use.kind is ToolKind.EDIT:
                return read and bool(_old(later))  # written anew, it was given up
            read = read or later.use.kind is ToolKind.READ
    return False


def _old(step: Step) -> str:
    return next((v for k in _OLD if isinstance(v := step.use.arguments.get(k), str)), "")


def _indentation(text: str) -> str:
    """``tabs`` or ``spaces`` if all indented lines begin so, else ``""``."""
    starts = {line[0] for line in text.split("\n") if line[:1] in ("\t", " ")}
    return {"\t": "tabs", " ": "spaces"}[starts.pop()] if len(starts) == 1 else ""


def _observation(trail: Trail, step: Step, lesson: Lesson, slots: dict[str, str], wasted: int) -> Observation:
    return Observation(
        kind=Kind.EDIT,
        subject=slots["path"],
        lesson=lesson,
        slots=slots,
        evidence=trail.evidence(step),
        premise=(PathExists(slots["path"]),),
        firm=lesson is not Lesson.REREAD_BEFORE_EDIT,
        wasted_tokens=wasted,
    )
