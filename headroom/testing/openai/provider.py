"""A scripted OpenAI API on loopback: Chat Completions, and Responses over HTTP and WebSocket."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from headroom.testing.charge import default_count
from headroom.testing.errors import ApiError, invalid
from headroom.testing.openai import chat_answers, response_answers
from headroom.testing.openai.asks import chat_ask, response_ask
from headroom.testing.openai.cache import OpenAICache
from headroom.testing.openai.chat import check_chat
from headroom.testing.openai.requests import check_key
from headroom.testing.openai.responses import Issued, check_response, conversation
from headroom.testing.openai.sockets import Socket
from headroom.testing.record import Recorded
from headroom.testing.script import Answer, Ask, Script
from headroom.testing.server import Call, Provider, let_pass
from headroom.testing.shapes import JsonObject
from headroom.testing.wire import dumps

MODELS = ("gpt-6.1-sol", "gpt-5.5", "gpt-5.4-mini", "gpt-4.1")

_PATH = re.compile(r".*/(chat/completions|responses|responses/input_tokens|models)")


@dataclass(frozen=True, slots=True)
class Made:
    """A response before it travels.

    Args:
        answer: how it travels.
        body: the response.
        items: all items that a later request goes on from, the answer's included.
    """

    answer: Answer
    body: dict[str, Any]
    items: Sequence[JsonObject]


class OpenAIProvider(Provider):
    """``…/chat/completions``, ``…/responses`` and ``…/models`` under any prefix. See :class:`headroom.testing.server.Provider` for how to run it.

    A WebSocket is opened by ``GET …/responses`` with an upgrade. Its handshake is recorded as a request of its own, and each of its
    ``response.create`` frames as one with the method ``WEBSOCKET``.

    Args:
        script: the answers. Thinking becomes a reasoning item in Responses and stays unseen in Chat Completions.
        scripts: scripts of particular conversations.
        count: tokens of a text.
        minimum: shortest cached prefix in tokens.
        step: granularity of cache reads at models before GPT-5.6, in tokens.
        refuse_sockets: HTTP status with which WebSockets are refused, 0 to take them; may be changed while the provider runs.
        models: names that ``GET …/models`` lists.
        clock: seconds, for lifetimes in the cache.
        unchanged: refuse calls and reasoning of ours that come back otherwise than they were issued.
        compress: answer with gzip where the client accepts it.
        keep_bodies: keep the bodies of recorded requests.
    """

    extra_parameters: frozenset[str] = frozenset()
    """Parameters that the API takes besides OpenAI's own."""

    def __init__(
        self,
        script: Script | Callable[[str], Script],
        *,
        scripts: Mapping[str, Script] | None = None,
        count: Callable[[str], int] = default_count,
        minimum: int = 1024,
        step: int = 128,
        refuse_sockets: int = 0,
        models: Sequence[str] = MODELS,
        clock: Callable[[], float] = time.monotonic,
        unchanged: bool = True,
        compress: bool = False,
        keep_bodies: bool = True,
    ) -> None:
        super().__init__(script, scripts=scripts, clock=clock, compress=compress, keep_bodies=keep_bodies)
        self.cache = OpenAICache(count, minimum=minimum, step=step)
        self.refuse_sockets = refuse_sockets
        self.sockets: list[Socket] = []
        """The WebSockets so far, open or closed."""
        self._count = count
        self._models = models
        self._issued = Issued()
        self._unchanged = unchanged
        self._stored: dict[str, Sequence[JsonObject]] = {}  # response id -> items

    async def route(self, call: Call) -> web.StreamResponse:
        """Answers a request."""
        found = _PATH.fullmatch(call.request.path)
        upgrade = call.record.headers.get("upgrade", "").lower() == "websocket"
        match call.request.method, found[1] if found else "":
            case "POST", "chat/completions":
                return await self._chat(call)
            case "POST", "responses":
                return await self._responses(call)
            case "POST", "responses/input_tokens":
                return self._input_tokens(call)
            case "GET", "responses" if upgrade:
                return await self._open_socket(call)
            case "GET", "models":
                return self.json(200, self.catalogue(call), call.id)
        raise ApiError(404, "invalid_request_error", f"Invalid URL ({call.request.method} {call.request.path})")

    def worded(self, error: ApiError) -> ApiError:
        """A fault of the script as OpenAI has it."""
        match error.type:
            case "rate_limit_error":
                return ApiError(429, "requests", error.message, error.retry_after, code="rate_limit_exceeded")
            case "overloaded_error":
                return ApiError(503, "service_unavailable_error", error.message, error.retry_after, code="server_is_overloaded")
            case "api_error":
                return ApiError(500, "server_error", error.message, error.retry_after, code="server_error")
        return error

    def error_body(self, error: ApiError, request_id: str = "") -> dict[str, Any]:
        """The JSON of a refusal."""
        return {"error": {"message": error.message, "type": error.type, "param": error.param, "code": error.code}}

    def headers(self, request_id: str) -> dict[str, str]:
        """Headers of every response."""
        return {"x-request-id": request_id, "openai-version": "2020-10-01", "openai-processing-ms": "1"}

    async def respond(self, body: JsonObject, record: Recorded, ask: Ask, items: Sequence[JsonObject]) -> Made:
        """The response to a valid request: scripted, charged and noted.

        Args:
            body: the request.
            record: where its charge is noted.
            ask: the request as a script sees it.
            items: all items of the conversation.

        Raises:
            ApiError: the script refuses.
        """
        answer = self.reply(ask, record, "call")
        output = response_answers.items(answer, self._names.new)
        for item in output:
            self._issue(item)
        if answer.gate is not None and answer.gate_at == 0:
            await let_pass(answer.gate)
        record.charge = self.cache.charge({**body, "input": items}, record.time, self._output(answer))
        stop = "end_turn" if ask.silent else answer.stop
        made = response_answers.body(self._names.new("resp"), body, output, stop, record.time)
        made["usage"] = response_answers.usage_fields(record.charge.usage, self._thought(answer))
        following = [*items, *output]
        if body.get("store") is not False:
            self._stored[made["id"]] = following
            self._issued.items |= {str(item["id"]): item for item in output}
        return Made(answer, made, following)

    def check(self, body: object, headers: Mapping[str, str], before: Sequence[JsonObject], *, framed: bool) -> None:
        """Refuses a request of Responses as the API would. Raises ``ApiError``."""
        issued = self._issued if self._unchanged else None
        check_response(body, headers, before=before, issued=issued, framed=framed, extra=self.extra_parameters)

    def before(self, body: object, known: Mapping[str, Sequence[JsonObject]]) -> Sequence[JsonObject]:
        """The items that a request goes on from: those of a response in ``known``, or of a stored one.

        Raises:
            ApiError: its ``previous_response_id`` is not known.
        """
        name = body.get("previous_response_id") if isinstance(body, Mapping) else None
        if name is None:
            return ()
        items = known.get(str(name), self._stored.get(str(name)))
        if items is None:
            message = f"Previous response with id '{name}' not found."
            raise invalid(message, "previous_response_id", "previous_response_not_found")
        return items

    async def _responses(self, call: Call) -> web.StreamResponse:
        record = call.record
        body = self.parse(record)
        before = self.before(body, {})
        self.check(body, record.headers, before, framed=False)
        items = conversation(before, body)
        made = await self.respond(body, record, response_ask(body, items, record.headers), items)
        if body.get("stream"):
            events = list(response_answers.events(made.body))
            failed = response_answers.failed_event(made.body, self.error_body(self.worded(made.answer.error))["error"])
            return await self.stream(call, made.answer, map(response_answers.encode, events), response_answers.encode(failed))
        response = self.json(200, made.body, call.id)
        record.complete = True
        return response

    async def _chat(self, call: Call) -> web.StreamResponse:
        record = call.record
        body = self.parse(record)
        check_chat(body, record.headers, issued=self._issued if self._unchanged else None, extra=self.extra_parameters)
        answer = self.reply(chat_ask(body, record.headers), record, "call")
        message = chat_answers.message(answer)
        self._issued.calls |= {made["id"]: made for made in chat_answers.calls(message)}
        if answer.gate is not None and answer.gate_at == 0:
            await let_pass(answer.gate)
        record.charge = self.cache.charge(body, record.time, self._output(answer))
        made = chat_answers.body(self._names.new("chatcmpl"), body["model"], message, answer.stop, record.time)
        usage = chat_answers.usage_fields(record.charge.usage, self._thought(answer))
        if body.get("stream"):
            wanted = (body.get("stream_options") or {}).get("include_usage")
            chunks = chat_answers.chunks(made, usage if wanted else None)
            frames = [*map(chat_answers.encode, chunks), chat_answers.DONE]
            return await self.stream(call, answer, frames, chat_answers.encode(self.error_body(self.worded(answer.error))))
        response = self.json(200, {**made, "usage": usage}, call.id)
        record.complete = True
        return response

    def _input_tokens(self, call: Call) -> web.StreamResponse:
        body = self.parse(call.record)
        before = self.before(body, {})
        self.check(body, call.record.headers, before, framed=False)
        counted = OpenAICache(self._count).charge({**body, "input": conversation(before, body)}, 0.0).usage.prompt
        return self.json(200, {"object": "response.input_tokens", "input_tokens": counted}, call.id)

    async def _open_socket(self, call: Call) -> web.StreamResponse:
        check_key(call.record.headers)
        if self.refuse_sockets:
            raise ApiError(self.refuse_sockets, "invalid_request_error", "WebSockets are not taken here")
        socket = Socket(self, call, len(self.sockets) + 1)
        self.sockets.append(socket)
        return await socket.serve()

    def record_frame(self, socket: int, call: Call, raw: bytes) -> Recorded:
        """Notes a request that came as a frame."""
        record = Recorded("WEBSOCKET", call.record.path, call.record.headers, raw, self._clock(), socket=socket)
        self._log.add(record)
        return record

    def forget_body(self, record: Recorded) -> None:
        """Drops the body of a record that has been answered, if bodies are not kept."""
        if not self._keep_bodies:
            record.raw, record.body = b"", None

    def _issue(self, item: JsonObject) -> None:
        if "call_id" in item:
            self._issued.calls[str(item["call_id"])] = item
        elif item["type"] == "reasoning":
            self._issued.reasoning[str(item["encrypted_content"])] = item

    def _output(self, answer: Answer) -> int:
        made = sum(self._count(dumps(block)) for block in answer.blocks)
        return max(made, 1) if answer.blocks else 0

    def _thought(self, answer: Answer) -> int:
        return sum(self._count(dumps(block)) for block in answer.blocks if block["type"] == "thinking")

    def catalogue(self, call: Call) -> dict[str, Any]:
        """What ``GET …/models`` answers."""
        if "client_version" in call.request.query:
            return {"models": []}  # the ChatGPT backend's form; Codex then keeps to its own catalogue
        data = [{"id": name, "object": "model", "created": 1_790_000_000, "owned_by": "openai"} for name in self._models]
        return {"object": "list", "data": data}
