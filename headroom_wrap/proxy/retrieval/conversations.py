"""Conversations of which the tool is a part: decided with the first request, recorded, and the same ever after, over restarts and replicas."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from headroom_wrap.events import Event, Trouble
from headroom_wrap.mcp.tools import ToolError, Tools
from headroom_wrap.proxy import codings
from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.prepared import Prepared
from headroom_wrap.proxy.quick import is_quick
from headroom_wrap.proxy.retrieval import records, tool
from headroom_wrap.proxy.retrieval.api import NAME, Asked, Call, Result, Wire
from headroom_wrap.proxy.retrieval.outline import Outline, Reader, turn_key
from headroom_wrap.proxy.retrieval.records import Answered, Woven
from pipeline import cache_aligner, markers
from pipeline.dialects.api import Unreadable
from pipeline.dialects.json_spans import Malformed
from pipeline.outcome import LEAST_CHARS
from pipeline.store.api import Decision, Store, StoreError
from pipeline.store.recent import RecentDecisions
from pipeline.transcript import Item, ItemKind

log = logging.getLogger(__name__)

_DECODED_LIMIT = 64 << 20
_REMEMBERED = 8 << 20
_MOST_REFUSED = 10_000  # conversations
_UNREAD = (Malformed, Unreadable, KeyError, TypeError, RecursionError, codings.CodingError)
_ENOUGH = "No more can be fetched within this answer. Go on with what you have."


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request of a conversation that the tool is part of, for as long as it is answered.

    Args:
        wire: of its API.
        target: path and query of the request.
        root: names the conversation in the record, ``""`` where a response does.
        declaration: of the tool.
        end: lineage of all that the client sent.
        answerable: calls in the answer can be answered.
        kept: the API keeps the response.
    """

    wire: Wire
    target: str
    root: str
    declaration: bytes
    end: str
    answerable: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class _Standing:
    """A conversation that the tool is part of.

    Args:
        root: its name in the record.
        declaration: of the tool in it.
        outline: it, named as it is in the record.
    """

    root: str
    declaration: bytes
    outline: Outline


@dataclass(frozen=True, slots=True)
class _Opened:
    """A request's body with all that belongs to it upstream; no conversation where the client has the tool itself."""

    body: bytes
    conversation: Conversation | None


