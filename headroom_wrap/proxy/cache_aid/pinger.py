"""Sends keep-alive pings while a conversation pauses: a few, for a few cents, and never with anything but the client's own key."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from multidict import CIMultiDict

from headroom_wrap.proxy.books import Books, Times
from headroom_wrap.proxy.cache_aid.bets import LIFE_S
from headroom_wrap.proxy.cache_aid.pings import EVERY_S, LEAST_TOKENS, Worth, by_key, ping, worth
from headroom_wrap.proxy.effects import PING
from headroom_wrap.proxy.prepared import Prepared
from headroom_wrap.proxy.upstream import Failure, Unreachable
from headroom_wrap.proxy.upstreams import Route
from pipeline import prices
from pipeline.dialects.api import Transcript, UsageParser
from pipeline.dialects.json_spans import Malformed
from pipeline.transcript import ItemKind

log = logging.getLogger(__name__)

_MOST_WAITING = 200
_MOST_BYTES = 64 << 20
_MOST_ANSWERED = 1 << 20


@dataclass(frozen=True, slots=True)
class Warm:
    """A request that was answered, and left its prompt in the cache.

    Args:
        body: as it was sent.
        headers: as they were sent.
        route: where to.
        parser: makes what reads a response's usage.
        session: whose it was.
        model: that answered.
        held: tokens that the cache holds.
        used: when it was sent, in seconds of ``time.perf_counter``.
        renewed: told that the cache was used again.
    """

    body: bytes
    headers: CIMultiDict[str]
    route: Route
    parser: Callable[[str], UsageParser]
    session: str
    model: str
    held: int
    used: float
    renewed: Callable[[], None]


@dataclass(slots=True)
class _Pause:
    """A conversation that waits for its user.

    Args:
        task: sends its pings.
        size: bytes that are held for it.
        gone: when the cache would have let it go, in seconds of ``time.perf_counter``.
        sent: pings so far.
        avoided: dollars that they save if it goes on after that.
    """

    task: asyncio.Task[None]
    size: int
    gone: float
    sent: int = 0
    avoided: float = 0.0


class Pinger:
    """Keeps paused conversations in the provider's cache.

    Args:
        most: pings in one pause.
        dollars: that all of them may cost.
        books: take what each was charged for.
        tally: counts: pings that were sent, what they cost and what they avoided in dollars, and the last one's break-even.
        every_s: seconds of silence before each.
    """

    def __init__(self, most: int, dollars: float, books: Books, tally: dict[str, float], every_s: float = EVERY_S) -> None:
        self._most = most
        self._left = dollars
        self._books = books
        self._tally = tally
        self._every_s = every_s
        self._pauses: dict[bytes, _Pause] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._size = 0

    @property
    def waiting(self) -> int:
        """Conversations that are kept."""
        return len(self._pauses)

    def name(self, dialect: str, transcript: Transcript, headers: Mapping[str, str]) -> bytes:
        """What stands for a client's conversation: its key, its model and what the user said first.

        It is ``b""`` where the conversation's requests may not be repeated.
        """
        if dialect != "anthropic" or not by_key(headers):
            return b""
        first = next((item.digest for item in transcript.items if item.kind is ItemKind.USER_TEXT), b"")
        said = f"{headers.get('x-api-key', '')}\n{transcript.model}\n".encode("utf-8", "surrogateescape")
        return hashlib.blake2b(said + first, digest_size=16).digest()

    def heard(self, name: bytes) -> None:
        """A conversation goes on."""
        pause = self._pauses.pop(name, None)
        if pause is None:
            return
        self._size -= pause.size
        pause.task.cancel()
        self._ending.add(pause.task)
        pause.task.add_done_callback(self._ending.discard)
        if pause.sent and time.perf_counter() > pause.gone:
            self._count("avoided", pause.avoided)

    def pauses(self, name: bytes, warm: Warm) -> None:
        """A conversation's request was answered: from here on it may pause."""
        self.heard(name)
        price = prices.price_of(warm.model, time.time())
        try:
            body = ping(warm.body)
        except Malformed:
            return
        too_many = len(self._pauses) >= _MOST_WAITING or self._size + len(warm.body) > _MOST_BYTES
        if body is None or price is None or warm.held < LEAST_TOKENS or too_many:
            return
        self._size += len(warm.body)
        task = asyncio.create_task(self._keep(name, warm, body, worth(warm.held, price)))
        self._pauses[name] = _Pause(task, len(warm.body), warm.used + self._every_s / EVERY_S * LIFE_S)

    async def close(self) -> None:
        """Nothing more is sent."""
        tasks = [pause.task for pause in self._pauses.values()]
        for task in tasks:
            task.cancel()
        self._pauses.clear()
        await asyncio.gather(*tasks, *self._ending, return_exceptions=True)

    async def _keep(self, name: bytes, warm: Warm, body: bytes, each: Worth) -> None:
        used = warm.used
        for _ in range(self._most):
            await asyncio.sleep(max(0.0, self._every_s - (time.perf_counter() - used)))
            used = time.perf_counter()
            if each.cost > self._left:
                break
            self._left -= each.cost  # before it is sent: several may be under way
            if not await self._sent(warm, body, each):
                break
            pause = self._pauses.get(name)
            if pause is not None:
                pause.sent += 1
                pause.avoided = each.avoided
        else:
            await asyncio.sleep(self._every_s)  # what goes on now was still saved
        if (pause := self._pauses.pop(name, None)) is not None:
            self._size -= pause.size

    async def _sent(self, warm: Warm, body: bytes, each: Worth) -> bool:
        """Send one, and whether the cache still held the prompt."""
        headers = warm.headers.copy()
        headers["Accept-Encoding"] = "identity"
        headers["Content-Length"] = str(len(body))
        sent = time.perf_counter()
        try:
            answer = await warm.route.upstream.send("POST", warm.route.target, headers, body)
            try:
                answered = time.perf_counter()
                said = await answer.content.read(_MOST_ANSWERED)
            finally:
                answer.close()
        except (Unreachable, *Failure) as error:
            log.info("a keep-alive ping failed: %s", error)
            return False
        parser = warm.parser(answer.headers.get("Content-Type", ""))
        parser.feed(said)
        parser.close()
        usage = parser.usage
        self._books.enter(parser, Prepared(b"", b"", untouched=PING), warm.session, Times(sent, sent, answered, answered))
        if answer.status != 200 or usage is None:
            return False
        self._count("sent", 1)
        self._count("cost", each.cost)
        self._tally["break_even"] = each.break_even
        log.info("%s", each.said)
        warm.renewed()
        return usage.cache_read > 0

    def _count(self, what: str, much: float) -> None:
        self._tally[what] = self._tally.get(what, 0.0) + much
