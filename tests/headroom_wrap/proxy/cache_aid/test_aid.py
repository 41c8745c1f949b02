"""The whole way: clients that do nothing for the cache, the proxy, and providers that check and bill."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections import Counter

import aiohttp
import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider, Script, text
from headroom_wrap.events import Trouble
from headroom_wrap.proxy.cache_aid.aid import CacheAid
from headroom_wrap.proxy.prepared import Prepared
from pipeline.usage import Usage
from tests.headroom_wrap.proxy.cache_aid.clients import HEADERS, conversation, units
from tests.headroom_wrap.proxy.harness import DEADLINE, OK, SECRET, RawUpstream, body_of, log_text, proxy

NO = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno"
LOTS = "Some words that stand in the instructions. " * 200
STANDING = {"standing": True, "cache_aid": True, "agent": "", "project": ""}


def two_turns(n=0):
    return [request.body for request in conversation(n, [10], head=8000)]


def messages(*, system=LOTS, said=1, **more):
    turns = [{"role": "user" if n % 2 == 0 else "assistant", "content": f"word {n}"} for n in range(2 * said - 1)]
    return json.dumps({"model": "gpt-5.2", "messages": [{"role": "system", "content": system}, *turns], **more}).encode()


async def billed(requests, **settings):
    """What requests cost, one after another, and the bodies that arrived."""
    at = [0.0]
    script = Script(*[[text("ok")]] * len(requests))
    async with (
        AnthropicProvider(script, clock=lambda: at[0], signatures=False) as provider,
        proxy(provider.url, **settings) as p,
        aiohttp.ClientSession(headers=HEADERS) as client,
    ):
        for request in requests:
            at[0] = request.at
            async with client.post(f"http://127.0.0.1:{p.port}/{SECRET}/v1/messages", data=request.body) as response:
                assert response.status == 200, await response.read()
                await response.read()
        return sum(units(r.usage) for r in provider.requests), [r.raw for r in provider.requests], p


@pytest.mark.slow
async def test_a_session_without_breakpoints_costs_a_fraction():
    requests = conversation(1, [0.0] * 11, grows=1200)
    without, plain, _ = await billed(requests, **{**STANDING, "cache_aid": False})
    ours, aided, p = await billed(requests, **STANDING)
    assert ours < 0.4 * without
    assert plain == [r.body for r in requests]
    assert not p.troubles()
    assert aided[0] == requests[0].body
    assert aided[5].count(b'"cache_control"') == 4


@pytest.mark.slow
async def test_where_the_model_is_offered_our_tool_the_same_holds():
    requests = conversation(1, [0.0] * 11, grows=1200)
    without, _, _ = await billed(requests, **{**STANDING, "cache_aid": False}, retrieve="proxy")
    ours, aided, p = await billed(requests, **STANDING, retrieve="proxy")
    assert ours < 0.4 * without
    assert not p.troubles()
    tools = [json.loads(body)["tools"] for body in aided]
    assert all(len(declared) == 2 for declared in tools)
    assert "cache_control" in tools[-1][-1]


@pytest.mark.parametrize("settings", [{**STANDING, "cache_aid": False}, {**STANDING, "off": True}, {**STANDING, "standing": False}])
async def test_who_has_not_asked_for_it_is_left_alone(settings):
    async with RawUpstream() as up, proxy(up.url, **settings) as p:
        for body in (*two_turns(), *two_turns()):
            await p.post(body)
    assert [r.body for r in up.requests] == [*two_turns(), *two_turns()]


async def test_a_request_that_is_bypassed_or_coded_goes_on_as_it_came():
    first, second = two_turns()
    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        await p.post(first)
        await p.post(second, headers={"X-Headroom-Bypass": "1"})
        await p.post(second, headers={"Content-Encoding": "gzip"})  # which it is not: unread
        await p.post(second)
    assert [b"cache_control" in r.body for r in up.requests] == [False, False, False, True]


async def test_a_coded_conversation_is_aided_neither_before_nor_after_something_was_left_out():
    def asked(turns):
        said = [
            {
                "role": "assistant",
                "tool_calls": [{"id": f"c{n}", "type": "function", "function": {"name": "bash", "arguments": '{"command":"cat app.log"}'}}],
            }
            if n % 2 == 0
            else {"role": "tool", "tool_call_id": f"c{n - 1}", "content": log_text(n)}
            for n in range(2 * turns)
        ]
        return json.dumps({"model": "gpt-5.2", "messages": [{"role": "user", "content": LOTS}, *said]}).encode()

    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        for turns in range(3):
            await p.post(gzip.compress(asked(turns)), "/v1/chat/completions", {"Content-Encoding": "gzip"})
        await p.post(asked(0), "/v1/chat/completions")
    assert [b"left out" in r.body for r in up.requests] == [False, True, True, False]
    assert [b"prompt_cache_key" in r.body for r in up.requests] == [False, False, False, True]


async def test_what_an_upstream_refuses_is_sent_again_without_and_never_more():
    first, second = two_turns()
    third = two_turns(5)
    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        await p.post(first)
        up.answers(NO, OK)
        reply = await p.post(second)
        for body in (*third, second):
            await p.post(body)
    assert reply.status == 200
    assert [b"cache_control" in r.body for r in up.requests] == [False, True, False, False, False, False]
    assert up.requests[2].body == second
    assert p.troubles() == ["refused"]


async def test_who_signs_in_at_the_upstream_is_not_told():
    first, second = two_turns()
    async with RawUpstream() as up, proxy(up.url.replace("//", "//me:hunter2@"), **STANDING) as p:
        await p.post(first)
        up.answers(NO, OK)
        await p.post(second)
        said = (await p.event(Trouble)).message
    assert up.url in said
    assert "hunter2" not in said


async def test_a_clients_own_mistake_is_no_reason_to_stop():
    first, second = two_turns()
    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        await p.post(first)
        up.answers(NO, NO, OK)
        assert (await p.post(second)).status == 400
        await p.post(second)
    assert [b"cache_control" in r.body for r in up.requests] == [False, True, False, True]
    assert not p.troubles()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", messages()),
        ("/v1/responses", json.dumps({"model": "gpt-5.2", "instructions": LOTS, "input": "q"}).encode()),
    ],
)
async def test_openai_gets_a_key_and_takes_it(path, body):
    async with (
        OpenAIProvider(Script(*[[text("ok")]] * 2)) as provider,
        proxy(provider.url, **STANDING) as p,
        aiohttp.ClientSession(headers={"authorization": "Bearer k"}) as client,
    ):
        for _ in range(2):
            async with client.post(f"http://127.0.0.1:{p.port}/{SECRET}{path}", data=body) as response:
                assert response.status == 200, await response.read()
                await response.read()
        sent = [json.loads(r.raw) for r in provider.requests]
    assert sent[0]["prompt_cache_key"] == sent[1]["prompt_cache_key"]
    assert {k: v for k, v in sent[0].items() if k != "prompt_cache_key"} == json.loads(body)


async def test_an_upstream_that_knows_no_keys_gets_none():
    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        up.answers(NO.replace(b"400", b"422"), OK)
        assert (await p.post(messages(), "/v1/chat/completions")).status == 200
        await p.post(messages(), "/v1/chat/completions")
    assert [b"prompt_cache_key" in r.body for r in up.requests] == [True, False, False]
    assert up.requests[1].body == messages()


async def test_tools_in_another_order_go_on_in_the_first():
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("a", "b")]
    said = [{"role": "user", "content": "What fails?"}]
    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        for order in (tools, tools[::-1], tools):
            await p.post(body_of(said, tools=order))
    assert [r.body for r in up.requests] == [body_of(said, tools=tools)] * 3


async def test_volatile_instructions_are_told_of_and_counted():
    async with RawUpstream() as up, proxy(up.url, **STANDING) as p:
        for minute in range(3):
            await p.post(messages(system=f"It is 10:0{minute}. {LOTS}"), "/v1/chat/completions")
        stats = json.loads((await p.raw(f"GET /{SECRET}/stats HTTP/1.1\r\nHost: 127.0.0.1:{p.port}\r\n\r\n".encode(), "GET")).body)
    (trouble,) = p.of(Trouble)
    assert trouble.kind == "volatile"
    assert "“It is 10:01." in trouble.message
    assert stats["run"]["cache_aid"]["volatile instructions"] == 1
    assert stats["run"]["cache_aid"]["cache keys"] == 3
    assert stats["run"]["troubles"] == {"volatile": 1}


async def test_volatile_instructions_are_moved_where_that_is_asked_for():
    async with RawUpstream() as up, proxy(up.url, **STANDING, relocate=True) as p:
        for minute in range(3):
            await p.post(messages(system=f"It is 10:0{minute}. {LOTS}", said=minute + 1), "/v1/chat/completions")
    sent = [json.loads(r.body)["messages"] for r in up.requests]
    assert sent[1][0] == sent[2][0]
    assert "10:02" in sent[2][-1]["content"]
    assert sent[2][: len(sent[1])] == sent[1]
    assert not p.troubles()


def test_an_unread_request_and_one_that_breaks_us_go_on(monkeypatch):
    tally = Counter()
    aid = CacheAid(lambda event: None, tally, lambda: 0.0)
    assert aid.aided(Prepared(b"x", b"x"), "https://a") is None
    read = Prepared(b"x", b"x", dialect="anthropic", transcript=_transcript())
    assert aid.aided(read, "https://a") is None
    monkeypatch.setattr(aid, "_aided", lambda *_: 1 / 0)
    assert aid.aided(Prepared(b"{}", b"{}", dialect="anthropic", transcript=_transcript()), "https://a") is None
    assert not tally


def test_what_was_earned_is_counted():
    tally = Counter()
    now = [0.0]
    aid = CacheAid(lambda event: None, tally, lambda: now[0])
    for body, usage in zip(two_turns(), (Usage(input=8000), Usage(cache_write_5m=8000)), strict=True):
        aided = aid.aided(Prepared(body, body, dialect="anthropic", transcript=_transcript()), "https://a")
        aid.settle(aided, usage)
        now[0] += 10
    assert tally == {"breakpoints": 1, "earned": -2000}


async def test_a_large_request_is_looked_through_beside_the_others_and_alone(monkeypatch):
    aid = CacheAid(lambda event: None, Counter(), lambda: 0.0)
    begun, go_on = threading.Event(), threading.Event()
    places = []
    seen = aid._seen

    def slow(*args):
        places.append(threading.current_thread() is threading.main_thread())
        if not places[-1]:
            begun.set()
            go_on.wait(DEADLINE)
        return seen(*args)

    monkeypatch.setattr(aid, "_seen", slow)
    first, second = (_prepared(request.body) for request in conversation(0, [10], head=120_000))
    small, _ = map(_prepared, two_turns(1))
    assert len(second.body) > 256 << 10
    go_on.set()
    sent = await aid.aid(first, "https://a")
    go_on.clear()
    begun.clear()
    left = asyncio.create_task(aid.aid(second, "https://a"))
    assert await asyncio.to_thread(begun.wait, DEADLINE)
    left.cancel()
    await asyncio.wait([left])
    other = asyncio.create_task(aid.aid(small, "https://a"))
    for _ in range(100):
        await asyncio.sleep(0)  # as far as it gets
    assert places == [False, False]
    aid.settle(sent, Usage(input=1000))
    go_on.set()
    assert (await asyncio.wait_for(other, DEADLINE)).bet is not None
    assert aid._bets.purse.open == 0, "who left has lost nothing"
    assert (await aid.aid(second, "https://a")).bet.price > 0
    await aid.aid(small, "https://a")
    assert places == [False, False, False, False, True]
    assert await aid.aid(Prepared(b"x", b"x"), "https://a") is None


def _prepared(body):
    return Prepared(body, body, dialect="anthropic", transcript=_transcript())


def _transcript():
    from pipeline.dialects.api import Transcript

    return Transcript((), (), 0, "claude-opus-4-8")
