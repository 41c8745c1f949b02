"""The class in which responses of the upstream are handed on."""

from __future__ import annotations

import asyncio

import pytest

from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, RawUpstream, proxy

STREAMED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
MEASURED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def ask(port, method="GET"):
    return f"{method} /{SECRET}/v1/models HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nConnection: keep-alive\r\n\r\n".encode()


async def test_where_only_the_connections_end_can_end_a_body_it_does():
    """HTTP/1.0 knows no chunks."""
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(STREAMED)
        reader, writer = await p.connect()
        writer.write(ask(p.port))
        got = await asyncio.wait_for(reader.read(), DEADLINE)
        head, _, body = got.partition(b"\r\n\r\n")
        assert body == b"hello"
        assert b"keep-alive" not in head.lower()
        writer.close()


@pytest.mark.parametrize(("method", "body"), [("GET", b"hello"), ("HEAD", b"")])
async def test_where_its_length_is_known_the_connection_stays(method, body):
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(MEASURED.replace(b"hello", body))
        reader, writer = await p.connect()
        for _ in range(2):
            writer.write(ask(p.port, method))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE)
            assert b"Connection: keep-alive" in head
            assert await asyncio.wait_for(reader.readexactly(len(body)), DEADLINE) == body
        writer.close()
