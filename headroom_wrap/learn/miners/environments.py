"""An interpreter without the project's modules, and the one that has them: ``pytest`` and ``uv run pytest``.

Claim: the one interpreter lacks a module that the other has. Refuted where the same line works as it stands; another folder or variable beside
the other interpreter, and whatever installs in between, may have been what helped.
"""

from __future__ import annotations

from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation, PathExists, Premise
from headroom_wrap.learn.miners.failure import Cause
from headroom_wrap.learn.miners.line import Line
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import heads, of_environment, premises, related, workings


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that lacked a module, the same one in another environment that had it, with nothing installed in between."""
    for step in trail.steps:
        if step.failure and step.failure.cause is Cause.NO_MODULE and step.line and not step.line.activate:
            found = _elsewhere(trail, step, step.line)
            if found:
                yield found


def _elsewhere(trail: Trail, step: Step, line: Line) -> Observation | None:
    for later, working in workings(trail, step):
        if working.words == line.words and working.activate:
            program = of_environment(trail, later, working.activate, line.program)
            if program is None:
                return None
            rest = line.words[1:3] if line.words[1:2] == ("-m",) else ()
            return _observation(trail, step, " ".join((line.program, *rest)), " ".join((program, *rest)), (PathExists(program),))
        if working.variables != line.variables or trail.folder(later) != trail.folder(step):
            continue  # of two changes at once, either may have done it
        if working.words == line.words:
            return None  # it works as it was: the folder, a variable or time made the difference
        if not working.words:
            continue
        one, other, alike = heads(line.words, working.words)
        module = one[2] if one[1:2] == ("-m",) and len(one) > 2 else ""
        if len(one) > 3 or len(other) > 5 or not (alike or module or len(line.words) == 1):
            continue
        if related(module, other) if module else related(one[0], other):
            needed = premises(trail, later, other)
            return None if needed is None else _observation(trail, step, " ".join(one), " ".join(other), needed)
    return None


def _observation(trail: Trail, step: Step, wrong: str, right: str, needed: tuple[Premise, ...]) -> Observation:
    return Observation(
        kind=Kind.COMMAND,
        subject=clean(wrong),
        lesson=Lesson.USE_ENVIRONMENT,
        slots={"wrong": clean(wrong), "right": clean(right)},
        evidence=trail.evidence(step),
        premise=needed,
        firm=True,
        refuted_by=(f"works:{clean(step.line.text if step.line else wrong)[:160]}", f"missing:{clean(right.split(maxsplit=1)[0])}"),
        wasted_tokens=cost(step),
    )
