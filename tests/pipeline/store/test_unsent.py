"""Commits whose answer is lost: what was sent instead is what every later process sends."""

from __future__ import annotations

import select
import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from pipeline.store import breaker, unsent
from pipeline.store.api import Decision, StoreError
from pipeline.store.opening import open_store
from tests.memory_store import MemoryStore

KEY, OTHER = "a" * 32, "b" * 32
FORM = Decision(KEY, "smaller", "compressed", "log", "12345678", 900, 9)
ORIGINAL = Decision(KEY, None, "original could not be kept")


class Wire:
    """Stands between clients and a server. While it loses answers the server gets what it is sent, and the connection ends instead of its answer.

    Args:
        host, port: of the server.
        commit: what a request holds whose answer may get lost.
    """

    def __init__(self, host: str, port: int, commit: bytes) -> None:
        self.loses = False
        self._server, self._commit = (host, port), commit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        asked = b""
        with suppress(OSError), client, socket.create_connection(self._server) as server:
            while True:
                readable, _, _ = select.select([client, server], [], [])
                if client in readable:
                    data = client.recv(1 << 16)
                    if not data:
                        return
                    asked += data
                    server.sendall(data)
                elif not (data := server.recv(1 << 16)) or (self.loses and self._commit in asked):
                    return
                else:
                    client.sendall(data)


class Disk:
    """An SQLite connection that, while it loses answers, has written what it was told and says that it could not."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.loses = False
        self._db = db

    def __getattr__(self, name):
        return getattr(self._db, name)

    def execute(self, statement, *values):
        done = self._db.execute(statement, *values)
        if self.loses and statement == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return done


@contextmanager
def unreliable(place):
    """A store, and what loses the answers to its commits."""
    if place.kind == "sqlite":
        with closing(place.open()) as store:
            store._file._db = disk = Disk(store._file._db)
            yield store, disk
        return
    parts = urlsplit(place.where)
    commit = b"INSERT INTO headroom.decisions" if place.kind == "postgres" else b"EXEC"
    with (
        closing(Wire(parts.hostname, parts.port, commit)) as wire,
        closing(open_store(place.where.replace(f":{parts.port}", f":{wire.port}"))) as store,
    ):
        yield store, wire


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """No pause after a failure: the tests ask again at once."""
    monkeypatch.setattr(breaker.Breaker.__init__, "__defaults__", (0.0, time.monotonic))


def test_a_commit_that_went_unanswered_is_told_of_as_the_original(place, store):
    with unreliable(place) as (writer, answers):
        answers.loses = True
        with pytest.raises(StoreError):
            writer.freeze([FORM])
        assert unsent.decisions(store, [KEY]) == {KEY: FORM}, "it took place"
        with pytest.raises(StoreError):
            unsent.record(writer, [KEY, OTHER])  # nor does anybody know of this one
        answers.loses = False
        unsent.record(writer, [KEY, OTHER])
        assert unsent.decisions(writer, [KEY]) == {KEY: ORIGINAL}
    assert unsent.decisions(store, ["c" * 32, OTHER, KEY]) == {OTHER: replace(ORIGINAL, key=OTHER), KEY: ORIGINAL}
    assert unsent.glance(store, [KEY]) in ({KEY: ORIGINAL}, None)


def test_a_commit_that_comes_late_changes_nothing(store):
    unsent.record(store, [KEY])
    assert store.freeze([FORM]) == {KEY: ORIGINAL}
    assert unsent.decisions(store, [KEY]) == {KEY: ORIGINAL}


def test_what_names_no_place_is_told_as_it_is(store):
    forms = [replace(FORM, key=key) for key in (f"block:{KEY}", f"form:{KEY}")]
    store.freeze(forms)
    assert unsent.decisions(store, [d.key for d in forms]) == {d.key: d for d in forms}
    assert unsent.decisions(store, []) == {}


def test_it_is_asked_once_and_told_in_order():
    class Counting(MemoryStore):
        asked = 0

        def decisions(self, keys):
            self.asked += 1
            return super().decisions(keys)

    store = Counting()
    keys = [f"{n:032}" for n in range(9)]
    store.freeze([replace(FORM, key=key) for key in keys])
    assert list(unsent.decisions(store, keys[::-1])) == keys[::-1]
    assert store.asked == 1
