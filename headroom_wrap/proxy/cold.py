"""Cold turns: which generation of its forms a conversation is in, and when a new one is opened. In doubt none is.

That the provider's cache holds nothing of a conversation is proved by three things together: as far as this process has seen it, it has been idle for
longer than that cache lives; no other process on the same store has booked an answer in that time; one of ours sent all blocks of the history.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakValueDictionary

from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.moment import MOMENT_S
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
_SLOT_S = 600.0  # within which a use of the cache is noted once: other processes wait that much longer

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
        keeper: decisions and originals.
        workers: where compressors run.
    """

    def __init__(self, keeper: Keeper, workers: WorkerPool) -> None:
        self._keeper = keeper
        self._workers = workers
        self._token = secrets.token_hex(8)  # of this process
        self._uses = Uses()
        self._starts: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()  # of the generations that a conversation has gone through
        self._tried: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._noted: OrderedDict[str, int] = OrderedDict()
        self._noting: dict[str, asyncio.Task[None]] = {}
        self._opening: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()  # who waits for one, or holds it, keeps it

    def known(self, asked: Asked, plain: tuple[str, ...]) -> tuple[str, ...] | None:
        """The lineage that ``keys`` tells where nothing needs to be looked up or opened for it, else None."""
        if not plain:
            return plain
        keys: tuple[str, ...] | None = plain
        if asked.session and asked.transcript.turn:
            starts = self._starts.get((asked.session, plain[0]))
            keys = None if starts is None or self._uses.gone(plain[0], clock()) else _keys_of(asked, plain, starts)
        if keys is not None:
            self._uses.asked(plain[0], asked.dialect, clock())
        return keys

    async def keys(self, asked: Asked, plain: tuple[str, ...]) -> tuple[str, ...]:
        """The lineage of a request's items in the generation in force, which may be opened now.

        Args:
            asked: the request.
            plain: its lineage in the first one.

        While the store cannot be asked, or if anything else fails, it is the one that was in force last, as far as that is known.
        """
        known = self.known(asked, plain)
        if known is not None:
            return known
        try:
            return await self._keys(asked, plain)
        except StoreError as error:  # told where the decisions cannot be had, which comes next
            log.info("generations cannot be looked up: %s", error)
        except Exception:  # fail open, but what was sent before is sent again
            log.exception("no generation can be opened, and the last one stays in force")
        finally:
            self._uses.asked(plain[0], asked.dialect, clock())
        return _keys_of(asked, plain, self._starts.get((asked.session, plain[0]), ()))

    def sent(self, plain: Sequence[str]) -> None:
        """A request goes upstream: other processes are let know, beside it. Once in a while is enough.

        Args:
            plain: its lineage in the first generation.
        """
        slot = int(wall() // _SLOT_S)
        if not plain or self._noted.get(plain[0]) == slot:
            return
        first = plain[0]
        _remember(self._noted, first, slot, _REMEMBERED)
        task = self._noting[first] = asyncio.create_task(self._note_use(first, slot))
        task.add_done_callback(lambda _: self._noting.pop(first, None))

    async def noted(self, plain: Sequence[str]) -> None:
        """Wait until other processes can know of what was sent."""
        if plain and (task := self._noting.get(plain[0])) is not None:
            await asyncio.wait([task])

    async def close(self) -> None:
        """Finish what is being noted."""
        await asyncio.gather(*self._noting.values())

    def answered(self, keys: Sequence[str], dialect: str, entry: Entry | None) -> None:
        """An answer has ended.

        Args:
            keys: the lineage of its request in the first generation.
            dialect: the API's name.
            entry: what the cache holds by it.
        """
        if keys:
            self._uses.answered(keys[0], dialect, entry, clock())

    async def _keys(self, asked: Asked, plain: tuple[str, ...]) -> tuple[str, ...]:
        conversation = asked.session, plain[0]
        async with self._opening.setdefault(conversation, asyncio.Lock()):  # of two requests at once, one opens a generation and the other finds it
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
        longest = window(asked.dialect)
        knows = self._uses.knows(first)
        if longest == math.inf or (knows and not self._uses.gone(first, clock())):
            return False
        since, now = (int(at // _SLOT_S) for at in (wall() - longest, wall()))
        marks = [name for slot in range(since, now + 1) for name in _uses_at(first, slot)]
        found = await self._keeper.decisions(marks)
        return not found or (knows and all(mark.text == self._token for mark in found.values()))

    async def _note_use(self, first: str, slot: int) -> None:
        await asyncio.sleep(MOMENT_S)  # the note is a write that takes half a millisecond
        ours, others = _uses_at(first, slot)

        def note(store: Store) -> None:
            if store.freeze([Decision(ours, self._token, Reason.OFF.value)])[ours].text != self._token:
                store.freeze([Decision(others, "", Reason.OFF.value)])

        try:
            await self._keeper.use(note)
        except StoreError as error:
            log.info("a use of the provider's cache cannot be noted: %s", error)

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


def _uses_at(first: str, slot: int) -> tuple[str, str]:
    """The keys under which it is on record who sent a conversation within some minutes: the first process, and that there were others."""
    return f"use:{first}:{slot}", f"use:{first}:{slot}:others"


def _keys_of(asked: Asked, plain: tuple[str, ...], starts: tuple[str, ...]) -> tuple[str, ...]:
    return cache_aligner.lineage(asked.transcript.items, starts[-1]) if starts else plain


def _remember(where: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > most:
        where.popitem(last=False)
