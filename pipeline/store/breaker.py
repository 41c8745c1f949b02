"""A server that does not answer is not waited for by everyone: after a failure it is asked again only after a pause, by one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipeline.store.api import Unreachable

PAUSE_S = 3.0


class Breaker:
    """Says whether a server is worth a try.

    Args:
        pause: seconds between a failure and the next try.
        clock: monotonic seconds.
    """

    def __init__(self, pause: float = PAUSE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._error: Unreachable | None = None
        self._again = 0.0

    def admit(self) -> None:
        """Let the caller through, or raise what the last try ended with."""
        if self._error is None:
            return
        with self._lock:
            if self._error is None:
                return
            now = self._clock()
            if now < self._again:
                raise Unreachable(str(self._error))
            self._again = now + self._pause  # the others wait for what this try says

    def failed(self, error: Unreachable) -> None:
        """A try ended so."""
        with self._lock:
            self._error, self._again = error, self._clock() + self._pause

    def succeeded(self) -> None:
        """The server answered."""
        self._error = None
