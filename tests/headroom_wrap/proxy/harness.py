"""A proxy in this process, an upstream that writes and sees raw bytes, a client that does too."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from headroom_wrap.events import Event, Trouble
from headroom_wrap.proxy import server
from headroom_wrap.proxy.settings import ProxyConfig
from pipeline import cache_aligner
from tests.memory_store import MemoryStore

DEADLINE = 60
SECRET = "s3cret"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Message:
    """An HTTP message as bytes."""

    head: bytes
    body: bytes

    @property
    def start(self):
        return self.head.split(b"\r\n")[0]

    @property
    def fields(self):
        return [tuple(line.split(b": ", 1)) for line in self.head.split(b"\r\n")[1:] if line]

    @property
    def status(self):
        return int(self.start.split()[1])

    def field(self, name):
        return next((v for n, v in self.fields if n.lower() == name.lower()), None)


async def read_message(reader, *, response_to=None):
    """The next message; chunked bodies are joined. None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    message = Message(head[:-4], b"")
    if response_to == "HEAD" or (response_to and message.status in (204, 304)):
        return message
    if (message.field(b"transfer-encoding") or b"").lower() == b"chunked":
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            message.body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    elif (length := message.field(b"content-length")) is not None:
        message.body = await reader.readexactly(int(length))
    elif response_to:
        message.body = await reader.read()
    return message


class RawUpstream:
    """Accepts connections and answers each request with what `answer` writes, by default a small 200; or does `raw` first."""

    def __init__(self):
        self.requests: list[Message] = []
        self.answer: Callable[[Message, asyncio.StreamWriter], Awaitable[None]] = self._ok
        self.raw: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None = None
        self.url = ""
        self.arrived = asyncio.Event()
        self.closed = asyncio.Event()
        self._tasks: set[asyncio.Task] = set()

    @staticmethod
    async def _ok(message, writer):
        writer.write(OK)

    def answers(self, *raw: bytes):
        """Answer with these bytes, one after another, the last one for ever."""
        queue = list(raw)

        async def answer(message, writer):
            writer.write(queue.pop(0) if len(queue) > 1 else queue[0])

        self.answer = answer

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            if self.raw is not None:
                await self.raw(reader, writer)
            while (message := await read_message(reader)) is not None:
                self.requests.append(message)
                self.arrived.set()
                await self.answer(message, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.closed.set()
            writer.close()
            self._tasks.discard(task)

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 28)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class InlineWorkers:
    """Runs jobs here and now."""

    def __init__(self):
        self.trouble = None
        self.most = None
        self.jobs = []

    async def run(self, job):
        self.jobs.append(job)
        outcomes = list(cache_aligner.run(job))
        return outcomes[: self.most] if self.most is not None else outcomes

    async def close(self):
        pass


@dataclass
class Running:
    port: int
    events: list[Event] = field(default_factory=list)
    told: asyncio.Condition = field(default_factory=asyncio.Condition)
    workers: InlineWorkers = field(default_factory=InlineWorkers)
    store: MemoryStore = field(default_factory=MemoryStore)

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 28)

    async def raw(self, data: bytes, method="POST"):
        """Write bytes on a fresh connection and read one response."""
        reader, writer = await self.connect()
        try:
            writer.write(data)
            return await asyncio.wait_for(read_message(reader, response_to=method), DEADLINE)
        finally:
            writer.close()

    async def post(self, body: bytes, path="/v1/messages", headers: dict | None = None):
        return await self.raw(request(self.port, body, path, headers))

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]

    def troubles(self):
        return [e.kind for e in self.of(Trouble)]

    async def event(self, kind, number=1):
        """The first, second … event of a kind, waited for."""

        async def wait():
            async with self.told:
                await self.told.wait_for(lambda: len(self.of(kind)) >= number)

        await asyncio.wait_for(wait(), DEADLINE)
        return self.of(kind)[number - 1]


def request(port, body, path="/v1/messages", headers=None, method="POST"):
    fields = {"Host": f"127.0.0.1:{port}", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{n}: {v}\r\n" for n, v in fields.items())
    return f"{method} /{SECRET}{path} HTTP/1.1\r\n{head}\r\n".encode() + body


@asynccontextmanager
async def proxy(upstream: str, *, store=None, workers=None, **settings) -> AsyncIterator[Running]:
    """A proxy in front of an upstream. `store` may be a function that opens one."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    settings = {"secret": SECRET, "state": "/nowhere", "drain_s": 0.2, "agent": "claude", "project": "/p", **settings}
    config = ProxyConfig(upstream=upstream, **settings)
    running = Running(listener.getsockname()[1])
    running.workers = workers or running.workers
    running.store = store or running.store
    loop = asyncio.get_running_loop()

    async def notify():
        async with running.told:
            running.told.notify_all()

    notes = set()

    def tell(event):
        running.events.append(event)
        note = loop.create_task(notify())
        notes.add(note)
        note.add_done_callback(notes.discard)

    def open_store(*_):
        return running.store() if callable(running.store) else running.store

    async with server.serving(config, listener, running.workers, tell, open_store=open_store):
        yield running
    await asyncio.gather(*notes)


def sse(*events: dict) -> bytes:
    return b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events)


def answer(usage=None, text="hi", message_id="msg_1") -> bytes:
    """A streamed answer of the API as one chunk of raw HTTP."""
    usage = usage or {"input_tokens": 10, "output_tokens": 1}
    body = sse(
        {"type": "message_start", "message": {"id": message_id, "model": "claude-opus-4-8", "usage": usage}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    )
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body)


def chunked(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"


def log_text(seed=0, lines=300):
    return "\n".join(
        f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z {'ERROR' if (n + seed) % 97 == 0 else 'INFO'} svc[{seed}] request {seed * 31 + n * 17} took {n % 90} ms"
        for n in range(lines)
    )


def conversation(turns, lines=300):
    """Messages of so many tool calls, the last one not answered yet."""
    messages = [{"role": "user", "content": "What fails?"}]
    for n in range(turns):
        call = {"type": "tool_use", "id": f"toolu_{n}", "name": "Bash", "input": {"command": f"cat app{n}.log"}}
        messages.append({"role": "assistant", "content": [call]})
        messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": log_text(n, lines)}]})
    return messages


def body_of(messages, **more):
    return json.dumps({"model": "claude-opus-4-8", "max_tokens": 100, "stream": True, **more, "messages": messages}).encode()
