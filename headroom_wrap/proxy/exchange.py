"""One request through the proxy: prepared and sent on, its response relayed as it comes. Nothing is retried, cached or reworded."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from headroom_wrap.events import Event, Trouble
from headroom_wrap.proxy import headers, replies
from headroom_wrap.proxy.books import Books, Meter, Times
from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.moment import MOMENT_S
from headroom_wrap.proxy.prepared import Prepared, rewritten
from headroom_wrap.proxy.replies import Shape
from headroom_wrap.proxy.silence import Silence
from headroom_wrap.proxy.upstream import Failure, Unreachable
from headroom_wrap.proxy.upstreams import Upstreams
from pipeline.dialects.api import Dialect, UsageParser
from pipeline.usage import Usage

if TYPE_CHECKING:  # a wrapped agent's proxy starts without it
    from headroom_wrap.proxy.cache_aid.aid import Aided, CacheAid
    from headroom_wrap.proxy.cache_aid.pinger import Pinger
    from headroom_wrap.proxy.retrieval.conversations import Conversation, Retrieval
    from headroom_wrap.proxy.retrieval.rounds import Rounds

log = logging.getLogger(__name__)

_HELD = 64 << 20  # bytes; a larger body is no transcript that a model could read
_UNKNOWN_FIELD = (400, 422)  # how APIs refuse what they do not know


class TooLarge(Exception):
    """A request body beyond the limit."""


class TooSlow(Exception):
    """A request body whose next piece does not come."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is done for one dialect: without a compression its requests pass and only their usage is read.

    Args:
        dialect: of the requests.
        compression: prepares them.
        untouched: in a word why there is no compression for this request.
        retrieval: offers the model our tool and answers its calls, None where clients have it themselves or nothing is left out.
    """

    dialect: Dialect
    compression: Compression | None
    untouched: str = ""
    retrieval: Retrieval | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What an exchange needs.

    Args:
        upstreams: where requests go.
        books: takes what was charged for.
        tell: takes events.
        body_limit: the largest request body in bytes.
        client_s: seconds that the next piece of a request's body may take.
        closing: set when the proxy ends: what is under way may go on, nothing new is begun.
        aid: makes requests use the provider's cache, None where their clients are to see to that.
        pinger: keeps paused conversations in it, None where nobody has asked for that.
    """

    upstreams: Upstreams
    books: Books
    tell: Callable[[Event], None]
    body_limit: int
    client_s: float = 120.0
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    aid: CacheAid | None = None
    pinger: Pinger | None = None


