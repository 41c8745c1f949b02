"""What all scripted providers share: a server on loopback, scripts by conversation, faults in streams, and a record of what came."""

from __future__ import annotations

import abc
import asyncio
import concurrent.futures
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from aiohttp import web

from headroom.testing import wire
from headroom.testing.errors import ApiError
from headroom.testing.record import Log, Names, Recorded
from headroom.testing.script import Answer, Ask, Gate, Script, with_ids
from pipeline.usage import Usage

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_BODY = 32 * 2**20
"""Bytes of a request's body, above which a provider answers 413."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request while it is answered.

    Args:
        request: as the server has it.
        record: what is remembered of it.
        id: of the request, for the headers of its response.
    """

    request: web.Request
    record: Recorded
    id: str


class Cut(Exception):
    """The script breaks the connection here."""


class Provider(abc.ABC):
    """An API on an ephemeral port of 127.0.0.1; each vendor's is a subclass.

    Use it as ``async with`` in a running event loop, or as ``with``, where it runs in a thread of its own::

        with AnthropicProvider(Script([tool("Bash", command="ls")], [text("Done.")])) as provider:
            run_an_agent(ANTHROPIC_BASE_URL=provider.url)
            assert provider.total_usage().cache_read > 0

    Args:
        script: the answers, for every conversation together; or a function that makes a script for a new conversation, given
            its session id (or its first user text, where it has no session).
        scripts: scripts of particular conversations: by session id, or by words in the first user message.
        clock: seconds, for lifetimes in the cache.
        compress: answer with gzip where the client accepts it.
        keep_bodies: keep the bodies of recorded requests.
    """

    def __init__(
        self,
        script: Script | Callable[[str], Script],
        *,
        scripts: Mapping[str, Script] | None = None,
        clock: Callable[[], float] = time.monotonic,
        compress: bool = False,
        keep_bodies: bool = True,
    ) -> None:
        self.url = ""
        self._script = script
        self._scripts = dict(scripts or {})
        self._made: dict[str, Script] = {}
        self._clock = clock
        self._compress = compress
        self._keep_bodies = keep_bodies
        self._log = Log()
        self._names = Names()
        self._runner: web.AppRunner | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, in order of arrival."""
        return self._log.requests

    @property
    def turns(self) -> list[Recorded]:
        """The requests that a script's turn answered: those of the conversation itself."""
        return [request for request in self._log.requests if request.charge is not None and not request.aside]

    def total_usage(self) -> Usage:
        """What all requests together were billed for."""
        return sum((request.usage for request in self._log.requests), Usage())

    def wait_for_requests(self, number: int, timeout: float = 60) -> None:
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

    # What a vendor's API has of its own.

    @abc.abstractmethod
    async def route(self, call: Call) -> web.StreamResponse:
        """Answers a request whose body has been read into the record.

        Raises:
            ApiError: the refusal.
        """

    def worded(self, error: ApiError) -> ApiError:
        """A fault of the script in the vendor's own words."""
        return error

    @abc.abstractmethod
    def error_body(self, error: ApiError, request_id: str) -> object:
        """The JSON of a refusal."""

    @abc.abstractmethod
    def headers(self, request_id: str) -> dict[str, str]:
        """Headers of every response."""

    # What those use.

    def parse(self, record: Recorded) -> Any:
        """The record's body as JSON, noted in it. Raises ``ApiError``."""
        record.body = wire.parse(record.raw, record.headers.get("content-encoding", ""), MAX_BODY)
        return record.body

    def reply(self, ask: Ask, record: Recorded, call: str) -> Answer:
        """The script's answer, its calls named with the prefix ``call``. Raises ``ApiError`` where the script refuses."""
        record.conversation = ask.conversation
        script = self._script_for(ask)
        record.aside = script.is_aside(ask)
        reply = script.reply(ask)
        if isinstance(reply, ApiError):
            raise reply
        return with_ids(reply, lambda: self._names.new(call))

    def json(self, status: int, body: object, request_id: str) -> web.Response:
        """A response that is one JSON document."""
        data = wire.encode(body)
        return web.Response(status=status, body=data, content_type="application/json", headers=self.headers(request_id))

    async def stream(
        self, call: Call, answer: Answer, frames: Iterable[bytes], error: bytes, content_type: str = "text/event-stream"
    ) -> web.StreamResponse:
        """Streams the frames, as server-sent events by default, with the faults that the answer asks for.

        Args:
            call: the request; the outcome is noted in its record.
            answer: how it travels.
            frames: the events as bytes.
            error: the event that stands for the answer's error.
            content_type: of the response.
        """
        response = web.StreamResponse(headers=self.headers(call.id) | {"cache-control": "no-cache"})
        response.content_type = content_type
        response.charset = "utf-8"
        packer = None
        if self._compress and "gzip" in call.record.headers.get("accept-encoding", ""):
            packer = zlib.compressobj(wbits=31)
            response.headers["content-encoding"] = "gzip"
        call.record.status = 200

        async def send(frame: bytes) -> None:
            for piece in wire.pieces([_pack(packer, frame)], answer.piece):
                await response.write(piece)

        try:
            await response.prepare(call.request)
            await travel(answer, frames, error, send)
            if packer is not None:
                await response.write(packer.flush())
            await response.write_eof()
            call.record.complete = True
        except ConnectionError:
            pass  # the client has gone; what it was charged stays charged
        except Cut:
            if call.request.transport is not None:
                call.request.transport.close()
        return response

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
            response = await self._answer(request, record, request_id)
            record.status = response.status
        finally:
            if not self._keep_bodies:
                record.raw, record.body = b"", None
        return response

    async def _answer(self, request: web.Request, record: Recorded, request_id: str) -> web.StreamResponse:
        try:
            try:
                record.raw = await _read(request)
            finally:
                self._log.add(record)
            return await self.route(Call(request, record, request_id))
        except ApiError as refusal:
            error = self.worded(refusal)
            response = self.json(error.status, self.error_body(error, request_id), request_id)
            if error.retry_after is not None:
                response.headers["retry-after"] = f"{error.retry_after:g}"
            return response

    def _script_for(self, ask: Ask) -> Script:
        for name, script in self._scripts.items():
            if name == ask.session or name in ask.words:
                return script
        if isinstance(self._script, Script):
            return self._script
        if ask.conversation not in self._made:
            self._made[ask.conversation] = self._script(ask.conversation)
        return self._made[ask.conversation]


async def travel(answer: Answer, frames: Iterable[bytes], error: bytes, send: Callable[[bytes], Any]) -> None:
    """Sends the frames one by one, with the pauses, the gate and the faults that the answer asks for.

    Raises:
        Cut: the script breaks the connection here.
    """
    for number, frame in enumerate(frames):
        if answer.gate is not None and 0 < answer.gate_at == number:
            await let_pass(answer.gate)
        if answer.cut_after == number:
            raise Cut
        if answer.error_after == number:
            await send(error)
            return
        await send(frame)
        if answer.pause:
            await asyncio.sleep(answer.pause)


async def let_pass(gate: Gate) -> None:
    """Waits until the gate is open."""
    loop = asyncio.get_running_loop()
    opened = asyncio.Event()
    gate.wait(lambda: None if loop.is_closed() else loop.call_soon_threadsafe(opened.set))
    await opened.wait()


async def _read(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, "request_too_large", "Request exceeds the maximum size") from None


def _pack(packer: Any, data: bytes) -> bytes:
    """The bytes, compressed so that the receiver can unpack them at once."""
    if packer is None:
        return data
    packed: bytes = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    return packed
