"""What is done for a client's requests so that the provider's cache serves them: the parts of this package, put together for one proxy."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from headroom_wrap.events import Event, Trouble
from headroom_wrap.proxy.cache_aid import breakpoints, keys, volatile
from headroom_wrap.proxy.cache_aid.bets import Bet, Bets
from headroom_wrap.proxy.cache_aid.order import Order
from headroom_wrap.proxy.cache_aid.relocation import Relocation
from headroom_wrap.proxy.cache_aid.volatile import Found
from headroom_wrap.proxy.prepared import Prepared
from headroom_wrap.proxy.upstream import shown
from pipeline.dialects.api import Transcript
from pipeline.dialects.json_spans import Malformed
from pipeline.transcript import ItemKind
from pipeline.usage import Usage

log = logging.getLogger(__name__)

BREAKPOINTS, KEY, ORDER, MOVED = "breakpoints", "cache keys", "order of tools", "moved instructions"
_OPENAI = ("openai-chat", "openai-responses")
_MOVES = ("anthropic", *_OPENAI)
_MOST_REFUSED = 1000
_IN_A_THREAD = 256 << 10  # bytes; to look through a smaller body takes three milliseconds


@dataclass(frozen=True, slots=True)
class Aided:
    """A request as it goes on.

    Args:
        body: its bytes.
        kinds: what was done.
        place: the upstream and the model that it was done for.
        bet: on its breakpoints, None where there are none of ours.
    """

    body: bytes
    kinds: tuple[str, ...]
    place: tuple[str, str]
    bet: Bet | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What comes of looking through a request.

    Args:
        aided: what is to be sent, None where nothing is to be done.
        changing: what changes in its instructions from one request to the next, None where that need not be told.
    """

    aided: Aided | None = None
    changing: Found | None = None


