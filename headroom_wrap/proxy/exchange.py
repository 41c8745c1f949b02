"""One request through the proxy: prepared and sent on, its response relayed as it comes. Nothing is retried, cached or reworded."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import aiohttp
from aiohttp import web

from headroom_wrap.events import Event, Trouble
from headroom_wrap.proxy import headers, replies
from headroom_wrap.proxy.books import Books, Meter, Times
from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.prepared import Prepared
from headroom_wrap.proxy.upstream import Failure, Unreachable
from headroom_wrap.proxy.upstreams import Upstreams
from pipeline.dialects.api import Dialect

log = logging.getLogger(__name__)

_HELD = 64 << 20  # bytes; a larger body is no transcript that a model could read


class TooLarge(Exception):
    """A request body beyond the limit."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is done for one dialect: without a compression its requests pass and only their usage is read."""

    dialect: Dialect
    compression: Compression | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What an exchange needs.

    Args:
        upstreams: where requests go.
        books: takes what was charged for.
        tell: takes events.
        body_limit: the largest request body in bytes.
    """

    upstreams: Upstreams
    books: Books
    tell: Callable[[Event], None]
    body_limit: int


class Exchange:
    """One request and its response.

    Args:
        request: as it came.
        target: path and query for the upstream.
        lane: of the dialect that the request is of, None if it is of none.
        parts: what is needed on the way.
    """

    def __init__(self, request: web.BaseRequest, target: str, lane: Lane | None, parts: Parts) -> None:
        self._request = request
        self._target = target
        self._route = parts.upstreams.route(target, request.headers)
        self._lane = lane
        self._parts = parts
        self._left = parts.body_limit
        self._began_at = self._sent_at = self._answered_at = time.perf_counter()

    async def run(self) -> web.StreamResponse:
        """Carry the request to the upstream and the response back."""
        try:
            answer, prepared = await self._answer()
        except Unreachable as error:
            if self._left < 0:  # the client library tells of our own TooLarge as if the connection had failed
                return replies.too_large(self._parts.body_limit)
            self._parts.tell(Trouble("upstream", str(error)))
            return replies.unreachable(str(error), retry=self._route.upstream.reached)
        except TooLarge:
            return replies.too_large(self._parts.body_limit)
        try:
            return await self._relay(answer, prepared)
        finally:
            answer.close()  # no effect on a connection whose response was read to its end

    async def _answer(self) -> tuple[aiohttp.ClientResponse, Prepared]:
        """Send the request and wait for the response's headers."""
        compression = self._lane.compression if self._lane is not None else None
        if compression is None or (self._request.content_length or 0) > _HELD:
            return await self._pass([])
        held = await self._hold()
        if not self._request.content.at_eof():
            return await self._pass(held)
        self._began_at = time.perf_counter()
        prepared = self._told(await compression.prepare(b"".join(held), self._request.headers.get("Content-Encoding", "")))
        held.clear()
        answer = await self._send(prepared.body, changed=prepared.changed)
        if answer.status != 400 or not prepared.changed:
            return answer, replace(prepared, original=b"", body=b"")  # a stream may last for minutes: its request need not be kept
        answer.close()
        answer = await self._send(prepared.original, changed=False)
        if answer.ok:
            compression.refuse(prepared)
        return answer, Prepared(b"", b"", transcript=prepared.transcript)

    def _told(self, prepared: Prepared) -> Prepared:
        self._parts.tell(prepared.began(self._target.partition("?")[0]))
        return prepared

    async def _hold(self) -> list[bytes]:
        """The body's pieces, up to as many bytes as are held."""
        held = []
        size = 0
        content = self._request.content
        while self._left >= 0 and size <= _HELD and (chunk := await content.readany()):
            held.append(chunk)
            size += len(chunk)
            self._left -= len(chunk)
        if self._left < 0:
            raise TooLarge
        return held

    async def _pass(self, held: list[bytes]) -> tuple[aiohttp.ClientResponse, Prepared]:
        """Send the request with its body as it comes."""
        prepared = self._told(Prepared(b"", b""))
        self._began_at = self._sent_at = time.perf_counter()
        request = self._request
        body = self._pieces(held) if held or request.body_exists else None
        answer = await self._route.upstream.send(request.method, self._route.target, headers.for_upstream(request.raw_headers), body)
        self._answered_at = time.perf_counter()
        return answer, prepared

    async def _send(self, body: bytes, *, changed: bool) -> aiohttp.ClientResponse:
        request = self._request
        onward = headers.for_upstream(request.raw_headers, length=len(body), identity=changed)
        self._sent_at = time.perf_counter()
        answer = await self._route.upstream.send(request.method, self._route.target, onward, body)
        self._answered_at = time.perf_counter()
        return answer

    async def _pieces(self, held: list[bytes]) -> AsyncIterator[bytes]:
        while held:
            yield held.pop(0)
        while chunk := await self._request.content.readany():
            self._left -= len(chunk)
            if self._left < 0:
                raise TooLarge
            yield chunk

    async def _relay(self, answer: aiohttp.ClientResponse, prepared: Prepared) -> web.StreamResponse:
        """Hand the response on as it comes."""
        response = replies.Relayed(status=answer.status, reason=answer.reason, headers=headers.for_agent(answer.raw_headers))
        await response.prepare(self._request)
        times = Times(self._began_at, self._sent_at, self._answered_at, time.perf_counter())
        meter = self._meter(answer)
        try:
            whole = await self._stream(answer, response, meter)
        finally:
            if meter is not None and self._lane is not None:
                meter.close()
                self._parts.books.enter(meter.parser, prepared, self._lane.dialect.session(_lower(self._request)), times)
        if whole:
            await response.write_eof()
        elif self._request.transport is not None:
            self._request.transport.close()  # the only way to say that something is missing
        return response

    async def _stream(self, answer: aiohttp.ClientResponse, response: web.StreamResponse, meter: Meter | None) -> bool:
        """Relay the body; False if the upstream broke off."""
        while True:
            try:
                chunk = await answer.content.readany()
            except Failure as error:
                log.warning("the upstream broke off in the middle of a response: %r", error)
                return False
            if not chunk:
                return True
            await response.write(chunk)
            if meter is not None:
                meter.feed(chunk)

    def _meter(self, answer: aiohttp.ClientResponse) -> Meter | None:
        if self._lane is None:
            return None
        parser = self._lane.dialect.usage_parser(answer.headers.get("Content-Type", ""))
        return Meter(parser, answer.headers.get("Content-Encoding", ""))


def _lower(request: web.BaseRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
