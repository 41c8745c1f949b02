"""What a case is written as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.headroom_wrap.learn.independent.steps import Step

Label = tuple[str, Mapping[str, object]]


@dataclass(frozen=True)
class Told:
    """A session.

    Args:
        steps: what happens in it that matters; steps of the kind ``noise`` stand for what does not.
        agent: whose it is, any if it is left open.
        world: the project, the case's if it is left open.
        days: how long ago.
        bare: nothing else goes on in it.
    """

    steps: tuple[Step, ...]
    agent: str = ""
    world: str = ""
    days: float = 0
    bare: bool = False


@dataclass(frozen=True)
class Written:
    """A case.

    Args:
        name: of the case.
        world: the project.
        why: what it tries.
        sessions: the oldest first.
        right: what should be written.
        fine: what may be written, besides the project's facts.
    """

    name: str
    world: str
    why: str
    sessions: tuple[Told, ...]
    right: tuple[Label, ...] = ()
    fine: tuple[Label, ...] = ()


def s(*steps: Step, agent: str = "", world: str = "", days: float = 0, bare: bool = False) -> Told:
    return Told(steps, agent, world, days, bare)


def rule(lesson: str, **slots: object) -> Label:
    return lesson, slots
