"""Decisions in memory, in front of a store: a conversation sends the same blocks again with every request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from pipeline.forks import ProcessLock
from pipeline.store.api import Decision

_OVERHEAD = 500  # bytes that a decision takes besides its text


class RecentDecisions:
    """Decisions by key, the least lately used given up first. One object may be used by several threads.

    Args:
        limit: about how many bytes may be held.
    """

    def __init__(self, limit: int = 6 << 20) -> None:
        self._held: OrderedDict[str, Decision] = OrderedDict()
        self._left = limit
        self._lock = ProcessLock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, keys: Iterable[str]) -> dict[str, Decision]:
        """The decisions held for these keys."""
        found = {}
        with self._lock.here():
            for key in keys:
                decision = self._held.get(key)
                if decision is not None:
                    self._held.move_to_end(key)
                    found[key] = decision
        return found

    def put(self, decisions: Iterable[Decision]) -> None:
        """Hold decisions; one that is held already stands."""
        with self._lock.here():
            for decision in decisions:
                if decision.key not in self._held:
                    self._held[decision.key] = decision
                    self._left -= _size(decision)
            while self._left < 0 and self._held:
                self._left += _size(self._held.popitem(last=False)[1])


def _size(decision: Decision) -> int:
    return _OVERHEAD + (decision.text.__sizeof__() if decision.text is not None else 0)  # a character takes up to 4 bytes
