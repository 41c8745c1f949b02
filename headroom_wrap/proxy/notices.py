"""What a standing proxy says to whoever started it: that it serves, and what is wrong, each trouble once in a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from headroom_wrap.events import Event, Ready, Trouble
from headroom_wrap.proxy.repeats import Repeats

log = logging.getLogger("headroom")

_AGAIN_S = 300.0


class Notices:
    """Takes events.

    Args:
        greeting: printed on standard output when the proxy serves, ``""`` for nothing.
        clock: seconds, rising.
    """

    def __init__(self, greeting: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._greeting = greeting
        self._repeats = Repeats(_AGAIN_S, clock)

    def __call__(self, event: Event) -> None:
        """Tell an event, if it is one for a person."""
        if isinstance(event, Ready) and self._greeting:
            print(self._greeting, flush=True)
        elif isinstance(event, Trouble) and not self._repeats.stale(event):
            log.warning("%s", event.message)
