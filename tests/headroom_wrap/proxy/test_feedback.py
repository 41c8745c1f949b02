"""Conversations one after the other: what is asked for again too often is left out no more in those that begin later."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading

import pytest

from headroom_wrap.events import Finished, Trouble
from headroom_wrap.proxy import feedback
from pipeline import markers
from pipeline.feedback import records, verdict
from pipeline.feedback.verdict import HALF_LIFE_S
from pipeline.policy import Step
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.proxy.harness import DEADLINE, RawUpstream, answer, body_of, proxy
from tests.headroom_wrap.proxy.test_compression import texts
from tests.memory_store import MemoryStore

PROJECT = "git-1"
NOW = 1_800_000_000.0
MANY = 10  # conversations that ask again, after which elision has certainly been given up
LOGS = {
    number: "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO web-{number} request {n} served in {n % 90} ms for user {n % 7}" for n in range(70))
    for number in range(3)
}
ANSWER = answer({"input_tokens": 40_000, "output_tokens": 9})


def called(number, name, arguments, result):
    use = {"type": "tool_use", "id": f"t{number}", "name": name, "input": arguments}
    back = {"type": "tool_result", "tool_use_id": f"t{number}", "content": result}
    return [{"role": "assistant", "content": [use]}, {"role": "user", "content": [back]}]


class Agent:
    """Reads logs, and asks for all of it again if it is one that does so."""

    def __init__(self, up, p, name, *, asks=True):
        self.up, self.p, self.asks, self.name = up, p, asks, name
        self.headers = {"X-Claude-Code-Session-Id": name}
        self.messages = [{"role": "user", "content": f"Look at {name}."}]

    async def send(self):
        number = len(self.p.of(Finished)) + 1
        reply = await self.p.post(body_of(self.messages), headers=self.headers)
        assert reply.status == 200
        await self.p.event(Finished, number)
        return texts(self.up.requests[-1].body)

    async def reads(self, number):
        """What the model sees of the log."""
        self.messages += called(len(self.messages), "Bash", {"command": f"kubectl logs web-{number}"}, LOGS[number])
        seen = (await self.send())[-1]
        handle = seen.partition("[headroom ")[2][:8]
        if self.asks and handle:
            self.messages += called(len(self.messages), "mcp__headroom__headroom_retrieve", {"handle": handle}, LOGS[number])
            await self.send()
        return seen


async def conversation(store, name, *, asks=True, **settings):
    """One with a proxy of its own: what the model saw of the first log."""
    async with RawUpstream() as up, proxy(up.url, store=store, **{"feedback": PROJECT, **settings}) as p:
        up.answers(ANSWER)
        agent = Agent(up, p, name, asks=asks)
        await agent.send()
        return await agent.reads(0)


async def conversations(store, count, **settings):
    return [await conversation(store, f"c{number}", **settings) for number in range(count)]


def rows(store):
    return [records.seen(row) for row in store.memories(records.shelf(PROJECT))]


def decided(store):
    """What is on record but for which process used the provider's cache."""
    return {key: decision for key, decision in store.frozen.items() if not key.startswith("use:")}


@pytest.fixture
def now(monkeypatch):
    class Clock:
        time = NOW

        def __call__(self):
            return self.time

    clock = Clock()
    monkeypatch.setattr(feedback, "clock", clock)
    monkeypatch.setattr(feedback, "PATIENCE_S", DEADLINE)  # how fast this machine is decides nothing here
    return clock


def shown(text):
    """How much of a log stands in what was sent: not all, all in other words, all as it was."""
    return 0 if markers.elides(text) else 1 if markers.carries_marker(text) else 2


async def test_one_step_after_the_other_is_taken_when_five_have_shown_that_the_one_before_loses_money(now):
    seen = [shown(text) for text in await conversations(MemoryStore(), 12)]
    assert seen == [0] * 5 + [1] * 5 + [2] * 2


async def test_where_nothing_is_asked_for_again_nothing_changes(now):
    with_feedback, without = MemoryStore(), MemoryStore()
    assert await conversations(with_feedback, 8, asks=False) == await conversations(without, 8, asks=False, feedback="")
    assert decided(with_feedback) == decided(without)
    assert len(rows(with_feedback)) == 8
    (found,) = verdict.verdicts(rows(with_feedback), NOW)
    assert (found.sent, found.asked, found.step) == (8, 0, Step.FULL)
    assert not without.seen


async def test_it_is_tried_again_after_some_weeks(now):
    store = MemoryStore()
    await conversations(store, MANY)
    assert shown(await conversation(store, "soon")) == 2
    now.time += 3 * HALF_LIFE_S
    assert shown(await conversation(store, "late")) == 0


async def test_it_holds_for_one_project_and_for_nobody_else(now):
    store = MemoryStore()
    await conversations(store, MANY)
    before = dict(store.seen)
    assert shown(await conversation(store, "other", feedback="git-2")) == 0
    assert shown(await conversation(store, "nowhere", feedback="")) == 0
    assert {row.project for row in store.seen.values()} == {records.shelf(PROJECT), records.shelf("git-2")}
    assert before.items() <= store.seen.items()


