"""What a proxy that stands on its own does otherwise: its token, its names, clients that take their time."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, RawUpstream, proxy, read_message, request


def plain(port, path, host="127.0.0.1", **headers):
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 2\r\n{fields}\r\n{{}}".encode()


@pytest.mark.parametrize(
    "path", ["/v1/messages", "/livez", "/metrics", "/stats", "/v1/retrieve/0", "/mcp", "/v1/compress", "/", "/wrong/v1/messages"]
)
async def test_every_route_wants_the_token(path):
    async with RawUpstream() as up, proxy(up.url, standing=True) as p:
        reply = await p.raw(plain(p.port, path, x_headroom_token="guess", authorization="Bearer sk-1"))
        assert not up.requests
    assert reply.status == 401
    assert "--show-token" in json.loads(reply.body)["error"]["message"]
    assert reply.field(b"access-control-allow-origin") is None
    assert SECRET.encode() not in reply.head + reply.body


async def test_the_token_may_stand_in_a_header_that_goes_no_further():
    async with RawUpstream() as up, proxy(up.url, standing=True) as p:
        reply = await p.raw(plain(p.port, "/v1/messages?a=1", x_headroom_token=SECRET, x_api_key="k"))
        assert reply.status == 200
    assert up.requests[0].start == b"POST /v1/messages?a=1 HTTP/1.1"
    assert up.requests[0].field(b"x-headroom-token") is None
    assert up.requests[0].field(b"x-api-key") == b"k"
    assert SECRET.encode() not in up.requests[0].head


async def test_another_name_learns_nothing():
    async with RawUpstream() as up, proxy(up.url, standing=True, allow_hosts=("proxy.example",)) as p:
        assert (await p.raw(plain(p.port, f"/{SECRET}/x", "proxy.example"))).status == 200
        reply = await p.raw(plain(p.port, f"/{SECRET}/x", "evil.example"))
    assert (reply.status, reply.body) == (404, b"")


@pytest.mark.parametrize("upgrade", [{}, {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}])
async def test_without_a_token_web_pages_are_kept_out(upgrade):
    async with RawUpstream() as up, proxy(up.url, standing=True, secret="") as p:
        assert (await p.raw(plain(p.port, "/v1/messages"))).status == 200
        assert (await p.raw(plain(p.port, "/v1/responses", Origin="https://evil.example", **upgrade))).status == 401
        assert len(up.requests) == 1


async def test_a_request_without_a_route_is_told_what_to_do():
    async with proxy("", standing=True, public=True) as p:
        reply = await p.post(b"{}", "/what/ever")
    assert reply.status == 404
    assert "--upstream" in json.loads(reply.body)["error"]["message"]


# Slow clients


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/files"])
async def test_a_body_that_does_not_arrive_is_given_up(path):
    async with RawUpstream() as up, proxy(up.url, client_s=0.1) as p:
        reader, writer = await p.connect()
        writer.write(request(p.port, b"{", path, {"Content-Length": "2"}))
        reply = await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)
        assert reply.status == 408
        assert "0.1 seconds" in json.loads(reply.body)["error"]["message"]
        assert await asyncio.wait_for(reader.read(), DEADLINE) == b""  # and closed
        writer.close()
    assert not [r for r in up.requests if r.body]


async def test_a_head_that_does_not_arrive_is_given_up():
    async with RawUpstream() as up, proxy(up.url, client_s=0.1) as p:
        for first in (b"", plain(p.port, f"/{SECRET}/v1/messages")):
            reader, writer = await p.connect()
            writer.write(first)
            if first:
                assert (await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)).status == 200
            writer.write(b"POST /x HTTP/1.1\r\nHost: ")
            assert await asyncio.wait_for(reader.read(), DEADLINE) == b""
            writer.close()


async def test_a_body_that_takes_its_time_but_comes_is_served():
    async with RawUpstream() as up, proxy(up.url, client_s=5) as p:
        reader, writer = await p.connect()
        writer.write(request(p.port, b"", headers={"Content-Length": "4"}))
        for byte in (b"{", b" ", b" ", b"}"):
            await asyncio.sleep(0)
            writer.write(byte)
            await writer.drain()
        assert (await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)).status == 200
        writer.close()
    assert up.requests[0].body == b"{  }"


async def test_more_and_longer_headers_than_anyone_needs_are_refused():
    async with RawUpstream() as up, proxy(up.url) as p:
        for headers in ({f"X-{n}": "v" for n in range(2000)}, {"X-Long": "v" * 100_000}):
            assert (await p.post(b"{}", headers=headers)).status in (400, 431)
        assert not up.requests
