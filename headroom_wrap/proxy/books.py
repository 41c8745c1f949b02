"""What responses are charged for: read beside the relay, made into receipts, told to the supervisor. Never in the way of a byte."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from headroom_wrap.events import Event, Finished, Trouble
from headroom_wrap.ledger.calibration import Calibration
from headroom_wrap.ledger.receipts import receipt
from headroom_wrap.proxy import codings, effects
from headroom_wrap.proxy.cold import ColdTurns
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.prepared import Prepared
from pipeline import prices
from pipeline.cache_aligner import lineage
from pipeline.cache_misses import Cause, Sent, Watch
from pipeline.dialects.api import UsageParser
from pipeline.store.api import StoreError
from pipeline.usage import Usage

log = logging.getLogger(__name__)

_DECODED_LIMIT = 256 << 20
_GATHERED = 16 << 10  # bytes: about a millisecond's work


class Meter:
    """Feeds a response's bytes to a usage parser; at the first difficulty it stops listening.

    Small chunks are gathered first: parsing an event alone takes a third of the time that relaying it does.
    """

    def __init__(self, parser: UsageParser, coding: str) -> None:
        self.parser = parser
        self._gathered: list[bytes] = []
        self._size = 0
        self._decoder: codings.Decoder | None = None
        try:
            self._decoder = codings.decoder(coding, _DECODED_LIMIT)
        except codings.CodingError as error:
            log.warning("a response's usage cannot be read: %s", error)

    def feed(self, chunk: bytes) -> None:
        """Bytes that were relayed."""
        if self._decoder is None:
            return
        self._gathered.append(chunk)
        self._size += len(chunk)
        if self._size >= _GATHERED:
            self._parse()

    def close(self) -> None:
        """The response ended."""
        self._parse()
        try:
            self.parser.close()
        except Exception as error:  # fail open, as below
            log.warning("a response's usage cannot be read: %s", error)

    def _parse(self) -> None:
        data, self._gathered, self._size = b"".join(self._gathered), [], 0
        if self._decoder is None or not data:
            return
        try:
            self.parser.feed(self._decoder.feed(data))
        except Exception as error:  # fail open: bookkeeping must not end a relay
            log.warning("a response's usage cannot be read: %s", error)
            self._decoder = None


@dataclass(frozen=True, slots=True)
class Times:
    """When what happened, in seconds of one clock."""

    arrived: float
    sent: float
    answered: float
    relayed: float

    @property
    def ttfb_ms(self) -> float:
        """From the whole request here to the first of the response on its way to the agent, in milliseconds."""
        return 1000 * (self.relayed - self.arrived)

    @property
    def added_ms(self) -> float:
        """Our part of it."""
        return 1000 * (self.sent - self.arrived + self.relayed - self.answered)


class Books:
    """Makes receipts.

    Args:
        keeper: where they go.
        tell: takes events.
        agent, project: whose they are.
        remember: told of every request that was answered, of its session, and of what was charged for.
        cold: told of every answer, for what it left in the provider's cache.
    """

    def __init__(
        self,
        keeper: Keeper,
        tell: Callable[[Event], None],
        agent: str,
        project: str,
        remember: Callable[[Prepared, str, Usage], Awaitable[None]] | None = None,
        *,
        cold: ColdTurns | None = None,
    ) -> None:
        self._keeper = keeper
        self._tell = tell
        self._agent = agent
        self._project = project
        self._remember = remember
        self._cold = cold
        self._unnamed = secrets.token_hex(8)  # the session of requests that name none
        self._cache = Watch()
        self._calibration = Calibration()
        self._open: set[asyncio.Task[None]] = set()

    def enter(self, parser: UsageParser, prepared: Prepared, session: str, times: Times) -> None:
        """Book a response that ended; nothing happens if it names no usage."""
        usage = parser.usage
        if usage is None:
            return
        task = asyncio.create_task(self._enter(usage, parser, prepared, session or self._unnamed, times))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def close(self) -> None:
        """Finish what is being booked."""
        await asyncio.gather(*self._open)

    async def _enter(self, usage: Usage, parser: UsageParser, prepared: Prepared, session: str, times: Times) -> None:
        try:
            model = parser.model or (prepared.transcript.model if prepared.transcript is not None else "")
            keys = lineage(prepared.transcript.items) if prepared.transcript is not None else ()
            sent = Sent(times.sent, keys, model, prepared.head, prepared.forms)
            verdict = self._cache.answered(session, prepared.dialect, sent, usage, times.relayed)
            if self._cold is not None:
                self._cold.answered(keys, prepared.dialect, verdict.entry)
            self._calibration.observe(effects.grown(prepared, session, keys, model), usage)
            now = time.time()
            if self._cold is not None:
                await self._cold.noted(keys)  # who finds the receipt finds that the conversation was sent
            made = receipt(
                usage,
                effects.effect(prepared),
                prices.price_of(model, now),
                message_id=parser.message_id or secrets.token_hex(12),
                session=session,
                time=now,
                agent=self._agent,
                model=model,
                project=self._project,
                ratio=self._calibration.ratio(model),
                ttfb_ms=times.ttfb_ms,
                added_ms=times.added_ms,
                reasons=prepared.reasons,
                verdict=verdict,
            )
            self._tell(
                Finished(
                    session=session,
                    model=model,
                    usage=usage,
                    cost=made.cost,
                    cost_without=made.cost_without,
                    overhead=made.overhead,
                    removed=made.removed_new + made.removed_old,
                    ttl_s=round(verdict.entry.life.least) if verdict.entry is not None else 0,
                    miss=verdict.said,
                    cause=made.cause,
                    again=made.again,
                    again_cost=made.again_cost,
                )
            )
            if verdict.cause is Cause.OURS:
                paid = f"{verdict.again:,} tokens were paid for again."
                self._tell(Trouble("cache", f"Headroom broke the provider's prompt cache: {verdict.said}. {paid}"))
            await self._keeper.add_receipt(made)
            if self._remember is not None:
                await self._remember(prepared, session, usage)
        except StoreError as error:
            self._tell(Trouble("store", f"{error} This session's receipts are not complete."))
        except Exception:  # fail open: a wrong sum must not end a session
            log.exception("a response could not be booked")
