"""Commands that do not come back: they watch, serve, or wait for an answer that nobody types.

Claim: it never ends. Refuted where it returns; what has an end is slow, and what was given two seconds says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners import credentials
from headroom_wrap.learn.miners.difference import difference, hides
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import TASK_RUNNERS, head, premises, purpose, typed, workings
from headroom_wrap.learn.redaction import tells_secret

# What makes a command come back, as a word of it or a variable. Anything else may as well have made it do less.
_ENDING = frozenset(
    "run --run -y --yes --watch=false --no-watch --watchAll=false --ci --batch --no-edit --non-interactive --no-input --no-interaction "
    "--no-pager --once "
    "--single-run --no-daemon -d --detach".split()
)
_VARIABLES = frozenset({"CI", "DEBIAN_FRONTEND", "GIT_PAGER", "PAGER", "GIT_EDITOR", "EDITOR", "GIT_TERMINAL_PROMPT"})
# What is asked of something that runs, or makes it end, does not do what the command was to do.
_LOOKING = frozenset(
    "ps logs log status list ls show get describe help version info top inspect stop down kill restart exec attach port --version --help".split()
)
_COPYING = frozenset("rsync cp mv scp tar zip unzip dd wget curl pip pip3 apt apt-get brew pg_dump pg_restore mysqldump aws gsutil rclone".split())
_JOBS = frozenset(
    "install add ci update upgrade sync restore fetch pull push clone download get build bundle compile migrate import export load seed apply deploy "
    "destroy backup dump index reindex train fit generate publish release archive".split()
)
_LIMITED = re.compile(r"(?:^|[\s;&|(])g?timeout\s")  # the agent itself gave it no more time
_MEANT = frozenset({"sleep", "wait"})
_LONGEST = 8  # words of a command that a rule may be about


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that ran out of time, the same with one word or variable more that made it come back."""
    for step in trail.steps:
        line = step.line
        if not step.use.timed_out or step.use.interrupted or not line or not line.words or line.guarded or len(line.words) > _LONGEST:
            continue
        if line.program in _MEANT or _LIMITED.search(step.use.command):
            continue
        instead = _ending(trail, step, line)
        if not instead:
            yield from _other_call(trail, step, line)
        if not instead and (purpose(line.words) or _ends(line.words)):
            continue  # perhaps it is slow; whoever was told that it never ends would no longer test
        needed = premises(trail, step, line.words)
        if needed is None:
            continue
        command = clean(line.text)[:160]
        yield Observation(
            kind=Kind.HANG,
            subject=clean(" ".join(head(line.words))),
            lesson=Lesson.HANGS_INSTEAD if instead else Lesson.HANGS,
            slots={"command": command, "instead": instead} if instead else {"command": command},
            evidence=trail.evidence(step),
            premise=needed,
            firm=bool(instead),
            refuted_by=(f"works:{command}", f"returns:{command}"),
            wasted_tokens=cost(step),
        )


def _other_call(trail: Trail, step: Step, line: Line) -> Iterator[Observation]:
    """How the same program was called in its place, at once and with success. Once may be a chance.

    Either with one option otherwise, as ``ping -c 3 x`` for ``ping x``, or for another task, as ``rails runner`` for ``rails console``.
    """
    later = next(iter(trail.after(step, 1)), None)
    if later is None or not later.worked or not later.line or not later.line.words or later.line.program != line.program:
        return
    words = later.line.words
    name, other = _bare(line.words), _bare(words)
    changed = difference(line.words, words)
    ended = changed is not None and changed.lost[:1] == ("--watch",) and (not changed.gained or changed.gained[0] in _ENDING)
    optional = ended or (changed is not None and not purpose(words) and not any(hides(unit[0]) for unit in (changed.gained,) if unit))
    other_task = (
        basename(line.program) not in TASK_RUNNERS
        and name != other
        and len(other) > 1
        and _LOOKING.isdisjoint(other)
        and purpose(words) in ("", "build", purpose(line.words))
    )
    if not (optional or other_task) or not trail.undisturbed(step, later) or later.line.guarded:
        return
    if credentials.asked_for(step) or credentials.may_be(tuple(word for word in words if word not in line.words)) or tells_secret(typed(words)):
        return  # it waited for what somebody has to know
    needed = premises(trail, later, words)
    for instead in dict.fromkeys((typed(words), *(() if optional else (" ".join(other),)))) if needed is not None else ():
        command = clean(line.text)[:160]
        yield Observation(
            kind=Kind.HANG,
            subject=clean(" ".join(head(line.words))),
            lesson=Lesson.HANGS_INSTEAD,
            slots={"command": command, "instead": clean(instead)[:160]},
            evidence=trail.evidence(step),
            premise=needed or (),
            refuted_by=(f"works:{command}", f"returns:{command}"),
            wasted_tokens=cost(step),
        )


def _ends(words: tuple[str, ...]) -> bool:
    """Whether a command does something that has an end, however long it takes: it installs, copies, changes a database."""
    return basename(words[0]) in _COPYING or any(word.split(":")[-1] in _JOBS for word in words[1:4])


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that a command begins with before its options and what has a space in it: ``swift run App serve``."""
    end = next((place for place, word in enumerate(words) if place and (word.startswith("-") or " " in word)), len(words))
    return words[: min(end, _LONGEST)]


def _ending(trail: Trail, step: Step, line: Line) -> str:
    for _, working in workings(trail, step):
        words = list(working.words)
        added = [pair for pair in working.variables if pair not in line.variables]
        extra = [w for w in words if w in _ENDING and w not in line.words]
        kept = tuple(w for w in words if w not in extra and w != "--")
        if kept != tuple(w for w in line.words if w != "--") or len(extra) + len(added) != 1:
            continue
        if extra or added[0][0] in _VARIABLES:
            return clean(" ".join([*(f"{n}={v}" for n, v in added), *words]))[:160]
    return ""
