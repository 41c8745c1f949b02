"""A WebSocket from an agent to its upstream: two connections, and what comes on one goes out on the other.

Messages, pings, pongs and the way it ends pass both ways; only the compression of frames is each leg's own. A side that does not read stops
the other, as each message is written before the next one is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import WSMsgType, web

from headroom_wrap.events import Trouble
from headroom_wrap.proxy import headers, replies
from headroom_wrap.proxy.exchange import Lane, Parts
from headroom_wrap.proxy.replies import Shape
from headroom_wrap.proxy.upstream import Connected, Refused, Unreachable
from headroom_wrap.proxy.websocket import handshake
from headroom_wrap.proxy.websocket.conversation import Conversation, Onward
from pipeline.dialects.openai_responses import OpenAIResponses

_CLOSE_S = 5.0  # for a side to say goodbye
_NORMAL = 1000
_GOING_AWAY = 1001

if TYPE_CHECKING:
    Socket = web.WebSocketResponse[bool] | aiohttp.ClientWebSocketResponse[bool]


def asked(request: web.BaseRequest) -> bool:
    """Whether a request wants to become a WebSocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


async def carry(request: web.BaseRequest, target: str, lane: Lane | None, parts: Parts, form: Shape = Shape.OPENAI) -> web.StreamResponse:
    """Carry a WebSocket until one side closes it.

    Args:
        request: the handshake.
        target: its path and query, the secret left off.
        lane: of the dialect whose requests come in its frames, None: frames pass as they are.
        parts: what an exchange needs.
        form: the shape of errors of our own.

    Raises:
        NoRoute: there is no upstream for it.
    """
    route = parts.upstreams.route(target, request.headers)
    try:
        upstream = await route.upstream.connect(
            route.target,
            handshake.for_upstream(request.raw_headers),
            handshake.protocols(request.headers),
            deflate=handshake.deflates(request.headers),
            limit=parts.body_limit,
        )
    except Unreachable as error:
        parts.tell(Trouble("upstream", str(error)))
        return replies.unreachable(str(error), retry=route.upstream.reached, form=form)
    except Refused as refusal:
        return await _hand_on(request, refusal)
    try:
        agent = await _accept(request, upstream, parts.body_limit)
        await _Carrier(request, agent, upstream, _conversation(request, target, lane, parts)).run(parts.closing)
    finally:
        upstream.cut()
    return agent


async def _hand_on(request: web.BaseRequest, refusal: Refused) -> web.StreamResponse:
    """The agent falls back, or gives up, by what the upstream says."""
    answer = refusal.answer
    response = replies.Relayed(status=answer.status, reason=answer.reason, headers=headers.for_agent(answer.raw_headers))
    await response.prepare(request)
    await response.write(refusal.body)
    if refusal.whole:
        await response.write_eof()
    elif request.transport is not None:
        request.transport.close()
    return response


class _Accepted(replies.Relayed, web.WebSocketResponse):
    """The agent's leg, opened with the upstream's headers and none of ours."""


async def _accept(request: web.BaseRequest, upstream: Connected, limit: int) -> web.WebSocketResponse[bool]:
    chosen = upstream.socket.protocol
    agent = _Accepted(
        timeout=_CLOSE_S,
        autoclose=False,
        autoping=False,
        protocols=(chosen,) if chosen else (),
        compress=not _here(request),  # on this machine it takes more time than it saves
        max_msg_size=limit,
    )
    agent.headers.extend(handshake.for_agent(upstream.answer.raw_headers))
    if not chosen and "Sec-WebSocket-Protocol" in request.headers:
        # The library would log the offers that were not taken up, and some clients hide their key among them.
        offered = request.headers.copy()
        offered.popall("Sec-WebSocket-Protocol")
        request = request.clone(headers=offered)
    await agent.prepare(request)
    return agent


def _here(request: web.BaseRequest) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _conversation(request: web.BaseRequest, target: str, lane: Lane | None, parts: Parts) -> Conversation | None:
    if lane is None or not isinstance(lane.dialect, OpenAIResponses):
        return None
    session = lane.dialect.session({name.lower(): value for name, value in request.headers.items()})
    path = target.partition("?")[0]
    return Conversation(lane.dialect, lane.compression, parts.books, parts.tell, path=path, session=session, untouched=lane.untouched)


