"""A program that is not installed, and what runs in its place: ``python`` and ``python3``, ``docker-compose`` and ``docker compose``."""

from __future__ import annotations

from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, NotOnPath, Observation, PathAbsent, PathExists, Premise
from headroom_wrap.learn.miners.failure import Cause
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import RUNNERS, heads, of_environment, premises, related, workings

_SEARCHERS = frozenset({"rg", "grep", "ag", "ack", "egrep", "fd", "fdfind", "find"})


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each program that was not found, what ran in its place soon after."""
    for step in trail.steps:
        if step.failure and step.failure.cause is Cause.NO_PROGRAM and step.line and not step.line.guarded:
            found = _replacement(trail, step, step.line, step.failure.name)
            if found:
                yield found


def _replacement(trail: Trail, step: Step, line: Line, name: str) -> Observation | None:
    wrong = next((c for c in line.commands if name in (c[0], basename(c[0]))), None)
    if wrong is None:
        return None
    for later, working in workings(trail, step):
        for right in working.commands:
            if right[0] == wrong[0]:
                # It runs after all: from another folder, or in an environment that was made active.
                return _activated(trail, step, later, working.activate, wrong[0]) if working.activate else None
            if (in_place := _in_place(wrong, right)) and (needed := premises(trail, later, in_place)) is not None:
                return _observation(trail, step, wrong[0], in_place, needed)
    return None


def _in_place(wrong: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...] | None:
    """The words that stand for a program, where the rest of the command is the same."""
    one, other, alike = heads(wrong, right)
    options = any(w.startswith("-") and w != "-m" for w in other) and basename(wrong[0]) not in _SEARCHERS
    if one == wrong[:1] and len(other) <= 4 and not options and related(wrong[0], other) and (alike or len(wrong) == 1):
        return other
    if basename(wrong[0]) in _SEARCHERS and basename(right[0]) in _SEARCHERS and related(wrong[0], right[:1]):
        shared = {w for w in wrong[1:] if len(w) > 2 and not w.startswith("-")} & set(right[1:])
        return right[:1] if shared else None
    return None


def _observation(trail: Trail, step: Step, wrong: str, right: tuple[str, ...], needed: tuple[Premise, ...]) -> Observation | None:
    absent: Premise
    if "/" in wrong:
        place = trail.relative(wrong, step.use.cwd)
        if place is None or (step.line and step.line.folder):
            return None
        absent = PathAbsent(place)
    else:
        absent = NotOnPath(clean(wrong))
    return Observation(
        kind=Kind.COMMAND,
        subject=clean(wrong),
        lesson=Lesson.USE_PROGRAM,
        slots={"wrong": clean(wrong), "right": clean(" ".join(right))},
        evidence=trail.evidence(step),
        premise=(absent, *needed),
        firm=True,
        machine="/" not in wrong and "/" not in right[0] and " ".join(right[:2]) not in RUNNERS and right[0] not in RUNNERS,
        refuted_by=(f"runs:{clean(wrong)}", f"missing:{clean(right[0])}"),
        wasted_tokens=cost(step),
    )


def _activated(trail: Trail, step: Step, later: Step, activate: str, name: str) -> Observation | None:
    right = of_environment(trail, later, activate, name)
    if right is None or (step.line and step.line.activate):
        return None
    return Observation(
        kind=Kind.COMMAND,
        subject=clean(name),
        lesson=Lesson.USE_PROGRAM,
        slots={"wrong": clean(name), "right": right},
        evidence=trail.evidence(step),
        premise=(PathExists(right), NotOnPath(clean(name))),
        firm=True,
        refuted_by=(f"runs:{clean(name)}",),
        wasted_tokens=cost(step),
    )
