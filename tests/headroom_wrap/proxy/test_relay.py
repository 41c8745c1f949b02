"""The relay as a client and an upstream see it: raw bytes on both sides, real sockets between."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.events import Began, Finished, Trouble
from headroom_wrap.proxy import exchange
from tests.headroom_wrap.proxy.harness import (
    DEADLINE,
    SECRET,
    RawUpstream,
    answer,
    body_of,
    chunked,
    conversation,
    proxy,
    read_message,
    request,
    sse,
)

# Requests


async def test_a_request_goes_on_as_it_came():
    body = b'{"any": "thing"}'
    async with RawUpstream() as up, proxy(up.url) as p:
        head = (
            f"POST /{SECRET}/v1/other%2Fpath/../x//y?beta=true&q=%20a+b HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{p.port}\r\nx-API-key: k\r\nUser-Agent: claude-cli/2\r\nAccept-Encoding: gzip, br\r\n"
            f"anthropic-BETA: a,b\r\nX-Twice: 1\r\nContent-Type: application/json\r\nx-twice: 2\r\nCookie: a=b\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        assert (await p.raw(head + body)).status == 200
    seen = up.requests[0]
    assert seen.start == b"POST /v1/other%2Fpath/../x//y?beta=true&q=%20a+b HTTP/1.1"
    assert seen.body == body
    assert seen.fields == [
        (b"Host", up.url.removeprefix("http://").encode()),
        (b"x-API-key", b"k"),
        (b"User-Agent", b"claude-cli/2"),
        (b"Accept-Encoding", b"gzip, br"),
        (b"anthropic-BETA", b"a,b"),
        (b"X-Twice", b"1"),
        (b"Content-Type", b"application/json"),
        (b"X-Twice", b"2"),
        (b"Cookie", b"a=b"),
        (b"Content-Length", str(len(body)).encode()),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH"])
async def test_methods_without_a_body_get_none_and_no_headers_of_ours(method):
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(b"HTTP/1.1 204 No Content\r\n\r\n")
        reply = await p.raw(f"{method} /{SECRET}/v1/models HTTP/1.1\r\nHost: localhost:{p.port}\r\n\r\n".encode(), method)
    assert reply.start == b"HTTP/1.1 204 No Content"
    names = [n.lower() for n, _ in up.requests[0].fields]
    assert up.requests[0].start == f"{method} /v1/models HTTP/1.1".encode()
    assert [n for n in names if n != b"content-length"] == [b"host"]
    assert up.requests[0].field(b"content-length") in (None, b"0")


async def test_what_belongs_to_one_hop_or_to_us_is_taken_off():
    async with RawUpstream() as up, proxy(up.url) as p:
        extra = {
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "Keep-Alive": "timeout=5",
            "TE": "trailers",
            "Proxy-Authorization": "Basic x",
            "X-Headroom-Bypass": "1",
            "x-headroom-secret": "2",
            "X-Kept": "3",
        }
        assert (await p.post(b"{}", headers=extra)).status == 200
    assert [n for n, _ in up.requests[0].fields] == [b"Host", b"Content-Length", b"X-Kept"]


@settings(max_examples=60)
@given(body=st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(lambda b: b'{"messages":[' + b + b"]}")))
def test_any_body_goes_on_byte_identical(body):
    async def check():
        async with RawUpstream() as up, proxy(up.url) as p:
            assert (await p.post(body)).body == b"ok"
            assert up.requests[0].body == body

    asyncio.run(check())


async def test_a_request_in_which_nothing_is_compressed_is_byte_identical():
    body = b' {"messages" : [ {"role":"user", "content": "caf\\u00e9 \\ud800"} ] , "x":1e400, "model":"m"}\n'
    async with RawUpstream() as up, proxy(up.url) as p:
        await p.post(body)
        began = await p.event(Began)
    assert up.requests[0].body == body
    assert (began.understood, began.model, began.path) == (True, "m", "/v1/messages")


async def test_a_chunked_request_streams_on_before_it_has_ended():
    async with RawUpstream() as up, proxy(up.url) as p:
        first = asyncio.Event()

        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            while b"first" not in await reader.readuntil(b"\r\n"):
                pass
            first.set()
            await reader.readuntil(b"0\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        up.raw = serve
        reader, writer = await p.connect()
        writer.write(f"POST /{SECRET}/v1/files HTTP/1.1\r\nHost: 127.0.0.1:{p.port}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n".encode())
        await asyncio.wait_for(first.wait(), DEADLINE)
        writer.write(b"6\r\nsecond\r\n0\r\n\r\n")
        reply = await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)
        assert reply.status == 200
        writer.close()


async def test_expect_continue_is_answered():
    async with RawUpstream() as up, proxy(up.url) as p:
        reader, writer = await p.connect()
        writer.write(request(p.port, b"", headers={"Content-Length": "2", "Expect": "100-continue"}))
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await read_message(reader, response_to="POST")).status == 200
        writer.close()
    assert up.requests[0].field(b"expect") is None
    assert up.requests[0].body == b"{}"


@pytest.mark.parametrize("path", ["/v1/files", "/v1/messages"])
async def test_a_body_beyond_the_limit_is_refused(path):
    async with RawUpstream() as up, proxy(up.url, body_limit=1000) as p:
        assert (await p.post(b"x" * 1001, path)).status == 413
        reader, writer = await p.connect()
        writer.write(f"POST /{SECRET}{path} HTTP/1.1\r\nHost: 127.0.0.1:{p.port}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(3):
            writer.write(b"190\r\n" + b"x" * 400 + b"\r\n")
        writer.write(b"0\r\n\r\n")
        reply = await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)
        writer.close()
        assert reply.status == 413
        assert "1000 bytes" in json.loads(reply.body)["error"]["message"]
    assert not [r for r in up.requests if len(r.body) > 1000]


@pytest.mark.slow
async def test_a_body_of_100_megabytes_passes():
    piece = bytes(range(256)) * 4096
    async with RawUpstream() as up, proxy(up.url) as p:
        for path in ("/v1/files", "/v1/messages"):
            reader, writer = await p.connect()
            writer.write(request(p.port, b"", path, {"Content-Length": str(100 * len(piece))}))
            for _ in range(100):
                writer.write(piece)
                await writer.drain()
            assert (await read_message(reader, response_to="POST")).status == 200
            writer.close()
            assert up.requests.pop().body == piece * 100


# Responses


async def test_a_response_comes_back_as_it_was():
    raw = (
        b"HTTP/1.1 299 Rather Fine\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nrequest-ID: req_1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
        b"X-Should-Retry: true\r\nKeep-Alive: timeout=4\r\nContent-Length: 5\r\n\r\nhello"
    )
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(raw)
        reply = await p.post(b"{}")
    assert reply.start == b"HTTP/1.1 299 Rather Fine"
    assert reply.body == b"hello"
    assert reply.fields == [
        (b"Date", b"Mon, 02 Nov 2026 10:00:00 GMT"),
        (b"request-ID", b"req_1"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"X-Should-Retry", b"true"),
        (b"Content-Length", b"5"),
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 503, 529, 301])
async def test_the_upstreams_own_errors_are_passed_on(status):
    raw = f"HTTP/1.1 {status} X\r\nRetry-After: 3\r\nLocation: /elsewhere\r\nContent-Length: 7\r\n\r\n".encode() + b'{"e":1}'
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(raw)
        reply = await p.post(b"{}")
        assert len(up.requests) == 1
    assert (reply.status, reply.body, reply.field(b"retry-after"), reply.field(b"x-should-retry")) == (status, b'{"e":1}', b"3", None)


async def test_compressed_responses_stay_as_they_are_and_are_counted():
    body = gzip.compress(answer().split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[1].rsplit(b"\r\n0\r\n\r\n", 1)[0])
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(head + chunked(body))
        reply = await p.post(body_of(conversation(0)))
        finished = await p.event(Finished)
    assert reply.body == body
    assert reply.field(b"content-encoding") == b"gzip"
    assert (finished.usage.input, finished.usage.output) == (10, 7)


async def test_a_head_response_keeps_its_length():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
        reply = await p.raw(request(p.port, b"", "/v1/x", method="HEAD"), "HEAD")
    assert reply.field(b"content-length") == b"1234"


async def test_every_chunk_is_relayed_before_the_next_is_sent():
    """Headers too: each step of the upstream waits until the client has seen the one before."""
    seen = asyncio.Semaphore(0)
    events = [sse({"type": "ping", "n": n}) for n in range(4)]

    async def serve(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in events:
            await seen.acquire()
            writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        await seen.acquire()
        writer.write(b"0\r\n\r\n")

    async with RawUpstream() as up, proxy(up.url) as p:
        up.answer = serve
        reader, writer = await p.connect()
        writer.write(request(p.port, body_of(conversation(0))))
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE)
        for event in events:
            seen.release()
            assert int(await asyncio.wait_for(reader.readuntil(b"\r\n"), DEADLINE), 16) == len(event)
            assert (await reader.readexactly(len(event) + 2))[:-2] == event
        seen.release()
        assert await asyncio.wait_for(reader.readexactly(5), DEADLINE) == b"0\r\n\r\n"
        writer.close()


async def test_a_response_cut_short_is_not_made_whole():
    begun = sse({"type": "message_start", "message": {"id": "msg_9", "model": "claude-opus-4-8", "usage": {"input_tokens": 50, "output_tokens": 1}}})

    async def serve(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(begun)[:-5])
        await writer.drain()
        writer.close()

    async with RawUpstream() as up, proxy(up.url) as p:
        up.answer = serve
        reader, writer = await p.connect()
        writer.write(request(p.port, body_of(conversation(0))))
        data = await asyncio.wait_for(reader.read(), DEADLINE)
        writer.close()
        finished = await p.event(Finished)
    assert begun in data
    assert not data.endswith(b"0\r\n\r\n")
    assert finished.usage.input == 50  # what was charged for is booked


async def test_a_client_that_leaves_ends_the_upstreams_request():
    async def serve(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")

    async with RawUpstream() as up, proxy(up.url) as p:
        up.answer = serve
        reader, writer = await p.connect()
        writer.write(request(p.port, b"{}"))
        await asyncio.wait_for(reader.readuntil(b"abc\r\n"), DEADLINE)
        writer.close()
        await asyncio.wait_for(up.closed.wait(), DEADLINE)


async def test_a_client_that_leaves_before_the_answer_ends_the_upstreams_request():
    async def serve(message, writer):
        pass

    async with RawUpstream() as up, proxy(up.url) as p:
        up.answer = serve
        _, writer = await p.connect()
        writer.write(request(p.port, b"{}"))
        await asyncio.wait_for(up.arrived.wait(), DEADLINE)
        writer.close()
        await asyncio.wait_for(up.closed.wait(), DEADLINE)
        assert len(up.requests) == 1


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/files"])
async def test_a_client_that_leaves_within_its_request_is_no_mistake_of_ours(monkeypatch, caplog, path):
    begun, over = asyncio.Event(), asyncio.Event()
    run = exchange.Exchange.run

    async def seen(one):
        begun.set()
        try:
            return await run(one)
        finally:
            over.set()

    monkeypatch.setattr(exchange.Exchange, "run", seen)
    async with RawUpstream() as up, proxy(up.url) as p:
        _, writer = await p.connect()
        writer.write(f"POST /{SECRET}{path} HTTP/1.1\r\nHost: 127.0.0.1:{p.port}\r\nContent-Length: 1000\r\n\r\nabc".encode())
        await asyncio.wait_for(begun.wait(), DEADLINE)
        writer.close()
        await asyncio.wait_for(over.wait(), DEADLINE)
        assert (await p.post(b"{}")).status == 200
        assert not p.troubles()
    assert not caplog.records


async def test_connections_are_kept_for_the_next_request():
    async with RawUpstream() as up, proxy(up.url) as p:
        reader, writer = await p.connect()
        for _ in range(3):
            writer.write(request(p.port, b"{}"))
            assert (await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)).body == b"ok"
        writer.close()
        assert not up.closed.is_set()


async def test_headers_of_60_kilobytes_pass_both_ways():
    large = "x" * 60_000
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(f"HTTP/1.1 200 OK\r\nX-Large: {large}\r\nContent-Length: 0\r\n\r\n".encode())
        reply = await p.post(b"{}", headers={"X-Large": large})
    assert up.requests[0].field(b"x-large") == reply.field(b"x-large") == large.encode()


async def test_a_connection_that_the_upstream_closed_at_rest_is_not_used_again():
    async def once(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async with RawUpstream() as up, proxy(up.url) as p:
        up.answer = once
        for _ in range(3):
            assert (await p.post(b"{}")).body == b"ok"
            await asyncio.wait_for(up.closed.wait(), DEADLINE)
            up.closed.clear()


@pytest.mark.slow
async def test_200_streams_at_the_same_time():
    everybody = asyncio.Event()

    async def serve(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        if len(up.requests) == 200:
            everybody.set()
        await everybody.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with RawUpstream() as up, proxy(up.url) as p:
        up.answer = serve
        replies = await asyncio.gather(*(p.post(body_of(conversation(0))) for _ in range(200)))
    assert {r.body for r in replies} == {b"onetwo"}


# No answer


async def test_an_upstream_that_refuses_connections_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with proxy(dead) as p:
            reply = await p.post(body_of(conversation(0)))
            trouble = await p.event(Trouble)
    error = json.loads(reply.body)
    assert (reply.status, error["type"], error["error"]["type"]) == (502, "error", "api_error")
    assert error["error"]["message"].startswith(f"Headroom could not reach {dead}: ")
    assert "--upstream" in error["error"]["message"]
    assert reply.field(b"x-should-retry") == b"false"
    assert (trouble.kind, trouble.message) == ("upstream", error["error"]["message"])


async def test_after_one_answer_a_retry_is_worth_it():
    async def hang_up(message, writer):
        writer.close()

    async with RawUpstream() as up, proxy(up.url) as p:
        assert (await p.post(b"{}")).status == 200
        up.answer = hang_up
        reply = await p.post(b"{}")
        assert len(up.requests) == 2  # one each: nothing is sent twice
    assert (reply.status, reply.field(b"x-should-retry")) == (502, None)
    assert "closed the connection" in json.loads(reply.body)["error"]["message"]


async def test_a_silent_upstream_is_given_up():
    async def serve(message, writer):
        pass

    async with RawUpstream() as up, proxy(up.url, idle_s=0.05) as p:
        up.answer = serve
        reply = await p.post(b"{}")
    assert reply.status == 502
    assert "silent" in json.loads(reply.body)["error"]["message"]


# Who is served


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("/v1/messages", "127.0.0.1:{port}"),
        ("/wrong/v1/messages", "127.0.0.1:{port}"),
        (f"/{SECRET}x/v1/messages", "127.0.0.1:{port}"),
        (f"/{SECRET}", "127.0.0.1:{port}"),
        (f"/{SECRET}/v1/messages", "evil.example:{port}"),
        (f"/{SECRET}/v1/messages", "127.0.0.1:1"),
        (f"/{SECRET}/v1/messages", "127.0.0.1"),
        (f"http://127.0.0.1/{SECRET}/v1/messages", "127.0.0.1:{port}"),
    ],
)
async def test_strangers_learn_nothing(target, host):
    async with RawUpstream() as up, proxy(up.url) as p:
        reply = await p.raw(f"POST {target} HTTP/1.1\r\nHost: {host.format(port=p.port)}\r\nContent-Length: 0\r\n\r\n".encode())
        assert not up.requests
        assert not p.events
    assert reply.status == 404
    names = {n.lower() for n, _ in reply.fields}
    assert b"server" not in names
    assert not [n for n in names if n.startswith(b"access-control")]
    assert b"eadroom" not in reply.head + reply.body


async def test_it_says_that_it_lives():
    async with RawUpstream() as up, proxy(up.url) as p:
        reply = await p.raw(request(p.port, b"", "/livez", method="GET"), "GET")
        assert not up.requests
    assert (reply.status, reply.body) == (200, b"ok\n")
