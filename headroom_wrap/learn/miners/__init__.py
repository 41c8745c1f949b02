"""What one session shows: miners, a file each, deterministic and in one pass; a new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from headroom_wrap.learn.findings import Mined, Observation
from headroom_wrap.learn.miners import (
    corrections,
    edits,
    environments,
    facts,
    folders,
    hangs,
    large_files,
    loops,
    options,
    paths,
    programs,
    refusals,
    retrievals,
    searches,
    tasks,
    variables,
)
from headroom_wrap.learn.miners.outcomes import outcomes
from headroom_wrap.learn.miners.trail import Trail, clean
from headroom_wrap.learn.model import Session

Miner = Callable[[Trail], Iterable[Observation]]

MINERS: tuple[Miner, ...] = (
    programs.mine,
    environments.mine,
    tasks.mine,
    folders.mine,
    options.mine,
    variables.mine,
    paths.mine,
    large_files.mine,
    searches.mine,
    edits.mine,
    refusals.mine,
    hangs.mine,
    loops.mine,
    corrections.mine,
    retrievals.mine,
    facts.mine,
)
LIMIT = 400  # observations of one session: far more than any real one has


def mine(session: Session) -> Mined:
    """All that a session shows. Never raises, whatever the transcript holds; the same session gives the same value."""
    trail = Trail(session)
    key = clean(f"{session.agent}:{session.id}:{session.subagent}:{session.part}")
    found = [observation for miner in MINERS for observation in miner(trail) if all(observation.slots.values())]
    return Mined(key, tuple(found[:LIMIT]), outcomes(trail))
