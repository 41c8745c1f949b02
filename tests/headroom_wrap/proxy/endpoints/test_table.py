from __future__ import annotations

import asyncio

import pytest

from headroom_wrap.proxy.endpoints import bodies
from headroom_wrap.proxy.endpoints.handlers import Handlers
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.table import SERVED, Endpoints
from headroom_wrap.proxy.endpoints.tally import Tally
from headroom_wrap.proxy.keeper import Keeper
from pipeline.policy import Policy
from tests.headroom_wrap.proxy.endpoints.client import client
from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, RawUpstream, proxy, request
from tests.memory_store import MemoryStore

POSTED = [path for path, methods in SERVED.items() if "POST" in methods]
READ = [path.replace("{handle}", "00000000") for path, methods in SERVED.items() if "GET" in methods]


async def parts(**more):
    return EndpointParts(Keeper(MemoryStore), None, Policy(), Tally(), **more)


async def test_all_that_is_served_has_a_handler():
    assert Handlers(await parts()).keys() == SERVED.keys()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/models", "/v1/compressed", "/v1/compress/", "/stats/", "/x/stats", "/openai/metrics", "/", ""])
async def test_the_upstreams_paths_stay_the_upstreams(path):
    assert Endpoints(await parts()).find("GET", path) is None


async def test_requests_for_the_upstream_load_nothing_of_it():
    endpoints = Endpoints(await parts())
    endpoints.find("POST", "/v1/messages")
    assert "_handlers" not in vars(endpoints)
    await endpoints.close()


@pytest.mark.parametrize("path", [*POSTED, *READ])
async def test_other_methods_are_named_those_that_are_taken(path):
    wrong = "DELETE" if path in READ else "GET"
    async with client() as c:
        for method in (wrong, "OPTIONS", "TRACE"):
            reply = await c.send(method, path)
            assert (reply.status, reply.kind) == (405, "method_not_allowed")
            assert reply.header("Allow") == ("GET, HEAD" if path in READ else "POST")


@pytest.mark.parametrize("path", READ)
async def test_heads_have_no_body(path):
    async with client() as c:
        reply = await c.send("HEAD", path)
        assert reply.status == (await c.get(path)).status
        assert reply.message.body == b""


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000", "file://", ""])
async def test_web_pages_are_refused_everywhere(origin):
    async with client() as c:
        for path in READ:
            assert (await c.get(path, Origin=origin)).status == 403
        for path in POSTED:
            reply = await c.post(path, {}, Origin=origin)
            assert (reply.status, reply.kind) == (403, "forbidden")
        ours = f"http://127.0.0.1:{c.proxy.port}"
        assert (await c.get("/stats", Origin=ours)).status == 200


async def test_nothing_is_answered_to_strangers():
    async with client() as c:
        for path in [*READ, *POSTED]:
            reply = await c.proxy.raw(request(c.proxy.port, b"{}", path).replace(b"/s3cret", b"/guess"))
            assert (reply.status, reply.body) == (404, b"")


async def test_a_mistake_of_ours_is_an_answer_and_goes_to_the_log(monkeypatch, caplog):
    async def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("headroom_wrap.proxy.endpoints.stats.StatsEndpoint.get", broken)
    async with client() as c:
        reply = await c.get("/stats")
    assert (reply.status, reply.kind) == (500, "internal_error")
    assert "secret detail" not in reply.message.body.decode()
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("path", POSTED)
async def test_a_client_that_leaves_within_its_body_is_no_mistake_of_ours(monkeypatch, caplog, path):
    begun, counted = asyncio.Event(), asyncio.Event()
    read, count = bodies.read, Tally.answer

    async def seen(*given):
        begun.set()
        return await read(*given)

    def answer(tally, *said):
        count(tally, *said)
        counted.set()

    monkeypatch.setattr(bodies, "read", seen)
    monkeypatch.setattr(Tally, "answer", answer)
    async with client() as c:
        _, writer = await c.proxy.connect()
        head = f"POST /{SECRET}{path} HTTP/1.1\r\nHost: 127.0.0.1:{c.proxy.port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b'{"a":')
        await asyncio.wait_for(begun.wait(), DEADLINE)
        writer.close()
        await asyncio.wait_for(counted.wait(), DEADLINE)
        told = (await c.get("/metrics")).message.body.decode()
        assert f'headroom_endpoint_answers_total{{endpoint="{path}",status="400"}} 1' in told
    assert not caplog.records


async def test_a_connection_serves_us_and_the_upstream_in_turn():
    async with RawUpstream() as up, proxy(up.url) as p:
        reader, writer = await p.connect()
        from tests.headroom_wrap.proxy.harness import read_message

        for path, body in (("/livez", b"ok\n"), ("/v1/models", b"ok"), ("/livez", b"ok\n")):
            writer.write(request(p.port, b"", path, method="GET"))
            assert (await read_message(reader, response_to="GET")).body == body
        writer.close()
    assert len(up.requests) == 1
