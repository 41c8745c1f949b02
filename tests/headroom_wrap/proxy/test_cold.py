"""Cold turns through the real proxy, billed by the scripted provider: other forms where its cache holds nothing, the same ones everywhere else."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from types import SimpleNamespace

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing import Answer, AnthropicProvider, Script, text
from headroom_wrap.events import Finished, Trouble
from headroom_wrap.proxy import books, cold, exchange
from pipeline.prices import cost, price_of
from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, InlineWorkers, RawUpstream, answer, body_of, conversation, proxy
from tests.memory_store import MemoryStore

MARK = {"cache_control": {"type": "ephemeral"}}
SYSTEM = [{"type": "text", "text": "You are an agent. " * 400} | MARK]
PRICE = price_of("claude-opus-4-8")
REFUSAL = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\n{"no": 1}'
SHORT, LONG = 30, 400  # seconds: within the cache's life of 5 minutes, and beyond it


class Store(MemoryStore):
    """Says when a receipt has come."""

    def __init__(self):
        super().__init__()
        self.booked = threading.Event()

    def add_receipt(self, receipt):
        super().add_receipt(receipt)
        self.booked.set()


class Always(Script):
    def is_aside(self, ask):
        return False

    def reply(self, ask):
        return Answer([text("ok")])


class World:
    """A provider whose clock and ours are set by the test."""

    def __init__(self):
        self.now = 0.0
        self._patch = pytest.MonkeyPatch()

    async def __aenter__(self):
        shim = SimpleNamespace(perf_counter=lambda: self.now, time=lambda: 1e9 + self.now)
        for module in (exchange, books):
            self._patch.setattr(module, "time", shim)
        self._patch.setattr(cold, "clock", lambda: self.now)
        self._patch.setattr(cold, "wall", lambda: 1e9 + self.now)
        self.provider = AnthropicProvider(Always(), clock=lambda: self.now, minimum=0)
        await self.provider.__aenter__()
        return self

    async def __aexit__(self, *_):
        await self.provider.__aexit__(None, None, None)
        self._patch.undo()

    async def send(self, messages, p=None, session="s1", after=SHORT):
        """A request of Claude Code's; returns its messages as the provider got them and what it was billed."""
        self.now += after
        messages = copy.deepcopy(messages)
        for message in messages:
            if isinstance(message["content"], str):
                message["content"] = [{"type": "text", "text": message["content"]}]
        messages[-1]["content"][-1] |= MARK
        base = f"http://127.0.0.1:{p.port}/{SECRET}" if p else self.provider.url
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01", "X-Claude-Code-Session-Id": session}
        if p:
            p.store.booked.clear()
        async with aiohttp.ClientSession(headers=headers) as client:
            async with client.post(f"{base}/v1/messages?beta=true", data=body_of(messages, system=SYSTEM)) as response:
                assert response.status == 200, await response.read()
                await response.read()
        if p:
            assert await asyncio.to_thread(p.store.booked.wait, DEADLINE)
        sent = json.loads(self.provider.requests[-1].raw)["messages"]
        for block in sent[-1]["content"]:
            block.pop("cache_control", None)
        return sent, self.provider.requests[-1].usage


def asked(turns, words="Go on."):
    """The conversation after so many calls, and then a question."""
    return [*conversation(turns), {"role": "assistant", "content": "So."}, {"role": "user", "content": words}]


def size(messages):
    return len(json.dumps(messages))


def whole(messages):
    return "[headroom " not in json.dumps(messages)


async def test_a_history_that_stood_there_before_us_gets_its_forms_when_the_cache_is_cold():
    store = Store()
    async with World() as world, proxy(world.provider.url, store=store) as p:
        first, _ = await world.send(asked(3), p)
        assert whole(first)
        soon, _ = await world.send([*asked(3), *asked(1)[3:]], p)
        assert soon[: len(first)] == first
        late, billed = await world.send([*asked(3), *asked(1)[3:], *asked(1, "And?")[3:]], p, after=LONG)
        assert json.dumps(late).count("[headroom ") == 3
        assert billed.cache_read < billed.cache_write_5m < size(first) / 8
        after, again = await world.send([*asked(3), *asked(1)[3:], *asked(1, "And?")[3:], *asked(1, "More?")[3:]], p)
        assert after[: len(late)] == late
        assert again.cache_read >= billed.cache_write_5m  # what the cold turn wrote is read by the next
        assert not p.of(Trouble)
    handle = late[2]["content"][0]["content"].split("[headroom ")[1][:8]
    assert store.original(handle).text == conversation(3)[2]["content"][0]["content"]


