"""A script, target or test runner that the project does not have, and the one that it has: ``npm run tests`` and ``npm test``.

Claim: there is no such task, and the other is the one that was meant. Refuted where the one runs; a name with a word more or less that makes it
another task (``deploy``, ``deploy-staging``) was not meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners.failure import Cause, Failure, says
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import akin, head, names_purpose, premises, purpose, resemble, task_of_like, workings

_NEVER = frozenset({"git", "docker", "podman", "kubectl", "gh", "aws", "gcloud", "az", "ssh"})  # what they are asked for is of the day
_VERSIONED = re.compile(r"[@=<>~]=?\d|\d\.\d")  # a package in one of its versions


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each task that there is not, and each runner that found no tests, what served the same purpose soon after."""
    for step in trail.steps:
        if step.failure and step.line and step.failure.cause in (Cause.NO_TASK, Cause.NO_TESTS):
            found = _instead(trail, step, step.line, step.failure)
            if found:
                yield found


def _instead(trail: Trail, step: Step, line: Line, failure: Failure) -> Observation | None:
    wrong = _called(line, failure)
    if not wrong or (failure.loose and basename(line.program) in _NEVER):
        return None
    for later, working in workings(trail, step):
        if not working.words or trail.folder(later) != trail.folder(step):
            continue
        if working.words == line.words:
            return None
        right = head(working.words)
        if not failure.loose and right != wrong and _same_purpose(wrong, right, failure):
            return _observation(trail, step, later, wrong, right, firm=failure.cause is Cause.NO_TASK)
        if failure.cause is Cause.NO_TASK and (right := _in_its_place(trail, step, later, failure.name)) and trail.undisturbed(step, later):
            return _observation(trail, step, later, wrong, right, firm=False)
    return None


def _in_its_place(trail: Trail, step: Step, later: Step, task: str) -> tuple[str, ...]:
    """A command up to the one word that it has in place of a task that there is not.

    The two have a word in common, or a tool has told of the second in the meantime and neither is known to be for something else.
    """
    failed, worked = (one.line.words if one.line else () for one in (step, later))
    if len(failed) != len(worked) or task not in failed:
        return ()
    place = failed.index(task)
    if failed[:place] != worked[:place] or failed[place + 1 :] != worked[place + 1 :] or failed[place - 1].startswith("-"):
        return ()
    right = worked[place]
    if _VERSIONED.search(right) or not (resemble(task, right) or (task_of_like(task, right) and _told(trail, step, later, right))):
        return ()
    return worked[: place + 1]


def _told(trail: Trail, step: Step, later: Step, name: str) -> bool:
    """Whether an output named a task after another was asked for in vain."""
    return any(says(one.use.result, name) for one in trail.steps[step.index : later.index])


def _observation(trail: Trail, step: Step, later: Step, wrong: tuple[str, ...], right: tuple[str, ...], *, firm: bool) -> Observation | None:
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
        firm=firm,
        refuted_by=(f"does:{clean(' '.join(wrong))}",),
        wasted_tokens=cost(step),
    )


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
