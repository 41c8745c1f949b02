"""What a client may do to ``headroom proxy``."""

from __future__ import annotations

import asyncio
import hashlib
import json

import psutil
import pytest

from tests.headroom_wrap.proxy.faults.street import CHUNKED, Client
from tests.headroom_wrap.proxy.harness import RawUpstream, body_of, chunked, conversation, read_message
from tests.headroom_wrap.proxy.sdks.running import DEADLINE, told

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "body",
    [
        b"{not json",
        b"",
        b"[]",
        b'{"messages": 5}',
        b'{"messages": [{"role": "user"}]}',
        b'{"messages": [' + b"[" * 5000 + b"]" * 5000 + b"]}",
        b'{"messages": [{"role": "user", "content": "\xff\xfe"}]}',
        b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
    ],
    ids=["broken", "empty", "list", "number", "no content", "deep", "no UTF-8", "lone surrogate"],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1beta/models/m:generateContent"])
async def test_what_cannot_be_read_goes_on_as_it_came(up, client, body, path):
    reply = await client.post(body, path=path)
    assert (reply.status, up.requests[-1].body) == (200, body)


@pytest.mark.parametrize("when", ["before the answer", "in the answer"])
async def test_a_client_that_goes_away_ends_its_request_upstream(up, client, when):
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def raw(reader, writer):
        await read_message(reader)
        if when == "in the answer":
            writer.write(CHUNKED + b"3\r\none\r\n")
        arrived.set()
        await reader.read()
        gone.set()

    up.raw = raw
    async with client.connected() as (reader, writer):
        writer.write(client.request(body_of(conversation(0))))
        await asyncio.wait_for(arrived.wait(), DEADLINE)
        if when == "in the answer":
            await asyncio.wait_for(reader.readuntil(b"one\r\n"), DEADLINE)
    await asyncio.wait_for(gone.wait(), DEADLINE)
    up.raw = None


async def test_a_client_that_does_not_read_stops_the_upstream_and_nobody_else(up, client):
    """What the upstream sends piles up nowhere: it waits, and goes on when the client does."""
    piece = chunked(b"x" * (1 << 16))[: -len(b"0\r\n\r\n")]
    pieces = 1600  # 100 MB: more than all buffers on the way hold
    written = 0
    stopped = asyncio.Event()

    async def serve(message, writer):
        nonlocal written
        writer.write(CHUNKED)
        while written < pieces:
            writer.write(piece)
            written += 1
            drained = asyncio.ensure_future(writer.drain())
            if not (await asyncio.wait({drained}, timeout=0.5))[0]:
                stopped.set()
            await drained
        writer.write(b"0\r\n\r\n")

    up.answer = serve
    async with client.connected() as (reader, writer):
        writer.transport.pause_reading()
        writer.write(client.request(body_of(conversation(0))))
        await asyncio.wait_for(stopped.wait(), DEADLINE)
        assert written < pieces / 2
        assert psutil.Process(client.proxy.process.pid).memory_info().rss < 150 << 20
        assert await client.lives()
        writer.transport.resume_reading()
        received, end = 0, b""
        while end != b"\r\n0\r\n\r\n":
            some = await asyncio.wait_for(reader.read(1 << 20), DEADLINE)
            assert some, "it was cut"
            received, end = received + len(some), (end + some)[-7:]
    assert received > pieces << 16


async def test_a_hundred_megabytes_pass_as_they_come(up, client):
    body = b'{"messages": "' + bytes(range(32, 33)) * (100 << 20) + b'"}'
    process = psutil.Process(client.proxy.process.pid)
    reply = await client.post(body)
    assert reply.status == 200
    assert hashlib.sha256(up.requests[0].body).digest() == hashlib.sha256(body).digest()
    assert process.memory_info().rss < 300 << 20


async def test_a_body_beyond_the_limit_is_refused_before_it_is_read(up, client):
    reply = await client.send(client.head(headers={"Content-Length": 1 << 40}) + b"\r\n{")
    assert (reply.status, json.loads(reply.body)["error"]["type"], up.requests) == (413, "request_too_large", [])


@pytest.mark.parametrize(
    "more",
    [{"x-long": "a" * (70 << 10)}, {"x" * (70 << 10): "a"}, {"Content-Length": "many"}, {"Content-Length": "-1"}],
    ids=["value", "name", "length", "negative length"],
)
async def test_heads_beyond_all_measure_are_refused(up, client, more):
    reply = await client.send(client.head(headers=more) + b"\r\n")
    assert (reply.status, up.requests) == (400, [])


async def test_a_request_line_beyond_all_measure_is_refused(up, client):
    reply = await client.send(client.head("/v1/" + "a" * (70 << 10)) + b"\r\n")
    assert (reply.status in (400, 414), up.requests) == (True, [])


async def test_a_client_that_smuggles_is_refused(up, client):
    """Two accounts of a body's length (RFC 9112, section 6.3): whoever stands behind us might believe the other one."""
    head = client.head(headers={"Content-Length": 4, "Transfer-Encoding": "chunked"})
    reply = await client.send(head + b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (reply.status, up.requests) == (400, [])


async def test_slow_clients_are_given_up(tmp_path):
    async with RawUpstream() as up:
        with told(tmp_path, upstream=up.url, client_s=0.3) as proxy:
            client = Client(proxy)
            async with client.connected() as (reader, writer):  # a head that never ends
                writer.write(client.head())
                assert await asyncio.wait_for(reader.read(), DEADLINE) == b""
            for dialect in ("/v1/messages", "/v1/files"):  # a body that never ends, held and passed
                reply = await client.send(client.head(dialect, {"Content-Length": 10}) + b"\r\n{")
                assert (reply.status, b"gave up" in reply.body) == (408, True)
            assert (await client.post(b"{}")).status == 200
            assert await client.lives()


async def test_a_head_and_a_body_in_single_bytes_arrive_whole(up, client):
    body = b'{"messages": []}'
    async with client.connected() as (reader, writer):
        for byte in client.request(body):
            writer.write(bytes((byte,)))
            await writer.drain()
        assert (await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)).status == 200
    assert up.requests[0].body == body


async def test_requests_that_are_not_for_us_are_told_nothing_of_use(up, client):
    host = "{}:{}".format(*client.address)
    wrong = f"POST /not-the-token/v1/messages HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    assert (await client.send(wrong)).status == 401
    assert (await client.send(wrong.replace(host.encode(), b"evil.example"))).status == 404
    assert up.requests == []
