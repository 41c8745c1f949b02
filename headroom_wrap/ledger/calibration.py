"""Tokens of a model for each o200k token, from what its provider charged for requests that we left as they were. Pure.

Between two requests of a conversation the prompt grows by the answer, which was charged for as output, and by what the agent added. Where that is
tool results whose o200k tokens were counted, the two growths give a ratio. Single texts differ by ten per cent and more; the median of many is
stable, and a prompt that changed for other reasons does not move it.
"""

from __future__ import annotations

import statistics
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline import prices
from pipeline.usage import Usage

_LEAST = 500  # o200k tokens of growth: of less, what an API writes around each block is too large a share
_FEWEST, _MOST = 5, 101  # growths that a ratio rests on
_PLAUSIBLE = 0.5, 2.5
_CONVERSATIONS = 500


@dataclass(frozen=True, slots=True)
class Grown:
    """A request as far as its growth goes.

    Args:
        session: whose it is.
        keys: the lineage of its transcript.
        model: which one answered.
        before: how many of its items stand before the answer that it follows on.
        counted: o200k tokens of the tool results after that answer, which went on as they came.
        clear: there is nothing else of size: no image or thinking, no long text, no block in another form.
    """

    session: str
    keys: Sequence[str]
    model: str
    before: int
    counted: int
    clear: bool


@dataclass(frozen=True, slots=True)
class _Before:
    items: int
    last: str
    model: str
    usage: Usage


class Calibration:
    """Learns the ratio of each model."""

    def __init__(self) -> None:
        self._before: OrderedDict[tuple[str, str], _Before] = OrderedDict()
        self._seen: dict[str, deque[float]] = {}

    def observe(self, grown: Grown, usage: Usage) -> None:
        """A response and what it was charged for."""
        if not grown.keys:
            return
        name = grown.session, grown.keys[0]
        before = self._before.get(name)
        self._before[name] = _Before(len(grown.keys), grown.keys[-1], grown.model, usage)
        self._before.move_to_end(name)
        if len(self._before) > _CONVERSATIONS:
            self._before.popitem(last=False)
        if before is None or not grown.clear or grown.counted < _LEAST or not _goes_on(grown, before):
            return
        ratio = (usage.prompt - before.usage.prompt - before.usage.output) / grown.counted
        if _PLAUSIBLE[0] <= ratio <= _PLAUSIBLE[1]:
            self._seen.setdefault(prices.family(grown.model), deque(maxlen=_MOST)).append(ratio)

    def ratio(self, model: str) -> float | None:
        """The model's tokens for each o200k token, None while too little was seen of it."""
        seen = self._seen.get(prices.family(model), ())
        return statistics.median(seen) if len(seen) >= _FEWEST else None


def _goes_on(grown: Grown, before: _Before) -> bool:
    return grown.model == before.model and grown.before == before.items and grown.keys[before.items - 1] == before.last
