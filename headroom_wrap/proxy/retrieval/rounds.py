"""One answer to the client, made of as many responses of the upstream as the model needs to fetch what it wants. Streams stay streams."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from headroom_wrap.events import Event, Trouble
from headroom_wrap.proxy import codings, headers, replies
from headroom_wrap.proxy.books import Meter
from headroom_wrap.proxy.prepared import Prepared
from headroom_wrap.proxy.replies import Shape
from headroom_wrap.proxy.retrieval.api import NAME, Answer, Form, Unclear
from headroom_wrap.proxy.retrieval.conversations import Conversation, Retrieval
from headroom_wrap.proxy.upstream import Failure, Unreachable
from pipeline.transcript import Item, ItemKind

log = logging.getLogger(__name__)

MOST_ROUNDS = 4
_ANSWER_LIMIT = 256 << 20  # bytes behind a content coding
REFUSED = (400, 404, 413, 422)  # our tool or a body grown by it may be; anything else would be said of the client's own request too
_EXPLAINED = 64 << 10  # bytes of an error that are looked at
_LINGER_S = 0.25  # for the end of a response that has said all: then its connection can be used again


@dataclass(frozen=True, slots=True)
class Way:
    """What rounds need of an exchange.

    Args:
        request: of the client.
        send: sends a body in the place of the client's; True: it is not what the client sent. Raises ``Unreachable``.
        meter: makes what reads a response's usage.
        book: enters a response that ended: what read it, and its request.
        refused: the upstream took the client's own request and not what we had made of it.
        tell: takes events.
        form: the shape of errors of our own.
    """

    request: web.BaseRequest
    send: Callable[[bytes, bool], Awaitable[aiohttp.ClientResponse]]
    meter: Callable[[aiohttp.ClientResponse], Meter]
    book: Callable[[Meter, Prepared], None]
    refused: Callable[[Prepared], None]
    tell: Callable[[Event], None]
    form: Shape


class Failed(Exception):
    """The answer cannot go on.

    Args:
        answer: the response that says why, None if none came.
        body: its body.
    """

    def __init__(self, message: str, answer: aiohttp.ClientResponse | None = None, body: bytes = b"") -> None:
        super().__init__(message)
        self.answer = answer
        self.body = body


class BrokeOff(Exception):
    """The upstream broke off in the middle of a response."""


class Rounds:
    """The answer to one request of a conversation that the tool is part of.

    Args:
        retrieval: fetches and remembers.
        conversation: that the request is of.
        prepared: the request.
        way: to the client and to the upstream.
    """

    def __init__(self, retrieval: Retrieval, conversation: Conversation, prepared: Prepared, way: Way) -> None:
        self._retrieval = retrieval
        self._conversation = conversation
        self._wire = conversation.wire
        self._prepared = prepared
        self._way = way
        self._trail: list[bytes] = []  # what stands upstream after the request's own messages
        self._last: tuple[bytes, ...] = ()  # elements with the results that were fetched last
        self._pending: tuple[bytes, ...] = ()  # results that the upstream gets beside those of the client's tools
        self._unheard: tuple[bytes, ...] = ()  # results that no response of its has followed on yet: it gets them with the client's next request
        self._responses: list[str] = []
        self._fetched = False
        self._plain = False  # the client's own request is being answered, without the tool
        self._begun = b""  # of the first response, where its form was told by that

    def hears(self, answer: aiohttp.ClientResponse) -> bool:
        """Whether calls in a response can be seen and answered."""
        if not self._conversation.answerable or answer.status != 200 or not self._wire.reads(answer.headers.get("Content-Type", "").lower()):
            return False
        try:
            codings.decoder(answer.headers.get("Content-Encoding", ""), _ANSWER_LIMIT)
        except codings.CodingError:
            return False
        return True

    async def relay(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """Hand the answer on: a stream as it comes, a document when it is complete.

        Args:
            answer: the first response, which the caller closes.
        """
        response = replies.Relayed(status=answer.status, reason=answer.reason, headers=_onward(answer))
        try:
            form = await self._form(answer)
        except BrokeOff as error:
            return self._broken_off(error, response)
        streamed = form is not Form.WHOLE
        machine = self._wire.answer(self._prepared.body, form)
        if streamed:
            await response.prepare(self._way.request)
        try:
            await self._run(answer, machine, response)
            last = machine.finish()
        except Failed as error:
            if error.answer is None:
                self._way.tell(Trouble("upstream", str(error)))
            if not streamed:
                return await self._handed_on(error)
            last = machine.failed(str(error))
        except BrokeOff as error:
            return self._broken_off(error, response)
        if not streamed:
            response.content_length = len(last)
            await response.prepare(self._way.request)
        if last:
            await response.write(last)
        await response.write_eof()
        return response

    def _broken_off(self, error: BrokeOff, response: web.StreamResponse) -> web.StreamResponse:
        log.warning("the upstream broke off in the middle of a response: %s", error)
        if self._way.request.transport is not None:
            self._way.request.transport.close()  # the only way to say that something is missing
        return response

    async def _form(self, answer: aiohttp.ClientResponse) -> Form:
        """How a response comes. Some label a stream as a document, and some answer with a document whatever was asked for: its first byte tells.

        Raises:
            BrokeOff: there is none.
        """
        form = self._wire.form(self._conversation.target, answer.headers.get("Content-Type", "").lower())
        asked = self._prepared.transcript
        if form is not Form.WHOLE or asked is None or not asked.stream or answer.content_length is not None:
            return form
        self._begun = await _piece(answer, linger=False)
        return Form.WHOLE if self._begun.lstrip()[:1] in (b"{", b"[", b"") else Form.EVENTS

    async def _run(self, answer: aiohttp.ClientResponse, machine: Answer, response: web.StreamResponse) -> None:
        """Hear responses until one asks for nothing of ours, and remember what the client does not get to see."""
        current = answer
        asked = self._prepared
        try:
            for number in itertools.count():
                await self._hear(current, machine, response, asked)
                body = await self._following(machine, enough=number >= MOST_ROUNDS)
                if body is None:
                    break
                asked = await self._request()
                following = await self._next(body)
                if current is not answer:
                    current.close()
                current = following
                machine.resume()
        finally:
            if current is not answer:
                current.close()
        await self._remember()

    async def _hear(self, answer: aiohttp.ClientResponse, machine: Answer, response: web.StreamResponse, asked: Prepared) -> None:
        """Relay a response but for what is ours. Raises ``BrokeOff``."""
        meter = self._way.meter(answer)
        decoder = codings.decoder(answer.headers.get("Content-Encoding", ""), _ANSWER_LIMIT)
        try:
            begun, self._begun = self._begun, b""
            while chunk := begun or await _piece(answer, linger=machine.over):
                begun = b""
                meter.feed(chunk)
                out = machine.feed(decoder.feed(chunk))
                if out:
                    await response.write(out)
        except codings.CodingError as error:
            raise BrokeOff(str(error)) from None
        finally:
            meter.close()
            self._way.book(meter, asked)

    async def _following(self, machine: Answer, *, enough: bool) -> bytes | None:
        """The body of the request that follows on the response just heard, None if none does."""
        try:
            made = machine.end()
        except Unclear as error:
            if self._plain:
                return None
            log.warning("calls of the tool cannot be answered, so the request is sent again as it was: %s", error)
            self._plain = True
            return self._prepared.original
        if made is None or self._plain:
            self._fetched = False  # where it cannot be read the client's own view is all that there is
            return None
        self._responses.append(made.id)
        self._unheard = ()
        if not made.whole or (made.calls and not made.answerable):
            self._fetched = False  # cut off, maybe within a call: the client's own view is all that there is
            return None
        self._trail += made.elements
        if not made.calls:
            return None
        self._fetched = True
        results = self._wire.results(await self._retrieval.results(made.calls, enough=enough))
        if made.others:
            self._pending = results
            return None
        self._last = self._wire.message(results)
        self._trail += self._last
        self._unheard = results
        if enough:
            return None
        return self._wire.onward(self._prepared.body, self._trail)

    async def _next(self, body: bytes) -> aiohttp.ClientResponse:
        """The response to what follows. Raises ``Failed``."""
        try:
            answer = await self._way.send(body, not self._plain)
            if answer.status in REFUSED and not self._plain:
                answer.close()
                self._plain = True
                answer = await self._way.send(self._prepared.original, False)
                if answer.ok:
                    self._way.refused(self._prepared)
        except Unreachable as error:
            raise Failed(str(error)) from error
        if self.hears(answer):
            return answer
        try:
            explained = await _beginning(answer)
        finally:
            answer.close()
        raise Failed(_sentence(explained) or f"The model's API answered with status {answer.status}.", answer, explained)

    async def _request(self) -> Prepared:
        """The request that follows, as its receipt sees it: what it adds was fetched by the model, and nothing else was asked for."""
        transcript = self._prepared.transcript
        if self._plain or transcript is None:
            return Prepared(b"", b"", transcript=transcript)
        said = await self._retrieval.items(self._trail)
        new = await self._retrieval.items(self._last)
        items = (*transcript.items, *_linked(said))
        spans = (*transcript.spans, *(None for _ in said))
        before = self._prepared
        return Prepared(
            b"",
            b"",
            transcript=replace(transcript, items=items, spans=spans, turn=len(items) - len(new)),
            front=before.front,
            dialect=before.dialect,
            carried=(*before.known, *before.fresh),
        )

    async def _remember(self) -> None:
        """Record what the client does not know, before it has the end of the answer."""
        if self._plain:
            return
        if self._fetched:
            elements, ahead = (self._trail, self._pending) if self._wire.joins else ([*self._trail, *self._pending], ())
            await self._retrieval.record_turn(self._conversation, elements, ahead)
        if self._conversation.kept and self._responses:
            await self._retrieval.record_responses(self._conversation, self._responses, self._pending or self._unheard)

    async def _handed_on(self, error: Failed) -> web.StreamResponse:
        """The response that stands in the way of a document, as it came."""
        if error.answer is None:
            response: web.StreamResponse = replies.unreachable(str(error), retry=True, form=self._way.form)
        else:
            response = replies.Relayed(status=error.answer.status, reason=error.answer.reason, headers=_onward(error.answer, coded=True))
            response.content_length = len(error.body)
        await response.prepare(self._way.request)
        if error.answer is not None:
            await response.write(error.body)
            await response.write_eof()
        return response


async def _piece(answer: aiohttp.ClientResponse, *, linger: bool) -> bytes:
    """The next bytes of a response, none at its end, or soon where nothing more is expected. Raises ``BrokeOff``."""
    try:
        return await (asyncio.wait_for(answer.content.readany(), _LINGER_S) if linger else answer.content.readany())
    except asyncio.TimeoutError:
        if linger:
            return b""
        raise BrokeOff("silence") from None
    except Failure as error:
        if linger:
            return b""
        raise BrokeOff(repr(error)) from None


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """What a refusal says, as far as it can be read."""
    body = bytearray()
    with contextlib.suppress(*Failure):
        while len(body) < _EXPLAINED and (piece := await answer.content.readany()):
            body += piece
    return bytes(body)


def _sentence(body: bytes) -> str:
    """The message in an API's error, ``""`` if there is none."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return message if isinstance(message, str) else ""


def _onward(answer: aiohttp.ClientResponse, *, coded: bool = False) -> CIMultiDict[str]:
    """The headers of a response whose body has another length, and no coding unless it is ``coded`` still."""
    onward = headers.for_agent(answer.raw_headers)
    for name in ("Content-Length",) if coded else ("Content-Length", "Content-Encoding"):
        onward.popall(name, None)
    return onward


def _linked(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items with the call at the results: all results among them are of our tool."""
    ours = next((item.call for item in items if item.call is not None and item.call.name == NAME), None)
    return tuple(replace(item, call=ours) if item.kind is ItemKind.TOOL_RESULT else item for item in items)
