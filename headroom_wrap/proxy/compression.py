"""From the bytes of a request to the bytes that go on: dialect, lineage, decisions, worker, store. Whatever fails, the request goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from headroom_wrap.events import Event, Trouble
from headroom_wrap.proxy import codings, shell
from headroom_wrap.proxy.cold import Asked, ColdTurns
from headroom_wrap.proxy.heads import Front
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.moment import MOMENT_S
from headroom_wrap.proxy.prepared import Prepared, rewritten
from headroom_wrap.proxy.quick import IN_A_THREAD, is_quick
from headroom_wrap.proxy.worker_pool import WorkerPool
from pipeline import cache_aligner
from pipeline.cache_aligner import Alignment, Job
from pipeline.dialects.api import Dialect, Transcript, Unreadable
from pipeline.memory.forms import LEAST_CHARS
from pipeline.outcome import Outcome, Reason
from pipeline.policy import Policy
from pipeline.store.api import Decision, StoreError
from pipeline.store.recent import RecentDecisions

if TYPE_CHECKING:  # not loaded where there is none
    from headroom_wrap.proxy.feedback import Feedback

log = logging.getLogger(__name__)

_HASHED = 256 << 10  # characters; fewer are hashed faster than a thread is woken
_DECODED_LIMIT = 64 << 20
_MOST_REFUSED = 10_000  # block keys

Reader = Callable[[bytes, Policy], Transcript]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Decided:
    """What becomes of a transcript's blocks, by item index."""

    known: Mapping[int, Decision] = field(default_factory=dict)
    fresh: Mapping[int, Decision] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


