"""A variable of the environment that a command needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners import faults
from headroom_wrap.learn.miners.difference import hides
from headroom_wrap.learn.miners.failure import Cause, says
from headroom_wrap.learn.miners.line import Line
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import forms, head, premises, workings

_PATHS = frozenset({"PYTHONPATH", "NODE_PATH", "RUBYLIB", "GOPATH", "GOFLAGS", "CLASSPATH", "LD_LIBRARY_PATH"})
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CRED|AUTH|DSN|URL|URI|COOKIE|SESSION|PRIVATE|SIGN|SALT|CERT|CONN", re.IGNORECASE)
_OWN_PLACE = re.compile(r"/(?!usr/|opt/|run/|etc/|lib/|Library/|Applications/)")  # of this user, or of this day
_PLAIN = re.compile(r"(?!https?://|.{0,60}@)[\w./:,+=@%-]{1,60}\Z")


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that failed, the same words that worked soon after with one variable more: that its output missed, or nothing else explains."""
    for step in trail.steps:
        line, use = step.line, step.use
        if step.failed and line and line.words and not (use.refused or use.timed_out or use.interrupted):
            yield from _found(trail, step, line)


def _found(trail: Trail, step: Step, line: Line) -> Iterator[Observation]:
    for later, working in workings(trail, step):
        if working.words != line.words:
            continue
        added = [pair for pair in working.variables if pair not in line.variables]
        needed = premises(trail, later, head(line.words))
        if trail.folder(later) != trail.folder(step) or working.activate != line.activate or needed is None:
            return
        missed = [(n, v) for n, v in added if _missed(step, n)]
        if len(missed) == 1:
            commands: tuple[str, ...] = (clean(" ".join(head(line.words))),)
        elif len(added) == 1 and _explains(trail, step, later, added[0][0]):
            missed, commands = added, forms(line.words, trail.folders)
        else:
            return
        for command in commands:
            yield Observation(
                kind=Kind.COMMAND,
                subject=command,
                lesson=Lesson.SET_VARIABLE,
                slots={"command": command, "assignment": _shown(*missed[0])},
                evidence=trail.evidence(step),
                premise=needed,
                firm=len(missed) == 1 and _missed(step, missed[0][0]),
                refuted_by=(f"works:{clean(line.text)[:160]}",),
                wasted_tokens=cost(step),
            )
        return


def _missed(step: Step, name: str) -> bool:
    """Whether the output says, in words that are known, that the variable was missing."""
    failure = step.failure
    return failure is not None and (
        (failure.cause is Cause.NO_VARIABLE and failure.name == name) or (failure.cause is Cause.NO_MODULE and name in _PATHS)
    )


def _explains(trail: Trail, step: Step, later: Step, name: str) -> bool:
    """Whether the variable may be what the command lacked: the output names it, or it has nothing to show but that it failed."""
    if hides(name) or not trail.undisturbed(step, later):
        return False
    return says(step.use.result, name) or not (faults.of_tests(step) or faults.passing(step))


def _shown(name: str, value: str) -> str:
    """The assignment, or the name alone where the value may be a secret, or one of this machine."""
    return clean(f"{name}={value}" if _PLAIN.match(value) and not _SECRET.search(name) and not _OWN_PLACE.match(value) else name)
