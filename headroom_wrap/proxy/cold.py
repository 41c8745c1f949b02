"""Cold turns: which generation of its forms a conversation is in, and when a new one is opened. In doubt none is.

That the provider's cache holds nothing of a conversation is proved by three things together: as far as this process has seen it, it has been idle for
longer than that cache lives; no other process on the same store has booked an answer in that time; one of ours sent all blocks of the history.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.worker_pool import WorkerPool
from pipeline import cache_aligner, generations
from pipeline.cache_clock import Entry
from pipeline.cache_uses import Uses, window
from pipeline.dialects.api import Transcript
from pipeline.generations import Attempt
from pipeline.outcome import Reason
from pipeline.policy import Policy
from pipeline.store.api import Decision, Store, StoreError

log = logging.getLogger(__name__)

_REMEMBERED = 1000  # conversations
_BOOKED = 10_000  # answers

K = TypeVar("K")
V = TypeVar("V")

clock = time.monotonic
wall = time.time


@dataclass(frozen=True, slots=True)
class Asked:
    """A request before it is decided on.

    Args:
        transcript: what was read, blocks outside the body included.
        session: the agent's own name of the conversation; ``""``: it is in no generation but the first.
        dialect: the API's name.
        policy: what may be done.
        whole: all of the transcript stands in the body, so that all of it can take another form.
    """

    transcript: Transcript
    session: str
    dialect: str
    policy: Policy
    whole: bool = True


class ColdTurns:
    """Tells requests their lineage.

    Args:
        keeper: decisions, originals and receipts.
        workers: where compressors run.
        project: whose receipts tell of other processes.
    """

    def __init__(self, keeper: Keeper, workers: WorkerPool, project: str) -> None:
        self._keeper = keeper
        self._workers = workers
        self._project = project
        self._uses = Uses()
        self._starts: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()  # of the generations that a conversation has gone through
        self._tried: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._booked: OrderedDict[str, None] = OrderedDict()
        self._opening = asyncio.Lock()

    async def keys(self, asked: Asked, plain: tuple[str, ...]) -> tuple[str, ...]:
        """The lineage of a request's items in the generation in force, which may be opened now.

        Args:
            asked: the request.
            plain: its lineage in the first one.

        While the store cannot be asked it is the one that was in force last, as far as that is known.
        """
        if not plain:
            return plain
        try:
            return await self._keys(asked, plain) if asked.session and asked.transcript.turn else plain
        except StoreError as error:  # told where the decisions cannot be had, which comes next
            log.info("generations cannot be looked up: %s", error)
            return _keys_of(asked, plain, self._starts.get((asked.session, plain[0]), ()))
        finally:
            self._uses.asked(plain[0], asked.dialect, clock())

    def answered(self, keys: Sequence[str], dialect: str, entry: Entry | None, message_id: str) -> None:
        """An answer has ended.

        Args:
            keys: the lineage of its request in the first generation.
            dialect: the API's name.
            entry: what the cache holds by it.
            message_id: under which it is booked.
        """
        _remember(self._booked, message_id, None, _BOOKED)
        if keys:
            self._uses.answered(keys[0], dialect, entry, clock())

    async def _keys(self, asked: Asked, plain: tuple[str, ...]) -> tuple[str, ...]:
        conversation = asked.session, plain[0]
        starts = self._starts.get(conversation)
        if starts is not None and not self._uses.gone(plain[0], clock()):
            return _keys_of(asked, plain, starts)
        async with self._opening:  # of two requests at once, one opens a generation and the other finds it
            starts = await self._keeper.use(lambda store: _find(store, asked, plain, self._starts.get(conversation)))
            _remember(self._starts, conversation, starts, _REMEMBERED)
            keys = _keys_of(asked, plain, starts)
            if len(starts) >= generations.MOST or not asked.whole or not await self._cold(asked, plain[0]):
                return keys
            start = await self._open(asked, keys, all_again=conversation not in self._tried)
            _remember(self._tried, conversation, None, _REMEMBERED)
            if not start:
                return keys
            _remember(self._starts, conversation, (*starts, start), _REMEMBERED)
            return cache_aligner.lineage(asked.transcript.items, start)

    async def _cold(self, asked: Asked, first: str) -> bool:
        """Whether it is proved that the provider's cache holds nothing of a conversation."""
        now, longest = clock(), window(asked.dialect)
        if self._uses.knows(first) and not self._uses.gone(first, now):
            return False
        since = wall() - longest
        if since <= 0:
            return False
        recent = await self._keeper.use(lambda store: store.receipts(since=since, project=self._project))
        # What this process has booked it knows of, unless that was forgotten.
        return not recent or (self._uses.knows(first) and all(receipt.message_id in self._booked for receipt in recent))

    async def _open(self, asked: Asked, keys: tuple[str, ...], *, all_again: bool) -> str:
        """Open a generation. Returns the beginning of its lineage, ``""`` if the old forms are as good or better ones did not come in time."""
        sent = [keys[i] for i in cache_aligner.blocks(asked.transcript) if i < asked.transcript.turn]
        on_record = await self._keeper.decisions(sent)
        tried = generations.attempt(asked.transcript, keys, on_record, asked.policy, asked.session, all_again=all_again)
        if tried is None or tried.alignment.job is None:
            return ""
        outcomes = await self._workers.run(tried.alignment.job)
        if generations.gain(tried, outcomes) < generations.LEAST_GAIN:
            return ""
        await self._keeper.settle(tried.alignment, outcomes)
        return await self._keeper.use(lambda store: _opened(store, tried))


def _opened(store: Store, tried: Attempt) -> str:
    """Record that a generation is open, after its decisions: who finds the one finds the others."""
    name = tried.opened[0]
    return store.freeze(list(tried.opened))[name.key].text or ""


def _find(store: Store, asked: Asked, plain: tuple[str, ...], known: tuple[str, ...] | None) -> tuple[str, ...]:
    """The beginnings of all generations that a conversation has gone through.

    Args:
        store: where they are.
        asked: a request of it.
        plain: its lineage in the first one.
        known: as many as are known, None if it was not looked for before.
    """
    starts = list(known or ())
    while len(starts) < generations.MOST:
        keys = _keys_of(asked, plain, tuple(starts))
        name = generations.name(asked.session, keys)
        wanted = [name] if known is not None else [name, *generations.marks(asked.transcript, keys)]
        found = store.decisions(wanted)
        start = (found[name].text or "") if name in found else generations.joined(asked.transcript, keys, found)
        if not start:
            break
        starts.append(start)
        if name not in found:
            store.freeze([Decision(name, start, Reason.OFF.value)])
    return tuple(starts)


def _keys_of(asked: Asked, plain: tuple[str, ...], starts: tuple[str, ...]) -> tuple[str, ...]:
    return cache_aligner.lineage(asked.transcript.items, starts[-1]) if starts else plain


def _remember(where: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > most:
        where.popitem(last=False)