class CacheAid:
    """Aids the requests of a proxy's clients. What a client does for the cache itself is left as it is.

    Args:
        tell: takes events.
        tally: counts what was done, by kind, and the tokens that breakpoints earned.
        clock: seconds, rising.
        relocate: what is volatile in instructions is moved to the conversation's end.
    """

    def __init__(
        self, tell: Callable[[Event], None], tally: Counter[str], clock: Callable[[], float] = time.monotonic, *, relocate: bool = False
    ) -> None:
        self._tell = tell
        self._tally = tally
        self._clock = clock
        self._bets = Bets()
        self._order = Order()
        self._volatile = volatile.Volatile()
        self._relocation = Relocation() if relocate else None
        self._refused: dict[tuple[str, str, str], None] = {}
        self._betting = threading.Lock()  # a response may end while a request is looked through in a thread
        self._looking = asyncio.Lock()
        self._under_way: set[asyncio.Task[_Seen]] = set()

    async def aid(self, prepared: Prepared, base: str) -> Aided | None:
        """As ``aided``, but while a large body is looked through no other request waits, unless it is to be aided too."""
        if prepared.transcript is None:
            return None
        if len(prepared.body) < _IN_A_THREAD and not self._looking.locked():
            return self.aided(prepared, base)
        prepared.front.read()  # which is for the loop's thread alone
        # The thread goes on after its client has left, and until it ends nobody else may touch what is remembered.
        task = asyncio.create_task(self._in_turn(prepared, base))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return self._told(await asyncio.shield(task))
        except asyncio.CancelledError:
            task.add_done_callback(self._given_up)
            raise

    def aided(self, prepared: Prepared, base: str) -> Aided | None:
        """A request with what makes more of the cache; None where nothing is to be done. Never raises.

        Args:
            prepared: the request, its body in no content coding.
            base: of the upstream.
        """
        return self._told(self._seen(prepared, base))

    def settle(self, aided: Aided, usage: Usage | None) -> None:
        """A response to an aided request ended, or, with None, there is none."""
        if aided.bet is not None:
            with self._betting:
                earned = self._bets.settle(aided.bet, usage)
            self._tally["earned"] += round(earned)

    def renewed(self, aided: Aided) -> None:
        """What a request had left in the cache was used again just now."""
        if aided.bet is not None:
            with self._betting:
                self._bets.renewed(aided.bet, self._clock())

    def refuse(self, aided: Aided) -> None:
        """The upstream took the request without our aid, and not with it: never again there."""
        if aided.bet is not None:
            with self._betting:
                self._bets.settle(aided.bet, None)
        self._refused.update(dict.fromkeys((*aided.place, kind) for kind in aided.kinds))
        while len(self._refused) > _MOST_REFUSED:
            del self._refused[next(iter(self._refused))]
        base, model = aided.place
        what = " and ".join(aided.kinds)
        self._tell(
            Trouble("refused", f"{shown(base)} refused a request for {model} with our {what}. It was sent again without, and so are all later ones.")
        )

    async def _in_turn(self, prepared: Prepared, base: str) -> _Seen:
        async with self._looking:
            return await asyncio.to_thread(self._seen, prepared, base)

    def _given_up(self, task: asyncio.Task[_Seen]) -> None:
        """A request was looked through and is not sent."""
        if not task.cancelled() and (aided := task.result().aided) is not None:
            self.settle(aided, None)

    def _seen(self, prepared: Prepared, base: str) -> _Seen:
        """What is to be done and told; nobody is told yet, as this may not be the loop's thread. Never raises."""
        transcript = prepared.transcript
        found = None
        if transcript is None:
            return _Seen()
        try:
            found = self._changing(prepared)
            return _Seen(self._aided(prepared, transcript, (base, transcript.model)), found)
        except (Malformed, KeyError) as error:
            log.info("a request goes on without aid for the cache: %s", error)
        except Exception:  # fail open: whatever goes wrong in here, the request goes on
            log.exception("a request goes on without aid for the cache")
        return _Seen(None, found)

    def _told(self, seen: _Seen) -> Aided | None:
        """Count what is done, and tell what is found."""
        if seen.aided is not None:
            self._tally.update(seen.aided.kinds)
        if seen.changing is not None:
            self._tally["volatile instructions"] += 1
            self._tell(
                Trouble(
                    "volatile",
                    f"An application's instructions are the same from request to request but for {seen.changing.said}. What stands behind that is "
                    "in no provider's cache, and is paid for in full each time: leave it out, put it at the end of the last message, or start the "
                    "proxy with --relocate.",
                )
            )
        return seen.aided

    def _aided(self, prepared: Prepared, transcript: Transcript, place: tuple[str, str]) -> Aided | None:
        body = prepared.body
        kinds = []
        if self._relocation is not None and prepared.dialect in _MOVES and self._may(place, MOVED):
            moved = self._relocation.moved(body, prepared.dialect, prepared.head.tools, self._clock())
            kinds += [MOVED] if moved is not body else []
            body = moved
        if self._may(place, ORDER) and (kept := self._order.kept(body, _beginning(transcript))) is not body:
            body = kept
            kinds.append(ORDER)
        bet = None
        if prepared.dialect == "anthropic" and self._may(place, BREAKPOINTS):
            body, bet = self._marked(body, transcript.model)
            kinds += [BREAKPOINTS] if bet is not None and bet.places else []
        elif prepared.dialect in _OPENAI and self._may(place, KEY) and (keyed := keys.with_key(body)) is not body:
            body = keyed
            kinds.append(KEY)
        return Aided(body, tuple(kinds), place, bet) if kinds or bet is not None else None

    def _marked(self, body: bytes, model: str) -> tuple[bytes, Bet | None]:
        seen = breakpoints.outline(body, model)
        if seen is None or not breakpoints.minimum_tokens(seen.model):
            return body, None
        with self._betting:
            bet = self._bets.made(seen, self._clock())
        return breakpoints.written(body, bet.places, seen), bet

    def _may(self, place: tuple[str, str], kind: str) -> bool:
        return (*place, kind) not in self._refused

    def _changing(self, prepared: Prepared) -> Found | None:
        """What changes in the instructions, unless it is moved, or was told before."""
        if self._relocation is not None:
            return None
        return self._volatile.found(volatile.instructions(prepared.body), prepared.head.tools, self._clock())


def _beginning(transcript: Transcript) -> bytes:
    """What stands for a conversation, whatever its tools and instructions."""
    items = transcript.items
    return next((item.digest for item in items if item.kind is ItemKind.USER_TEXT), items[0].digest if items else b"")
