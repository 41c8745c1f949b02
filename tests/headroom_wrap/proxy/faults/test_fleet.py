"""``headroom proxy`` on a database server: several on one, and what becomes of requests while the server is not there or hangs."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from benchmarks import fleet
from headroom.testing import PromptCache
from tests.headroom_wrap.proxy.faults.street import Client
from tests.headroom_wrap.proxy.harness import RawUpstream, body_of, conversation
from tests.headroom_wrap.proxy.sdks.running import DEADLINE, standing

pytestmark = pytest.mark.slow

MARKER = b"[headroom "
PATIENT = "?timeout=30"  # where no server hangs: on a busy machine it is no failure that one takes its time


@pytest.fixture(scope="module", params=[fleet.Postgres, fleet.Redis], ids=["postgres", "redis"])
def mortal(request):
    if said := fleet.missing().get(request.param.__name__.lower()):
        pytest.skip(said)
    with fleet.running(request.param) as server:
        yield server


@pytest.fixture
def server(mortal):
    yield mortal
    mortal.resume()
    if mortal.process.poll() is not None:
        mortal.start()


def arguments(up, where):
    return ("--upstream", up.url, "--retrieve", "client", "--store", where)


def of(number):
    """A conversation that nothing else has to do with."""
    return [{"role": "user", "content": f"Question {number}"}, *conversation(1)[1:]]


async def get(client, path):
    reply = await client.send(client.head(path, method="GET") + b"\r\n")
    return reply.status, reply.body.decode()


async def compressed_again(client, up):
    """Ask about other things until what is new is made smaller again."""
    end = time.monotonic() + DEADLINE
    number = 1000
    while True:
        number += 1
        assert (await client.post(body_of(of(number)))).status == 200
        if MARKER in up.requests[-1].body:
            return
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


def marked(messages):
    """With the breakpoint where agents set it: behind the last message."""
    *before, last = json.loads(json.dumps(messages))
    last["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return body_of([*before, last], system=[{"type": "text", "text": "You are an agent. " * 400, "cache_control": {"type": "ephemeral"}}])


async def test_two_proxies_serve_one_conversation_in_turn_and_the_cache_holds(server, tmp_path):
    where = server.database() + PATIENT
    cache = PromptCache(minimum=0)
    sent = 0
    async with RawUpstream() as up:
        with standing(tmp_path / "a", *arguments(up, where)) as one, standing(tmp_path / "b", *arguments(up, where)) as other:
            clients = [Client(one), Client(other)]
            for turns in range(1, 9):
                assert (await clients[turns % 2].post(marked(conversation(turns)))).status == 200
                body = up.requests[-1].body
                assert body.count(MARKER) == turns
                charge = cache.charge(json.loads(body), float(turns))
                assert charge.usage.cache_read >= sent, charge.explanation
                assert charge.reason in ("new", "grew"), charge.explanation
                sent = charge.usage.prompt
            # What one has never seen, both at once: the first to decide decides for both.
            messages = of(1)
            await asyncio.gather(*(client.post(body_of(messages)) for client in clients))
            assert up.requests[-1].body == up.requests[-2].body
            handle = body.partition(MARKER)[2][:8].decode()
            for client in clients:
                assert handle in (await get(client, f"/v1/retrieve/{handle}"))[1]


async def test_a_server_that_is_not_there_yet_costs_savings_and_no_request(server, tmp_path):
    where = server.database() + PATIENT
    server.kill()
    body = body_of(conversation(1))
    async with RawUpstream() as up:
        with standing(tmp_path, *arguments(up, where)) as proxy:
            client = Client(proxy)
            assert (await client.post(body)).status == 200
            assert up.requests[0].body == body
            status, said = await get(client, "/readyz")
            assert (status, "cannot be reached" in said, fleet.PASSWORD in said) == (503, True, False)
            assert 'kind="store"' in (await get(client, "/metrics"))[1]
            await asyncio.to_thread(server.start)
            await compressed_again(client, up)
            assert (await get(client, "/readyz"))[0] == 200
            await client.post(body_of(conversation(2)))
            assert up.requests[-1].body.startswith(body.removesuffix(b"]}")), "what went on as it was goes on as it was"
            assert up.requests[-1].body.count(MARKER) == 1
            said = proxy.end()
            assert "cannot be reached" in said
            assert "new tool results are sent unchanged" in said
            assert "a-secret" not in said


async def test_a_server_that_hangs_costs_a_second_once_and_no_request(server, tmp_path):
    where = server.database()
    async with RawUpstream() as up:
        with standing(tmp_path, *arguments(up, where)) as proxy:
            client = Client(proxy)
            await client.post(body_of(conversation(1)))
            first = up.requests[-1].body
            assert first.count(MARKER) == 1
            server.hang()
            began = time.monotonic()
            assert (await client.post(body_of(conversation(2)))).status == 200
            second = up.requests[-1].body
            assert second.startswith(first.removesuffix(b"]}")), "what was decided is remembered"
            assert second.count(MARKER) == 1
            await asyncio.gather(*(client.post(body_of(of(n))) for n in range(20)))
            assert time.monotonic() - began < DEADLINE
            assert not any(MARKER in r.body for r in up.requests[-20:])
            assert await client.lives()
            server.resume()
            await compressed_again(client, up)
            await client.post(body_of(conversation(3)))
            third = up.requests[-1].body
            assert third.startswith(second.removesuffix(b"]}"))
            assert third.count(MARKER) == 2
            assert "did not answer within" in proxy.end()


async def test_a_server_that_crashes_in_the_middle_is_used_again(server, tmp_path):
    where = server.database()
    async with RawUpstream() as up:
        with standing(tmp_path, *arguments(up, where)) as proxy:
            client = Client(proxy)
            await client.post(body_of(conversation(1)))
            first = up.requests[-1].body
            server.kill()
            await client.post(body_of(conversation(2)))
            second = up.requests[-1].body
            assert second.startswith(first.removesuffix(b"]}"))
            await asyncio.to_thread(server.start)
            await compressed_again(client, up)
            await client.post(body_of(conversation(3)))
            assert up.requests[-1].body.startswith(second.removesuffix(b"]}"))
        with standing(tmp_path / "another", *arguments(up, where)) as proxy:
            await Client(proxy).post(body_of(conversation(1)))
            assert up.requests[-1].body == first, "a proxy that was not there then has it from the server"
