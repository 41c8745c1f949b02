"""A client that writes raw bytes, ``headroom proxy`` as a process of its own, and an upstream that does what a test says."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.headroom_wrap.proxy.harness import Message, RawUpstream, read_message
from tests.headroom_wrap.proxy.sdks.running import DEADLINE, Running

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Listening(RawUpstream):
    """An upstream on a socket that outlives it, as the proxy is told of one address for ever."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__()
        self._listener = listener

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, sock=self._listener.dup(), limit=1 << 28)
        return self


@dataclass
class Client:
    """Speaks to a proxy."""

    proxy: Running

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.proxy.base)
        return parts.hostname, parts.port

    def head(self, path="/v1/messages", headers=None, method="POST"):
        """A request's head, without the empty line at its end."""
        fields = {"Host": "{}:{}".format(*self.address), "x-api-key": "k", "anthropic-version": "2023-06-01", **(headers or {})}
        return f"{method} /{self.proxy.token}{path} HTTP/1.1\r\n".encode() + b"".join(f"{n}: {v}\r\n".encode() for n, v in fields.items())

    def request(self, body: bytes, path="/v1/messages", headers=None):
        return self.head(path, {"Content-Length": len(body), **(headers or {})}) + b"\r\n" + body

    @asynccontextmanager
    async def connected(self):
        reader, writer = await asyncio.open_connection(*self.address, limit=1 << 28)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def send(self, data: bytes) -> Message:
        """Write bytes on a connection of their own and read the response."""
        async with self.connected() as (reader, writer):
            writer.write(data)
            return await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)

    async def post(self, body: bytes, **more) -> Message:
        return await self.send(self.request(body, **more))

    async def lives(self) -> bool:
        return (await self.send(self.head("/livez", method="GET") + b"\r\n")).status == 200
