"""One WebSocket of the Responses API: requests are frames, a later one goes on from an earlier one's response.

https://developers.openai.com/api/docs/guides/websocket-mode, as of November 2026: responses that are not stored are known on their own socket
only; a request that fails makes it forget the response that it went on from; one response is made at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from headroom.testing import server, wire
from headroom.testing.errors import ApiError, invalid
from headroom.testing.openai import response_answers
from headroom.testing.openai.asks import response_ask
from headroom.testing.openai.responses import conversation
from headroom.testing.record import Recorded
from headroom.testing.shapes import JsonObject

if TYPE_CHECKING:
    from headroom.testing.openai.provider import Made, OpenAIProvider


class Socket:
    """A connection.

    Args:
        provider: answers the requests.
        call: the handshake.
        number: of the connection, counted from 1.
    """

    def __init__(self, provider: OpenAIProvider, call: server.Call, number: int) -> None:
        self.number = number
        self.compressed = False
        """The client agreed to ``permessage-deflate``."""
        self._provider = provider
        self._call = call
        self._known: dict[str, Sequence[JsonObject]] = {}  # response id -> items
        self._socket = web.WebSocketResponse(max_msg_size=server.MAX_BODY, autoping=True)

    async def serve(self) -> web.StreamResponse:
        """Answers frames until one side leaves."""
        self._call.record.status, self._call.record.socket = 101, self.number
        self._socket.headers.update(self._provider.headers(self._call.id))
        await self._socket.prepare(self._call.request)
        self.compressed = bool(self._socket.compress)
        self._call.record.complete = True
        try:
            async for message in self._socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                raw = message.data if isinstance(message.data, bytes) else message.data.encode("utf-8", "surrogatepass")
                await self._answer(self._provider.record_frame(self.number, self._call, raw))
        except ConnectionError:
            pass  # the client has gone; what it was charged stays charged
        except server.Cut:
            if self._call.request.transport is not None:
                self._call.request.transport.abort()
        return self._socket

    def close(self) -> None:
        """Breaks the connection, as a network does; from the provider's event loop only."""
        if self._call.request.transport is not None:
            self._call.request.transport.abort()

    async def _answer(self, record: Recorded) -> None:
        try:
            made = await self._made(record)
        except ApiError as error:
            refusal = self._provider.worded(error)
            record.status = refusal.status
            await self._send(self._error(refusal))
            return
        finally:
            self._provider.forget_body(record)
        record.status = 200
        failed = response_answers.failed_event(made.body, self._provider.error_body(self._provider.worded(made.answer.error))["error"])
        await server.travel(made.answer, self._frames(made), wire.encode(failed), self._send)
        record.complete = True

    async def _made(self, record: Recorded) -> Made:
        body = record.body = wire.parse(record.raw, "", server.MAX_BODY)
        name = body.get("previous_response_id") if isinstance(body, dict) else None
        try:
            if not isinstance(body, dict) or body.get("type") != "response.create":
                raise invalid("Only events of the type 'response.create' are taken.", "type", "invalid_value")
            before = self._provider.before(body, self._known)
            self._provider.check(body, record.headers, before, framed=True)
            items = conversation(before, body)
            made = await self._provider.respond(body, record, response_ask(body, items, record.headers), items)
        except ApiError:
            self._known.pop(str(name), None)
            raise
        self._known[made.body["id"]] = made.items
        return made

    def _frames(self, made: Made) -> Iterator[bytes]:
        for event in response_answers.events(made.body):
            yield wire.encode(event)

    def _error(self, error: ApiError) -> bytes:
        headers = {} if error.retry_after is None else {"headers": {"retry-after": f"{error.retry_after:g}"}}
        fields: dict[str, Any] = {"type": "error", "status": error.status, **self._provider.error_body(error), **headers}
        return wire.encode(fields)

    async def _send(self, frame: bytes) -> None:
        await self._socket.send_str(frame.decode("utf-8"))
