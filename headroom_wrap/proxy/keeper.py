"""The store as the event loop sees it: opened beside the first requests, asked in threads, but for what is at hand without one."""

from __future__ import annotations

import asyncio
import itertools
import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar, runtime_checkable

from headroom_wrap.proxy.moment import MOMENT_S
from pipeline import cache_aligner
from pipeline.cache_aligner import Alignment
from pipeline.outcome import Outcome
from pipeline.store import unsent
from pipeline.store.api import Decision, Receipt, Store, StoreError
from pipeline.store.api import Keeper as Writer

_T = TypeVar("_T")
_THREADS = 2  # one may wait for the disk
_AGAIN_S = 3.0  # after a store that could not be opened, or written to
_FEW = 16  # keys; what a request has in new blocks
_SMALL = 32 << 10  # characters; to pack them takes half a millisecond
# All requests wait while one is at the store. A file in memory is read in a tenth of a millisecond and written in three; where the disk had to be
# asked it may have to be again. What only had to wait for the processor says nothing of the disk.
_SLOW_S = 0.005
_REST_S = 30.0
_FLUSH_S = 1.0  # between two waits for the disk
_MOST_UNSURE = 10_000  # keys
_unknown = itertools.count()


@runtime_checkable
class Prompt(Protocol):
    """A store that can be written to without waiting."""

    def at_once(self, work: Callable[[Writer], _T]) -> _T | None:
        """What work makes of the store, in one transaction; None where it would have to wait. Of the store's own errors it raises none."""
        ...


