"""What the upstream may do to ``headroom proxy``, and what becomes of it at the client."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.headroom_wrap.proxy.faults.street import CHUNKED, Client
from tests.headroom_wrap.proxy.harness import RawUpstream, answer, body_of, chunked, conversation
from tests.headroom_wrap.proxy.sdks.running import DEADLINE, told

pytestmark = pytest.mark.slow

MARKER = b"[headroom "


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (b"400 Bad Request", b""),
        (b"401 Unauthorized", b"WWW-Authenticate: Bearer\r\n"),
        (b"413 Payload Too Large", b""),
        (b"429 Too Many Requests", b"Retry-After: 17\r\nanthropic-ratelimit-requests-remaining: 0\r\n"),
        (b"500 Internal Server Error", b""),
        (b"503 Service Unavailable", b"Retry-After: 2\r\n"),
        (b"529 Overloaded", b"Retry-After: 3\r\nx-should-retry: true\r\n"),
    ],
)
async def test_refusals_come_as_they_are_and_are_not_asked_for_again(up, client, status, more):
    body = b'{"type":"error","error":{"type":"x","message":"no"}}'
    up.answers(b"HTTP/1.1 %b\r\n%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, more, len(body), body))
    reply = await client.post(b'{"model": "m", "messages": []}')
    assert reply.start == b"HTTP/1.1 " + status
    assert reply.body == body
    for line in more.splitlines():
        assert tuple(line.split(b": ")) in reply.fields
    assert len(up.requests) == 1


async def test_a_refusal_of_what_we_changed_is_answered_with_the_original_once(up, client):
    refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"
    up.answers(refusal, answer())
    body = body_of([{"role": "user", "content": "Refuse me"}, *conversation(1)[1:]])
    assert (await client.post(body)).status == 200
    assert (MARKER in up.requests[0].body, up.requests[1].body, len(up.requests)) == (True, body, 2)
    assert (await client.post(body)).status == 200
    assert up.requests[2].body == body, "this conversation is left alone"
    await client.post(body_of([{"role": "user", "content": "Another"}, *conversation(1)[1:]]))
    assert MARKER in up.requests[3].body, "others are not"


async def test_a_stream_that_is_cut_is_cut_at_the_client(up, client):
    async def cut(message, writer):
        writer.write(CHUNKED + b"5\r\ndata:\r\n")
        await writer.drain()
        writer.close()

    up.answer = cut
    async with client.connected() as (reader, writer):
        writer.write(client.request(body_of(conversation(0))))
        received = await asyncio.wait_for(reader.read(), DEADLINE)
    assert received.endswith(b"5\r\ndata:\r\n"), "what came is there, and no end that the upstream did not send"


async def test_an_error_in_a_stream_is_relayed(up, client):
    event = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    up.answers(CHUNKED + chunked(event))
    assert (await client.post(body_of(conversation(0)))).body == event


async def test_bytes_are_not_held_back(up, client):
    go = asyncio.Event()

    async def drip(message, writer):
        writer.write(CHUNKED + b"3\r\none\r\n")
        await go.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    up.answer = drip
    async with client.connected() as (reader, writer):
        writer.write(client.request(body_of(conversation(0))))
        assert (await asyncio.wait_for(reader.readuntil(b"one\r\n"), DEADLINE)).endswith(b"3\r\none\r\n")
        go.set()
        assert await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), DEADLINE) == b"3\r\ntwo\r\n0\r\n\r\n"


async def test_what_is_no_http_is_a_bad_gateway(up, client):
    up.answers(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
    reply = await client.post(b"{}")
    assert reply.status == 502
    assert json.loads(reply.body)["error"]["type"] == "api_error"


async def test_a_connection_that_is_closed_before_the_answer(up, client):
    async def close(message, writer):
        writer.close()

    up.answer = close
    reply = await client.post(b"{}")
    assert (reply.status, len(up.requests)) == (502, 1)
    assert "closed the connection" in json.loads(reply.body)["error"]["message"]


async def test_an_upstream_that_is_not_there_is_named(tmp_path):
    with told(tmp_path, upstream="http://127.0.0.1:1") as proxy:
        reply = await Client(proxy).post(b"{}")
        assert (reply.status, reply.field(b"x-should-retry")) == (502, b"false")
        assert "http://127.0.0.1:1" in json.loads(reply.body)["error"]["message"]
        assert "could not reach" in proxy.end()


async def test_an_upstream_that_hangs_is_given_up(tmp_path):
    async def never(message, writer):
        await asyncio.Event().wait()

    async def one_chunk(message, writer):
        writer.write(CHUNKED + b"3\r\none\r\n")
        await never(message, writer)

    async with RawUpstream() as up:
        with told(tmp_path, upstream=up.url, idle_s=0.3) as proxy:
            client = Client(proxy)
            up.answer = never
            reply = await client.post(b"{}")
            assert (reply.status, "silent" in json.loads(reply.body)["error"]["message"]) == (502, True)
            up.answer = one_chunk
            async with client.connected() as (reader, writer):
                writer.write(client.request(b"{}"))
                assert (await asyncio.wait_for(reader.read(), DEADLINE)).endswith(b"3\r\none\r\n")
            assert await client.lives()


async def test_two_hundred_streams_at_once(up, client):
    """All are open before the first one goes on; each gets its own answer, and none fails."""
    streams = 200
    begun = 0
    all_begun = asyncio.Event()

    async def serve(message, writer):
        nonlocal begun
        begun += 1
        if begun == streams:
            all_begun.set()
        await all_begun.wait()
        number = json.loads(message.body)["number"]
        writer.write(CHUNKED)
        for piece in range(20):
            writer.write(chunked(b"data: %d %d\n\n" % (number, piece))[: -len(b"0\r\n\r\n")])
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    up.answer = serve
    replies = await asyncio.gather(*(client.post(json.dumps({"number": n, "messages": []}).encode()) for n in range(streams)))
    for number, reply in enumerate(replies):
        assert reply.status == 200
        assert reply.body == b"".join(b"data: %d %d\n\n" % (number, piece) for piece in range(20))
