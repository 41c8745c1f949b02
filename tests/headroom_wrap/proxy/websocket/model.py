"""The model's side of the Responses API over a WebSocket: what it knows, what it answers, and a server that says it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import WSMsgType, web

from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, log_text

SCRIPT = 'const r = await tools.exec_command({cmd:"cat app%d.log"});\ntext(r.output);'
HEAD = "Script completed\nWall time 0.1 seconds\nOutput:\n"


def user(text):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def call(n):
    return {"type": "custom_tool_call", "id": f"ctc_{n}", "call_id": f"call_{n}", "name": "exec", "input": SCRIPT % n}


def output(n, lines=300):
    parts = [{"type": "input_text", "text": HEAD}, {"type": "input_text", "text": log_text(n, lines)}]
    return {"type": "custom_tool_call_output", "id": f"ctco_{n}", "call_id": f"call_{n}", "output": parts}


def session(turns):
    """The items of a session of so many commands, with the model's last word."""
    items = [user("What fails?")]
    for n in range(turns):
        items += [{"type": "reasoning", "id": f"rs_{n}", "summary": [], "content": None, "encrypted_content": f"gA{n}"}, call(n), output(n)]
    return [*items, {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Nothing."}]}]


def by_model(item):
    return item["type"] in ("reasoning", "function_call", "custom_tool_call", "local_shell_call") or item.get("role") == "assistant"


def create(items, **fields):
    return json.dumps({"type": "response.create", "model": "gpt-6.1-sol", "input": items, "store": False, **fields}, ensure_ascii=False)


def requests(items):
    """What a client sends, request by request: new items, and all items up to and including them."""
    at = 0
    while at < len(items):
        stop = next((n for n in range(at, len(items)) if by_model(items[n])), len(items))
        yield items[at:stop], items[:stop]
        at = next((n for n in range(stop, len(items)) if not by_model(items[n])), len(items))


def results(items):
    """The tool results among items, as texts."""
    found = []
    for item in items:
        if item["type"].endswith("_output"):
            found += [item["output"]] if isinstance(item["output"], str) else [part.get("text") for part in item["output"]]
    return found


class Model:
    """Answers with what comes next in a conversation, however much of it a request holds. What it was sent is in `prompts`."""

    def __init__(self, items):
        self.items = items
        self.prompts = []
        self.known = {}
        self.usage = {"input_tokens": 100, "output_tokens": 7, "input_tokens_details": {"cached_tokens": 60}}

    def events(self, frame):
        given = json.loads(frame)
        prompt = [*self.known.get(given.get("previous_response_id"), []), *given["input"]]
        if given.get("previous_response_id") and given["previous_response_id"] not in self.known:
            return [{"type": "error", "status": 400, "error": {"code": "previous_response_not_found", "message": "no"}}]
        response = {"id": f"resp_{len(self.known)}", "model": given["model"], "status": "in_progress"}
        made, usage = [], {"input_tokens": 0, "output_tokens": 0}
        if given.get("generate", True):
            self.prompts.append(prompt)
            usage = self.usage
            rest = self.items[len(prompt) :]
            made = rest[: next((n for n, item in enumerate(rest) if not by_model(item)), len(rest))]
        self.known[response["id"]] = [*prompt, *made]
        lane = {"stream_id": given["stream_id"]} if "stream_id" in given else {}
        done = [{"type": "response.output_item.done", "output_index": n, "item": {**item, "status": "completed"}} for n, item in enumerate(made)]
        return [
            {**event, **lane}
            for event in (
                {"type": "response.created", "response": response},
                {"type": "response.output_text.delta", "delta": "“x”"},
                *done,
                {"type": "response.completed", "response": {**response, "status": "completed", "usage": usage}},
            )
        ]


class WsUpstream:
    """A server of WebSockets. Each one is handed to `serve`, by default a model's; or the handshake is answered with `refusal`."""

    def __init__(self, model=None, *, compress=False, protocols=(), headers=None):
        self.model = model or Model([])
        self.frames = []
        self.handshakes = []
        self.sockets = []
        self.refusal = None
        self.serve = self.answers
        self.ended = asyncio.Event()
        self.end = None
        self._options = {"compress": compress, "protocols": protocols}
        self._headers = headers or {}

    async def answers(self, socket):
        async for message in socket:
            self.frames.append(message.data)
            if message.type is WSMsgType.TEXT and '"response.create"' in message.data:
                for event in self.events(message.data):
                    await socket.send_str(json.dumps(event, ensure_ascii=False))

    def events(self, frame):
        return self.model.events(frame)

    async def _handle(self, request):
        self.handshakes.append(request)
        if self.refusal is not None:
            return self.refusal()
        if request.method == "POST":
            return await self._stream(request)
        socket = web.WebSocketResponse(timeout=1, max_msg_size=0, autoping=False, **self._options)
        socket.headers.update(self._headers)
        await socket.prepare(request)
        self.sockets.append(socket)
        try:
            await self.serve(socket)
        finally:
            self.end = socket.close_code
            self.ended.set()
        return socket

    async def _stream(self, request):
        raw = await request.text()
        self.frames.append(raw)
        data = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in self.model.events(raw))
        return web.Response(text=data, content_type="text/event-stream")

    async def __aenter__(self):
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_):
        for socket in self.sockets:
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()
        await self._runner.cleanup()


@asynccontextmanager
async def agent(port, path="/v1/responses", **options):
    """A client's WebSocket through the proxy."""
    options = {"autoping": False, "autoclose": False, "max_msg_size": 0, **options}
    async with aiohttp.ClientSession() as client, client.ws_connect(f"http://127.0.0.1:{port}/{SECRET}{path}", **options) as socket:
        yield socket


async def receive(socket):
    return await asyncio.wait_for(socket.receive(), DEADLINE)


async def ask(socket, frame):
    """Send a request and read its answer: all events to its end."""
    await socket.send_str(frame)
    return await answer(socket)


async def answer(socket):
    events = []
    while not events or events[-1]["type"] not in ("response.completed", "response.failed", "response.incomplete", "error"):
        message = await receive(socket)
        assert message.type is WSMsgType.TEXT, message
        events.append(json.loads(message.data))
    return events
