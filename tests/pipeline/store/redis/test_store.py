"""What the store in Redis does in its server."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.store.api import Decision, Memory
from pipeline.store.opening import open_store
from pipeline.store.redis import store as redis_store

BASE = Memory("p", "k", "d", "3f9a2c7b", "file", "claude", "s", 1.0, 900, "9:9", "Read: k")


@pytest.fixture
def store(redis):
    store = open_store(redis.database())
    yield store
    store.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, 1.5, 2**31, 1.7e9, -3.25]), st.sampled_from(["", "s", "\udcff" * 90, "s" * 70_000])),
        max_size=8,
    ),
    st.integers(1, 9),
)
def test_the_newest_are_chosen_by_when_they_were_seen(store, seen, limit):
    store.forget("p")
    store.remember([replace(BASE, key=str(n), time=time, session=session) for n, (time, session) in enumerate(seen)])
    assert store.memories("p", limit=limit) == store.memories("p")[:limit]


def test_no_more_is_fetched_than_is_asked_for(store, monkeypatch):
    read, real = [], redis_store._memory
    monkeypatch.setattr(redis_store, "_memory", lambda *row: read.append(row) or real(*row))
    store.remember([replace(BASE, key=str(n), time=float(n)) for n in range(1200)])
    assert [m.key for m in store.memories("p", limit=3)] == ["1199", "1198", "1197"]
    assert len(read) == 3


def test_with_an_original_all_its_numberings_go(redis, store, monkeypatch):
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 40 * 86_400)
    gone = [store.put_original("free"), *(store.put_original("free", unit=unit, spans=[(0, 2)]) for unit in ("record", "sentence"))]
    kept = [store.put_original("named"), store.put_original("named", unit="record", spans=[(0, 2)])]
    monkeypatch.setattr(time, "time", real)
    store.freeze([Decision("k", "form", "r", handle=kept[1])])
    assert len(set(gone + kept)) == 5
    with store._link.use() as client:
        before = {*client.keys("*")}
        assert store.sweep(real()).originals == 1
        keys = {*client.keys("*")}
    assert [store.original(handle) is None for handle in gone + kept] == [True] * 3 + [False] * 2
    assert not [key for key in keys if any(handle.encode() in key for handle in gone)]
    assert len(before) - len(keys) == 4, "the original, its handle and two numberings"
