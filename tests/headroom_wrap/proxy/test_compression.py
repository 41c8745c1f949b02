"""What goes upstream in place of a transcript: forms that never change, whatever fails around them."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import threading
import zlib
from dataclasses import replace

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.events import Began, Finished, Trouble
from headroom_wrap.proxy import compression, heads, quick
from headroom_wrap.proxy.keeper import Keeper
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy
from pipeline.router import Reason
from pipeline.store.api import Decision, StoreError
from tests.headroom_wrap.proxy.harness import DEADLINE, InlineWorkers, RawUpstream, answer, body_of, conversation, log_text, proxy, request
from tests.memory_store import MemoryStore
from tests.transcripts import conversations

MARKER = b"[headroom "
REFUSAL = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\n{"no": 1}'


def texts(body):
    """The tool results of a request, in order."""
    found = []
    for message in json.loads(body)["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block["type"] == "tool_result":
                found.append(block["content"] if isinstance(block["content"], str) else block["content"][0]["text"])
    return found


async def sent(up, p, messages, **more):
    reply = await p.post(body_of(messages), **more)
    assert reply.status == 200
    return up.requests[-1].body


async def test_a_new_tool_result_goes_on_smaller_and_all_else_as_it_was():
    messages = conversation(1)
    async with RawUpstream() as up, proxy(up.url) as p:
        seen = await sent(up, p, messages)
        began = await p.event(Began)
    text = texts(seen)[0]
    assert MARKER.decode() in text
    assert len(text) < len(log_text(0)) / 3
    assert seen.replace(json.dumps(text, ensure_ascii=False).encode(), json.dumps(log_text(0)).encode()) == body_of(messages)
    assert up.requests[-1].field(b"content-length") == str(len(seen)).encode()
    assert (began.blocks, began.compressed, began.new_reasons) == (1, 1, {"compressed": 1})
    assert began.last.startswith("Bash: cat app0.log ")
    assert p.store.original(text.split("[headroom ")[1][:8]).text == log_text(0)


async def test_what_stands_before_the_messages_is_read_when_the_request_is_on_its_way(monkeypatch):
    store, workers = MemoryStore(), InlineWorkers()
    kept = Keeper(lambda: store)
    prepares = compression.Compression(Anthropic(), Policy(), kept, workers, lambda _: None)
    read = asyncio.Event()
    real = heads.read
    monkeypatch.setattr(heads, "read", lambda body: read.set() or real(body))
    body = body_of(conversation(1), tools=[{"name": "Bash", "input_schema": {}}])
    prepared = await prepares.prepare(body)
    assert not read.is_set()
    await asyncio.wait_for(read.wait(), DEADLINE)
    assert prepared.head == real(body)[0]
    await kept.close()


async def test_every_request_begins_with_the_one_before_also_after_a_restart():
    store = MemoryStore()
    bodies = []
    async with RawUpstream() as up:
        for turns in range(1, 7):
            if turns % 2:  # a new proxy process for every second request
                running = proxy(up.url, store=store)
                p = await running.__aenter__()
            bodies.append(await sent(up, p, conversation(turns)))
            if not turns % 2:
                await running.__aexit__(None, None, None)
    for earlier, later in itertools.pairwise(bodies):
        common = earlier.removesuffix(b"]}")
        assert later.startswith(common)
    assert bodies[-1].count(MARKER) == 6


@settings(max_examples=25)
@given(conversations(max_turns=4), st.data())
def test_prefixes_hold_for_any_conversation(messages, data):
    async def check():
        store = MemoryStore()
        ends = [i for i, m in enumerate(messages, 1) if m["role"] == "user"]
        lost = data.draw(st.lists(st.integers(0, 3), min_size=len(ends), max_size=len(ends)))
        before = b""
        async with RawUpstream() as up:
            for end, most in zip(ends, lost, strict=True):
                workers = InlineWorkers()
                workers.most = most if most < 3 else None  # how many outcomes come in time
                async with proxy(up.url, store=store, workers=workers) as p:
                    body = await sent(up, p, messages[:end])
                    assert body.startswith(before.removesuffix(b"]}"))
                    assert await sent(up, p, messages[:end]) == body
                    before = body

    asyncio.run(check())


async def test_what_stood_there_before_us_stays():
    messages = conversation(3)
    async with RawUpstream() as up, proxy(up.url) as p:
        found = texts(await sent(up, p, messages))
    assert found[:2] == [log_text(0), log_text(1)]
    assert "[headroom " in found[2]


async def test_requests_at_the_same_time_send_the_same_form():
    class Racing(InlineWorkers):
        """The first job ends after the second, with nothing."""

        def __init__(self):
            super().__init__()
            self.second = asyncio.Event()

        async def run(self, job):
            if self.second.is_set() or self.jobs:
                outcomes = await super().run(job)
                self.second.set()
                return outcomes
            self.jobs.append(job)
            await self.second.wait()
            return []

    async with RawUpstream() as up, proxy(up.url, workers=Racing()) as p:
        await asyncio.gather(p.post(body_of(conversation(1))), p.post(body_of(conversation(1))))
        later = await sent(up, p, conversation(1))
        await sent(up, p, conversation(2))
    assert len({r.body for r in up.requests[:2]}) == 1
    assert later == up.requests[0].body
    assert up.requests[-1].body.startswith(later.removesuffix(b"]}"))


async def test_a_retry_after_the_client_left_finds_the_decisions():
    class Slow(InlineWorkers):
        def __init__(self):
            super().__init__()
            self.begun, self.go = asyncio.Event(), asyncio.Event()

        async def run(self, job):
            self.begun.set()
            await self.go.wait()
            return await super().run(job)

    workers = Slow()
    async with RawUpstream() as up, proxy(up.url, workers=workers) as p:
        _, writer = await p.connect()
        writer.write(request(p.port, body_of(conversation(1))))
        await workers.begun.wait()
        writer.close()
        workers.go.set()
        assert MARKER in await sent(up, p, conversation(1))
    assert len(workers.jobs) <= 2


async def test_bypass_and_off_touch_nothing_but_count():
    body = body_of(conversation(1))
    async with RawUpstream() as up:
        up.answers(answer())
        async with proxy(up.url) as p:
            await p.post(body, headers={"X-Headroom-Bypass": "1"})
            assert (await p.event(Finished)).model == "claude-opus-4-8"
        async with proxy(up.url, off=True) as p:
            await p.post(body)
            assert (await p.event(Finished)).usage.output == 7
            assert not (await p.event(Began)).understood
    assert [r.body for r in up.requests] == [body, body]


@pytest.mark.parametrize("field", [("Content-Digest", "sha-256=:x:"), ("Authorization", "AWS4-HMAC-SHA256 x"), ("Signature", "s")])
async def test_a_signed_body_is_left_alone(field):
    body = body_of(conversation(1))
    async with RawUpstream() as up, proxy(up.url) as p:
        await p.post(body, headers=dict([field]))
    assert up.requests[0].body == body


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress), ("deflate", zlib.compress)])
async def test_coded_bodies_are_read_and_left_coded_where_nothing_changes(coding, pack):
    async with RawUpstream() as up, proxy(up.url) as p:
        small, large = pack(body_of(conversation(0))), pack(body_of(conversation(1)))
        await p.post(small, headers={"Content-Encoding": coding})
        await p.post(large, headers={"Content-Encoding": coding})
        await p.post(b"not " + large, headers={"Content-Encoding": coding})
    assert (up.requests[0].body, up.requests[0].field(b"content-encoding")) == (small, coding.encode())
    assert MARKER in up.requests[1].body
    assert up.requests[1].field(b"content-encoding") is None
    assert up.requests[1].field(b"content-length") == str(len(up.requests[1].body)).encode()
    assert (up.requests[2].body, up.requests[2].field(b"content-encoding")) == (b"not " + large, coding.encode())


async def test_a_small_body_that_stands_for_more_than_a_megabyte_is_read_too():
    body = body_of(conversation(40, lines=600))
    packed = zstd.compress(body)
    assert len(packed) < quick.IN_A_THREAD < len(body)
    async with RawUpstream() as up, proxy(up.url) as p:
        await p.post(packed, headers={"Content-Encoding": "zstd"})
    assert MARKER in up.requests[0].body


async def test_a_body_of_more_than_a_megabyte_is_read_too():
    messages = conversation(30, lines=600)
    async with RawUpstream() as up, proxy(up.url) as p:
        assert len(body_of(messages)) > 1 << 20
        found = texts(await sent(up, p, messages))
    assert "[headroom " in found[-1]
    assert found[:-1] == [log_text(n, 600) for n in range(29)]


@pytest.mark.slow
async def test_a_body_of_tiny_parts_holds_nobody_up(monkeypatch):
    """It is read in a thread, whatever its size."""
    threads = []
    read = Anthropic.read

    def noted(self, body, policy):
        threads.append(threading.current_thread() is threading.main_thread())
        return read(self, body, policy)

    monkeypatch.setattr(Anthropic, "read", noted)
    tiny = b'{"messages":[{"role":"user","content":[' + b",".join([b"[]"] * 60_000) + b"]}]}"
    async with RawUpstream() as up, proxy(up.url) as p:
        await p.post(tiny)
        await p.post(body_of(conversation(3)))
    assert up.requests[0].body == tiny
    assert threads == [False, True]


# The worker fails


async def test_known_forms_are_sent_when_the_workers_fail():
    class Failing(InlineWorkers):
        async def run(self, job):
            if len(self.jobs) == 1:
                raise RuntimeError("no workers")
            return await super().run(job)

    async with RawUpstream() as up, proxy(up.url, workers=Failing()) as p:
        first = await sent(up, p, conversation(1))
        second = await sent(up, p, conversation(2))
    assert second.startswith(first.removesuffix(b"]}"))
    assert texts(second)[1] == log_text(1)


async def test_what_was_sent_as_it_came_when_the_workers_failed_stays_so():
    class Failing(InlineWorkers):
        fail = True

        async def run(self, job):
            if self.fail:
                raise RuntimeError("no workers")
            return await super().run(job)

    workers, store = Failing(), MemoryStore()
    async with RawUpstream() as up:
        async with proxy(up.url, store=store, workers=workers) as p:
            assert await sent(up, p, conversation(1)) == body_of(conversation(1))
            workers.fail = False
            assert await sent(up, p, conversation(1)) == body_of(conversation(1)), "the retry, too"
        async with proxy(up.url, store=store) as p:
            assert await sent(up, p, conversation(1)) == body_of(conversation(1)), "after a restart, too"


async def test_a_form_of_another_lineage_that_cannot_be_looked_up_costs_no_form_of_this_one():
    class Stray(MemoryStore):
        blind = False

        def decisions(self, keys):
            if self.blind and any(key.startswith("block:") for key in keys):
                raise RuntimeError("generator didn't yield")
            return super().decisions(keys)

    store = Stray()
    async with RawUpstream() as up:
        async with proxy(up.url, store=store) as p:
            first = await sent(up, p, conversation(1))
        async with proxy(up.url, store=store) as p:
            store.blind = True
            third = await sent(up, p, conversation(3))
    assert third.startswith(first.removesuffix(b"]}"))
    assert texts(third)[1:] == [log_text(1), log_text(2)]


async def test_what_came_too_late_stays_as_it_is_for_ever():
    workers = InlineWorkers()
    workers.most = 0
    async with RawUpstream() as up, proxy(up.url, workers=workers) as p:
        await sent(up, p, conversation(1))
        workers.most = None
        found = texts(await sent(up, p, conversation(1)))
        assert (await p.event(Began)).new_reasons == {"took too long": 1}
    assert found == [log_text(0)]


# The store fails


async def test_without_a_store_everything_goes_on_as_it_came():
    def no_store():
        raise StoreError("The store cannot be opened. Mend it.")

    body = body_of(conversation(1))
    async with RawUpstream() as up, proxy(up.url, store=no_store) as p:
        assert (await p.post(body)).status == 200
        assert (await p.post(body)).status == 200
        trouble = await p.event(Trouble)
    assert [r.body for r in up.requests] == [body, body]
    assert (trouble.kind, trouble.message.split(".")[0]) == ("store", "The store cannot be opened")


async def test_what_cannot_be_recorded_goes_out_as_the_original_and_stays_so():
    store = MemoryStore()
    async with RawUpstream() as up, proxy(up.url, store=store) as p:
        first = await sent(up, p, conversation(1))
        store.broken = True
        second = await sent(up, p, conversation(2))
        store.broken = False
        assert await sent(up, p, conversation(2)) == second
        third = await sent(up, p, conversation(3))
        assert p.troubles() == ["store"]
    assert texts(second) == [texts(first)[0], log_text(1)]
    assert third.startswith(second.removesuffix(b"]}"))
    assert "[headroom " in texts(third)[2]


async def test_an_original_that_was_sent_while_a_commit_went_unanswered_is_sent_after_a_restart():
    class Lossy(MemoryStore):
        loses = False

        def freeze(self, decisions):
            found = super().freeze(decisions)
            if self.loses:
                raise StoreError("The answer was lost.")
            return found

    store = Lossy()
    async with RawUpstream() as up:
        async with proxy(up.url, store=store) as p:
            await sent(up, p, conversation(1))
            store.loses = True
            second = await sent(up, p, conversation(2))
            store.loses = False
        async with proxy(up.url, store=store) as p:
            third = await sent(up, p, conversation(3))
    assert texts(second)[1] == log_text(1)
    assert sum(d.text is not None for key, d in store.frozen.items() if ":" not in key) == 3, "the form that was not sent is on record"
    assert third.startswith(second.removesuffix(b"]}"))


@pytest.mark.parametrize("error", [StoreError("The store is locked."), RuntimeError("generator didn't yield")])
async def test_known_forms_are_sent_while_the_store_cannot_be_read(error):
    class Unreadable(MemoryStore):
        blind = False

        def decisions(self, keys):
            if self.blind:
                raise error
            return super().decisions(keys)

    store = Unreadable()
    async with RawUpstream() as up, proxy(up.url, store=store) as p:
        first = await sent(up, p, conversation(1))
        store.blind = True
        second = await sent(up, p, conversation(2))
        store.blind = False
        third = await sent(up, p, conversation(2))
    assert second.startswith(first.removesuffix(b"]}"))
    assert texts(second)[1] == log_text(1)
    assert third == second


async def test_an_original_that_was_sent_while_the_store_could_not_be_read_is_sent_after_a_restart():
    class Unreadable(MemoryStore):
        blind = False

        def decisions(self, keys):
            if self.blind:
                raise StoreError("The store is locked.")
            return super().decisions(keys)

    store = Unreadable()
    another = [{"role": "user", "content": "Another day"}, *conversation(2)[1:]]
    async with RawUpstream() as up:
        async with proxy(up.url, store=store) as p:
            assert "[headroom " in texts(await sent(up, p, another))[1], "a form of the block is on record, though not of this place"
            await sent(up, p, conversation(1))
            store.blind = True
            second = await sent(up, p, conversation(2))
            store.blind = False
        async with proxy(up.url, store=store) as p:
            third = await sent(up, p, conversation(3))
    assert texts(second)[1] == log_text(1)
    assert third.startswith(second.removesuffix(b"]}"))


async def test_a_decision_that_another_process_made_first_is_the_one_that_is_sent():
    class Rival(MemoryStore):
        """Another process decides between our look at the store and our own decision."""

        def freeze(self, decisions):
            for d in decisions:
                self.frozen.setdefault(d.key, Decision(d.key, "as the other sent it", Reason.COMPRESSED.value, "log", "12345678", 900, 9))
            return super().freeze(decisions)

    async with RawUpstream() as up, proxy(up.url, store=Rival()) as p:
        assert texts(await sent(up, p, conversation(1))) == ["as the other sent it"]


# The upstream refuses


async def test_a_refused_body_is_sent_again_as_it_was_once():
    body = body_of(conversation(1))
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(REFUSAL, answer())
        reply = await p.post(body)
        trouble = await p.event(Trouble)
        finished = await p.event(Finished)
        assert reply.status == 200
        assert MARKER in up.requests[0].body
        assert up.requests[1].body == body
        assert (trouble.kind, "log" in trouble.message) == ("refused", True)
        assert finished.removed == 0
        # From here on: this conversation as it is, and no log compressor in others.
        assert await sent(up, p, conversation(2)) == body_of(conversation(2))
        other = [{"role": "user", "content": "Another question"}, *conversation(1)[1:]]
        assert await sent(up, p, other) == body_of(other)


async def test_where_several_clients_pass_a_refusal_concerns_no_other_conversation():
    async with RawUpstream() as up, proxy(up.url, standing=True) as p:
        up.answers(REFUSAL, answer())
        assert (await p.post(body_of(conversation(1)))).status == 200
        assert "off until" not in (await p.event(Trouble)).message
        assert await sent(up, p, conversation(2)) == body_of(conversation(2))
        assert MARKER in await sent(up, p, [{"role": "user", "content": "Another question"}, *conversation(1)[1:]])


async def test_refusals_are_forgotten_in_the_end(monkeypatch):
    monkeypatch.setattr(compression, "_MOST_REFUSED", 1)
    second = [{"role": "user", "content": "Another question"}, *conversation(1)[1:]]
    async with RawUpstream() as up, proxy(up.url, standing=True) as p:
        up.answers(REFUSAL, answer(), REFUSAL, answer())
        await p.post(body_of(conversation(1)))
        await p.post(body_of(second))
        assert await sent(up, p, second) == body_of(second)
        assert MARKER in await sent(up, p, conversation(1))


async def test_after_a_refusal_of_a_block_that_two_worked_on_both_are_off():
    class Both(InlineWorkers):
        async def run(self, job):
            return [replace(outcome, compressor="references+log") for outcome in await super().run(job)]

    workers = Both()
    async with RawUpstream() as up, proxy(up.url, workers=workers) as p:
        up.answers(REFUSAL, answer())
        assert (await p.post(body_of(conversation(1)))).status == 200
        await sent(up, p, [{"role": "user", "content": "Another question"}, *conversation(1)[1:]])
    assert workers.jobs[-1].policy.disabled == {"references", "log"}


async def test_a_refusal_that_the_original_gets_too_is_passed_on_and_blames_nobody():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(REFUSAL, REFUSAL, answer())
        reply = await p.post(body_of(conversation(1)))
        assert (reply.status, reply.body) == (400, b'{"no": 1}')
        assert MARKER in await sent(up, p, conversation(1))
        assert not p.troubles()
    assert len(up.requests) == 3


async def test_a_refusal_of_an_untouched_body_is_passed_on():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(REFUSAL)
        assert (await p.post(body_of(conversation(0)))).status == 400
        assert len(up.requests) == 1


# The dialect fails


@pytest.mark.parametrize(
    "shape",
    ['{"role": "assistant", "content": null}', '{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": %s}]}'],
)
async def test_a_message_that_cannot_be_read_changes_no_form_that_was_sent(shape):
    message = shape.replace("%s", '{"a":' * 1100 + "1" + "}" * 1100)
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(answer())
        await p.post(body_of(conversation(2)))
        first = up.requests[-1].body
        assert b"[headroom " in first
        await p.post(body_of([*conversation(2), 0, *conversation(1)[1:]]).replace(b", 0, ", f", {message}, ".encode()))
        second = up.requests[-1].body
    assert second.startswith(first[:-2])
    assert second.count(b"[headroom ") == first.count(b"[headroom ") + 1


async def test_a_dialect_that_fails_costs_nothing(monkeypatch):
    from pipeline.dialects.anthropic import Anthropic

    body = body_of(conversation(1))

    def broken(*_):
        raise ZeroDivisionError

    async with RawUpstream() as up, proxy(up.url) as p:
        for name in ("write", "read"):
            monkeypatch.setattr(Anthropic, name, broken)
            assert (await p.post(body)).status == 200
            assert up.requests[-1].body == body


async def test_forms_from_another_lineage_stay_while_nothing_can_be_recorded():
    store = MemoryStore()
    later = [
        {"role": "user", "content": "Another day"},
        *conversation(1)[1:],
        {"role": "assistant", "content": "so"},
        {"role": "user", "content": "on"},
    ]
    async with RawUpstream() as up, proxy(up.url, store=store) as p:
        form = texts(await sent(up, p, conversation(1)))
        store.broken = True
        first = await sent(up, p, later)
        assert await sent(up, p, later) == first
    assert texts(first) == form
