"""``GET /stats``: what this proxy did, and what the ledger of all sessions says."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import parse_qs

from aiohttp import web
from msgspec import Struct

from headroom.version import VERSION
from headroom_wrap.ledger.summary import Summary, summary_of
from headroom_wrap.proxy.endpoints import answers
from headroom_wrap.proxy.endpoints.answers import Refusal
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.tally import Durations, Tally
from pipeline.store.api import Total
from pipeline.usage import Usage

_DAYS = 30
_MOST_DAYS = 3650
_DAY_S = 86_400
_FRESH_S = 10.0  # a dashboard that asks every second does not have the ledger added up every second


class Tokens(Struct, frozen=True):
    """Tokens by the class in which the provider charged for them."""

    input: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    output: int


class Named(Struct, frozen=True):
    """A model, an agent or a project.

    Args:
        name: its name.
        responses: how many.
        cost, cost_without: dollars with and without us; ``cost_without`` is estimated.
        tokens_removed: tokens less in all prompts together (estimated).
    """

    name: str
    responses: int
    cost: float
    cost_without: float
    tokens_removed: int


class Ledger(Struct, frozen=True):
    """Sums over the receipts of all sessions that share this store.

    Args:
        days: over how many days.
        responses: how many; ``unpriced`` of them are of models whose price is not known and in no sum of dollars.
        usage: what was charged for.
        cost: dollars at list price.
        cost_without: what the untouched requests would have cost (estimated).
        saved, saved_share: the difference, and its share; negative where Headroom cost more than it saved.
        overhead: dollars that its own presence cost, taken off already.
        cache_hit: the share of all prompt tokens that was read from the provider's cache.
        tokens_removed: tokens less in all prompts together (estimated).
        models, agents, projects: the same by name, the costliest first.
        compressors: tokens left out, by compressor.
        reasons: tool results by what became of them.
    """

    days: int
    responses: int
    unpriced: int
    usage: Tokens
    cost: float
    cost_without: float
    saved: float
    saved_share: float
    overhead: float
    cache_hit: float
    tokens_removed: int
    models: tuple[Named, ...]
    agents: tuple[Named, ...]
    projects: tuple[Named, ...]
    compressors: dict[str, int]
    reasons: dict[str, int]


class Run(Struct, frozen=True):
    """What this proxy did since it started. The members that `Ledger` has too mean the same.

    Args:
        started: Unix time in seconds.
        uptime_s: seconds since.
        requests: that came for the model; ``unread`` of them hold no messages that are understood.
        troubles: what went wrong, by kind.
        cache_aid: requests by what was done so that the provider's cache serves them, and ``earned``: uncached input tokens' worth that our
            breakpoints saved, what they cost taken off.
        pings: keep-alive pings that were ``sent``, what they ``cost`` and what they ``avoided`` in dollars, and the chance that a conversation
            goes on from which the last one paid (``break_even``).
        compress_requests, compress_tokens_before, compress_tokens_saved: of ``POST /v1/compress``.
        retrievals: originals that were fetched: over HTTP, and by this proxy where a model asked it.
    """

    started: float
    uptime_s: float
    requests: int
    unread: int
    responses: int
    unpriced: int
    usage: Tokens
    cost: float
    cost_without: float
    saved: float
    overhead: float
    tokens_removed: int
    models: dict[str, int]
    compressors: dict[str, int]
    reasons: dict[str, int]
    troubles: dict[str, int]
    cache_aid: dict[str, int]
    pings: dict[str, float]
    compress_requests: int
    compress_tokens_before: int
    compress_tokens_saved: int
    retrievals: int


class Requests(Struct, frozen=True):
    """Of this run, in the words of the published npm package: for the model and for compression. None is answered from a cache or held back."""

    total: int
    failed: int
    by_model: dict[str, int]
    cached: int = 0
    rate_limited: int = 0


class TokenSums(Struct, frozen=True):
    """Likewise: tokens of prompts and answers, and what was left out of prompts and of messages compressed on request (estimated)."""

    input: int
    output: int
    saved: int
    total_before_compression: int
    savings_percent: float


class Milliseconds(Struct, frozen=True):
    """Likewise: times in milliseconds."""

    average_ms: float
    min_ms: float
    max_ms: float


class Stats(Struct, frozen=True):
    """Figures of the proxy and of the ledger.

    Args:
        version: of Headroom.
        run: of this proxy since it started.
        ledger: of all sessions that share the store.
        requests, tokens, cost: of this run, in the words of the published npm package.
        latency: from a request's arrival to the first byte of its answer.
        overhead: the part of it that is ours.
    """

    version: str
    run: Run
    ledger: Ledger
    requests: Requests
    tokens: TokenSums
    latency: Milliseconds
    overhead: Milliseconds
    cost: dict[str, float]


class StatsEndpoint:
    """Answers with the figures.

    Args:
        parts: of the proxy.
    """

    def __init__(self, parts: EndpointParts) -> None:
        self._parts = parts
        self._ledgers: dict[int, tuple[float, Ledger]] = {}
        self._adding = asyncio.Lock()

    async def get(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Answer a request."""
        ledger = await self._ledger(_days(target.partition("?")[2]))
        return answers.of(stats(self._parts.tally, ledger, time.time()))

    async def _ledger(self, days: int) -> Ledger:
        async with self._adding:
            made, ledger = self._ledgers.get(days, (0.0, None))
            if ledger is None or time.monotonic() - made > _FRESH_S:
                store = await self._parts.keeper.open()
                since = time.time() - days * _DAY_S
                ledger = await asyncio.to_thread(lambda: ledger_of(summary_of(store, since=since), days))
                self._ledgers = {days: (time.monotonic(), ledger)}
            return ledger