async def begun(world, p):
    """A conversation whose history has other forms since a cold turn: its messages, and how they went on."""
    await world.send(asked(3), p)
    messages = [*asked(3), *asked(1, "And?")[3:]]
    late, _ = await world.send(messages, p, after=LONG)
    assert not whole(late)
    return messages, late


async def test_restarts_other_proxies_and_forks_send_the_new_forms():
    store = Store()
    async with World() as world, proxy(world.provider.url, store=store) as p:
        messages, late = await begun(world, p)
        async with proxy(world.provider.url, store=store) as other:
            for session in ("s1", "a fork of it"):
                sent, billed = await world.send([*messages, *asked(1, f"{session}?")[3:]], other, session)
                assert sent[: len(late)] == late
                assert billed.cache_read > 3 * billed.cache_write_5m
            earlier, _ = await world.send([*messages[:-2], {"role": "assistant", "content": "No."}, {"role": "user", "content": "?"}], other)
            assert earlier[: len(messages) - 2] == late[: len(messages) - 2]
        assert not p.of(Trouble)
        assert not other.of(Trouble)


@pytest.mark.parametrize("standing", [True, False])
async def test_a_refused_conversation_is_left_alone_on_a_cold_turn_too(monkeypatch, standing):
    now = [0.0]
    monkeypatch.setattr(cold, "clock", lambda: now[0])
    monkeypatch.setattr(cold, "wall", lambda: 1e9 + now[0])
    store = Store()
    async with RawUpstream() as up, proxy(up.url, store=store, standing=standing) as p:

        async def send(messages, *answers, after=SHORT):
            now[0] += after
            up.answers(*answers)
            store.booked.clear()
            assert (await p.post(body_of(messages), headers={"X-Claude-Code-Session-Id": "s1"})).status == 200
            assert await asyncio.to_thread(store.booked.wait, DEADLINE)
            return up.requests[-1].body

        messages = asked(2)
        await send(messages, answer())  # as it came: it stood there before us
        messages = [*messages, *conversation(1)[1:]]
        await send(messages, REFUSAL, answer())
        assert len(p.of(Trouble)) == 1
        messages = [*messages, *asked(0, "And?")[1:]]
        assert await send(messages, answer()) == body_of(messages)
        messages = [*messages, *asked(0, "Later?")[1:]]
        assert await send(messages, answer(), after=10 * LONG) == body_of(messages)
        assert len(up.requests) == 5


async def test_in_doubt_the_old_forms_go():
    rest = [*asked(3), *asked(1, "And?")[3:]]
    async with World() as world:
        for name, after in [
            ("fresh", 200),
            ("another process", LONG),
            ("unnamed", LONG),
            ("late", LONG),
            ("cold", LONG),
        ]:
            store, workers = Store(), InlineWorkers()
            world.now += 10_000  # nothing of the case before is in the cache
            session = "" if name == "unnamed" else f"s-{name}"
            async with proxy(world.provider.url, store=store, workers=workers) as p:
                await world.send(asked(3), p, session)
                if name == "another process":
                    world.now += LONG - SHORT
                    async with proxy(world.provider.url, store=store) as other:
                        await world.send(asked(3), other, "s9")
                    after = SHORT
                workers.most = 2 if name == "late" else None
                sent, _ = await world.send(rest, p, session, after)
                assert whole(sent) is (name != "cold"), name


async def test_a_resumed_session_of_another_process_is_cold_after_the_longest_life_only():
    store = Store()
    messages = [*asked(3), *asked(1, "And?")[3:]]
    async with World() as world:
        async with proxy(world.provider.url, store=store) as p:
            await world.send(asked(3), p)
        for after, cold_by_then in ((LONG, False), (4500, True)):
            async with proxy(world.provider.url, store=store) as p:
                sent, _ = await world.send(messages, p, after=after)
                assert whole(sent) is not cold_by_then


