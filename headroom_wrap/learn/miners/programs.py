"""A program that is not installed, and what runs in its place: ``python`` and ``python3``, ``docker-compose`` and ``docker compose``.

Claim: the one cannot be found and the other does the same. Refuted where the one runs, or the other is missing; a slip of the keys, a program that
was installed in between, and one that does something else with the same words claim nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, NotOnPath, Observation, PathAbsent, PathExists, Premise
from headroom_wrap.learn.miners import faults
from headroom_wrap.learn.miners.failure import Cause
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.slips import slip
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import (
    OF_FILES,
    RUNNERS,
    TASK_RUNNERS,
    called,
    head,
    heads,
    is_tool,
    of_environment,
    premises,
    purpose,
    related,
    workings,
)
from pipeline.command import shows
from pipeline.transcript import ToolKind

_SPECIFIC = 3  # arguments that two commands have in common, so that they do the same
_MOST_WRAPPING = 8  # words of what a program is run through
_NO_WRAPPERS = frozenset({"which", "type", "man", "echo", "whereis", "apropos", "find", "grep", "rg", "ls", "cat", "git"})  # they are told of it
_NOT_RUN = re.compile(r"could not determine executable to run|bundler: command not found|Failed to spawn|[Cc]ommand not found: ")  # as runners say it
_INSTALLS = frozenset({"-y", "--yes", "install", "add", "--install"})  # then it is there by now
_SEARCHERS = frozenset({"rg", "grep", "ag", "ack", "egrep", "fd", "fdfind", "find"})


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each program that was not found, what ran in its place soon after."""
    for step in trail.steps:
        found = None
        if step.failure and step.failure.cause is Cause.NO_PROGRAM and step.line and not step.line.guarded:
            found = _replacement(trail, step, step.line, step.failure.name)
        elif step.failed and step.line and step.line.words and not step.use.refused and not step.use.timed_out:
            found = _other_runner(trail, step, step.line)
        if found:
            yield found


def _other_runner(trail: Trail, step: Step, line: Line) -> Observation | None:
    """The same program, run by something else that finds it: ``yarn nx`` for ``npx nx``."""
    wrong = _run_by(line.words)
    if not wrong or faults.of_code(step) or faults.passing(step):
        return None
    rest = line.words[len(wrong) :]
    if not rest:
        return None
    if _NOT_RUN.search(step.use.result[-2000:]) and (other := _of_one_purpose(trail, step, line)):
        return other
    for later, working in workings(trail, step):
        right = _run_by(working.words)
        if right and right != wrong and working.words[len(right) :] == rest and rest and trail.undisturbed(step, later):
            needed = premises(trail, later, (*right, rest[0]))
            return None if needed is None else _observation(trail, step, " ".join((*wrong, rest[0])), (*right, rest[0]), needed, firm=False)
        if working.words == line.words:
            return None
    return None


def _of_one_purpose(trail: Trail, step: Step, line: Line) -> Observation | None:
    """What the project has for the purpose of a tool that a runner does not find: ``bun test`` for ``npx vitest``."""
    for_what = purpose(line.words, trail.folders)
    for later, working in workings(trail, step):
        if not for_what or _run_by(working.words) or purpose(working.words, trail.folders) != for_what or not trail.undisturbed(step, later):
            continue
        right = called(working.words, trail.folders)
        needed = premises(trail, later, right)
        return None if needed is None else _observation(trail, step, " ".join(head(line.words)), right, needed, firm=False)
    return None


