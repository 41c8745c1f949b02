"""The same call again and again, with the same answer.

Claim: asking again is of no use. Refuted where the answer changes, or says that something is under way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from pipeline.transcript import ToolKind

LENGTH = 3  # calls in a row
# Asking again is right where something else moves on meanwhile.
_WAITING = re.compile(
    r"\b(?:wait|sleep|watch|status|poll|tail|logs?|health|ps|jobs|top|get|describe|curl|wget|ping|read_bash|bashoutput|task\w*|todo\w*"
    r"|list_agents)\b",
    re.IGNORECASE,
)
_UNDER_WAY = re.compile(
    r"\b(?:pending|queued|running|in[ _-]?progress|waiting|starting|provisioning|creating|updating|deploying|building"
    r"|not ready|scheduled|initiali[sz]ing"
    r"|\d{1,2} ?%)",
    re.IGNORECASE,
)
_KINDS = (ToolKind.READ, ToolKind.SEARCH, ToolKind.LIST)
_LONGER = 4  # of commands that do something: these may be tried again in hope


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each run of equal calls with equal answers, the call."""
    run: list[Step] = []
    answers: dict[str, set[str]] = {}  # of each command in the session: what comes out otherwise later was waited for
    for one in trail.steps:
        if one.use.command:
            answers.setdefault(one.use.command, set()).add(one.use.result)
    for step in [*trail.steps, None]:
        if step and run and _same(run[-1], step):
            run.append(step)
            continue
        enough = bool(run) and len(run) >= (LENGTH if run[0].use.kind in _KINDS else _LONGER)
        if enough and not _waits(run[0], answers) and (call := _call(run[0])):
            yield Observation(
                kind=Kind.LOOP,
                subject=call,
                lesson=Lesson.REPEATED,
                slots={"call": call},
                evidence=trail.evidence(run[-1]),
                wasted_tokens=cost(*run[1:50]),
            )
        run = [step] if step else []


def _waits(step: Step, answers: dict[str, set[str]]) -> bool:
    """Whether asking again was waiting: the answer says that something is under way, or came out otherwise in the end."""
    return len(answers.get(step.use.command, ())) > 1 or _UNDER_WAY.search(step.use.result[:2000]) is not None


def _same(one: Step, other: Step) -> bool:
    a, b = one.use, other.use
    return a.name == b.name and a.command == b.command and a.path == b.path and a.result == b.result and a.arguments == b.arguments


def _call(step: Step) -> str:
    """A call in a few words, ``""`` if it is one that may rightly be repeated."""
    use = step.use
    if not use.result or (use.kind not in _KINDS and not (use.kind is ToolKind.SHELL and step.worked and step.line and step.line.words)):
        return ""
    words = use.command or f"{use.name} {use.path}"
    if _WAITING.search(words[:300]) or not (use.command or use.path):
        return ""
    return clean(" ".join(words.split()))[:160]