async def test_what_was_sent_without_us_is_left_alone():
    """The agent went on unwrapped for a while: nobody knows since when the provider has not seen it."""
    async with World() as world, proxy(world.provider.url, store=Store()) as p:
        await world.send(asked(2), p)
        sent, _ = await world.send(asked(3), p, after=LONG)
        assert whole(sent)


async def test_a_block_that_came_too_late_gets_its_chance_and_the_one_that_was_in_time_keeps_its_form():
    workers = InlineWorkers()
    async with World() as world, proxy(world.provider.url, store=Store(), workers=workers) as p:
        first, _ = await world.send(conversation(1), p)
        workers.most = 0
        await world.send(conversation(2), p)
        workers.most = None
        late, _ = await world.send(asked(2), p, after=LONG)
        assert late[:3] == first
        assert json.dumps(late).count("[headroom ") == 2
        count = len(workers.jobs)
        await world.send([*asked(2), *asked(1)[3:]], p, after=LONG)
        assert len(workers.jobs) == count, "there is nothing left to gain"


class Unable(InlineWorkers):
    """Cannot hand a job to a worker, when told so: what it holds is nested too deep."""

    deep = False

    async def run(self, job):
        if self.deep:
            raise RecursionError
        return await super().run(job)


async def test_a_cold_turn_that_fails_leaves_the_forms_as_they_were(caplog):
    workers = Unable()
    async with World() as world, proxy(world.provider.url, store=Store(), workers=workers) as p:
        first, _ = await world.send(conversation(1), p)
        workers.most = 0
        await world.send(conversation(2), p)
        workers.deep = True
        late, _ = await world.send(asked(2), p, after=LONG)
        assert late[:3] == first
        assert not whole(first)
        assert "RecursionError" in caplog.text
        after, _ = await world.send([*asked(2), *asked(1)[3:]], p)
        assert after[: len(late)] == late


class Held(InlineWorkers):
    """Takes a job and does not do it until it is told to."""

    def __init__(self):
        super().__init__()
        self.taken, self.may = asyncio.Event(), asyncio.Event()
        self.may.set()

    async def run(self, job):
        self.taken.set()
        await self.may.wait()
        return await super().run(job)


async def test_nobody_waits_for_the_cold_turn_of_another_conversation():
    workers = Held()
    async with World() as world, proxy(world.provider.url, store=Store(), workers=workers) as p:
        await world.send(asked(3), p)
        workers.taken.clear()
        workers.may.clear()
        cold_turn = asyncio.create_task(world.send([*asked(3), *asked(1)[3:]], p, after=LONG))
        await asyncio.wait_for(workers.taken.wait(), DEADLINE)
        other = [{"role": "user", "content": "Another thing."}, *asked(0)[1:]]
        await asyncio.wait_for(world.send(other, p, "another"), DEADLINE)
        assert not cold_turn.done()
        workers.may.set()
        sent, _ = await asyncio.wait_for(cold_turn, DEADLINE)
        assert json.dumps(sent).count("[headroom ") == 3


async def test_of_two_requests_of_a_cold_conversation_one_opens_a_generation():
    workers = Held()
    async with World() as world, proxy(world.provider.url, store=Store(), workers=workers) as p:
        await world.send(asked(3), p)
        workers.may.clear()
        messages = [*asked(3), *asked(1)[3:]]
        first = asyncio.create_task(world.send(messages, p, after=LONG))
        second = asyncio.create_task(world.send(messages, p, after=0))
        await asyncio.wait_for(workers.taken.wait(), DEADLINE)
        workers.may.set()
        await asyncio.wait_for(asyncio.gather(first, second), DEADLINE)
        assert len(workers.jobs) == 1
        assert world.provider.requests[-1].raw == world.provider.requests[-2].raw


class Waiting(Store):
    """Lets nothing be noted until it is told to."""

    def __init__(self):
        super().__init__()
        self.asked, self.may = threading.Event(), threading.Event()

    def freeze(self, decisions):
        if any(d.key.startswith("use:") for d in decisions):
            self.asked.set()
            assert self.may.wait(DEADLINE)
        return super().freeze(decisions)


