"""Keep-alive pings: a paused conversation's last request again, with one token of answer, so that the provider's cache does not let it go. Pure.

A ping costs a tenth of the prompt at the price of input, and one token of output. What it avoids is that the prompt is written anew, at one and a
quarter, instead of read: so each pays from a chance of about 9 % on that the conversation goes on in the five minutes that it buys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.prices import Price, cost
from pipeline.transcript import Span
from pipeline.usage import Usage

EVERY_S = 270.0
"""Seconds of silence before a ping: an entry lives 300."""

LEAST_TOKENS = 4096
"""A smaller prompt is not worth a request."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What one ping is worth.

    Args:
        cost: of it, in dollars.
        avoided: dollars that it saves if the conversation goes on within the entry's life.
    """

    cost: float
    avoided: float

    @property
    def break_even(self) -> float:
        """The chance, from 0 to 1, from which on it pays."""
        return self.cost / self.avoided if self.avoided > 0 else 1.0

    @property
    def said(self) -> str:
        """In words."""
        return f"a ping costs ${self.cost:.4f} and saves ${self.avoided:.4f} where the conversation goes on: it pays from {self.break_even:.0%} on"


def worth(held: int, price: Price) -> Worth:
    """What a ping is worth for so many tokens in the cache."""
    read = cost(Usage(cache_read=held), price)
    return Worth(read + cost(Usage(output=1), price), cost(Usage(cache_write_5m=held), price) - read)


def by_key(headers: Mapping[str, str]) -> bool:
    """Whether a request is paid for by an API key; subscriptions' tokens are never used for pings. Names are looked up in any case."""
    key = headers.get("x-api-key", "")
    return bool(key) and not key.startswith("sk-ant-oat") and "authorization" not in headers


def ping(body: bytes) -> bytes | None:
    """The request that keeps a request's prefix in the cache; None where it cannot be told that its prefix would be the same.

    Raises:
        Malformed: the body is no JSON object.
    """
    whole = json_spans.whole(body)
    top = json_spans.members(body, whole)
    thinks = top.get("thinking")
    if "max_tokens" not in top or b'"cache_control"' not in body or b'"1h"' in body:
        return None
    if thinks is not None and json_spans.plain(body, thinks) not in (None, {"type": "disabled"}):
        return None  # thinking needs more than one token, and to leave it out is another prefix
    changes: list[tuple[Span, bytes]] = [(top["max_tokens"], b"1")]
    if "stream" in top:
        changes.append((top["stream"], b"false"))
    return splice(body, changes)