@dataclass(frozen=True, slots=True)
class _End:
    """How a side ended the socket: with a code and a reason, or, code 0, without a word."""

    code: int = 0
    reason: str = ""


class _Carrier:
    """Two open legs and what is read on the way between them."""

    def __init__(self, request: web.BaseRequest, agent: web.WebSocketResponse[bool], upstream: Connected, conversation: Conversation | None) -> None:
        self._request = request
        self._agent = agent
        self._upstream = upstream
        self._conversation = conversation
        self._reading = False  # a request of the agent's, of which the conversation does not know yet
        self._quiet = asyncio.Event()
        self._settle()

    async def run(self, closing: asyncio.Event) -> None:
        """Carry until one side ends it, and end the other in the same way; or until we end, as soon as nothing is under way.

        Args:
            closing: set when the proxy ends. What is under way has its time; a socket of which we cannot tell has as much.
        """
        outward = asyncio.create_task(_pump(self._agent, self._upstream.socket, self._outward))
        inward = asyncio.create_task(_pump(self._upstream.socket, self._agent, self._inward))
        leaving = asyncio.create_task(self._leave(closing))
        try:
            end, first = await _first_end(outward, inward, leaving)
        finally:
            for task in (outward, inward, leaving):
                task.cancel()
            await asyncio.gather(outward, inward, leaving, return_exceptions=True)
        sides: tuple[Socket, ...] = (self._upstream.socket, self._agent) if first is outward else (self._agent, self._upstream.socket)
        if end.code:
            await asyncio.gather(*(side.close(code=end.code, message=end.reason.encode()) for side in sides))
        elif self._request.transport is not None:
            self._request.transport.close()

    async def _leave(self, closing: asyncio.Event) -> _End | None:
        await closing.wait()
        await self._quiet.wait()
        return _End(_GOING_AWAY, "Headroom's proxy ends")

    def _settle(self) -> None:
        if self._conversation is not None and self._conversation.quiet and not self._reading:
            self._quiet.set()
        else:
            self._quiet.clear()

    async def _outward(self, frame: str) -> bool:
        if self._conversation is not None:
            self._reading = True
            self._quiet.clear()
            frame = await self._conversation.asked(frame)
            self._reading = False
        await self._upstream.socket.send_str(frame)
        self._settle()
        return True

    async def _inward(self, frame: str) -> bool:
        onward, again = self._conversation.answered(frame) if self._conversation is not None else (Onward.PASS, "")
        if again:
            await self._upstream.socket.send_str(again)
        if onward is Onward.PASS:
            await self._agent.send_str(frame)
        self._settle()
        return onward is not Onward.CUT


async def _pump(source: Socket, sink: Socket, text: Callable[[str], Awaitable[bool]]) -> _End | None:
    """Pass on what comes until the source ends; None if the sink is gone before. Texts are passed on by ``text``; False from it ends the socket."""
    try:
        while True:
            message = await source.receive()
            if message.type is WSMsgType.TEXT:
                if not await text(message.data):
                    return _End()
            elif message.type is WSMsgType.BINARY:
                await sink.send_bytes(message.data)
            elif message.type is WSMsgType.PING:
                await sink.ping(message.data)
            elif message.type is WSMsgType.PONG:
                await sink.pong(message.data)
            elif message.type is WSMsgType.CLOSE:
                return _End(message.data or _NORMAL, message.extra or "")
            else:  # broken off, or against the protocol
                return _End()
    except ConnectionError:
        return None


async def _first_end(
    outward: asyncio.Task[_End | None], inward: asyncio.Task[_End | None], leaving: asyncio.Task[_End | None]
) -> tuple[_End, asyncio.Task[_End | None]]:
    """How the socket ended and which way that was said."""
    pending = {outward, inward, leaving}
    while pending != {leaving}:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in (outward, inward, leaving):
            if task in done and (end := task.result()) is not None:
                return end, task
        # The sink is gone: what it said before, and how it ended, is still to be read from it, by the other.
    return _End(), inward
