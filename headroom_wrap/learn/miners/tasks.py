"""A script, target or test runner that the project does not have, and the one that it has: ``npm run tests`` and ``npm test``."""

from __future__ import annotations

from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners.failure import Cause, Failure
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import akin, head, names_purpose, premises, purpose, workings


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each task that there is not, and each runner that found no tests, what served the same purpose soon after."""
    for step in trail.steps:
        if step.failure and step.line and step.failure.cause in (Cause.NO_TASK, Cause.NO_TESTS):
            found = _instead(trail, step, step.line, step.failure)
            if found:
                yield found


def _instead(trail: Trail, step: Step, line: Line, failure: Failure) -> Observation | None:
    wrong = _called(line, failure)
    if not wrong:
        return None
    for later, working in workings(trail, step):
        if not working.words or trail.folder(later) != trail.folder(step):
            continue
        if working.words == line.words:
            return None
        right = head(working.words)
        if right != wrong and _same_purpose(wrong, right, failure):
            needed = premises(trail, later, right)
            if needed is None:
                return None
            return Observation(
                kind=Kind.COMMAND,
                subject=clean(" ".join(wrong)),
                lesson=Lesson.USE_TASK,
                slots={"wrong": clean(" ".join(wrong)), "right": clean(" ".join(right))},
                evidence=trail.evidence(step),
                premise=needed,
                firm=failure.cause is Cause.NO_TASK,
                refuted_by=(f"does:{clean(' '.join(wrong))}",),
                wasted_tokens=cost(step),
            )
    return None


def _called(line: Line, failure: Failure) -> tuple[str, ...]:
    if failure.cause is Cause.NO_TESTS:
        # Runners that were given a selection may rightly find nothing in it.
        return head(line.words) if purpose(line.words) == "test" and len(line.words) <= len(head(line.words)) + 1 else ()
    return line.words[: line.words.index(failure.name) + 1] if failure.name in line.words else ()


def _same_purpose(wrong: tuple[str, ...], right: tuple[str, ...], failure: Failure) -> bool:
    if failure.cause is Cause.NO_TESTS:
        return purpose(right) == "test" and basename(wrong[-1]) != basename(right[-1])
    if basename(wrong[0]) == basename(right[0]):
        return len(right) > 1 and right[-1] != failure.name and akin(failure.name, right[-1])
    return names_purpose(failure.name) and purpose(wrong) == purpose(right)
