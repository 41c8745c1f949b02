"""Troubles that were told a moment ago, so that one that goes on is told once in a while and not with every request."""

from __future__ import annotations

from collections.abc import Callable

from headroom_wrap.events import Trouble

_MOST = 1000  # troubles remembered


class Repeats:
    """Remembers what was told when.

    Args:
        again: seconds after which the same trouble is told again.
        clock: seconds, rising.
    """

    def __init__(self, again: float, clock: Callable[[], float]) -> None:
        self._again = again
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def stale(self, trouble: Trouble) -> bool:
        """Whether a trouble was told already; if not it is now."""
        now = self._clock()
        told = self._told.get((trouble.kind, trouble.message))
        if told is not None and now - told < self._again:
            return True
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[trouble.kind, trouble.message] = now
        return False
