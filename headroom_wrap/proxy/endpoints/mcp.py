"""``/mcp``: the tools over MCP's streamable HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from aiohttp import web

from headroom_wrap.mcp import http
from headroom_wrap.mcp.protocol import Protocol
from headroom_wrap.mcp.tools import ToolError, Tools
from headroom_wrap.proxy.endpoints import answers, bodies
from headroom_wrap.proxy.endpoints.answers import JSON, Refusal
from headroom_wrap.proxy.endpoints.compress import Compress
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from pipeline.store.api import Store

_T = TypeVar("_T")
_EVENTS = "text/event-stream"
_ANY = ("*/*", "application/*", JSON)
_THREADS = 8  # a call that compresses keeps one until its turn has come, and to fetch is not to wait for that


class Mcp:
    """Speaks MCP.

    Args:
        parts: of the proxy.
        compress: what the tool for it does.
    """

    def __init__(self, parts: EndpointParts, compress: Compress) -> None:
        self._parts = parts
        self._compress = compress
        # Of our own: the tools wait in them for the loop, and what they wait for may need a thread of the loop's.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="headroom-mcp")

    async def post(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Answer a message."""
        body = await bodies.read(request, self._parts.body_limit)
        loop = asyncio.get_running_loop()
        reply = await loop.run_in_executor(self._threads, http.reply, Protocol(self._tools(loop)), body, request.headers)
        return answered(reply, request.headers)

    async def close(self) -> None:
        """Finish what was begun for clients that are gone: the loop has to run for that."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _tools(self, loop: asyncio.AbstractEventLoop) -> Tools:
        """The tools as a thread sees them: what they need of the proxy is done on its loop."""

        def wait(coroutine: Coroutine[Any, Any, _T]) -> _T:
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

        def compress(text: str, query: str, store: Store) -> str:
            try:
                return wait(self._compress.text(text, query))
            except Refusal as error:
                raise ToolError(error.message) from None

        # Their store is the keeper's, who closes it.
        return Tools(lambda: wait(self._parts.keeper.open()), compress, since=self._parts.tally.started)


def answered(reply: http.Reply, headers: Mapping[str, str]) -> web.Response:
    """A reply in the form that the client takes."""
    if not reply.body:
        return answers.empty(reply.status)
    if reply.status == 200 and _wants_events(headers.get("Accept", "")):
        return answers.raw(b"event: message\ndata: " + reply.body + b"\n\n", _EVENTS)
    return answers.raw(reply.body, JSON, status=reply.status)


def _wants_events(accept: str) -> bool:
    """Whether a client takes events alone; a single answer needs no stream."""
    taken = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return _EVENTS in taken and not any(kind in _ANY for kind in taken)
