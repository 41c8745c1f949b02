"""What a standing proxy says to whoever started it: that it serves, and what is wrong, each trouble once in a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from headroom_wrap.events import Event, Ready, Trouble

log = logging.getLogger("headroom")

_AGAIN_S = 300.0
_MOST = 1000


class Notices:
    """Takes events.

    Args:
        greeting: printed on standard output when the proxy serves, ``""`` for nothing.
        clock: seconds, rising.
    """

    def __init__(self, greeting: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._greeting = greeting
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def __call__(self, event: Event) -> None:
        """Tell an event, if it is one for a person."""
        if isinstance(event, Ready) and self._greeting:
            print(self._greeting, flush=True)
        elif isinstance(event, Trouble) and not self._stale(event):
            log.warning("%s", event.message)

    def _stale(self, event: Trouble) -> bool:
        now = self._clock()
        told = self._told.get((event.kind, event.message))
        if told is not None and now - told < _AGAIN_S:
            return True
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[event.kind, event.message] = now
        return False
