"""A command that needs another folder than the one it was run in.

Claim: what the command needs is in the folder where the same words worked, and not where they failed. Refuted where they work in the first; of
two folders that each have such tasks of their own neither is the place of the other's.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation, PathAbsent, PathExists, Premise
from headroom_wrap.learn.miners import faults
from headroom_wrap.learn.miners.failure import Cause, Failure
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.paths import beside
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import MANAGERS, TASK_RUNNERS, called, forms, workings
from pipeline.transcript import ToolKind

_CAUSES = (Cause.NO_PROJECT, Cause.NO_FILE, Cause.NO_TASK, Cause.NO_PROGRAM)
_MANIFESTS = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "npx", "bun"), "package.json"),
    **dict.fromkeys(("uv", "poetry", "pdm", "hatch"), "pyproject.toml"),
    "cargo": "Cargo.toml",
    "go": "go.mod",
    "mvn": "pom.xml",
    "bundle": "Gemfile",
}
_ANYWHERE = frozenset({"git", "ls", "cat", "cd", "find", "head", "tail", "sed", "grep", "rg", "wc", "rm", "cp", "mv", "test", "diff"})


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that missed its manifest or its script, the folder in which the same words worked soon after.

    So of one whose failure nothing else explains; but that has to happen twice.
    """
    homes = _homes(trail)
    for step in trail.steps:
        line = step.line
        if not step.failed or not line or not line.words or basename(line.program) in _ANYWHERE:
            continue
        found = _elsewhere(trail, step, line, step.failure, homes) if step.failure and _known(step.failure) else None
        if found:
            yield found
        elif (step.failure is None or not _known(step.failure)) and not _of_each(line):
            yield from _unexplained(trail, step, line)


def _of_each(line: Line) -> bool:
    """Whether each folder has such tasks of its own, and what is not there is said to be missing: ``make``, ``npm run build``."""
    if basename(line.program) in MANAGERS:
        return line.words[1:2] in (("run",), ("run-script",), ("test",), ("start",), ("build",), ("lint",))
    return basename(line.program) in TASK_RUNNERS


def _known(failure: Failure) -> bool:
    return failure.cause in _CAUSES and not failure.loose


def _unexplained(trail: Trail, step: Step, line: Line) -> Iterator[Observation]:
    here, use = trail.folder(step), step.use
    if here is None or use.refused or use.timed_out or use.interrupted or use.kind is not ToolKind.SHELL:
        return
    for later, working in workings(trail, step):
        if working.words != line.words:
            continue
        there = trail.folder(later)
        same = working.activate == line.activate and working.variables == line.variables
        if there is None or there == here or not same or not trail.undisturbed(step, later) or faults.of_code(step) or faults.passing(step):
            return
        name = clean(" ".join(called(line.words, trail.folders)))
        for command in forms(line.words, trail.folders):
            yield Observation(
                kind=Kind.COMMAND,
                subject=command,
                lesson=Lesson.RUN_IN_FOLDER,
                slots={"command": command, "folder": there},
                evidence=trail.evidence(step),
                premise=(PathExists(there),) if there != "." else (),
                refuted_by=tuple(dict.fromkeys((f"in:{here}:{command}", f"in:{here}:{name}"))),
                wasted_tokens=cost(step),
            )
        return


def _homes(trail: Trail) -> dict[str, dict[str, None]]:
    """Program -> the folders that it worked in. With several, none of them is *the* folder."""
    homes: dict[str, dict[str, None]] = {}
    for step in trail.steps:
        if step.worked and step.line and step.line.words and (folder := trail.folder(step)) is not None:
            homes.setdefault(basename(step.line.program), {})[folder] = None
    return homes


def _elsewhere(trail: Trail, step: Step, line: Line, failure: Failure, homes: dict[str, dict[str, None]]) -> Observation | None:
    command = _called(line, failure)
    here = trail.folder(step)
    if not command or here is None:
        return None
    for later, working in workings(trail, step):
        if working.words != line.words or working.activate != line.activate:
            continue
        folder = trail.folder(later)
        if folder and failure.cause is Cause.NO_TASK and (beside(here, folder) or not trail.undisturbed(step, later)):
            return None  # each part of the project has its own tasks
        if folder is None or folder == here or (command == (line.program,) and len(homes.get(basename(line.program), {})) > 1):
            return None
        premise = _premise(command, failure, here, folder)
        return Observation(
            kind=Kind.COMMAND,
            subject=clean(" ".join(command)),
            lesson=Lesson.RUN_IN_FOLDER,
            slots={"command": clean(" ".join(command)), "folder": folder},
            evidence=trail.evidence(step),
            premise=premise,
            firm=True,
            refuted_by=(f"in:{here}:{clean(' '.join(command))}",),
            wasted_tokens=cost(step),
        )
    return None


def _premise(command: tuple[str, ...], failure: Failure, here: str, folder: str) -> tuple[Premise, ...]:
    """What makes it certain: what the command missed where it failed is not there, and is where it worked."""
    missed = command[-1] if failure.cause is Cause.NO_FILE else command[0] if failure.cause is Cause.NO_PROGRAM else ""
    if failure.cause is Cause.NO_PROJECT:
        missed = _MANIFESTS.get(basename(command[0]), "")
    if missed and not missed.startswith("/"):
        return (PathAbsent(posixpath.normpath(posixpath.join(here, missed))), PathExists(posixpath.normpath(posixpath.join(folder, missed))))
    return (PathExists(folder),) if folder != "." else ()


def _called(line: Line, failure: Failure) -> tuple[str, ...]:
    """What of a command the lesson is about: its program, where the manifest was missing; else all up to the script or task."""
    if failure.cause is Cause.NO_PROJECT:
        return line.words[:1]
    if failure.cause is Cause.NO_PROGRAM:
        return line.words[:1] if "/" in line.program and not line.program.startswith("/") else ()
    if failure.name in line.words and not failure.name.startswith("/"):
        return line.words[: line.words.index(failure.name) + 1]
    return ()
