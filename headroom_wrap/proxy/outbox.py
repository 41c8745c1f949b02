"""Events to the supervisor over a pipe. Nothing here ever waits: if nobody reads, events are lost, not requests.

Nor does a request wait for the telling of it: who reads is woken by the write and may take the writer's place on its core, which costs a request
up to half a millisecond. So events go out a moment later, those of that moment in one write.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable

from headroom_wrap.events import Event, Trouble, encode
from headroom_wrap.proxy.moment import MOMENT_S
from headroom_wrap.proxy.repeats import Repeats

_MOST = 1000  # events kept for a reader that is late
_WRITE = 16 << 10  # bytes; an event is a few hundred
_AGAIN_S = 30.0  # the same trouble is not told more often


class Outbox:
    """Writes events to a file descriptor, in order.

    Args:
        fd: the write end of a pipe, or -1: events go nowhere.
        clock: seconds, rising.
    """

    def __init__(self, fd: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._fd = fd
        self._waiting: deque[bytes] = deque(maxlen=_MOST)
        self._rest = b""  # of a line that went out in part
        self._watched = False
        self._later: asyncio.TimerHandle | None = None
        self._repeats = Repeats(_AGAIN_S, clock)
        if fd >= 0:
            os.set_blocking(fd, False)

    def __call__(self, event: Event) -> None:
        """Tell an event: in a moment where a loop runs, else at once."""
        if self._fd < 0 or (isinstance(event, Trouble) and self._repeats.stale(event)):
            return
        self._waiting.append(encode(event))
        if self._watched or self._later is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        self._later = loop.call_later(MOMENT_S, self.flush)

    def flush(self) -> None:
        """Write what the pipe takes now; what is left is written when there is room."""
        self._no_later()
        while self._fd >= 0 and (self._rest or self._waiting):
            lines = self._rest or self._joined()
            try:
                self._rest = lines[os.write(self._fd, lines) :]
            except BlockingIOError:
                self._rest = lines
                self._watch()
                return
            except OSError:  # the reader is gone
                self.close()
        self._unwatch()

    def close(self) -> None:
        """Write nothing any more."""
        self._no_later()
        self._unwatch()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _joined(self) -> bytes:
        """The next lines, as many as go well into one write."""
        lines = [self._waiting.popleft()]
        size = len(lines[0])
        while self._waiting and (size := size + len(self._waiting[0])) <= _WRITE:
            lines.append(self._waiting.popleft())
        return b"".join(lines)

    def _no_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None

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
