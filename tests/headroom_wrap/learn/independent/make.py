"""Writes ``cases.jsonl``: the written cases, each session with its agent's shapes and with what else goes on in it. The same every time.

``python -m tests.headroom_wrap.learn.independent.make`` in the repository's root.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator

from tests.headroom_wrap.learn.independent import lessons, nothing_to_learn
from tests.headroom_wrap.learn.independent.sessions import CASES
from tests.headroom_wrap.learn.independent.steps import Row, Step, rendered, user
from tests.headroom_wrap.learn.independent.worlds import WORLDS, nothing
from tests.headroom_wrap.learn.independent.written import Told, Written

_AGENTS = ("claude", "codex", "gemini", "copilot", "opencode")


def lines() -> Iterator[str]:
    for written in (*lessons.CASES, *nothing_to_learn.CASES):
        yield json.dumps(_case(written), ensure_ascii=False, sort_keys=True)


def _case(written: Written) -> Row:
    world = WORLDS[written.world]
    rng = random.Random(zlib.crc32(written.name.encode()))
    agents = rng.sample(_AGENTS, len(_AGENTS))
    sessions = [_session(told, told.agent or agents[n % len(agents)], written.world, rng) for n, told in enumerate(written.sessions)]
    right = [[lesson, slots] for lesson, slots in written.right]
    fine = [[lesson, slots] for lesson, slots in (*written.fine, *world.facts, ("entry_point", {"path": world.files[0]}))]
    return {"name": written.name, "why": written.why, "right": right, "fine": fine, "sessions": sessions}


def _session(told: Told, agent: str, of: str, rng: random.Random) -> Row:
    world = WORLDS[told.world or of]
    steps: list[Step] = [] if told.bare else nothing(world, rng, rng.randrange(1, 5))
    for step in told.steps:
        steps += nothing(world, rng, step.status) if step.what == "noise" else [step]
    if not told.bare:
        steps += nothing(world, rng, rng.randrange(0, 5) if rng.random() < 0.85 else rng.randrange(30, 60))
    if not steps or steps[0].what != "user":
        steps.insert(0, user(rng.choice(world.asked)))
    row: Row = {"agent": agent, "project": world.root, "events": [rendered(step, agent, world.root) for step in steps]}
    return {**row, "days": told.days} if told.days else row


if __name__ == "__main__":
    CASES.write_text("".join(line + "\n" for line in lines()), encoding="utf-8")