def stats(tally: Tally, ledger: Ledger, now: float) -> Stats:
    """The figures at a Unix time."""
    prompt = tally.usage.prompt
    saved = tally.removed + tally.compress_saved
    before = prompt + max(tally.removed, 0) + tally.compress_before
    return Stats(
        version=VERSION,
        run=_run(tally, now),
        ledger=ledger,
        requests=Requests(tally.requests + tally.compress_requests, tally.troubles["upstream"], dict(tally.models)),
        tokens=TokenSums(prompt, tally.usage.output, saved, before, 100 * saved / before if before else 0.0),
        latency=_milliseconds(tally.first_byte),
        overhead=_milliseconds(tally.added),
        cost={"usd": tally.cost, "usd_without": tally.cost_without, "saved_usd": tally.cost_without - tally.cost},
    )


def ledger_of(summary: Summary, days: int) -> Ledger:
    """A summary as it is told."""
    total = summary.total
    return Ledger(
        days=days,
        responses=total.responses,
        unpriced=total.unpriced,
        usage=_tokens(total.usage),
        cost=total.cost,
        cost_without=total.cost_without,
        saved=total.saved,
        saved_share=total.saved_share,
        overhead=total.overhead,
        cache_hit=total.cache_hit,
        tokens_removed=total.removed,
        models=_named(summary.models),
        agents=_named(summary.agents),
        projects=_named(summary.projects),
        compressors=dict(summary.compressors),
        reasons=dict(summary.reasons),
    )


def _run(tally: Tally, now: float) -> Run:
    return Run(
        started=tally.started,
        uptime_s=max(now - tally.started, 0.0),
        requests=tally.requests,
        unread=tally.unread,
        responses=tally.responses,
        unpriced=tally.unpriced,
        usage=_tokens(tally.usage),
        cost=tally.cost,
        cost_without=tally.cost_without,
        saved=tally.cost_without - tally.cost,
        overhead=tally.overhead,
        tokens_removed=tally.removed,
        models=dict(tally.models),
        compressors=dict(tally.compressors),
        reasons=dict(tally.reasons),
        troubles=dict(tally.troubles),
        cache_aid=dict(tally.cache_aid),
        pings=dict(tally.pings),
        compress_requests=tally.compress_requests,
        compress_tokens_before=tally.compress_before,
        compress_tokens_saved=tally.compress_saved,
        retrievals=tally.retrievals,
    )


def _tokens(usage: Usage) -> Tokens:
    return Tokens(usage.input, usage.cache_write_5m, usage.cache_write_1h, usage.cache_read, usage.output)


def _named(totals: tuple[Total, ...]) -> tuple[Named, ...]:
    return tuple(Named(t.name, t.responses, t.cost, t.cost_without, t.removed) for t in totals)


def _milliseconds(times: Durations) -> Milliseconds:
    return Milliseconds(1000 * times.average, 1000 * times.least, 1000 * times.most)


def _days(query: str) -> int:
    """The ``days`` of a query. Raises ``Refusal``."""
    try:
        said = parse_qs(query, keep_blank_values=True, max_num_fields=10).get("days", [str(_DAYS)])
        days = int(said[0]) if len(said) == 1 and said[0].isascii() and said[0].isdecimal() and len(said[0]) <= 4 else 0
    except ValueError:
        days = 0
    if not 1 <= days <= _MOST_DAYS:
        raise Refusal(400, "invalid_request", f"Write days as a number from 1 to {_MOST_DAYS}: /stats?days={_DAYS}.")
    return days
