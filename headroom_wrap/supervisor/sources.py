"""File descriptors of others that the supervisor polls for them (the proxy's events)."""

from __future__ import annotations

import select
from collections.abc import Callable, Mapping


class SourceClosed(Exception):
    """Raised by a source's callback: its file descriptor has come to its end and is no longer to be polled."""


class Sources:
    """The callbacks by file descriptor, registered with one poll object until each of them ends.

    A callback reads its descriptor and must not block. It ends by raising SourceClosed, or by returning False; it also ends with a hangup
    of the descriptor, unless it returns True: another has taken its place under that number.
    """

    def __init__(self, poller: select.poll, callbacks: Mapping[int, Callable[[], object]]) -> None:
        self._poller = poller
        self._callbacks = dict(callbacks)
        for fd in self._callbacks:
            poller.register(fd, select.POLLIN)

    def __contains__(self, fd: int) -> bool:
        return fd in self._callbacks

    def ready(self, fd: int, event: int) -> None:
        """Run the callback of `fd`, for which poll reported `event`."""
        alive: object = False
        if not event & select.POLLNVAL:
            try:
                alive = self._callbacks[fd]()
            except SourceClosed:
                pass
        # After a hangup with nothing left to read, poll would report it again at once, for ever.
        if alive is False or (alive is not True and not event & select.POLLIN):
            del self._callbacks[fd]
            self._poller.unregister(fd)
