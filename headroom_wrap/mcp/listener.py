"""The tools over HTTP on loopback: the standing server of ``headroom mcp serve --http``."""

from __future__ import annotations

import asyncio
import concurrent.futures
import signal
import socket
import time
from collections.abc import Callable

from aiohttp import web

from headroom_wrap.config import Config
from headroom_wrap.mcp import http
from headroom_wrap.mcp.__main__ import shorten
from headroom_wrap.mcp.protocol import Protocol
from headroom_wrap.mcp.tools import Tools
from headroom_wrap.proxy.endpoints import answers, bodies
from headroom_wrap.proxy.endpoints.answers import Refusal
from headroom_wrap.proxy.endpoints.mcp import answered
from headroom_wrap.proxy.guard import Guard
from headroom_wrap.supervisor import launch
from pipeline.store import opening

PATH = "/mcp"
_BODY_LIMIT = 32 << 20
_CLOSE_S = 2.0


def serve(port: int, token: str, config: Config, *, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        port: 0 for a free one.
        token: what clients must know: in the path, as a bearer token, or in ``x-headroom-token``.
        config: says where the store is.
        say: told where we listen, once we do.

    Raises:
        UserError: the port cannot be had.
    """
    with launch.bind(port) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        guard = Guard(token, listening.getsockname()[1], ours=lambda path: path == PATH)
        tools = Tools(lambda: opening.open_store(config.where), shorten, since=time.time())
        try:
            asyncio.run(_serve(listening.detach(), guard, Protocol(tools), lambda: say(f"Headroom's MCP server: {address}/{token}{PATH}")))
        finally:
            tools.close()


async def _serve(fd: int, guard: Guard, protocol: Protocol, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    # One thread: the tools are not made for several, and most calls take a millisecond.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            target = guard.admit(request.path_qs, request.headers)
            if target is None or target.partition("?")[0] != PATH:
                return answers.empty(404)
            if request.method != "POST":  # no streams of our own, no sessions
                return Refusal(405, "method_not_allowed", "MCP is spoken here by POST.", {"Allow": "POST"}).answer()
            try:
                body = await bodies.read(request, _BODY_LIMIT)
            except Refusal as refusal:
                return refusal.answer()
            return answered(await loop.run_in_executor(thread, http.reply, protocol, body, request.headers), request.headers)

        front = web.Server(handle, auto_decompress=False, access_log=None)
        server = await loop.create_server(front, sock=socket.socket(fileno=fd), backlog=launch.BACKLOG)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        ready()
        await stop.wait()
        server.close()
        await front.shutdown(_CLOSE_S)
