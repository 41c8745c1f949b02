"""Pings on their way: when, how many, and what they are booked as."""

from __future__ import annotations

import asyncio
import json

import pytest

from headroom_wrap.events import Finished
from headroom_wrap.proxy.cache_aid import pinger
from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, RawUpstream, proxy

KEY = {"x-api-key": "sk-ant-api03-x", "anthropic-version": "2023-06-01"}
STANDING = {"standing": True, "cache_aid": True, "pings": 2, "agent": "", "project": ""}
BODY = json.dumps(
    {
        "model": "claude-opus-4-8",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Why?", "cache_control": {"type": "ephemeral"}}]}],
    }
).encode()


def answered(message_id="msg_1", **usage):
    body = json.dumps({"id": message_id, "model": "claude-opus-4-8", "usage": {"input_tokens": 3, "output_tokens": 1, **usage}}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


WROTE, READ = answered(cache_creation_input_tokens=9000), answered(cache_read_input_tokens=9000)


@pytest.fixture
def soon(monkeypatch):
    """Pingers that are in a hurry; those that are made."""
    made = []
    init = pinger.Pinger.__init__

    def hurried(self, *args):
        init(self, *args, every_s=0.01)
        made.append(self)

    monkeypatch.setattr(pinger.Pinger, "__init__", hurried)
    return made


async def stats(p):
    reply = await p.raw(f"GET /{SECRET}/stats HTTP/1.1\r\nHost: 127.0.0.1:{p.port}\r\n\r\n".encode(), "GET")
    return json.loads(reply.body)["run"]["pings"]


async def until(true):
    """Waits for what a ping does, which nobody is told of."""

    async def look():
        while not true():
            await asyncio.sleep(0.002)

    await asyncio.wait_for(look(), DEADLINE)


async def test_a_pause_is_bridged_as_often_as_was_asked_for(soon):
    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        up.answers(WROTE, *(answered(f"msg_{n}", cache_read_input_tokens=9000) for n in (2, 3, 4)))
        await p.post(BODY, headers=KEY)
        await until(lambda: not soon[0].waiting)
        told = await stats(p)
        await p.post(BODY, headers=KEY)
    assert [json.loads(r.body)["max_tokens"] for r in up.requests[:4]] == [100, 1, 1, 100]
    assert up.requests[1].field(b"x-api-key") == KEY["x-api-key"].encode()
    assert told["sent"] == 2
    assert told["cost"] == pytest.approx(2 * (9000 * 0.5 + 25) / 1e6)
    assert 0.08 < told["break_even"] < 0.1
    receipts = p.store.receipts()
    assert [dict(r.reasons).get("ping") for r in receipts[:3]] == [None, 1, 1]
    assert all(r.cost_without < r.cost for r in receipts[1:3])  # without us there were none


async def test_whoever_comes_back_is_counted_as_saved(soon):
    async with RawUpstream() as up, proxy(up.url, **{**STANDING, "pings": 50}) as p:
        up.answers(WROTE, READ)
        await p.post(BODY, headers=KEY)
        await p.event(Finished, 4)
        assert soon[0].waiting == 1
        await p.post(BODY, headers=KEY)
        assert (await stats(p))["avoided"] == pytest.approx(9000 * 1.15 * 5 / 1e6)


@pytest.mark.parametrize(
    ("settings", "headers", "first"),
    [
        ({"pings": 0}, KEY, WROTE),
        ({"pings_cents": 0}, KEY, WROTE),
        ({"standing": False}, KEY, WROTE),
        ({"off": True}, KEY, WROTE),
        ({}, {**KEY, "x-api-key": "sk-ant-oat01-x"}, WROTE),
        ({}, KEY, answered(cache_creation_input_tokens=100)),
        ({}, KEY, answered()),
        ({}, KEY, answered(cache_creation_input_tokens=9000, cache_creation={"ephemeral_1h_input_tokens": 9000})),
        ({}, KEY, WROTE.replace(b"claude-opus-4-8", b"claude-unknown1")),
    ],
)
async def test_otherwise_there_are_none(soon, settings, headers, first):
    async with RawUpstream() as up, proxy(up.url, **{**STANDING, **settings}) as p:
        up.answers(first, READ)
        await p.post(BODY, headers=headers)
        await p.event(Finished)
        assert not any(one.waiting for one in soon)
    assert len(up.requests) == 1


@pytest.mark.parametrize("then", [WROTE, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"])
async def test_one_that_found_nothing_is_the_last(soon, then):
    async with RawUpstream() as up, proxy(up.url, **{**STANDING, "pings": 9}) as p:
        up.answers(WROTE, then)
        await p.post(BODY, headers=KEY)
        await until(lambda: len(up.requests) == 2 and not soon[0].waiting)
    assert len(up.requests) == 2


async def test_the_limit_in_dollars_holds(soon):
    async with RawUpstream() as up, proxy(up.url, **{**STANDING, "pings": 99, "pings_cents": 1}) as p:
        up.answers(WROTE, READ)
        await p.post(BODY, headers=KEY)
        await until(lambda: not soon[0].waiting)
    assert len(up.requests) == 3  # a cent is two pings and a bit
