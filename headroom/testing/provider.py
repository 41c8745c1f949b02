"""A scripted Anthropic API on loopback: it streams, validates, bills with a simulated prompt cache, and records what it was sent."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from aiohttp import web

from headroom.testing import stream
from headroom.testing.cache import Charge, PromptCache, prompt_tokens
from headroom.testing.errors import ApiError, invalid
from headroom.testing.prompt import JsonObject, default_count
from headroom.testing.record import Log, Names, Recorded
from headroom.testing.script import Answer, Gate, Script, first_user_text, session_of, with_ids
from headroom.testing.validate import check
from pipeline.usage import Usage

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_BODY = 32 * 2**20
"""Bytes of a request's body, above which the API answers 413."""

_MODELS = {
    "claude-opus-4-8": "Claude Opus 4.8",
    "claude-sonnet-5": "Claude Sonnet 5",
    "claude-haiku-4-5-20251001": "Claude Haiku 4.5",
}


class AnthropicProvider:
    """The API on an ephemeral port of 127.0.0.1.

    Use it as ``async with`` in a running event loop, or as ``with``, where it runs in a thread of its own::

        with AnthropicProvider(Script([tool("Bash", command="ls")], [text("Done.")])) as provider:
            run_an_agent(ANTHROPIC_BASE_URL=provider.url)
            assert provider.total_usage().cache_read > 0

    Args:
        script: the answers, for every conversation together; or a function that makes a script for a new conversation, given
            its session id (or its first user text, where it has no session).
        scripts: scripts of particular conversations: by session id, or by words in the first user message.
        count: tokens of a text.
        minimum: shortest cached prefix in tokens; None takes each model's real figure.
        clock: seconds, for lifetimes in the cache.
        signatures: refuse thinking blocks whose signature is not ours; off to replay transcripts of the real API.
        compress: answer with gzip where the client accepts it.
        keep_bodies: keep the bodies of recorded requests.
    """

    def __init__(
        self,
        script: Script | Callable[[str], Script],
        *,
        scripts: Mapping[str, Script] | None = None,
        count: Callable[[str], int] = default_count,
        minimum: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        signatures: bool = True,
        compress: bool = False,
        keep_bodies: bool = True,
    ) -> None:
        self.cache = PromptCache(count, minimum=minimum)
        self.url = ""
        self._script = script
        self._scripts = dict(scripts or {})
        self._made: dict[str, Script] = {}
        self._count = count
        self._clock = clock
        self._signatures = signatures
        self._compress = compress
        self._keep_bodies = keep_bodies
        self._log = Log()
        self._names = Names()
        self._issued: dict[str, Sequence[JsonObject]] = {}
        self._runner: web.AppRunner | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, in order of arrival."""
        return self._log.requests

    def total_usage(self) -> Usage:
        """What all requests together were billed for."""
        return sum((request.usage for request in self._log.requests), Usage())

    def wait_for_requests(self, number: int, timeout: float = 10) -> None:
        """Blocks until so many requests have arrived; not for use in the provider's own event loop.

        Raises:
            TimeoutError: they did not in ``timeout`` seconds.
        """
        self._log.wait(number, timeout)

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stop()

    def __enter__(self) -> Self:
        ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="provider", daemon=True)
        self._thread.start()
        ready.result(timeout=30)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._loop is not None
        assert self._stopping is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _serve(self, ready: concurrent.futures.Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            await self._start()
        except OSError as error:
            ready.set_exception(error)
            return
        ready.set_result(None)
        await self._stopping.wait()
        await self._stop()

    async def _start(self) -> None:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # Bodies are kept as they came, so they are unpacked here and not by the server.
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        record = Recorded(request.method, request.path_qs, headers, b"", self._clock())
        request_id = self._names.new("req")
        try:
            try:
                record.raw = await self._read(request)
            finally:
                self._log.add(record)
            response = await self._route(request, record, request_id)
        except ApiError as error:
            response = _json(error.status, error.body(request_id), request_id)
            if error.retry_after is not None:
                response.headers["retry-after"] = f"{error.retry_after:g}"
        record.status = response.status
        if not self._keep_bodies:
            record.raw, record.body = b"", None
        return response

    async def _read(self, request: web.Request) -> bytes:
        try:
            return await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise ApiError(413, "request_too_large", "Request exceeds the maximum size") from None

    async def _route(self, request: web.Request, record: Recorded, request_id: str) -> web.StreamResponse:
        match request.method, request.path:
            case "POST", "/v1/messages":
                return await self._messages(request, record, request_id)
            case "POST", "/v1/messages/count_tokens":
                record.body = _parse(record)
                check(record.body, record.headers, signatures=self._signatures, counting=True)
                return _json(200, {"input_tokens": prompt_tokens(record.body, self._count)}, request_id)
            case "GET", "/v1/models":
                return _json(200, _models(), request_id)
        raise ApiError(404, "not_found_error", "Not found")

    async def _messages(self, request: web.Request, record: Recorded, request_id: str) -> web.StreamResponse:
        record.body = body = _parse(record)
        check(body, record.headers, issued=self._issued, signatures=self._signatures)
        session = session_of(body, record.headers)
        record.conversation = session or first_user_text(body)
        script = self._script_for(session, record.conversation, body)
        record.aside = script.is_aside(body)
        reply = script.reply(body)
        if isinstance(reply, ApiError):
            raise reply
        answer = with_ids(reply, lambda: self._names.new("toolu"))
        for block in answer.blocks:
            if block["type"] == "tool_use":
                self._issued[block["id"]] = answer.blocks
        if answer.gate is not None and answer.gate_at == 0:
            await _pass(answer.gate)
        record.charge = self._charge(body, record.time, answer)
        message = stream.message(self._names.new("msg"), body["model"], answer.blocks, answer.stop, record.charge.usage)
        if body.get("stream"):
            return await self._stream(request, record, answer, message, request_id)
        response = _json(200, message, request_id)
        record.complete = True
        return response

    def _script_for(self, session: str, conversation: str, body: JsonObject) -> Script:
        words = first_user_text(body)
        for name, script in self._scripts.items():
            if name == session or name in words:
                return script
        if isinstance(self._script, Script):
            return self._script
        if conversation not in self._made:
            self._made[conversation] = self._script(conversation)
        return self._made[conversation]

    def _charge(self, body: JsonObject, started: float, answer: Answer) -> Charge:
        output = sum(self._count(stream.dumps(block)) for block in answer.blocks)
        return self.cache.charge(body, started, output=max(output, 1) if answer.blocks else 0)

    async def _stream(
        self, request: web.Request, record: Recorded, answer: Answer, message: Mapping[str, Any], request_id: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=_headers(request_id) | {"cache-control": "no-cache"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        packer = None
        if self._compress and "gzip" in record.headers.get("accept-encoding", ""):
            packer = zlib.compressobj(wbits=31)
            response.headers["content-encoding"] = "gzip"
        record.status = 200
        try:
            await response.prepare(request)
            for number, event in enumerate(stream.events(message)):
                if answer.gate is not None and 0 < answer.gate_at == number:
                    await _pass(answer.gate)
                if answer.cut_after == number and request.transport is not None:
                    request.transport.close()
                    return response
                if answer.error_after == number:
                    event = stream.error_event(answer.error.body(request_id))
                for piece in stream.pieces([_pack(packer, stream.encode(event))], answer.piece):
                    await response.write(piece)
                if answer.error_after == number:
                    break
                if answer.pause:
                    await asyncio.sleep(answer.pause)
            if packer is not None:
                await response.write(packer.flush())
            await response.write_eof()
            record.complete = True
        except ConnectionError:
            pass  # the client has gone; what it was charged stays charged
        return response


async def _pass(gate: Gate) -> None:
    loop = asyncio.get_running_loop()
    opened = asyncio.Event()
    gate.wait(lambda: None if loop.is_closed() else loop.call_soon_threadsafe(opened.set))
    await opened.wait()


def _parse(record: Recorded) -> Any:
    data = record.raw
    encoding = record.headers.get("content-encoding", "identity")
    try:
        if encoding in {"gzip", "deflate"}:
            unpacker = zlib.decompressobj(wbits=47)
            data = unpacker.decompress(data, MAX_BODY)
            if unpacker.unconsumed_tail:
                raise ApiError(413, "request_too_large", "Request exceeds the maximum size")
            if not unpacker.eof:
                raise invalid("The compressed request body ends too early")
        elif encoding != "identity":
            raise invalid(f"content-encoding {encoding} is not supported")
        return json.loads(data)
    except (ValueError, RecursionError, zlib.error) as error:
        raise invalid(f"The request body is not valid JSON: {error}") from None


def _pack(packer: Any, data: bytes) -> bytes:
    """The bytes, compressed so that the receiver can unpack them at once."""
    if packer is None:
        return data
    packed: bytes = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    return packed


def _headers(request_id: str) -> dict[str, str]:
    return {"request-id": request_id, "anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}


def _json(status: int, body: object, request_id: str) -> web.Response:
    response = web.Response(
        status=status,
        body=stream.dumps(body).encode("utf-8", "replace"),
        content_type="application/json",
        headers=_headers(request_id),
    )
    if status >= 500:
        response.headers["x-should-retry"] = "true"
    return response


def _models() -> dict[str, object]:
    data = [{"type": "model", "id": name, "display_name": title, "created_at": "2026-01-01T00:00:00Z"} for name, title in _MODELS.items()]
    return {"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]}
