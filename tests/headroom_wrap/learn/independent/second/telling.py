"""A case as it is written by hand, and as ``cases.jsonl`` has it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.headroom_wrap.learn.independent.second.worlds import Label, World
from tests.headroom_wrap.learn.independent.steps import Row, Step, rendered, user


@dataclass(frozen=True)
class Told:
    """One session: whose, what happens in it that matters, and where if not in the case's world."""

    agent: str
    steps: tuple[Step, ...]
    world: World | None = None


@dataclass(frozen=True)
class Telling:
    """A case.

    Args:
        name: of the case.
        why: what it tries.
        world: the project whose instruction file is written.
        sessions: the oldest first.
        right: what should be written.
        fine: what may be, besides what is true of the world.
        days: how long ago each session was; none for a session a day until yesterday.
        around: how much goes its usual way before a session's steps, and after them: at least, at most.
    """

    name: str
    why: str
    world: World
    sessions: tuple[Told, ...]
    right: tuple[Label, ...] = ()
    fine: tuple[Label, ...] = ()
    days: tuple[int, ...] = ()
    around: tuple[int, int] = (2, 6)


def on(agent: str, *steps: Step, world: World | None = None) -> Told:
    return Told(agent, steps, world)


def case(
    name: str, why: str, world: World, *sessions: Told, right: Sequence[Label] = (), fine: Sequence[Label] = (), days: tuple[int, ...] = (), around: tuple[int, int] = (2, 6),
) -> Telling:  # fmt: skip
    return Telling(name, why, world, sessions, tuple(right), tuple(fine), days, around)


def lines(tellings: Iterable[Telling]) -> str:
    """What ``cases.jsonl`` holds."""
    return "".join(json.dumps(row(one), ensure_ascii=False) + "\n" for one in tellings)


def row(telling: Telling) -> Row:
    """The line of a case: its sessions with what goes on around their steps, each step as its agent tells it."""
    sessions = [_session(telling, n, told) for n, told in enumerate(telling.sessions)]
    fine = [*telling.fine, *telling.world.true]
    return {"name": telling.name, "why": telling.why, "right": telling.right, "fine": fine, "sessions": sessions}


def _session(telling: Telling, number: int, told: Told) -> Row:
    world = told.world or telling.world
    seed = f"{telling.name}-{number}"
    chance = random.Random(seed)
    steps = [user(chance.choice(world.tasks))]
    steps += world.noise(chance.randint(*telling.around), f"{seed}-before")
    for n, step in enumerate(told.steps):
        steps += world.noise(step.status, f"{seed}-{n}") if step.what == "noise" else [step]
    steps += world.noise(chance.randint(*telling.around), f"{seed}-after")
    days = {"days": telling.days[number]} if telling.days else {}
    return {"agent": told.agent, "project": world.root, **days, "events": [rendered(step, told.agent, world.root) for step in steps]}
