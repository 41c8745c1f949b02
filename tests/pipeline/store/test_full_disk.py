"""A disk that is full, for real: what was promised before stays, what cannot be kept is refused, and with room again all goes on."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager, suppress

import pytest

from benchmarks import fleet
from pipeline.store import breaker
from pipeline.store.api import Decision, Group, Receipt, StoreError, Unreachable
from pipeline.usage import Usage
from tests.pipeline.store.conftest import Place
from tests.pipeline.store.disk import small

pytestmark = pytest.mark.slow

DEADLINE = 60.0
SERVERS = {"postgres": fleet.Postgres, "redis": fleet.Redis}


@contextmanager
def placed(kind, folder):
    """An empty store, all of which is in a folder."""
    if kind == "sqlite":
        yield Place(kind, str(folder / "state" / "headroom.db"))
        return
    if said := fleet.missing().get(kind):
        pytest.skip(said)
    with fleet.running(SERVERS[kind], folder) as server:
        yield Place(kind, server.database(), server)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """No pause after a failure: the tests ask again at once."""
    monkeypatch.setattr(breaker.Breaker.__init__, "__defaults__", (0.0, time.monotonic))


def keep(store, number):
    """An original of 100 KB that cannot be made smaller, and what was decided of it."""
    text = os.urandom(100_000).hex()
    handle = store.put_original(text)
    store.freeze([Decision(f"k{number}", text[:2000], "compressed", "log", handle)])
    return handle, text


def until_it_keeps(store, number):
    end = time.monotonic() + DEADLINE
    while True:
        try:
            return keep(store, number)
        except StoreError:
            assert time.monotonic() < end
            time.sleep(0.05)


def check(store, kept):
    for number, (handle, text) in enumerate(kept):
        assert store.original(handle).text == text
        assert store.decisions([f"k{number}"])[f"k{number}"].handle == handle


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "redis"])
def test_what_was_kept_stays_and_with_room_all_goes_on(kind):
    with small(160) as disk, placed(kind, disk.folder) as place:
        store = place.open(patience=DEADLINE)
        store.add_receipt(Receipt("m", "s", 1000.0, "claude", "m", "/p", Usage(1), 0.5, 0.75))
        disk.fill(leave=3 << 20)
        kept = []
        with pytest.raises(StoreError, match="the (server's )?disk is full"):
            for number in range(2000):
                kept.append(keep(store, number))
        assert kept
        disk.fill()
        check(store, kept)
        assert [(total.responses, total.cost) for total in store.totals(Group.ALL)] == [(1, 0.5)]
        disk.free()
        kept.append(until_it_keeps(store, len(kept)))
        if place.server is not None:
            place.server.kill()
            place.server.start()
        again = place.open(patience=DEADLINE)
        check(again, kept)
        assert again.verify() == []
        for opened in (store, again):
            opened.close()


def test_postgres_that_cannot_write_its_log_breaks_down_and_has_all_once_there_is_room():
    with small(160) as disk, placed("postgres", disk.folder) as place:
        store = place.open(patience=DEADLINE)
        kept = [keep(store, number) for number in range(20)]
        disk.fill()
        with pytest.raises(Unreachable, match="cannot be reached"):
            for number in range(1000):
                with suppress(subprocess.CalledProcessError):
                    place.server.sql("SELECT pg_switch_wal()")  # what is written next needs a new file
                store.freeze([Decision(f"small {number}", None, "small")])
        disk.free()
        place.server.kill()  # it may be recovering, or have given that up
        place.server.start()
        kept.append(until_it_keeps(store, 20))
        check(store, kept)
        assert store.verify() == []
        store.close()