class Exchange:
    """One request and its response.

    Args:
        request: as it came.
        target: path and query for the upstream.
        lane: of the dialect that the request is of, None if it is of none.
        parts: what is needed on the way.
        form: the shape of errors of our own.

    Raises:
        NoRoute: there is no upstream for it.
    """

    def __init__(self, request: web.BaseRequest, target: str, lane: Lane | None, parts: Parts, form: Shape = Shape.ANTHROPIC) -> None:
        self._request = request
        self._target = target
        self._route = parts.upstreams.route(target, request.headers)
        self._lane = lane
        self._parts = parts
        self._form = form
        self._conversation: Conversation | None = None  # that our tool is part of
        self._aided: Aided | None = None
        self._name = b""  # of the conversation, where it may be kept in the cache while it pauses
        self._last: tuple[bytes, CIMultiDict[str]] = (b"", CIMultiDict())  # what was sent last, kept for that alone
        self._news: Callable[[], Event] | None = None  # that has not been told
        self._stalled = False
        self._left = parts.body_limit
        self._began_at = self._sent_at = self._answered_at = time.perf_counter()

    async def run(self) -> web.StreamResponse:
        """Carry the request to the upstream and the response back."""
        try:
            return await self._run()
        finally:
            self._tell()
            self._settle(None)  # no effect where a response has said what it was charged for

    async def _run(self) -> web.StreamResponse:
        try:
            answer, prepared = await self._answer()
        except Unreachable as error:
            # The client library tells of our own TooLarge and TooSlow as if the connection had failed.
            if self._left < 0:
                return replies.too_large(self._parts.body_limit, self._form)
            if self._stalled:
                return replies.too_slow(self._parts.client_s, self._form)
            self._parts.tell(Trouble("upstream", str(error)))
            return replies.unreachable(str(error), retry=self._route.upstream.reached, form=self._form)
        except TooLarge:
            return replies.too_large(self._parts.body_limit, self._form)
        except TooSlow:
            return replies.too_slow(self._parts.client_s, self._form)
        try:
            return await self._relay(answer, prepared)
        finally:
            answer.close()  # no effect on a connection whose response was read to its end

    async def _answer(self) -> tuple[aiohttp.ClientResponse, Prepared]:
        """Send the request and wait for the response's headers."""
        lane = self._lane
        compression = lane.compression if lane is not None else None
        if lane is None or compression is None or (self._request.content_length or 0) > _HELD:
            return await self._pass([])
        held = await self._hold()
        if not self._request.content.at_eof():
            return await self._pass(held)
        self._began_at = time.perf_counter()
        prepared = self._told(await self._prepare(lane, compression, b"".join(held)))
        held.clear()
        answer, prepared = await self._send_aided(prepared)
        if not prepared.changed or not self._may_refuse_ours(answer.status):
            if self._conversation is not None:  # another round needs it
                return answer, prepared
            return answer, replace(prepared, original=b"", body=b"")  # a stream may last for minutes: its request need not be kept
        answer.close()
        refused, self._conversation = self._conversation, None
        answer = await self._send(prepared.original, changed=False)
        if answer.ok:
            self._refuse(prepared, refused)
        return answer, Prepared(b"", b"", transcript=prepared.transcript, front=prepared.front, dialect=prepared.dialect)

    async def _send_aided(self, prepared: Prepared) -> tuple[aiohttp.ClientResponse, Prepared]:
        """Send a request with what makes it use the provider's cache; without that where the upstream does not take it."""
        aid = self._parts.aid
        # Whatever was made of it: else the first tool result that is made smaller would change the beginning of the prompt.
        coded = self._request.headers.get("Content-Encoding", "").lower() not in ("", "identity")
        aided = self._aided = await aid.aid(prepared, self._route.upstream.base) if aid is not None and not coded else None
        if aid is None or aided is None or aided.body is prepared.body:
            return await self._send(prepared.body, changed=prepared.changed), prepared
        answer = await self._send(aided.body, changed=True)
        if answer.status not in _UNKNOWN_FIELD:
            return answer, replace(prepared, body=aided.body)
        answer.close()
        answer = await self._send(prepared.body, changed=prepared.changed)
        if answer.ok:
            aid.refuse(aided)
            self._aided = None
        return answer, prepared

    def _charged(self, parser: UsageParser, prepared: Prepared) -> None:
        """A response has said what it was charged for: what that means for the aid, and for a pause that may follow."""
        usage, lane, aid, aided = parser.usage, self._lane, self._parts.aid, self._aided
        self._settle(usage)
        if not self._name or self._parts.pinger is None or usage is None or usage.cache_write_1h or lane is None:
            return
        from headroom_wrap.proxy.cache_aid.pinger import Warm  # loaded by whoever made the pinger

        def renewed() -> None:
            if aid is not None and aided is not None:
                aid.renewed(aided)

        body, onward = self._last
        held = usage.cache_read + usage.cache_write_5m
        session = self._session(prepared)
        warm = Warm(body, onward, self._route, lane.dialect.usage_parser, session, parser.model, held, self._sent_at, renewed)
        self._parts.pinger.pauses(self._name, warm)

    def _settle(self, usage: Usage | None) -> None:
        """Tell what came of the aid, None where nothing is known of it."""
        if self._aided is not None and self._parts.aid is not None:
            self._parts.aid.settle(self._aided, usage)

    async def _prepare(self, lane: Lane, compression: Compression, body: bytes) -> Prepared:
        coding = self._request.headers.get("Content-Encoding", "")
        session = lane.dialect.session(_lower(self._request))
        if lane.retrieval is None:
            return await compression.prepare(body, coding, session=session)
        prepared, self._conversation = await lane.retrieval.prepare(body, coding, self._target, session=session)
        return prepared

    def _refuse(self, prepared: Prepared, conversation: Conversation | None) -> None:
        """The upstream took the client's own request and not what we had made of it."""
        if self._lane is None or self._lane.compression is None:
            return
        if conversation is not None and self._lane.retrieval is not None:
            self._lane.retrieval.refuse(conversation)
        if conversation is None or rewritten((*prepared.known, *prepared.fresh)):
            self._lane.compression.refuse(prepared)

    def _may_refuse_ours(self, status: int) -> bool:
        """Whether a status may be said of what we made of a request, and not of the client's own."""
        if self._conversation is None:
            return status == 400
        from headroom_wrap.proxy.retrieval.rounds import REFUSED  # loaded with the first conversation that needs it

        return status in REFUSED

    def _told(self, prepared: Prepared) -> Prepared:
        path = self._target.partition("?")[0]
        if self._lane is not None and (read := prepared.transcript) is not None and not (read.model and read.stream):
            said = self._lane.dialect.path_info(path)
            prepared = replace(prepared, transcript=replace(read, model=read.model or said.model, stream=read.stream or said.stream))
        self._news = functools.partial(prepared.began, path)
        asyncio.get_running_loop().call_later(MOMENT_S, self._tell)  # the request goes first
        if self._parts.pinger is not None and self._lane is not None and prepared.transcript is not None:
            self._name = self._parts.pinger.name(self._lane.dialect.name, prepared.transcript, self._request.headers)
            self._parts.pinger.heard(self._name)
        return prepared

    def _tell(self) -> None:
        """Tell that the request has begun, unless it was told: an answer may be faster than that."""
        news, self._news = self._news, None
        if news is not None:
            self._parts.tell(news())

    async def _hold(self) -> list[bytes]:
        """The body's pieces, up to as many bytes as are held."""
        held = []
        size = 0
        while self._left >= 0 and size <= _HELD and (chunk := await self._piece()):
            held.append(chunk)
            size += len(chunk)
            self._left -= len(chunk)
        if self._left < 0:
            raise TooLarge
        return held

    async def _pass(self, held: list[bytes]) -> tuple[aiohttp.ClientResponse, Prepared]:
        """Send the request with its body as it comes."""
        prepared = self._told(Prepared(b"", b"", untouched=self._lane.untouched if self._lane is not None else ""))
        self._began_at = self._sent_at = time.perf_counter()
        request = self._request
        body = self._pieces(held) if held or request.body_exists else None
        # AWS looks at the host that was signed; a gateway that signs anew wants its own.
        host = headers.by_aws(request.headers) and self._route.upstream.base.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        onward = headers.for_upstream(request.raw_headers, host=host)
        answer = await self._route.upstream.send(request.method, self._route.target, onward, body)
        self._answered_at = time.perf_counter()
        return answer, prepared

    async def _send(self, body: bytes, *, changed: bool) -> aiohttp.ClientResponse:
        request = self._request
        onward = headers.for_upstream(request.raw_headers, length=len(body), identity=changed)
        if self._conversation is not None:
            onward["Accept-Encoding"] = "identity"  # calls of our tool must be seen
        if self._name:
            self._last = body, onward
        self._sent_at = time.perf_counter()
        answer = await self._route.upstream.send(request.method, self._route.target, onward, body)
        self._answered_at = time.perf_counter()
        return answer

    async def _pieces(self, held: list[bytes]) -> AsyncIterator[bytes]:
        while held:
            yield held.pop(0)
        while chunk := await self._piece():
            self._left -= len(chunk)
            if self._left < 0:
                raise TooLarge
            yield chunk

    async def _piece(self) -> bytes:
        """The next bytes of the request's body, none at its end."""
        content = self._request.content
        piece = content.read_nowait()
        if piece or content.at_eof():
            return piece
        try:
            return await asyncio.wait_for(content.readany(), self._parts.client_s)
        except asyncio.TimeoutError:
            self._stalled = True
            raise TooSlow from None

    async def _relay(self, answer: aiohttp.ClientResponse, prepared: Prepared) -> web.StreamResponse:
        """Hand the response on as it comes."""
        if (rounds := self._rounds(prepared)) is not None and rounds.hears(answer):
            return await rounds.relay(answer)
        prepared = replace(prepared, original=b"", body=b"")
        response = replies.Relayed(status=answer.status, reason=answer.reason, headers=headers.for_agent(answer.raw_headers))
        await response.prepare(self._request)
        times = Times(self._began_at, self._sent_at, self._answered_at, time.perf_counter())
        meter = self._meter(answer)
        try:
            whole = await self._stream(answer, response, meter)
        finally:
            if meter is not None and self._lane is not None:
                meter.close()
                self._tell()
                self._parts.books.enter(meter.parser, prepared, self._session(prepared), times)
                self._charged(meter.parser, prepared)
        if whole:
            await response.write_eof()
        elif self._request.transport is not None:
            self._request.transport.close()  # the only way to say that something is missing
        return response

    def _rounds(self, prepared: Prepared) -> Rounds | None:
        """What answers calls of our tool, None if none can come."""
        lane, conversation = self._lane, self._conversation
        if lane is None or lane.retrieval is None or conversation is None:
            return None
        from headroom_wrap.proxy.retrieval.rounds import Rounds, Way  # loaded with the first conversation that needs it

        async def send(body: bytes, changed: bool) -> aiohttp.ClientResponse:
            self._began_at = time.perf_counter()
            return await self._send(body, changed=changed)

        def book(meter: Meter, asked: Prepared) -> None:
            self._tell()
            times = Times(self._began_at, self._sent_at, self._answered_at, self._answered_at)
            self._parts.books.enter(meter.parser, asked, self._session(asked), times)
            self._charged(meter.parser, asked)

        def meter(answer: aiohttp.ClientResponse) -> Meter:
            return Meter(lane.dialect.usage_parser(answer.headers.get("Content-Type", "")), answer.headers.get("Content-Encoding", ""))

        way = Way(self._request, send, meter, book, lambda refused: self._refuse(refused, conversation), self._parts.tell, self._form)
        return Rounds(lane.retrieval, conversation, prepared, way)

    async def _stream(self, answer: aiohttp.ClientResponse, response: web.StreamResponse, meter: Meter | None) -> bool:
        """Relay the body; False if the upstream broke off."""
        with Silence(answer, asyncio.get_running_loop()) as silence:
            while True:
                silence.begins()
                try:
                    chunk = await answer.content.readany()
                except Failure as error:
                    log.warning("the upstream broke off in the middle of a response: %r", error)
                    return False
                silence.ends()
                if not chunk:
                    return True
                await response.write(chunk)
                if meter is not None:
                    meter.feed(chunk)

    def _session(self, prepared: Prepared) -> str:
        """The agent's own name of the conversation, ``""`` if it tells none."""
        named = self._lane.dialect.session(_lower(self._request)) if self._lane is not None else ""
        return named or (prepared.transcript.session if prepared.transcript is not None else "")

    def _meter(self, answer: aiohttp.ClientResponse) -> Meter | None:
        if self._lane is None:
            return None
        parser = self._lane.dialect.usage_parser(answer.headers.get("Content-Type", ""))
        parser.model = self._lane.dialect.path_info(self._target.partition("?")[0]).model  # until the answer names it, which not all do
        return Meter(parser, answer.headers.get("Content-Encoding", ""))


def _lower(request: web.BaseRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
