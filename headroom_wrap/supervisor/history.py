"""What happened in a session, for the page that tells it: the last requests, blocks, cache misses and notices, each bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from headroom_wrap.events import Began, Block, Event, Finished, Trouble
from headroom_wrap.supervisor.instructions import Instructions
from headroom_wrap.supervisor.processes import Running

_BLOCKS, _REQUESTS, _MISSES, _NOTICES = 500, 200, 100, 100


@dataclass(frozen=True, slots=True)
class At:
    """A block and when it was first sent, in Unix time."""

    time: float
    block: Block


@dataclass(frozen=True, slots=True)
class Answered:
    """A response and when it ended, in Unix time."""

    time: float
    finished: Finished


@dataclass(frozen=True, slots=True)
class Notice:
    """A trouble and when it was told, in Unix time."""

    time: float
    trouble: Trouble


class History:
    """Newest first in each."""

    def __init__(self) -> None:
        self.blocks: deque[At] = deque(maxlen=_BLOCKS)
        self.requests: deque[Answered] = deque(maxlen=_REQUESTS)
        self.misses: deque[Answered] = deque(maxlen=_MISSES)
        self.notices: deque[Notice] = deque(maxlen=_NOTICES)
        self.files: tuple[tuple[str, int], ...] = ()
        """The agent's instruction files that stand in every request: paths, and their weight in tokens."""
        self.instructions = Instructions()
        """All of them, with what changed and what stands twice."""
        self.running: tuple[Running, ...] | None = None
        """The agent's processes when they were last looked at; None: they never were."""

    def know(self, instructions: Instructions) -> None:
        """The instruction files are as given."""
        self.instructions = instructions
        self.files = tuple((file.path, file.tokens) for file in instructions.files if file.always)

    def watch(self, running: tuple[Running, ...]) -> None:
        """The agent's processes are as given."""
        self.running = running

    def take(self, event: Event, now: float) -> None:
        """Note an event; `now` in Unix time."""
        if isinstance(event, Began):
            self.blocks.extendleft(At(now, block) for block in event.decided)
        elif isinstance(event, Finished):
            answered = Answered(now, event)
            self.requests.appendleft(answered)
            if event.miss:
                self.misses.appendleft(answered)
        elif isinstance(event, Trouble):
            self.notices.appendleft(Notice(now, event))