class Keeper:
    """Runs a store in threads of its own.

    Args:
        open_store: opens it, and may raise StoreError.
        worded: what is put on record for an outcome, where its model is told of retrieval in other words than the worker's.
    """

    def __init__(self, open_store: Callable[[], Store], *, worded: Callable[[Outcome], Outcome] | None = None) -> None:
        self._open_store = open_store
        self._worded = worded
        self._store: Store | None = None
        self._error: StoreError | None = None
        self._tried = 0.0
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="headroom-store")
        self._opening = asyncio.Lock()
        self._prompt: Prompt | None = None
        self._at_hand_from = 0.0
        self._flushed = -math.inf
        self._flush_at: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Future[None] | None = None
        self._unsure: dict[str, None] = {}  # what was sent as it came, whatever is on record, the oldest first
        self._recording: asyncio.Task[None] | None = None
        self._record_from = 0.0

    async def open(self) -> Store:
        """The store.

        Raises:
            StoreError: it cannot be opened; tried anew only after a while.
        """
        async with self._opening:
            if self._store is not None:
                return self._store
            if self._error is not None and time.monotonic() - self._tried < _AGAIN_S:
                raise self._error
            try:
                self._store = await self._call(self._opened)
            except StoreError as error:
                self._error, self._tried = error, time.monotonic()
                raise
            return self._store

    async def warm(self) -> None:
        """Open the store before it is needed; if that fails, whoever needs it will be told."""
        try:
            await self.open()
        except StoreError:
            pass

    async def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        """See ``unsent.decisions``."""
        store = await self.open()
        found = self._glance(store, keys) if len(keys) <= _FEW else None
        if found is None:
            found = await self._call(lambda: unsent.decisions(store, keys))
        self._record_unsent(store)
        return found

    async def settle(self, alignment: Alignment, outcomes: Sequence[Outcome]) -> dict[int, Decision]:
        """See ``cache_aligner.settle``. That it survives a loss of power is seen to in a moment: the request does not wait for the disk.

        Raises:
            StoreError: the originals are to be sent. That they were is put on record when the store answers again.
        """
        store = await self.open()
        if self._worded is not None:
            outcomes = [self._worded(outcome) for outcome in outcomes]
        decided = self._settled_at_once(alignment, outcomes)
        if decided is None:
            try:
                decided = await self._call(lambda: cache_aligner.settle(store, alignment, outcomes))
            except StoreError:
                self.sent_as_they_came([task.key for task in alignment.job.tasks] if alignment.job is not None else [])
                raise
        self._flush_soon(store)
        self._record_unsent(store)
        return decided

    def sent_as_they_came(self, keys: Sequence[str]) -> None:
        """The originals of these blocks were sent as nobody could tell what is on record: that is put there when the store answers again."""
        self._unsure.update(dict.fromkeys(keys))
        while len(self._unsure) > _MOST_UNSURE:
            del self._unsure[next(iter(self._unsure))]

    async def use(self, function: Callable[[Store], _T]) -> _T:
        """What a function makes of the store, in a thread."""
        store = await self.open()
        return await self._call(lambda: function(store))

    async def add_receipt(self, receipt: Receipt) -> None:
        """See ``Store.add_receipt``."""
        store = await self.open()
        await self._call(lambda: store.add_receipt(receipt))
        self._record_unsent(store)

    async def close(self) -> None:
        """Finish what is under way and close the store."""
        async with self._opening:
            store, self._store = self._store, None
            if store is not None:
                self._record_unsent(store)
                if self._recording is not None:
                    await self._recording
                await self._flush_now(store)
                await self._call(store.close)
        self._threads.shutdown(wait=False)

    def _opened(self) -> Store:
        store = self._open_store()
        try:
            store.glance([""])  # what the first one takes to be had is had before a request asks
        except BaseException:
            store.close()
            raise
        self._prompt = store if isinstance(store, Prompt) else None
        return store

    def _glance(self, store: Store, keys: Sequence[str]) -> dict[str, Decision] | None:
        """See ``unsent.glance``; None while that takes too long."""
        return self._at_hand(lambda: unsent.glance(store, keys))

    def _settled_at_once(self, alignment: Alignment, outcomes: Sequence[Outcome]) -> dict[int, Decision] | None:
        """What ``cache_aligner.settle`` returns where it takes next to no time, else None: two turns of a thread take longer than it does."""
        prompt, tasks = self._prompt, alignment.job.tasks if alignment.job is not None else ()
        if prompt is None or len(tasks) + len(alignment.history) > _FEW:
            return None
        if sum(len(task.content.text) for task in tasks) + sum(len(d.text or "") for d in alignment.history) > _SMALL:
            return None
        return self._at_hand(lambda: prompt.at_once(lambda now: cache_aligner.settle(now, alignment, outcomes)))

    def _at_hand(self, ask: Callable[[], _T | None]) -> _T | None:
        """What a store answers that is asked without a thread; None while that takes too long."""
        began, waits = time.monotonic(), _waits()
        if began < self._at_hand_from:
            return None
        found = ask()
        ended = time.monotonic()
        if ended - began > _SLOW_S and _waits() != waits:
            self._at_hand_from = ended + _REST_S
        return found

    def _record_unsent(self, store: Store) -> None:
        """Put on record, beside the requests, what was sent as it came: the store answers again."""
        if self._unsure and time.monotonic() >= self._record_from and (self._recording is None or self._recording.done()):
            self._recording = asyncio.get_running_loop().create_task(self._record(store, list(self._unsure)))

    async def _record(self, store: Store, keys: Sequence[str]) -> None:
        try:
            await self._call(lambda: unsent.record(store, keys))
        except StoreError:  # told where it failed first
            self._record_from = time.monotonic() + _AGAIN_S
            return
        for key in keys:
            self._unsure.pop(key, None)

    def _flush_soon(self, store: Store) -> None:
        if self._flush_at is None:
            loop = asyncio.get_running_loop()
            self._flush_at = loop.call_later(max(MOMENT_S, self._flushed + _FLUSH_S - loop.time()), self._flush, store)

    def _flush(self, store: Store) -> None:
        loop = asyncio.get_running_loop()
        self._flush_at, self._flushed = None, loop.time()  # what is written from now on is for the next one
        if self._flushing is not None and not self._flushing.done():  # a disk that takes so long is not to have the other thread as well
            self._flush_soon(store)
        else:
            self._flushing = loop.run_in_executor(self._threads, store.flush)

    async def _flush_now(self, store: Store) -> None:
        """What is waited for, and what is still to be flushed."""
        if self._flushing is not None:
            await self._flushing
        if self._flush_at is not None:
            self._flush_at.cancel()
            await self._call(store.flush)

    async def _call(self, function: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)


def _waits() -> int:
    """A number that is another one when this thread has waited for something in between, or that is not known."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw if sys.platform == "linux" else next(_unknown)