class Compression:
    """Prepares the requests of one dialect.

    Args:
        dialect: reads and writes the bodies.
        policy: what may be done.
        keeper: decisions and originals.
        workers: where compressors run.
        tell: takes events.
        shared: conversations of several clients pass here: what one of them is refused concerns no other.
        cold: may give a conversation other forms where the provider's cache holds nothing of it; None: forms never change.
        feedback: makes the policy of a conversation gentler from its beginning, where earlier ones showed that; None: they all begin alike.
        shells: names of tools in which a model can run ``headroom show``: that is how it gets back what was left out, and where it is offered none
            of them nothing is left out; None: it has another way.
    """

    def __init__(
        self,
        dialect: Dialect,
        policy: Policy,
        keeper: Keeper,
        workers: WorkerPool,
        tell: Callable[[Event], None],
        *,
        shared: bool = False,
        cold: ColdTurns | None = None,
        feedback: Feedback | None = None,
        shells: frozenset[str] | None = None,
    ) -> None:
        self.dialect = dialect
        self._policy = policy
        self._keeper = keeper
        self._workers = workers
        self._tell = tell
        self._shared = shared
        self._cold = cold
        self._feedback = feedback
        self._shells = shells
        self._memory = RecentDecisions()
        self._refused: dict[str, None] = {}  # block keys in the first generation, the oldest first
        self._reading = asyncio.Lock()  # a dialect remembers what it read, and is no more thread-safe than a dict
        self._under_way: set[asyncio.Task[Any]] = set()
        self._noting: dict[str, asyncio.Task[None]] = {}  # by the keys of the forms that are being put on record

    @property
    def policy(self) -> Policy:
        """What may be done now."""
        return self._policy

    async def prepare(self, body: bytes, coding: str = "", read: Reader | None = None, *, session: str = "", elide: bool = False) -> Prepared:
        """What goes on in place of a body. Never raises but for cancellation; what is being decided on is finished even then, for the retry.

        Args:
            body: as it came.
            coding: its ``Content-Encoding``.
            read: reads it, where it takes more than the body to do so. Items of the transcript may stand before the body then: their blocks count
                as sent, and are not written.
            session: the conversation's name where the body has none.
            elide: whatever the policy says of that, what is left out of this request can be retrieved.
        """
        try:
            return await self._aligned(body, coding, read, session, elide=elide)
        except (Unreadable, codings.CodingError) as error:
            log.info("a request goes on unread: %s", error)
        except Exception:  # fail open: whatever goes wrong in here, the agent's request goes on as it came
            log.exception("a request could not be prepared and goes on as it came")
        return Prepared(body, body)

    def refuse(self, prepared: Prepared) -> None:
        """The upstream took the original of a request and not what we had made of it: never again in this conversation, nor in this session."""
        changed = rewritten((*prepared.known, *prepared.fresh))
        self._refused.update(dict.fromkeys(prepared.firsts.get(d.key, d.key) for d in changed))
        while len(self._refused) > _MOST_REFUSED:
            del self._refused[next(iter(self._refused))]
        suspects = {name for d in rewritten(prepared.fresh) or changed for name in d.compressor.split("+")}  # two may have worked on one block
        names = ", ".join(sorted(suspects))
        if self._shared:
            consequence = f"and this conversation is left alone from here on (suspects: {names})."
        else:
            self._policy = replace(self._policy, disabled=self._policy.disabled | suspects)
            consequence = f"this conversation is left alone from here on, and compression by {names} is off until the session ends."
        self._tell(
            Trouble("refused", f"The model's API refused a request that Headroom had made smaller. It was sent again as it was, {consequence}")
        )

    async def close(self) -> None:
        """Finish what was begun for clients that are gone."""
        while self._under_way:  # what ends may have begun a note
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _finished(self, work: Coroutine[Any, Any, _T]) -> _T:
        """What comes of work that goes on to its end even when nobody waits for it any more. It costs a task, so not all is done in one."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _aligned(self, body: bytes, coding: str, read: Reader | None, session: str, *, elide: bool) -> Prepared:
        plain = await _decoded(body, coding) if coding else body
        policy = replace(self._policy, elide=True) if elide else self._policy
        if self._shells is not None and not (elide or shell.offered(plain, self._shells)):
            policy = replace(policy, elide=False)
        transcript = await self._read(plain, policy, read or self.dialect.read)
        firsts = keys = cache_aligner.lineage(transcript.items)
        all_blocks = transcript if read is None else _with_all_blocks(transcript)
        refused = self._refused and any(firsts[i] in self._refused for i in cache_aligner.blocks(all_blocks))
        if self._feedback is not None:
            policy = await self._feedback.policy(policy, all_blocks, firsts, session or transcript.session)
        if self._cold is not None and not refused:  # a new generation would carry the refused form over
            asked = Asked(all_blocks, session or transcript.session, self.dialect.name, policy, whole=read is None)
            known = self._cold.known(asked, firsts)
            keys = await self._finished(self._cold.keys(asked, firsts)) if known is None else known
        decided = await self._decide(all_blocks, keys, policy) if not refused else _Decided()
        if self._cold is not None:
            self._cold.sent(firsts)
        decisions = (*decided.known.items(), *decided.fresh.items())
        forms = {i: d.text for i, d in decisions if d.text is not None and transcript.spans[i] is not None}
        written = self.dialect.write(plain, transcript, forms) if forms else plain
        front = Front(plain)
        asyncio.get_running_loop().call_later(MOMENT_S, front.read)  # then its body need not be kept
        return Prepared(
            original=body,
            body=body if written is plain or written == plain else written,
            known=tuple(decided.known.values()),
            places=tuple(decided.known),
            fresh=tuple(decided.fresh.values()),
            labels=decided.labels,
            transcript=transcript,
            front=front,
            dialect=self.dialect.name,
            firsts={} if keys is firsts else dict(zip(keys, firsts, strict=True)),
            retrievable=policy.elide,
        )

    async def _read(self, plain: bytes, policy: Policy, read: Reader) -> Transcript:
        if is_quick(plain) and not self._reading.locked():
            return read(plain, policy)
        return await self._finished(self._read_in_turn(plain, policy, read))  # who reads in a thread goes on after its client has left

    async def _read_in_turn(self, plain: bytes, policy: Policy, read: Reader) -> Transcript:
        async with self._reading:
            return await asyncio.to_thread(read, plain, policy)

    async def _decide(self, transcript: Transcript, keys: tuple[str, ...], policy: Policy) -> _Decided:
        places = {i: keys[i] for i in cache_aligner.blocks(transcript)}
        on_record = self._memory.get(list(places.values()))
        try:
            if any(key not in on_record for key in places.values()):
                on_record |= await self._looked_up(transcript, keys, places, on_record)
            alignment = cache_aligner.align(transcript, keys, on_record, policy)
            decided = await self._finished(self._settle(alignment)) if alignment.job is not None or alignment.history else {}
        except StoreError as error:
            self._store_failed(error)
            return self._undecided(transcript, places, on_record)
        except Exception:  # fail open, but what was sent before is sent again
            log.exception("new tool results could not be decided on and go on as they came")
            return self._undecided(transcript, places, on_record)
        tasks = alignment.job.tasks if alignment.job is not None else ()
        known = {i: decided.get(i, d) for i, d in alignment.known.items()}
        return _Decided(known, {t.index: decided[t.index] for t in tasks}, tuple(t.seen.label for t in tasks))

    async def _looked_up(
        self, transcript: Transcript, keys: tuple[str, ...], places: Mapping[int, str], in_memory: Mapping[str, Decision]
    ) -> dict[str, Decision]:
        """What the store has of blocks that are not in memory, for those that were sent before also from another lineage.

        Raises:
            StoreError: it cannot be told.
        """
        found = await self._keeper.decisions([key for key in places.values() if key not in in_memory])
        self._memory.put(found.values())
        strays = cache_aligner.strays(transcript, keys, {**in_memory, **found})
        return {**found, **await self._strays(strays)} if strays else found

    def _undecided(self, transcript: Transcript, places: Mapping[int, str], on_record: Mapping[str, Decision]) -> _Decided:
        """What is on record is sent again. New blocks go on as they came, and stay so, unless another request of ours has decided on them."""
        held = {**on_record, **self._memory.get(places.values())}
        pinned = self._pin(key for i, key in places.items() if i >= transcript.turn and key not in held)
        self._keeper.sent_as_they_came(list(pinned))
        return _replay(places, {**held, **pinned})

    async def _strays(self, keys: list[str]) -> dict[str, Decision]:
        """Forms that blocks had in another lineage; without them they go on as they came."""
        try:
            return await self._keeper.decisions(keys)
        except StoreError as error:
            self._store_failed(error)
            return {}

    async def _settle(self, alignment: Alignment) -> dict[int, Decision]:
        """Decide on the new blocks of an alignment and freeze that. What is returned is in force, whoever froze it first."""
        tasks = alignment.job.tasks if alignment.job is not None else ()
        job, new_forms = await self._recall(alignment.job) if alignment.job is not None else (None, {})
        outcomes = await self._workers.run(job) if job is not None else []
        try:
            decided = await self._keeper.settle(alignment, outcomes)
        except StoreError as error:
            self._store_failed(error)
            self._memory.put(alignment.history)
            pinned = self._pin(t.key for t in tasks)
            return {task.index: pinned[task.key] for task in tasks}
        self._memory.put(decided.values())
        if job is not None and new_forms:
            self._note(job, outcomes, new_forms)
        return decided

    async def _recall(self, job: Job) -> tuple[Job, dict[int, str]]:
        """A job with the forms that its blocks got in other transcripts, and the keys of those that are not on record."""
        size = sum(len(task.content.text) for task in job.tasks)
        if not any(len(task.content.text) >= LEAST_CHARS for task in job.tasks):
            return job, {}
        keys = cache_aligner.form_keys(job) if size < _HASHED else await asyncio.to_thread(cache_aligner.form_keys, job)
        try:
            if under_way := {task for key in keys.values() if (task := self._noting.get(key)) is not None}:
                await asyncio.wait(under_way)
            found = await self._keeper.decisions(list(keys.values()))
        except StoreError:  # told where the decisions cannot be kept, which comes next
            return job, {}
        return cache_aligner.with_forms(job, keys, found), {index: key for index, key in keys.items() if key not in found}

    def _note(self, job: Job, outcomes: Sequence[Outcome], keys: Mapping[int, str]) -> None:
        """Put forms on record, beside the request: no other transcript is there yet to ask for them."""

        async def note() -> None:
            await asyncio.sleep(MOMENT_S)
            try:
                await self._keeper.use(lambda store: store.freeze(cache_aligner.new_forms(job, outcomes, keys)))
            except StoreError as error:
                log.info("forms cannot be kept: %s", error)

        task = asyncio.create_task(note())
        self._under_way.add(task)
        self._noting.update(dict.fromkeys(keys.values(), task))

        def noted(_: asyncio.Task[None]) -> None:
            self._under_way.discard(task)
            for key in keys.values():
                self._noting.pop(key, None)

        task.add_done_callback(noted)

    def _pin(self, keys: Iterable[str]) -> dict[str, Decision]:
        """Blocks that go on as they came although nothing could be recorded: while we live they stay so. Returns what is in force."""
        keys = list(keys)
        self._memory.put(Decision(key, None, Reason.STORE.value) for key in keys)
        return self._memory.get(keys)

    def _store_failed(self, error: StoreError) -> None:
        self._tell(Trouble("store", f"{error} Until then new tool results are sent unchanged."))


async def _decoded(body: bytes, coding: str) -> bytes:
    """A body without its coding.

    Raises:
        CodingError: it cannot be had.
    """
    if len(body) <= IN_A_THREAD:
        try:
            return codings.decode(body, coding, IN_A_THREAD)
        except codings.TooMuch:  # a small body may stand for a large one
            pass
    return await asyncio.to_thread(codings.decode, body, coding, _DECODED_LIMIT)


def _with_all_blocks(transcript: Transcript) -> Transcript:
    """The transcript with a place for the blocks too that do not stand in the body: what is new may refer to them, as it may over HTTP."""
    return replace(transcript, spans=tuple(span or item.span for span, item in zip(transcript.spans, transcript.items, strict=True)))


def _replay(places: Mapping[int, str], on_record: Mapping[str, Decision]) -> _Decided:
    """Only what is on record."""
    return _Decided({i: on_record[key] for i, key in places.items() if key in on_record})