async def test_a_request_does_not_wait_until_its_use_of_the_cache_is_noted_and_its_receipt_does():
    store = Waiting()
    async with World() as world:
        async with proxy(world.provider.url, store=store) as p:
            answer = await p.post(body_of(asked(0)), headers={"x-api-key": "k", "anthropic-version": "2023-06-01"})
            assert answer.status == 200
            assert await asyncio.to_thread(store.asked.wait, DEADLINE)
            assert not store.receipts()
            assert not p.of(Finished)
            store.may.set()
            assert await asyncio.to_thread(store.booked.wait, DEADLINE)
        assert [key for key in store.frozen if key.startswith("use:")]


async def test_what_is_being_noted_when_the_proxy_ends_is_on_record():
    store = Waiting()
    store.may.set()
    async with World() as world:
        async with proxy(f"{world.provider.url}/nowhere", store=store) as p:
            await p.post(body_of(asked(0)))
        assert [key for key in store.frozen if key.startswith("use:")]


async def test_a_store_that_fails_on_a_cold_turn_costs_nothing():
    store = Store()
    async with World() as world, proxy(world.provider.url, store=store) as p:
        await world.send(asked(3), p)
        store.broken = True
        sent, _ = await world.send([*asked(3), *asked(1)[3:]], p, after=LONG)
        assert whole(sent)


async def test_a_session_with_a_gap_gets_cheaper():
    async def spent(world, p):
        messages, total = asked(3), 0.0
        for n in range(6):
            _, usage = await world.send(messages, p, after=LONG if n == 2 else SHORT)
            total += cost(usage, PRICE)
            messages = [*messages, *asked(1, f"{n}?")[3:]]
        return total

    async with World() as world:
        direct = await spent(world, None)
    async with World() as world, proxy(world.provider.url, store=Store()) as p:
        assert await spent(world, p) < direct * 0.8


STEPS = st.lists(
    st.tuples(
        st.sampled_from([SHORT, SHORT, LONG, 4500]), st.sampled_from(["go on", "go on", "call", "fork", "rewind"]), st.integers(0, 1), st.booleans()
    ),
    min_size=2,
    max_size=7,
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(STEPS, st.integers(0, 3))
def test_never_dearer_and_never_ours_whatever_the_gaps_forks_restarts_and_proxies(steps, late):
    async def spent(world, ours):
        """Dollars of the whole schedule."""
        store = Store()
        total, session, messages = 0.0, "s1", asked(2)
        running, troubles = {}, []

        async def stop(number):
            manager, p = running.pop(number)
            await manager.__aexit__(None, None, None)
            troubles.extend(p.of(Trouble))

        async def through(number):
            if not ours:
                return None
            if number not in running:
                workers = InlineWorkers()
                workers.most = late if late < 3 else None
                manager = proxy(world.provider.url, store=store, workers=workers)
                running[number] = manager, await manager.__aenter__()
            return running[number][1]

        _, usage = await world.send(messages, await through(0), session)
        total += cost(usage, PRICE)
        for n, (gap, kind, number, restart) in enumerate(steps):
            if restart and number in running:
                await stop(number)
            if kind == "fork":
                session = f"s{n}"
            elif kind == "rewind":
                messages = messages[: -2 - 2 * (len(messages) > 9)]
            if kind == "call":
                messages = [*messages, *[copy.deepcopy(m) for m in conversation(1)[1:]]]
                for block in (messages[-2]["content"][0], messages[-1]["content"][0]):
                    block["id" if "id" in block else "tool_use_id"] = f"toolu_n{n}"
                messages[-1]["content"][0]["content"] += f"\n{n}"
            else:
                messages = [*messages, {"role": "assistant", "content": "So."}, {"role": "user", "content": f"{n}?"}]
            _, usage = await world.send(messages, await through(number), session, gap)
            total += cost(usage, PRICE)
        for number in list(running):
            await stop(number)
        assert not [t for t in troubles if t.kind == "cache"]
        return total

    async def check():
        async with World() as world:
            direct = await spent(world, ours=False)
        async with World() as world:
            assert await spent(world, ours=True) <= direct * 1.0001

    asyncio.run(check())
