"""Sums that are kept are those of the receipts, whatever was added or replaced since, and by whom."""

from __future__ import annotations

import uuid
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.store import rows, sums
from pipeline.store.api import Group, Receipt
from pipeline.store.opening import open_store
from pipeline.store.redis.layout import key
from pipeline.store.redis.receipts import Receipts
from pipeline.usage import Usage

BASE = Receipt("m", "s", 0.0, "claude", "opus", "/p", Usage(1, 2, 3, 4, 5), 0.5, 0.75, compressors=(("log", 7),), reasons=(("small", 2),))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add without sums", "ask"]),
        st.builds(
            replace,
            st.just(BASE),
            message_id=st.sampled_from("abcd"),
            time=st.integers(0, 40).map(lambda n: n * 225.0),  # four to a quarter of an hour
            agent=st.sampled_from(["claude", "codex \udcff"]),
            session=st.sampled_from("st"),
            project=st.sampled_from(["/p", "/\udce9"]),
            cost=st.sampled_from([None, 0.25, 1.5]),
            reasons=st.sampled_from([(), (("small", 1), ("compressed", 3))]),
        ),
    ),
    max_size=12,
)


@pytest.fixture
def where(redis):
    return redis.database()


@pytest.fixture
def store(where):
    store = open_store(where)
    yield store
    store.close()


@pytest.fixture
def read(monkeypatch):
    """The ids of the receipts that are read one by one."""
    real, names = Receipts._named, []

    def counted(self, asked):
        names.extend(asked)
        return real(self, asked)

    monkeypatch.setattr(Receipts, "_named", counted)
    return names


def client(store):
    return store._link._client


def add_without_sums(store, receipt):
    """What a program does that knows of no sums."""
    name = rows.encoded(receipt.message_id)
    client(store).set(key("receipt", receipt.message_id), msgspec.msgpack.encode(rows.receipt_values(receipt, rows.encoded)))
    for index in (key("receipts"), key("receipts", receipt.session)):
        client(store).zadd(index, {name: receipt.time})


def check(store, since):
    for project in ("", "/p", "/\udce9"):
        for lower in (0.0, since):
            receipts = store.receipts(since=lower, project=project)
            for group in Group:
                assert store.totals(group, since=lower, project=project) == sums.merged((sums.name(r, group), sums.of(r)) for r in receipts)
            for column in rows.COUNTED:
                assert store.counts(column, since=lower, project=project) == sums.most_first(p for r in receipts for p in getattr(r, column))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.integers(0, 40).map(lambda n: n * 225.0))
def test_sums_are_those_of_the_receipts_at_any_moment(store, steps, since):
    client(store).flushdb()
    names: set[str] = set()
    for step, receipt in steps:
        if step == "ask":
            check(store, since)
        elif step == "add":
            store.add_receipt(receipt)
        elif receipt.message_id not in names:
            add_without_sums(store, receipt)
        names.add(receipt.message_id)
    check(store, since)


def test_what_was_added_up_once_is_not_read_again(store, where, read):
    for n in range(30):
        store.add_receipt(replace(BASE, message_id=f"m{n}", time=n * 300.0))
    first = store.totals(Group.ALL)
    assert (len(read), first[0].responses) == (30, 30)
    again = open_store(where)
    assert again.totals(Group.ALL) == first
    assert again.counts("reasons") == [("small", 60)]
    assert len(read) == 30
    again.add_receipt(replace(BASE, message_id="m30", time=30 * 300.0))
    again.add_receipt(replace(BASE, message_id="m4", time=4 * 300.0, cost=8.0))
    assert store.totals(Group.AGENT)[0].cost == first[0].cost + 0.5 + 7.5
    assert sorted(read[30:]) == sorted([b"m30", b"m3", b"m4", b"m5"]), "their quarters alone"
    again.close()


def test_only_the_quarter_in_which_it_is_begun_is_read_for_a_time_within(store, read):
    for n in range(12):
        store.add_receipt(replace(BASE, message_id=f"m{n}", time=n * 300.0))
    store.totals(Group.ALL)
    read.clear()
    assert store.totals(Group.ALL, since=4 * 300.0)[0].responses == 8
    assert read == [b"m4", b"m5"]


@pytest.mark.slow
def test_more_quarters_than_are_asked_for_at_once(store):
    for n in range(1100):
        store.add_receipt(replace(BASE, message_id=f"m{n}", time=n * 900.0, session=uuid.uuid4().hex))
    for _ in range(2):
        assert store.totals(Group.ALL)[0].responses == 1100
    assert store.counts("compressors") == [("log", 7700)]
    assert len(store.totals(Group.SESSION)) == 1100


def test_sums_of_another_version_are_made_anew(store):
    store.add_receipt(BASE)
    for body in (b"", b"\xc1", msgspec.msgpack.encode([1, 0, [["other"]]])):
        client(store).hset(key("sums"), 0, body)
        assert store.totals(Group.ALL)[0].responses == 1


def test_who_may_not_keep_sums_is_told_them(store, where):
    store.add_receipt(BASE)
    client(store).execute_command("ACL", "SETUSER", "reader", "on", ">r", "~*", "+@all", "-hset")
    reader = open_store(f"redis://reader:r@{where.rpartition('@')[2]}")
    assert reader.totals(Group.ALL) == store.totals(Group.ALL)
    client(store).delete(key("sums"))
    assert reader.totals(Group.ALL)[0].responses == 1
    assert client(store).hlen(key("sums")) == 0
    reader.close()
