"""What this proxy did since it started: counters, fed by its events and receipts. Bounded, whatever clients send."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headroom_wrap.events import Began, Event, Trouble
from headroom_wrap.proxy.keeper import Keeper
from pipeline.outcome import Outcome
from pipeline.store.api import Receipt, Store
from pipeline.usage import Usage

if TYPE_CHECKING:  # the proxy starts without what only its own endpoints need
    from headroom_wrap.proxy.endpoints.shapes import CompressAnswer

OTHERS = "other"
_MOST_NAMES = 100  # clients name models; a counter for each of a million names would be a leak
BOUNDS_S = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Names(Counter[str]):
    """Counts by name; beyond so many names the rest is counted as one."""

    def add(self, name: str, count: int = 1) -> None:
        """Count."""
        self[name if name in self or len(self) < _MOST_NAMES else OTHERS] += count


@dataclass(slots=True)
class Durations:
    """Durations in seconds: how many are at most how long, and their sum and extremes."""

    counts: list[int] = field(default_factory=lambda: [0] * len(BOUNDS_S))
    number: int = 0
    total: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.least = min(self.least, seconds) if self.number else seconds
        self.most = max(self.most, seconds)
        self.number += 1
        self.total += seconds
        for place, bound in enumerate(BOUNDS_S):
            if seconds <= bound:
                self.counts[place] += 1

    @property
    def average(self) -> float:
        """The mean, 0 of none."""
        return self.total / self.number if self.number else 0.0


class Tally:
    """Counts what the proxy does.

    Args:
        clock: Unix time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.started = clock()
        self.requests = 0
        self.unread = 0
        self.responses = 0
        self.unpriced = 0
        self.usage = Usage()
        self.cost = 0.0
        self.cost_without = 0.0
        self.overhead = 0.0
        self.removed = 0
        self.models = Names()
        self.compressors = Names()
        self.reasons = Names()
        self.troubles = Names()
        self.cache_aid = Names()
        self.pings: dict[str, float] = {}
        self.first_byte = Durations()
        self.added = Durations()
        self.answered: Counter[tuple[str, int]] = Counter()
        self.compress_before = 0
        self.compress_saved = 0
        self.compress_requests = 0
        self.retrievals = 0

    def hearing(self, tell: Callable[[Event], None]) -> Callable[[Event], None]:
        """Hands events on to ``tell`` and counts them."""

        def heard(event: Event) -> None:
            self.hear(event)
            tell(event)

        return heard

    def hear(self, event: Event) -> None:
        """Count an event."""
        if isinstance(event, Began):
            self.requests += 1
            self.unread += not event.understood
            for reason, count in event.new_reasons.items():
                self.reasons.add(reason, count)
        elif isinstance(event, Trouble):
            self.troubles.add(event.kind)

    def enter(self, receipt: Receipt) -> None:
        """Count a response that was charged for."""
        self.responses += 1
        self.usage += receipt.usage
        self.removed += receipt.removed_new + receipt.removed_old
        self.models.add(receipt.model)
        for name, count in receipt.compressors:
            self.compressors.add(name, count)
        self.first_byte.add(receipt.ttfb_ms / 1000)
        self.added.add(receipt.added_ms / 1000)
        if receipt.cost is None or receipt.cost_without is None:
            self.unpriced += 1
            return
        self.cost += receipt.cost
        self.cost_without += receipt.cost_without
        self.overhead += receipt.overhead

    def compressed(self, answer: CompressAnswer) -> None:
        """Count a list of messages that was compressed on request."""
        self.compress_requests += 1
        self.compress_before += answer.tokens_before
        self.compress_saved += answer.tokens_saved

    def retrieved(self) -> None:
        """Count an original that was fetched here."""
        self.retrievals += 1

    def answer(self, endpoint: str, status: int) -> None:
        """Count an answer of an endpoint."""
        self.answered[endpoint, status] += 1


class CountingKeeper(Keeper):
    """A keeper whose receipts are counted, whether or not the store takes them.

    Args:
        open_store: opens the store, and may raise StoreError.
        tally: counts.
        worded: see ``Keeper``.
    """

    def __init__(self, open_store: Callable[[], Store], tally: Tally, *, worded: Callable[[Outcome], Outcome] | None = None) -> None:
        super().__init__(open_store, worded=worded)
        self._tally = tally

    async def add_receipt(self, receipt: Receipt) -> None:
        """See ``Store.add_receipt``."""
        self._tally.enter(receipt)
        await super().add_receipt(receipt)