def _run_by(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that run another program, empty if it is run as it is."""
    return next((words[:size] for size in (2, 1) if len(words) > size and " ".join(words[:size]) in RUNNERS), ())


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
        if working.words and (other := _counterpart(trail, wrong, working.words)) and trail.undisturbed(step, later):
            needed = premises(trail, later, other)
            return _observation(trail, step, wrong[0], other, needed, firm=False) if needed is not None else None
    return None


def _counterpart(trail: Trail, wrong: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    """What does the same under another name: a program that is given the very same subcommand and arguments, as ``terraform plan`` and ``tofu plan``;

    or the project's own task for the same purpose, as ``eslint src`` and ``npm run lint``.
    """
    for_what = purpose(wrong, trail.folders)
    if for_what and is_tool(wrong[0]) and len(head(right)) > 1 and basename(right[0]) in TASK_RUNNERS and for_what == purpose(right):
        return head(right)
    if slip(wrong[0], right[0]):
        return ()
    if for_what and for_what in wrong[1:] and len(right) > 1 and right[1] == for_what and not {wrong[0], basename(right[0])} & TASK_RUNNERS:
        return right[:1]  # `swift test` and `swift build` for those of `xcodebuild`
    specific = len(called(wrong, trail.folders)) > 1 or sum(not word.startswith("-") for word in wrong[1:]) >= _SPECIFIC
    if right[1:] != wrong[1:] or not specific:
        return ()
    if {wrong[0], basename(right[0])} <= TASK_RUNNERS:
        return ()  # the tasks of one are none of the other's
    if "/" in wrong[0] or basename(right[0]) in OF_FILES or shows(" ".join(right)).kind is not ToolKind.SHELL:
        return ()
    return right[:1] if purpose(right, trail.folders) == for_what else ()


def _in_place(wrong: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...] | None:
    """The words that stand for a program, where the rest of the command is the same."""
    one, other, alike = heads(wrong, right)
    if one == wrong[:1] and (alike or len(other) <= 4) and _wraps(other, wrong[0]):
        return other
    options = any(w.startswith("-") and w != "-m" for w in other) and basename(wrong[0]) not in _SEARCHERS
    if one == wrong[:1] and len(other) <= 4 and not options and related(wrong[0], other) and (alike or len(wrong) == 1):
        return other
    if basename(wrong[0]) in _SEARCHERS and basename(right[0]) in _SEARCHERS and related(wrong[0], right[:1]):
        shared = {w for w in wrong[1:] if len(w) > 2 and not w.startswith("-")} & set(right[1:])
        return right[:1] if shared else None
    return None


def _wraps(words: tuple[str, ...], program: str) -> bool:
    """Whether words run a program of this name through another: in a container, an environment, as a module, as another's subcommand."""
    inner = words[:-1] if words[-1:] == ("--",) else words
    if not 1 < len(inner) <= _MOST_WRAPPING or inner[0] in _NO_WRAPPERS or not _INSTALLS.isdisjoint(inner):
        return False
    return inner[-1] in (program, basename(program).rsplit(".", 1)[0])


def _observation(
    trail: Trail, step: Step, wrong: str, right: tuple[str, ...], needed: tuple[Premise, ...], *, firm: bool = True
) -> Observation | None:
    absent: Premise
    if " " in wrong:
        return _told(trail, step, wrong, right, needed, firm=firm)
    if "/" in wrong:
        place = trail.relative(wrong, step.use.cwd)
        if place is None or (step.line and step.line.folder):
            return None
        absent = PathAbsent(place)
    else:
        absent = NotOnPath(clean(wrong))
    return _told(trail, step, wrong, right, (absent, *needed), firm=firm)


def _told(trail: Trail, step: Step, wrong: str, right: tuple[str, ...], needed: tuple[Premise, ...], *, firm: bool) -> Observation:
    return Observation(
        kind=Kind.COMMAND,
        subject=clean(wrong),
        lesson=Lesson.USE_PROGRAM,
        slots={"wrong": clean(wrong), "right": clean(" ".join(right))},
        evidence=trail.evidence(step),
        premise=needed,
        firm=firm,
        machine=firm and _of_machine(wrong, right),
        refuted_by=(f"runs:{clean(wrong)}", f"missing:{clean(right[0])}"),
        wasted_tokens=cost(step),
    )


def _of_machine(wrong: str, right: tuple[str, ...]) -> bool:
    """Whether it is so in any project: what runs it is neither in this one nor set up by it."""
    if "/" in wrong or "/" in right[0] or " ".join(right[:2]) in RUNNERS or right[0] in RUNNERS:
        return False
    return len(right) == 1 or "-m" in right or not _wraps(right, wrong)


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
