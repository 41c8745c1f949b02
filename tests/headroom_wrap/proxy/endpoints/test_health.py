from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from headroom.version import VERSION
from headroom_wrap.proxy.endpoints import health
from headroom_wrap.proxy.endpoints.pulse import DOWN, STARTING, UP, Pulse
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.proxy.endpoints.client import client
from tests.headroom_wrap.proxy.harness import DEADLINE, InlineWorkers


class Absent(InlineWorkers):
    async def run(self, job):
        return []


class Held(InlineWorkers):
    def __init__(self):
        super().__init__()
        self.go = asyncio.Event()

    async def run(self, job):
        await self.go.wait()
        return await super().run(job)


async def test_well():
    async with client() as c:
        assert (await c.get("/livez")).message.body == b"ok\n"
        ready, well = await c.get("/readyz"), await c.get("/health")
    assert (ready.status, ready.json) == (200, {"status": "ready", "checks": {"store": "up", "worker": "up"}})
    assert well.json == {
        "status": "healthy",
        "version": VERSION,
        "config": {"optimize": True, "cache": False, "rate_limit": False},
        "checks": {"store": "up", "worker": "up"},
    }


async def test_without_a_store_it_lives_but_is_not_ready():
    def broken():
        raise StoreError("The store is damaged. Move it away.")

    async with client(store=broken) as c:
        assert (await c.get("/livez")).status == 200
        ready, well = await c.get("/readyz"), await c.get("/health")
    assert (ready.status, ready.header("Retry-After"), ready.json["status"]) == (503, "1", "unready")
    assert ready.json["checks"]["store"] == "The store is damaged. Move it away."
    assert (well.status, well.json["status"]) == (200, "unhealthy")


async def test_while_another_process_keeps_the_store_locked_it_is_not_ready(tmp_path):
    """Requests would go on as they came: an original that cannot be kept is not left out."""
    path = tmp_path / "headroom.db"
    async with client(store=lambda: SqliteStore.open(path)) as c:
        assert (await c.get("/readyz")).status == 200
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            ready, well = await c.get("/readyz"), await c.get("/health")
            assert (ready.status, well.json["status"]) == (503, "unhealthy")
            assert "locked" in ready.json["checks"]["store"]
            other.execute("ROLLBACK")
        assert (await c.get("/readyz")).json["checks"]["store"] == "up"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM decisions").fetchone() == (0,), "to look is not to write"


async def test_a_writer_that_finishes_in_time_is_no_lock(tmp_path, monkeypatch):
    path = tmp_path / "headroom.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        async with client(store=lambda: SqliteStore.open(path)) as c:
            assert (await c.get("/readyz")).status == 200
            other.execute("BEGIN IMMEDIATE")
            looked = SqliteStore.at_once

            def once(store, work):
                found = looked(store, work)
                if other.in_transaction:
                    assert found is None
                    other.execute("COMMIT")
                return found

            monkeypatch.setattr(SqliteStore, "at_once", once)
            monkeypatch.setattr(health, "_STORE_S", DEADLINE)
            assert (await c.get("/readyz")).status == 200
            assert not other.in_transaction


async def test_without_a_worker_it_is_not_ready(monkeypatch):
    async with client(workers=Absent()) as c:
        assert (await c.get("/readyz")).json["checks"]["worker"] == "down"
    monkeypatch.setattr(health, "_PATIENCE_S", 0.01)
    workers = Held()
    async with client(workers=workers) as c:
        assert (await c.get("/readyz")).json["checks"]["worker"] == "starting"
        workers.go.set()
        assert (await c.get("/readyz")).status == 200


async def test_off_needs_no_worker():
    async with client(off=True, workers=Absent()) as c:
        assert (await c.get("/readyz")).json["checks"]["worker"] == "off"
        assert (await c.get("/health")).json["config"]["optimize"] is False


@pytest.mark.parametrize("asked", [1, 5])
async def test_a_pulse_is_felt_once_however_many_ask(asked):
    workers = Held()
    pulse = Pulse(workers)
    assert await asyncio.gather(*(pulse.state(0.01) for _ in range(asked))) == [STARTING] * asked
    waiting = [asyncio.create_task(pulse.state(5)) for _ in range(asked)]
    workers.go.set()
    assert await asyncio.gather(*waiting) == [UP] * asked
    assert len(workers.jobs) == 1
    assert await pulse.up(0.01) == UP
    assert len(workers.jobs) == 1


async def test_who_was_up_and_is_busy_is_up_until_it_is_doubted():
    workers = Held()
    workers.go.set()
    pulse = Pulse(workers)
    assert await pulse.state(5) == UP
    workers.go.clear()
    assert await pulse.state(0.01) == UP
    pulse.doubt()
    assert await pulse.up(0.01) == STARTING
    workers.go.set()
    await pulse.close()


async def test_one_that_gives_nothing_is_down():
    assert await Pulse(Absent()).state(5) == DOWN