async def test_a_conversation_goes_on_as_it_began(now):
    """What others showed meanwhile, a restart, and that all of it is forgotten: none of it changes what is under way."""
    store = MemoryStore()
    async with RawUpstream() as up:
        up.answers(ANSWER)
        async with proxy(up.url, store=store, feedback=PROJECT) as p:
            early = Agent(up, p, "early", asks=False)
            await early.send()
            first = await early.reads(0)
            await conversations(store, MANY)
            assert shown(await early.reads(1)) == 0
            late = Agent(up, p, "late", asks=False)
            await late.send()
        store.forget(records.shelf(PROJECT))
        async with proxy(up.url, store=store, feedback=PROJECT) as p:
            early.p = late.p = p
            assert shown(await early.reads(2)) == 0
            assert texts(up.requests[-1].body)[0] == first
            assert shown(await late.reads(0)) == 2
            assert shown(await conversation(store, "new")) == 0


async def test_two_proxies_on_one_store_count_together_and_agree(now, tmp_path, monkeypatch):
    path = tmp_path / "state" / "headroom.db"
    noted, begun = threading.Semaphore(0), threading.Semaphore(0)

    def telling(function, done):
        def told(*arguments, **named):
            try:
                return function(*arguments, **named)
            finally:
                done.release()

        return told

    def opened():
        return SqliteStore.open(path)

    monkeypatch.setattr(feedback, "_steps", telling(feedback._steps, begun))
    monkeypatch.setattr(feedback.Feedback, "_note", telling(feedback.Feedback._note, noted))
    async with RawUpstream() as up, proxy(up.url, store=opened, feedback=PROJECT) as one, proxy(up.url, store=opened, feedback=PROJECT) as two:
        up.answers(ANSWER)
        seen = []
        for number in range(MANY):
            agent = Agent(up, (one, two)[number % 2], f"c{number}")
            await agent.send()
            assert await asyncio.to_thread(begun.acquire, timeout=DEADLINE)
            agent.p = (two, one)[number % 2]  # it goes on at the other one
            seen.append(shown(await agent.reads(0)))
            assert await asyncio.to_thread(begun.acquire, timeout=DEADLINE)
            for _ in range(2):  # the form, and that it was asked for: whichever is on record first
                assert await asyncio.to_thread(noted.acquire, timeout=DEADLINE)
    assert seen == [0] * 5 + [1] * 5
    store = SqliteStore.open(path)
    (found,) = verdict.verdicts(rows(store), NOW)
    assert (found.sent, found.asked, found.whole) == (5, 5, 5)
    assert found.tools == ("kubectl",)
    store.close()


async def test_a_request_that_is_sent_again_counts_once(now):
    store = MemoryStore()
    messages = []
    for tries in range(3):
        async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT) as p:
            up.answers(ANSWER)
            agent = Agent(up, p, "again")
            if not tries:
                await agent.send()
                await agent.reads(0)
                messages = agent.messages
            agent.messages = messages
            await agent.send()
            await agent.send()
        ((seen,),) = (rows(store),)
        assert [(tally.sent, tally.asked) for tally in seen.evidence.values()] == [(1, 1)]


async def test_what_a_conversation_has_shown_is_not_lost_where_its_transcript_gets_shorter(now):
    store = MemoryStore()
    shows = []
    for asks in (True, False):
        async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT) as p:
            up.answers(ANSWER)
            agent = Agent(up, p, "cut", asks=asks)
            await agent.send()
            await agent.reads(0)
        shows.append(rows(store)[0].evidence)
    assert shows[0] == shows[1]
    assert [tally.asked for tally in shows[1].values()] == [1]


async def test_an_agent_that_names_no_session(now):
    store = MemoryStore()
    for number in range(MANY + 1):
        async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT) as p:
            up.answers(ANSWER)
            agent = Agent(up, p, f"c{number}")
            agent.headers = {}
            await agent.send()
            last = await agent.reads(0)
    assert shown(last) == 2


async def test_nobody_waits_before_there_is_something_to_decide_on(now):
    looked, go_on = threading.Event(), threading.Event()

    class Slow(MemoryStore):
        def memories(self, project, **which):
            looked.set()
            assert go_on.wait(DEADLINE)
            return super().memories(project, **which)

    store = Slow()
    async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT) as p:
        up.answers(ANSWER)
        agent = Agent(up, p, "slow")
        agent.messages[0]["content"] += " It is long." * 100
        await agent.send()
        assert await asyncio.to_thread(looked.wait, DEADLINE)
        go_on.set()
        assert shown(await agent.reads(0)) == 0


