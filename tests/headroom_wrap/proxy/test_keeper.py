"""Where a store is asked: at hand where that takes no time, in a thread where it may."""

from __future__ import annotations

import asyncio
import itertools
import math
import sqlite3
import threading
import time

import pytest

from headroom_wrap.proxy import keeper
from headroom_wrap.proxy.keeper import Keeper
from pipeline import ccr
from pipeline.cache_aligner import Alignment, Job, Task
from pipeline.compressors.api import Content, Gap, Rewrite, Seen
from pipeline.outcome import Outcome, Reason
from pipeline.policy import Policy
from pipeline.store import connection, unsent
from pipeline.store.api import Decision, Receipt, StoreError
from pipeline.store.sqlite import SqliteStore
from pipeline.usage import Usage
from tests.headroom_wrap.proxy.harness import DEADLINE
from tests.memory_store import MemoryStore

NEW = Alignment((), {}, (Decision("c" * 32, None, "sent before"),), None)
RECEIPT = Receipt("m", "s", 1.0, "claude", "model", "", Usage(), None, None)
KEPT = Decision("a" * 32, "smaller", "compressed", "log", "12345678", 900, 9)


class Glancing(MemoryStore):
    """Counts how often it was glanced at."""

    glances = 0

    def glance(self, keys):
        self.glances += keys != [""]
        return self.decisions(keys)


async def test_what_a_file_holds_is_told_while_all_threads_wait(tmp_path):
    kept = Keeper(lambda: SqliteStore.open(tmp_path / "headroom.db"))
    await kept.use(lambda store: store.freeze([KEPT]))
    go = threading.Event()
    waiting = [asyncio.ensure_future(kept.use(lambda _: go.wait(DEADLINE))) for _ in range(keeper._THREADS)]
    try:
        assert await asyncio.wait_for(kept.decisions([KEPT.key, "b" * 32]), DEADLINE) == {KEPT.key: KEPT}
        assert not any(task.done() for task in waiting)
    finally:
        go.set()
    await asyncio.gather(*waiting)
    await kept.close()


async def test_a_store_that_cannot_be_glanced_at_is_asked_in_a_thread():
    class Far(MemoryStore):
        asked_in = ""

        def decisions(self, keys):
            self.asked_in = threading.current_thread().name
            return super().decisions(keys)

    store = Far()
    store.freeze([KEPT])
    kept = Keeper(lambda: store)
    assert await kept.decisions([KEPT.key]) == {KEPT.key: KEPT}
    assert store.asked_in.startswith("headroom-store")
    await kept.close()


@pytest.mark.parametrize(("rest", "glances"), [(math.inf, 1), (-1.0, 3)])
async def test_after_a_slow_glance_threads_are_asked_for_a_while(monkeypatch, rest, glances):
    monkeypatch.setattr(keeper, "_SLOW_S", -1.0)
    monkeypatch.setattr(keeper, "_REST_S", rest)
    monkeypatch.setattr(keeper, "_waits", itertools.count().__next__)
    store = Glancing()
    store.freeze([KEPT])
    kept = Keeper(lambda: store)
    for _ in range(3):
        assert await kept.decisions([KEPT.key]) == {KEPT.key: KEPT}
    assert store.glances == glances
    await kept.close()


async def test_a_glance_that_only_had_to_wait_for_the_processor_changes_nothing(monkeypatch):
    monkeypatch.setattr(keeper, "_SLOW_S", -1.0)
    monkeypatch.setattr(keeper, "_waits", lambda: 7)
    store = Glancing()
    kept = Keeper(lambda: store)
    for _ in range(3):
        await kept.decisions([KEPT.key])
    assert store.glances == 3
    await kept.close()


def test_a_thread_that_waited_is_told_from_one_that_did_not():
    before = keeper._waits()
    time.sleep(0.001)  # not to wait for anything: to give the processor up is what is told
    assert keeper._waits() != before


