"""How long a provider's prompt cache keeps what a conversation left in it, by the provider's own usage. Pure: responses in, expiry out.

Providers promise a least time and seldom a most: an entry is *fresh* within the one, and only after the other is it provably *gone*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.usage import Usage

_5M, _30M, _1H, _12H, _DAY = 300.0, 1800.0, 3600.0, 43_200.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Life:
    """Seconds without use for which an entry stays.

    Args:
        least: it is there that long, if the provider lets nothing go early.
        most: after that it is gone for certain.
    """

    least: float
    most: float


# https://platform.claude.com/docs/en/build-with-claude/prompt-caching: an entry lives 5 minutes or an hour, and use renews it.
_ANTHROPIC_5M, _ANTHROPIC_1H, _ANTHROPIC_BOTH = Life(_5M, _5M), Life(_1H, _1H), Life(_5M, _1H)
# https://developers.openai.com/api/docs/guides/prompt-caching: 5 minutes at least, a day where the organisation or the request says so; models that
# report what they write keep it 30 minutes, or 12 hours.
_OPENAI, _OPENAI_WRITTEN = Life(_5M, _DAY), Life(_30M, _12H)
# https://ai.google.dev/gemini-api/docs/caching: no lifetime is published for what is cached unasked.
_GEMINI = Life(0.0, math.inf)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the cache holds of a conversation.

    Args:
        tokens: of the prompt's beginning.
        life: how long without use.
        used: when it was last written or read, in seconds of any one clock.
    """

    tokens: int
    life: Life
    used: float

    def fresh(self, at: float) -> bool:
        """Whether the provider's promise holds at a time."""
        return at - self.used <= self.life.least

    def gone(self, at: float) -> bool:
        """Whether it is gone for certain at a time."""
        return at - self.used > self.life.most


def after(entry: Entry | None, dialect: str, usage: Usage, at: float) -> Entry | None:
    """What the cache holds after a response.

    Args:
        entry: what it held before it, None if nothing is known.
        dialect: the API's name, ``""`` for one with Anthropic's lifetimes.
        usage: what was charged for.
        at: when the response began: nothing that it used was used later by it.

    Returns:
        The entry, which a read renews; None where the response neither wrote nor read. A provider that writes without saying so (OpenAI's older
        models, Gemini) is known to hold what was read, and no more.
    """
    held = usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
    return Entry(held, _life(entry, dialect, usage), at) if held else None


def longest(dialect: str) -> float:
    """Seconds for which an API's cache may keep anything that is not used; see `after` for its name."""
    return _life(None, dialect, Usage()).most


def _life(entry: Entry | None, dialect: str, usage: Usage) -> Life:
    if dialect == "gemini":
        return _GEMINI
    if dialect.startswith("openai"):
        written = usage.cache_write_5m or usage.cache_write_1h
        return _OPENAI_WRITTEN if written else entry.life if entry is not None else _OPENAI
    if usage.cache_write_1h:
        return _ANTHROPIC_BOTH if usage.cache_write_5m else _ANTHROPIC_1H
    if usage.cache_write_5m:
        # What was read may have been written for an hour, by a request that nobody here saw for one.
        return _ANTHROPIC_BOTH if usage.cache_read and (entry is None or entry.life.most > _5M) else _ANTHROPIC_5M
    return entry.life if entry is not None else _ANTHROPIC_BOTH
