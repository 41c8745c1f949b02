"""Events to the supervisor over a pipe. Nothing here ever waits: if nobody reads, events are lost, not requests."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable

from headroom_wrap.events import Event, Trouble, encode

_MOST = 1000  # events kept for a reader that is late
_AGAIN_S = 30.0  # the same trouble is not told more often


class Outbox:
    """Writes events to a file descriptor, in order.

    Args:
        fd: the write end of a pipe, or -1: events go nowhere.
        clock: seconds, rising.
    """

    def __init__(self, fd: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._fd = fd
        self._clock = clock
        self._waiting: deque[bytes] = deque(maxlen=_MOST)
        self._rest = b""  # of a line that went out in part
        self._watched = False
        self._told: dict[tuple[str, str], float] = {}
        if fd >= 0:
            os.set_blocking(fd, False)

    def __call__(self, event: Event) -> None:
        """Tell an event."""
        if self._fd < 0 or (isinstance(event, Trouble) and self._stale(event)):
            return
        self._waiting.append(encode(event))
        if not self._watched:
            self.flush()

    def flush(self) -> None:
        """Write what the pipe takes now; what is left is written when there is room."""
        while self._fd >= 0 and (self._rest or self._waiting):
            line = self._rest or self._waiting.popleft()
            try:
                self._rest = line[os.write(self._fd, line) :]
            except BlockingIOError:
                self._rest = line
                self._watch()
                return
            except OSError:  # the reader is gone
                self.close()
        self._unwatch()

    def close(self) -> None:
        """Write nothing any more."""
        self._unwatch()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _stale(self, event: Trouble) -> bool:
        now = self._clock()
        told = self._told.get((event.kind, event.message))
        if told is not None and now - told < _AGAIN_S:
            return True
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[event.kind, event.message] = now
        return False

    def _watch(self) -> None:
        if not self._watched:
            try:
                asyncio.get_running_loop().add_writer(self._fd, self.flush)
            except RuntimeError:  # no loop: the next event tries again
                return
            self._watched = True

    def _unwatch(self) -> None:
        if self._watched:
            self._watched = False
            asyncio.get_running_loop().remove_writer(self._fd)