def alignment(*texts):
    tasks = tuple(Task(n, f"{n:032}", f"block:{n}", Content(text), Seen(n, "Bash: make", text, text)) for n, text in enumerate(texts))
    return Alignment((), {}, (), Job(Policy(), (), tasks))


def outcome(text):
    rewrite = Rewrite("less", text.count("\n") + 1, (Gap(1, 2),))
    handle = ccr.handle_of(text)
    return Outcome(Reason.COMPRESSED, ccr.render(rewrite, handle), rewrite, "log", handle, 900, 9)


async def test_what_is_small_is_settled_while_all_threads_wait(tmp_path):
    kept = Keeper(lambda: SqliteStore.open(tmp_path / "headroom.db"))
    await kept.open()
    go = threading.Event()
    waiting = [asyncio.ensure_future(kept.use(lambda _: go.wait(DEADLINE))) for _ in range(keeper._THREADS)]
    text = "a line\n" * 100
    try:
        decided = await asyncio.wait_for(kept.settle(alignment(text, "b"), [outcome(text), Outcome(Reason.TOO_SMALL)]), DEADLINE)
        assert not any(task.done() for task in waiting)
    finally:
        go.set()
    await asyncio.gather(*waiting)
    assert [d.reason for d in decided.values()] == ["compressed", "too small"]
    assert (await kept.use(lambda store: store.original(decided[0].handle))).text == text
    assert await kept.decisions([d.key for d in decided.values()]) == {d.key: d for d in decided.values()}
    await kept.close()


class Prompt(MemoryStore):
    """Counts what was to be written at once."""

    asked = 0
    answers = True

    def at_once(self, work):
        self.asked += 1
        return work(self) if self.answers else None


@pytest.mark.parametrize(
    ("texts", "asked"),
    [
        (["a"], 1),
        (["a" * keeper._SMALL], 1),
        (["a" * keeper._SMALL, "a"], 0),
        (["a"] * keeper._FEW, 1),
        (["a"] * (keeper._FEW + 1), 0),
    ],
)
@pytest.mark.parametrize("answers", [True, False])
async def test_what_is_large_or_cannot_be_written_at_once_is_settled_in_a_thread(texts, asked, answers):
    store = Prompt()
    store.answers = answers
    kept = Keeper(lambda: store)
    decided = await kept.settle(alignment(*texts), [Outcome(Reason.NO_GAIN)] * len(texts))
    assert store.asked == asked
    assert [d.reason for d in decided.values()] == ["no gain"] * len(texts)
    assert store.decisions([d.key for d in decided.values()]) == {d.key: d for d in decided.values()}
    await kept.close()