class Retrieval:
    """Makes the tool part of conversations of one dialect, and of their requests what the upstream has seen before.

    Args:
        wire: of the API.
        reader: of the dialect.
        compression: prepares requests.
        keeper: the record.
        tell: takes events.
        fetched: hears of every original that a model was given.
    """

    def __init__(
        self, wire: Wire, reader: Reader, compression: Compression, keeper: Keeper, tell: Callable[[Event], None], *, fetched: Callable[[], None]
    ) -> None:
        self.wire = wire
        self._reader = reader
        self._compression = compression
        self._name = compression.dialect.name
        self._keeper = keeper
        self._tell = tell
        self._fetched = fetched
        self._memory = RecentDecisions(_REMEMBERED)
        self._refused: dict[str, None] = {}  # roots, the oldest first
        self._reading = asyncio.Lock()
        self._under_way: set[asyncio.Task[tuple[Asked, Outline | None]]] = set()
        self._recording: set[asyncio.Task[dict[str, Decision]]] = set()

    async def prepare(self, body: bytes, coding: str, target: str, *, session: str = "") -> tuple[Prepared, Conversation | None]:
        """What goes on in place of a body, and the conversation that it is of if calls of our tool may come. Never raises but for cancellation.

        Args:
            body: as it came.
            coding: its ``Content-Encoding``.
            target: path and query.
            session: the conversation's name where the body has none.
        """
        opened = await self._open_safely(body, coding, target)
        if opened is None:
            return await self._compression.prepare(body, coding, session=session), None
        if opened.conversation is None:
            return await self._compression.prepare(body, coding, session=session, elide=True), None
        prepared = await self._compression.prepare(opened.body, session=session, elide=True)
        return replace(prepared, original=body), opened.conversation

    def refuse(self, conversation: Conversation) -> None:
        """The upstream does not take what we made of the conversation: from here on it goes on without loss, after a restart, too."""
        if not conversation.root:  # nothing is known of the response that was asked for now: what goes on from it is left alone
            return
        self._refused[conversation.root] = None
        while len(self._refused) > _MOST_REFUSED:
            del self._refused[next(iter(self._refused))]
        task = asyncio.create_task(self._freeze([Decision(records.refusal_record(conversation.root), None, records.LOSSLESS)]))
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)

    async def items(self, elements: Sequence[bytes]) -> tuple[Item, ...]:
        """The items of elements of a list of messages, none if they cannot be read."""
        try:
            async with self._reading:
                return self._reader.items(elements)
        except _UNREAD:
            return ()

    async def results(self, calls: Sequence[Call], *, enough: bool) -> list[Result]:
        """What the model's calls are answered with.

        Args:
            calls: of our tool.
            enough: nothing is fetched any more.
        """
        if enough:
            return [Result(call, _ENOUGH, failed=True) for call in calls]
        try:
            store = await self._keeper.open()
        except StoreError as error:
            return [Result(call, str(error), failed=True) for call in calls]
        results = await asyncio.to_thread(lambda: [_fetched(store, call) for call in calls])
        for result in results:
            if not result.failed:
                self._fetched()
        return results

    async def record_turn(self, conversation: Conversation, elements: Sequence[bytes], ahead: Sequence[bytes]) -> None:
        """Remember an answer that holds more than the client got, before the client has it whole."""
        try:
            async with self._reading:
                key = turn_key(conversation.end, self._reader.items(elements))
            turn = Woven(tuple(e.decode() for e in elements), tuple(a.decode() for a in ahead))
        except (*_UNREAD, UnicodeDecodeError) as error:
            log.warning("an answer cannot be remembered: %s", error)
            return
        name = records.turn_record(self._name, key)
        if self._memory.get([name]):
            return  # a turn of that name has been sent, as it was known then: what is on record after a restart is to be the same
        await self._freeze([Decision(name, records.encode(turn), records.WOVEN)])

    async def record_responses(self, conversation: Conversation, responses: Sequence[str], ahead: Sequence[bytes]) -> None:
        """Remember responses that the API keeps, the last of them being where the conversation goes on."""
        known = Answered(responses[-1], conversation.declaration.decode(), tuple(a.decode() for a in ahead))
        await self._freeze([Decision(records.response_record(name), records.encode(known), records.OFFERED) for name in responses])

    async def _open_safely(self, body: bytes, coding: str, target: str) -> _Opened | None:
        """None where the conversation is to go on without loss."""
        try:
            plain = await asyncio.to_thread(codings.decode, body, coding, _DECODED_LIMIT) if coding else body
            return await self._open(plain, target)
        except _UNREAD as error:
            log.info("a request goes on without retrieval: %s", error)
        except StoreError as error:
            self._store_failed(error)
        except Exception:  # fail open: whatever goes wrong in here, the request goes on without loss
            log.exception("a request goes on without retrieval")
        return None

    async def _open(self, plain: bytes, target: str) -> _Opened | None:
        wire = self.wire
        asked, outline = await self._read(plain, target)
        if outline is None:
            return _Opened(plain, None)
        if asked.previous:
            name = records.response_record(asked.previous)
            known = records.answered((await self._on_record([name])).get(name))
            if known is None:
                return None
            root, declaration = "", known.declaration.encode()
            ahead = [result.encode() for result in known.ahead]
            body = await _made(plain, lambda: wire.with_tool(wire.going_on(plain, known.response, ahead), declaration))
        else:
            standing = await self._standing(asked, outline)
            if standing is None:
                return None
            root, declaration, named = standing.root, standing.declaration, standing.outline
            woven = await self._woven(named)
            body = await _made(plain, lambda: wire.with_tool(records.weave(plain, named, wire, woven), declaration))
            outline = named
        return _Opened(body, Conversation(wire, target, root, declaration, outline.end, asked.fits, asked.kept))

    async def _read(self, plain: bytes, target: str) -> tuple[Asked, Outline | None]:
        if is_quick(plain) and not self._reading.locked():
            return self._seen(plain, target)
        # The thread goes on after its client has left, and until it ends nobody else may read.
        task = asyncio.create_task(self._read_in_turn(plain, target))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _read_in_turn(self, plain: bytes, target: str) -> tuple[Asked, Outline | None]:
        async with self._reading:
            return await asyncio.to_thread(self._seen, plain, target)

    def _seen(self, plain: bytes, target: str) -> tuple[Asked, Outline | None]:
        """What a request says, and its conversation unless the client has the tool itself."""
        asked = self.wire.asked(plain, target)
        return asked, None if tool.stands_in(asked.tools) else self._reader.read(plain)

    async def _standing(self, asked: Asked, outline: Outline) -> _Standing | None:
        """The conversation as it is on record, where it is put with its first request; None if the tool is no part of it."""
        if not outline.root:
            return None
        named = [one for one in (outline.former, outline) if one is not None]
        keys = [records.root_keys(self._name, one.root, tools=bool(asked.tools)) for one in named]
        names = [name for both in keys for name in (both.own, both.other)]
        if any(name in self._refused for name in names):
            return None
        refusals = [records.refusal_record(name) for name in names]
        known = await self._own([*refusals, *(both.own for both in keys)])
        if any(name in known for name in refusals):
            return None
        if not known and outline.turns:
            known = await self._on_record([both.other for both in keys])
        if not known:
            offered = asked.fits and (await self._elided(outline) if outline.turns else asked.tools or await _holds_bulk(outline.items))
            text, reason = (self.wire.declaration().decode(), records.OFFERED) if offered else (None, records.LOSSLESS)
            known = await self._freeze([Decision(keys[-1].own, text, reason)], strict=True)
        place, decision = next((n, known[name]) for n, both in enumerate(keys) for name in (both.own, both.other) if name in known)
        return None if decision.text is None else _Standing(decision.key, decision.text.encode(), named[place])

    async def _own(self, names: Sequence[str]) -> dict[str, Decision]:
        """What is on record under the names of a conversation, of which a new record is made now under the last alone."""
        try:
            known = await self._on_record(names)
        except StoreError as error:
            known = self._memory.get(names)
            if not known:
                raise
            self._store_failed(error)
        else:
            self._memory.put(Decision(name, None, records.ABSENT) for name in names[:-1] if name not in known)
        return {name: decision for name, decision in known.items() if decision.reason != records.ABSENT}

    async def _elided(self, outline: Outline) -> bool:
        """Whether something was left out of a conversation whose beginning nobody has seen: it was cut or summarised, so no cache holds it, and the
        forms that are on record stay in use. They need the tool.
        """
        items = outline.items
        blocks = [(key, item) for key, item in zip(cache_aligner.lineage(items), items, strict=True) if _bulky(item)]
        keys = [name for key, item in blocks for name in (key, cache_aligner.block_key(item))]
        found = await self._keeper.decisions(keys) if keys else {}
        return any(d.text is not None and markers.elides(d.text) for d in found.values())

    async def _woven(self, outline: Outline) -> dict[int, Woven]:
        """The turns that hold more upstream than the client knows of."""
        names = [records.turn_record(self._name, turn.key) for turn in outline.turns]
        try:
            known = await self._on_record(names)
        except StoreError as error:
            # Without the tool the whole prompt would be another one. What is not in memory, as a rule the last turn, may well hold no more.
            self._store_failed(error)
            known = self._memory.get(names)
        else:
            # What is not on record when it is first seen never will be: it was not recorded before the client had it.
            self._memory.put(Decision(name, None, records.ABSENT) for name in names if name not in known)
        found = {number: records.woven(known.get(name)) for number, name in enumerate(names)}
        return {number: turn for number, turn in found.items() if turn is not None}

    async def _on_record(self, keys: Sequence[str]) -> dict[str, Decision]:
        known = self._memory.get(keys)
        missing = [key for key in keys if key not in known]
        if missing:
            found = await self._keeper.decisions(missing)
            self._memory.put(found.values())
            known |= found
        return known

    async def _freeze(self, decisions: Iterable[Decision], *, strict: bool = False) -> dict[str, Decision]:
        """Record decisions. Raises ``StoreError`` only if ``strict``; else they are in force for as long as this process remembers them."""
        decided = list(decisions)
        try:
            store = await self._keeper.open()
            in_force = await asyncio.to_thread(store.freeze, decided)
        except StoreError as error:
            if strict:
                raise
            self._store_failed(error)
            in_force = {decision.key: decision for decision in decided}
        self._memory.put(in_force.values())
        return in_force

    def _store_failed(self, error: StoreError) -> None:
        self._tell(Trouble("store", f"{error} Until then the model cannot fetch what was left out."))


