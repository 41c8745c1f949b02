"""Why a request read less from the provider's cache than the one before it had left there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.usage import Usage

_MOST = 1000  # conversations that are remembered
_ENOUGH = 0.9  # the last cached block may be cut off; what is less than this share of the expected is a miss
_LEAST = 1024  # tokens: shorter prompts no provider caches


@dataclass(frozen=True, slots=True)
class _Last:
    """What is known of a conversation's last request: its lineage, its model, what the cache holds of it, when and for how long."""

    keys: tuple[str, ...]
    model: str
    cached: int
    ended: float
    life: int


class CacheWatch:
    """Compares each request with the one before it in the same conversation (the same beginning in the same session)."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], _Last] = {}

    def miss(self, session: str, model: str, usage: Usage, keys: Sequence[str], *, sent: float, ended: float, life: int) -> str:
        """Say why this response missed the cache, ``""`` if it did not or nothing can be said.

        Args:
            session: whose it was.
            model: which one answered.
            usage: what was charged for.
            keys: lineage of the request's transcript.
            sent: when the request was sent, in seconds of any one clock.
            ended: when its response began to arrive.
            life: seconds that what it wrote or read stays in the cache; 0 if it did neither.
        """
        if not keys:
            return ""
        name = session, keys[0]
        last = self._last.pop(name, None)
        if len(self._last) >= _MOST:
            del self._last[next(iter(self._last))]
        cached = usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
        self._last[name] = _Last(tuple(keys), model, cached, ended, life)
        if last is None or last.cached < _LEAST or usage.cache_read >= _ENOUGH * last.cached:
            return ""
        return _because(last, model, keys, sent)


def _because(last: _Last, model: str, keys: Sequence[str], sent: float) -> str:
    if model != last.model:
        return f"the model changed from {last.model} to {model}, and each has a cache of its own"
    idle = sent - last.ended
    if last.life and idle > last.life:
        return f"nothing was asked for {_minutes(idle)}, and the cache lives {_minutes(last.life)}"
    if len(keys) < len(last.keys) or keys[len(last.keys) - 1] != last.keys[-1]:
        return "the agent rewrote earlier parts of the conversation"
    return "the agent changed its instructions or tools, or the provider let its cache go"


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes else f"{round(seconds)} s"