@pytest.mark.parametrize("method", ["memories", "remember"])
async def test_a_store_that_fails_at_it_costs_nothing_but_that(now, method):
    class Failing(MemoryStore):
        pass

    def fails(*_, **__):
        raise StoreError("the disk is full.")

    store = Failing()
    await conversations(store, 5)
    setattr(store, method, fails)
    async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT) as p:
        up.answers(ANSWER)
        agent = Agent(up, p, "unlucky", asks=False)
        await agent.send()
        assert shown(await agent.reads(0)) == (0 if method == "memories" else 1)
        assert shown(await agent.reads(1)) == (0 if method == "memories" else 1)
    told = [e.message for e in p.of(Trouble)]
    assert set(told) == {"the disk is full. What was asked for again now is not counted."}


async def test_what_no_longer_counts_goes_when_a_proxy_ends(now):
    store = MemoryStore()
    origin = records.Origin(PROJECT, "claude", "/p")
    store.remember([records.row(origin, "", f"before {n}", {}, NOW - n) for n in range(records.MOST + 60)])
    await conversation(store, "one", feedback="git-2")
    assert len(rows(store)) == records.MOST + 60, "a project that nothing was noted of is left alone"
    await conversation(store, "next")
    assert len(rows(store)) == records.MOST
    assert rows(store)[0].evidence, "the newest is its own"


async def test_a_proxy_ends_where_it_cannot_go(now):
    store = MemoryStore()
    origin = records.Origin(PROJECT, "claude", "/p")
    store.remember([records.row(origin, "", f"before {n}", {}, NOW - n) for n in range(records.MOST + 60)])

    def fails(*_, **__):
        raise StoreError("the disk is full.")

    store.forget = fails
    assert shown(await conversation(store, "next")) == 0
    assert len(rows(store)) == records.MOST + 61


async def test_rows_of_another_version_are_passed_over(now):
    store = MemoryStore()
    await conversations(store, 5)
    key, row = next(iter(store.seen.items()))
    store.seen[key] = dataclasses.replace(row, stamp='{"of": "another"}')
    assert shown(await conversation(store, "next")) == 0, "four are too few"
    assert shown(await conversation(store, "last")) == 1
    store.frozen = {k: dataclasses.replace(d, text="[[7]]") if k.startswith("begun:") else d for k, d in store.frozen.items()}
    async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT) as p:
        up.answers(ANSWER)
        agent = Agent(up, p, "last", asks=False)
        agent.messages += called(1, "Bash", {"command": "true"}, "")
        assert shown(await agent.reads(2)) == 0, "as the profile says"


async def test_who_is_not_told_in_time_begins_without_and_goes_on_so(now, monkeypatch):
    go_on = threading.Event()

    class Slow(MemoryStore):
        def memories(self, project, **which):
            assert go_on.wait(DEADLINE)
            return super().memories(project, **which)

    store = Slow()
    go_on.set()
    await conversations(store, 5)
    go_on.clear()
    monkeypatch.setattr(feedback, "PATIENCE_S", 0.0)
    async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT) as p:
        up.answers(ANSWER)
        agent = Agent(up, p, "hurried", asks=False)
        try:
            await agent.send()
            assert shown(await agent.reads(0)) == 0
        finally:
            go_on.set()
        monkeypatch.setattr(feedback, "PATIENCE_S", DEADLINE)
        assert shown(await agent.reads(1)) == 0
        assert shown(await conversation(store, "next")) == 1


async def test_whose_it_is_is_found_out_beside_the_requests(now, tmp_path):
    home, folder = tmp_path / "home", tmp_path / "project"
    for path in (home, folder):
        path.mkdir()
    store = MemoryStore()
    there = {"feedback": "", "feedback_home": str(home), "feedback_path": os.environ["PATH"]}
    await conversation(store, "a", **there, workspace=str(folder))
    (row,) = store.seen.values()
    assert records.project_of(row.project).startswith("folder-")
    await conversation(store, "b", **there, workspace=str(home))
    assert len(store.seen) == 1, "a home is no project"


async def test_files_are_remembered_beside_it(now, tmp_path):
    (tmp_path / "a.log").write_text(LOGS[0])
    settings = {"memory": PROJECT, "memory_top": str(tmp_path.resolve()), "workspace": str(tmp_path)}
    store = MemoryStore()
    async with RawUpstream() as up, proxy(up.url, store=store, feedback=PROJECT, **settings) as p:
        up.answers(ANSWER)
        agent = Agent(up, p, "both")
        agent.messages += called(1, "Bash", {"command": "cat a.log"}, LOGS[0])
        await agent.send()
    assert [row.key for row in store.memories(PROJECT)] == ["a.log"]
    assert len(rows(store)) == 1


async def test_what_is_asked_for_is_sent_as_it_is(now):
    """An original that comes back may be large enough to be made smaller itself, where it had only been put in other words."""
    async with RawUpstream() as up, proxy(up.url, feedback="", profile="lossless") as p:
        up.answers(ANSWER)
        agent = Agent(up, p, "whole")
        await agent.send()
        assert shown(await agent.reads(0)) == 1
        assert texts(up.requests[-1].body)[-1] == LOGS[0]