@pytest.mark.parametrize(("more", "asked"), [(0, 1), (1, 0)])
async def test_what_is_recorded_of_earlier_blocks_is_large_too(more, asked):
    store = Prompt()
    kept = Keeper(lambda: store)
    before = [
        Decision(f"{n:032x}", text, "compressed") for n, text in enumerate(["a" * (keeper._SMALL // 2), None, "a" * (keeper._SMALL // 2 + more)])
    ]
    await kept.settle(Alignment((), {}, tuple(before), None), [])
    assert store.asked == asked
    assert store.decisions([d.key for d in before]) == {d.key: d for d in before}
    await kept.close()


async def test_a_store_that_another_process_writes_to_is_waited_for(tmp_path):
    kept = Keeper(lambda: SqliteStore.open(tmp_path / "headroom.db", busy=DEADLINE))
    await kept.open()
    other = sqlite3.connect(tmp_path / "headroom.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    settling = asyncio.ensure_future(kept.settle(alignment("a"), [Outcome(Reason.NO_GAIN)]))
    await asyncio.sleep(0)
    assert not settling.done()
    other.execute("ROLLBACK")
    other.close()
    assert (await asyncio.wait_for(settling, DEADLINE))[0].reason == "no gain"
    await kept.close()


async def test_a_file_that_nothing_can_be_had_of_at_hand_is_asked_in_a_thread(tmp_path, monkeypatch):
    def prompt(_):
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(connection, "prompt", prompt)
    kept = Keeper(lambda: SqliteStore.open(tmp_path / "headroom.db"))
    decided = await kept.settle(alignment("a"), [Outcome(Reason.NO_GAIN)])
    assert await kept.decisions([KEY]) == {KEY: decided[0]}
    await kept.close()


async def test_a_store_that_fails_at_the_first_glance_is_closed():
    class Failing(MemoryStore):
        closed = False

        def glance(self, keys):
            raise RuntimeError("no")

        def close(self):
            self.closed = True

    store = Failing()
    kept = Keeper(lambda: store)
    with pytest.raises(RuntimeError):
        await kept.open()
    assert store.closed
    await kept.close()


async def test_many_keys_are_looked_up_in_a_thread():
    store = Glancing()
    kept = Keeper(lambda: store)
    assert await kept.decisions([f"{n:032}" for n in range(keeper._FEW + 1)]) == {}
    assert store.glances == 0
    await kept.close()


class Disk(MemoryStore):
    """Counts how often it was flushed."""

    def __init__(self):
        super().__init__()
        self.begun, self.go, self.flushes = threading.Event(), threading.Event(), 0
        self.go.set()

    def flush(self):
        self.begun.set()
        assert self.go.wait(DEADLINE)
        self.flushes += 1


async def test_what_was_decided_is_flushed_beside_the_request_and_once_a_second_at_most(monkeypatch):
    monkeypatch.setattr(keeper, "_FLUSH_S", 1e6)
    store = Disk()
    kept = Keeper(lambda: store)
    await kept.settle(NEW, [])
    assert store.flushes == 0, "nobody has waited for it"
    assert await asyncio.to_thread(store.begun.wait, DEADLINE)
    await kept.settle(NEW, [])
    await kept.settle(NEW, [])
    await kept.use(lambda _: None)
    assert store.flushes == 1
    await kept.close()
    assert store.flushes == 2, "what was written after the first"


async def test_a_disk_that_takes_its_time_keeps_no_request_waiting(monkeypatch):
    monkeypatch.setattr(keeper, "_FLUSH_S", 0.0)
    monkeypatch.setattr(keeper, "MOMENT_S", 0.0)
    store = Disk()
    store.go.clear()
    kept = Keeper(lambda: store)
    await kept.settle(NEW, [])
    assert await asyncio.to_thread(store.begun.wait, DEADLINE)
    for _ in range(3):
        await asyncio.wait_for(kept.settle(NEW, []), DEADLINE)
        for _ in range(5):  # turns of the loop, in which the next flush comes due
            await asyncio.sleep(0)
    assert store.flushes == 0
    store.go.set()
    await kept.close()
    assert store.flushes >= 2


async def test_where_nothing_was_decided_nothing_is_flushed():
    store = Disk()
    kept = Keeper(lambda: store)
    await kept.decisions([KEPT.key])
    await kept.close()
    assert store.flushes == 0


class Lossy(MemoryStore):
    """Does what it is asked to; as long as it loses answers nobody is told. Notes what it was asked."""

    def __init__(self):
        super().__init__()
        self.loses = False
        self.asked = []

    def decisions(self, keys):
        self.asked.append("decisions")
        return super().decisions(keys)

    def freeze(self, decisions):
        self.asked.append("freeze")
        found = super().freeze(decisions)
        if self.loses:
            raise StoreError("The answer was lost.")
        return found


TEXT = "a line\n" * 100
KEY = f"{0:032}"


async def unanswered(store):
    """A keeper whose decision on KEY is on record, which it does not know."""
    kept = Keeper(lambda: store)
    store.loses = True
    with pytest.raises(StoreError):
        await kept.settle(alignment(TEXT), [outcome(TEXT)])
    store.loses = False
    assert store.frozen[KEY].text is not None
    return kept


async def told(kept):
    """What is told of KEY by one who knows nothing yet."""
    found = await kept.decisions([KEY])
    return found[KEY].text


@pytest.mark.parametrize("visit", ["decisions", "settle", "receipt", "close"])
async def test_an_original_that_was_sent_when_a_commit_went_unanswered_is_sent_by_whoever_comes_after(visit):
    store = Lossy()
    kept = await unanswered(store)
    if visit == "decisions":
        await kept.decisions(["b" * 32])
    elif visit == "settle":
        await kept.settle(NEW, [])
    elif visit == "receipt":
        await kept.add_receipt(RECEIPT)
    await kept.close()
    after = Keeper(lambda: store)
    assert await told(after) is None
    assert (await after.decisions([KEY]))[KEY].reason == Reason.STORE.value
    await after.close()


async def test_the_record_of_an_original_is_lost_and_made_again(monkeypatch):
    monkeypatch.setattr(keeper, "_AGAIN_S", 0.0)
    store = Lossy()
    kept = await unanswered(store)
    store.broken = True
    await kept.decisions(["b" * 32])
    await asyncio.wait_for(kept._recording, DEADLINE)
    assert await told(Keeper(lambda: store)) is not None, "nothing of it is on record"
    store.broken = False
    await asyncio.wait_for(kept._recording, DEADLINE)
    await kept.decisions(["b" * 32])
    await asyncio.wait_for(kept._recording, DEADLINE)
    assert await told(Keeper(lambda: store)) is None
    store.asked.clear()
    await kept.decisions(["b" * 32])
    await kept.close()
    assert store.asked == ["decisions"], "once it is on record nothing is left to be done"


async def test_a_store_that_cannot_be_written_to_is_not_tried_with_every_visit():
    store = Lossy()
    kept = await unanswered(store)
    store.broken = True
    store.asked.clear()
    for _ in range(5):
        await kept.decisions(["b" * 32])
        if kept._recording is not None:
            await asyncio.wait_for(kept._recording, DEADLINE)
    assert store.asked.count("freeze") == 1
    await kept.close()


async def test_a_commit_that_did_not_take_place_is_on_record_as_the_original():
    store = Lossy()
    kept = Keeper(lambda: store)
    store.broken = True
    with pytest.raises(StoreError):
        await kept.settle(alignment(TEXT), [outcome(TEXT)])
    store.broken = False
    assert store.frozen == {}
    await kept.decisions(["b" * 32])
    await kept.close()
    after = Keeper(lambda: store)
    decided = await after.settle(alignment(TEXT), [outcome(TEXT)])
    assert decided[0].text is None, "whoever decides anew, or later, finds what was sent"
    await after.close()


async def test_of_two_proxies_the_one_that_knows_of_no_form_is_believed():
    store = Lossy()
    one, other = await unanswered(store), Keeper(lambda: store)
    assert await told(other) is not None, "nobody could have told it yet"
    await one.decisions(["b" * 32])
    await one.close()
    assert await told(other) is None
    await other.close()


async def test_where_nothing_failed_the_store_is_visited_as_often_as_before():
    store = Lossy()
    kept = Keeper(lambda: store)
    await kept.decisions([KEY])
    await kept.settle(alignment(TEXT), [outcome(TEXT)])
    await kept.add_receipt(RECEIPT)
    await kept.close()
    assert store.asked == ["decisions", "freeze"]


async def test_a_few_originals_too_many_are_forgotten(monkeypatch):
    monkeypatch.setattr(keeper, "_MOST_UNSURE", 2)
    store = Lossy()
    kept = Keeper(lambda: store)
    store.loses = True
    with pytest.raises(StoreError):
        await kept.settle(alignment(TEXT, TEXT, TEXT), [outcome(TEXT)] * 3)
    store.loses = False
    await kept.decisions(["b" * 32])
    await kept.close()
    keys = [f"{n:032}" for n in range(3)]
    assert [d.text is None for d in unsent.decisions(store, keys).values()] == [False, True, True]
