"""What had to be brought back after it was left out. It feeds the policy of compression; no agent is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners.line import basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean
from headroom_wrap.learn.model import Retrieval

_FOOTER = re.compile(r"\[headroom ([0-9a-f]{8,64})\b")


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each retrieval, the tool whose result it was about."""
    shown: dict[str, Step] = {}
    for one in trail.steps:
        if "[headroom " in one.use.result:
            for found in _FOOTER.finditer(one.use.result):
                shown.setdefault(found[1], one)
    for i, event in enumerate(trail.session.events):
        if isinstance(event, Retrieval) and (step := shown.get(event.handle)):
            tool = clean(basename(step.line.program) if step.line and step.line.words else step.use.name)[:80]
            yield Observation(
                kind=Kind.RETRIEVAL,
                subject=step.use.kind.value,
                lesson=Lesson.RETRIEVED,
                slots={"tool": tool},
                evidence=trail.at(event.time, f"event {i}"),
            )
