"""Whether the compression processes work, found out by giving them something to do."""

from __future__ import annotations

import asyncio
from typing import Protocol

from pipeline.cache_aligner import Job, Task
from pipeline.compressors.api import Content, Seen
from pipeline.outcome import Outcome
from pipeline.policy import Policy

UP, STARTING, DOWN = "up", "starting", "down"
_NEXT = Seen(1, "", "?", "?")
_PROBE = Job(Policy(), (), (Task(0, "", "", Content("?"), _NEXT),))  # decided on at once: too small


class Workers(Protocol):
    """What runs jobs, see ``worker_pool.WorkerPool``."""

    async def run(self, job: Job) -> list[Outcome]:
        """The outcomes of a job's tasks, fewer than tasks if there was no time or no worker."""
        ...


class Pulse:
    """Feels the pulse of the workers.

    Args:
        workers: whose.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._probe: asyncio.Task[list[Outcome]] | None = None
        self._proven = False

    async def state(self, patience: float) -> str:
        """How they are; ``starting`` where they have not said so within ``patience`` seconds and never did before."""
        if self._probe is None:
            # A job is never cancelled: that would cost its process. Whoever asks next hears of it.
            self._probe = asyncio.create_task(self._workers.run(_PROBE))
        probe = self._probe
        try:
            answered = bool(await asyncio.wait_for(asyncio.shield(probe), patience))
        except asyncio.TimeoutError:
            return UP if self._proven else STARTING
        if self._probe is probe:
            self._probe = None
        self._proven = answered
        return UP if answered else DOWN

    async def up(self, patience: float) -> str:
        """Like `state`, but what was once up is believed to be so still."""
        return UP if self._proven else await self.state(patience)

    def doubt(self) -> None:
        """Something went wrong: believe nothing."""
        self._proven = False

    async def close(self) -> None:
        """Wait for a probe under way."""
        if self._probe is not None:
            await asyncio.wait({self._probe})
