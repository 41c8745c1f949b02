"""Findings as the miners would make them."""

from __future__ import annotations

from collections.abc import Iterable

from headroom_wrap.learn.findings import Evidence, Finding, Kind, Lesson, Premise


def finding(
    lesson: Lesson = Lesson.USE_PROGRAM,
    *,
    kind: Kind = Kind.COMMAND,
    weight: float = 1.0,
    project: str = "",
    agents: Iterable[str] = ("claude",),
    premise: tuple[Premise, ...] = (),
    wasted: int = 100,
    **slots: str,
) -> Finding:
    slots = slots or {"wrong": "python", "right": "python3"}
    evidence = tuple(Evidence(float(n), project or "/p", agent, f"s{n}", "c") for n, agent in enumerate(agents))
    return Finding(kind, next(iter(slots.values())), lesson, slots, premise, evidence, (), wasted, project, weight)
