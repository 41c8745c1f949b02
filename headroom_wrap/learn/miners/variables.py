"""A variable of the environment that a command needs.

Claim: one variable made the difference. Refuted where the command works without it; failing tests, the world, and anything but looks in between
are other reasons, unless the output misses or dictates the variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners import credentials, faults
from headroom_wrap.learn.miners.difference import difference, hides, tells
from headroom_wrap.learn.miners.failure import Cause, says
from headroom_wrap.learn.miners.line import Line
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import forms, head, premises, workings
from headroom_wrap.learn.redaction import tells_secret

_PATHS = frozenset({"PYTHONPATH", "NODE_PATH", "RUBYLIB", "GOPATH", "GOFLAGS", "CLASSPATH", "LD_LIBRARY_PATH"})
_SECRET = re.compile(
    r"KEY|TOKEN|SECRET|PASS|PWD|CRED|AUTH|DSN|COOKIE|SESSION|PRIVATE|SIGN|SALT|CERT|CONN|PW(?![A-Z])|(?<![A-Z])(?:PIN|OTP|JWT|PAT)(?![A-Z])",
    re.IGNORECASE,
)
_CHOOSES = re.compile(r"PROFILE|ACCOUNT|CONTEXT|PROJECT|REGION|TENANT|CONFIG", re.IGNORECASE)  # among credentials that the user has already
# An address of this machine, but for those that no rule may hold.
_LOCAL = re.compile(r"(?!https?:)[a-z][a-z0-9+]{1,12}:(?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?|(?://)?(?=/))(?:/(?!/)[\w./-]{0,60})?\Z")
_ADDRESS = re.compile(r"UR[IL]|ADDR|ENDPOINT|HOST", re.IGNORECASE)
_URL = re.compile(r"UR[IL]", re.IGNORECASE)  # that is one even where it is written without a scheme
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
        added = [pair for pair in working.variables if pair not in line.variables]
        dictated = [pair for pair in added if dictates(step, *pair)]
        if working.words != line.words and not (dictated and _as_told(step, line, working)):
            continue
        needed = premises(trail, later, head(line.words))
        if trail.folder(later) != trail.folder(step) or working.activate != line.activate or needed is None:
            return
        added = added or _exported(trail, step, later)
        missed = [pair for pair in added if _missed(step, pair[0])]
        commands = forms(line.words, trail.folders)
        if len(missed) == 1:
            commands = (clean(" ".join(head(line.words))),)
        elif len(dictated) == len(added) == 1:
            missed = dictated
        elif len(added) == 1 and working.words == line.words and _explains(trail, step, later, added[0][0]):
            missed = added
        else:
            return
        name, value = missed[0]
        private = credentials.asked_for(step) or (credentials.made_up(value) and not dictated)
        shown = clean(name) if private and not _CHOOSES.search(name) else _shown(name, value)
        for command in commands:
            yield Observation(
                kind=Kind.COMMAND,
                subject=command,
                lesson=Lesson.SET_VARIABLE,
                slots={"command": command, "assignment": shown},
                evidence=trail.evidence(step),
                premise=needed,
                firm=_missed(step, missed[0][0]) or bool(dictated),
                refuted_by=(f"works:{clean(line.text)[:160]}",),
                wasted_tokens=cost(step),
            )
        return


def dictates(step: Step, name: str, value: str) -> bool:
    """Whether the output of a failed command has an assignment, word for word: it says what it wants, unless that is to say more."""
    return bool(value) and not tells(name) and not tells(value) and says(step.use.result, f"{name}={value}")


def _as_told(step: Step, line: Line, working: Line) -> bool:
    """Whether all that a command has more of words is an option that the failed one named, too."""
    found = difference(line.words, working.words)
    return found is not None and bool(found.gained) and not found.lost and says(step.use.result, found.gained[0].split("=", 1)[0])


def _exported(trail: Trail, step: Step, later: Step) -> list[tuple[str, str]]:
    """What was set in between, in a command of its own, for all that follow."""
    found: list[tuple[str, str]] = []
    for one in trail.steps[step.index + 1 : later.index]:
        words = one.line.words if one.line and one.worked else ()
        found += [(name, value) for name, sign, value in (word.partition("=") for word in words[1:]) if sign] if words[:1] == ("export",) else []
    return found


def _missed(step: Step, name: str) -> bool:
    """Whether the output says, in words that are known, that the variable was missing."""
    failure = step.failure
    return failure is not None and (
        (failure.cause is Cause.NO_VARIABLE and failure.name == name) or (failure.cause is Cause.NO_MODULE and name in _PATHS)
    )


def _explains(trail: Trail, step: Step, later: Step, name: str) -> bool:
    """Whether the variable may be what the command lacked: the output names it, or it has nothing to show but that it failed."""
    if hides(name) or not trail.undisturbed(step, later, name):
        return False
    if _SECRET.search(name):  # who has it knows it; who has not needs a person
        return says(step.use.result, name)
    return says(step.use.result, name) or not ((faults.of_tests(step) and not faults.of_all_tests(step)) or faults.passing(step, name))


def _shown(name: str, value: str) -> str:
    """The assignment, or the name alone where the value may be a secret, or one of this machine."""
    address = _ADDRESS.search(name) and ("/" in value or _URL.search(name))
    plain = _LOCAL.match(value) if address else _PLAIN.match(value)
    secret = _SECRET.search(name) or tells_secret(f"{name}={value}")
    return clean(f"{name}={value}" if plain and not secret and not _OWN_PLACE.match(value) else name)
