"""Ends waits that have lasted too long: shuts down the socket that a thread reads from, whose read then fails."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Watch:
    """One wait.

    Args:
        descriptor: of the socket.
        deadline: monotonic seconds.

    Attributes:
        overdue: whether the socket was shut down.
    """

    __slots__ = ("deadline", "descriptor", "overdue")

    def __init__(self, descriptor: int, deadline: float) -> None:
        self.descriptor = descriptor
        self.deadline = deadline
        self.overdue = False


class Watchdog:
    """Watches over any number of waits at once.

    Its thread starts with the first wait. Under load it wakes once in as long as a wait may last, not once a wait; without waits it sleeps.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._watches: set[Watch] = set()
        self._wakes = 0.0  # when the thread looks next, 0 while it does not run
        self._closed = False

    @contextmanager
    def over(self, watch: Watch) -> Iterator[None]:
        """Shut the socket down at the deadline, unless the context has been left before. The socket must stay open as long as it lasts."""
        with self._changed:
            self._watches.add(watch)
            if self._closed:
                _cut(watch)
            elif not self._wakes:
                self._wakes = watch.deadline
                threading.Thread(target=self._look, name="headroom-postgres-watchdog", daemon=True).start()
            elif watch.deadline < self._wakes:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watches.discard(watch)

    def close(self) -> None:
        """End all waits, and the thread."""
        with self._changed:
            self._closed = True
            for watch in self._watches:
                _cut(watch)
            self._changed.notify()

    def _look(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for watch in self._watches:
                    if watch.deadline <= now and not watch.overdue:
                        _cut(watch)
                self._wakes = min((watch.deadline for watch in self._watches if not watch.overdue), default=float("inf"))
                self._changed.wait(None if self._wakes == float("inf") else self._wakes - now)


def _cut(watch: Watch) -> None:
    watch.overdue = True
    with suppress(OSError), socket.socket(fileno=os.dup(watch.descriptor)) as ours:  # the peer may have ended it by itself
        ours.shutdown(socket.SHUT_RDWR)