async def _made(plain: bytes, make: Callable[[], bytes]) -> bytes:
    """What is made of a body: of one that takes its time in a thread."""
    return make() if is_quick(plain) else await asyncio.to_thread(make)


def _bulky(item: Item) -> bool:
    """Whether something may be left out of it: of a tool's result, or of a long text of the user's if there is data in it."""
    return item.kind in (ItemKind.TOOL_RESULT, ItemKind.USER_TEXT) and item.span is not None and len(item.written) >= LEAST_CHARS


async def _holds_bulk(items: Sequence[Item]) -> bool:
    """Whether something may well be left out of a conversation."""
    found = [item for item in items if _bulky(item)]
    texts = [item.whole for item in found if item.kind is ItemKind.USER_TEXT]
    return len(texts) < len(found) or (bool(texts) and await asyncio.to_thread(_hold_data, texts))


def _hold_data(texts: Sequence[str]) -> bool:
    from pipeline.segments import machine_made, pasted  # late: few conversations begin with long texts

    return any(pasted(text, machine_made).parts for text in texts)


def _fetched(store: Store, call: Call) -> Result:
    try:
        return Result(call, Tools(lambda: store, _refuse_to_compress).call(NAME, dict(call.arguments)))
    except ToolError as error:
        return Result(call, str(error), failed=True)


def _refuse_to_compress(text: str, query: str, store: Store) -> str:
    raise ToolError("Here originals are only fetched.")
