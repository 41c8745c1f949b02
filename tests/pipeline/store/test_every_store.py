"""What holds for every store, on the real databases: one suite over SQLite, PostgreSQL and Redis."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.store import rows
from pipeline.store.api import Decision, Group, Memory, Receipt, Stock, StoreError, Swept
from pipeline.store.sqlite import SqliteStore
from pipeline.usage import Usage

ANY_TEXT = st.text(st.characters(), max_size=80)  # lone surrogates and NUL included
LINES = "one\ntwo \ud800 three\nfour\0\n" * 50
DAY = 86400.0


def receipt(message_id="msg_1", **changes):
    base = Receipt(message_id, "s", 10.0, "claude", "claude-opus-4-8", "/p", Usage(1, 2, 3, 4, 5), 0.5, 0.75)
    return replace(base, **changes)


def memory(key="a.py", **changes):
    base = Memory("repository", key, "d1", "3f9a2c7b", "file", "claude", "s", 1.0, 900, "9:9", "Read: a.py")
    return replace(base, **changes)


def run(program: str, place, *arguments: object) -> subprocess.Popen:
    prelude = (
        "import sys, os\nfrom pipeline.store.opening import open_store\nfrom pipeline.store.api import *\n"
        "store = open_store(sys.argv[1], patience=60)\n"
    )
    return subprocess.Popen([sys.executable, "-c", prelude + program, place.where, *map(str, arguments)], stdout=subprocess.PIPE)


# ----- originals


def test_an_original_comes_back(store):
    handle = store.put_original(LINES, unit="record", spans=[(0, 3), (4, 12)], label="Bash: make")
    assert handle == ccr.handle_of(LINES)
    original = store.original(handle)
    assert original.text == LINES
    assert (original.unit, original.spans, original.label) == ("record", ((0, 3), (4, 12)), "Bash: make")
    assert original.created > 1.7e9


def test_the_same_text_has_one_handle(store, place):
    handle = store.put_original(LINES)
    assert store.put_original(LINES) == handle
    other = place.open()
    assert other.put_original(LINES) == handle
    assert other.original(handle).text == LINES
    other.close()


def test_a_text_that_is_counted_in_other_units_has_another_handle(store, place):
    text = '[{"a": 1},\n{"a": 22}]'
    records = ((1, 9), (11, 20))
    counted = [{"unit": "record", "spans": records}, {}, {"unit": "record", "spans": records[:1]}, {"unit": "row", "spans": records}]
    handles = [store.put_original(text, **c) for c in counted]
    assert len(set(handles)) == 4
    assert handles[0] == ccr.handle_of(text)
    assert all(h.startswith(handles[0]) for h in handles)
    other = place.open()
    assert [other.put_original(text, **c) for c in counted] == handles
    assert [(o.text, o.handle, o.unit, o.spans) for o in map(other.original, handles)] == [
        (text, handles[0], "record", records),
        (text, handles[1], "line", ()),
        (text, handles[2], "record", records[:1]),
        (text, handles[3], "row", records),
    ]
    assert ccr.retrieve(other, handles[0], "2").text == '2\t{"a": 22}'
    assert ccr.retrieve(other, handles[1], "2").text == '2\t{"a": 22}]'
    other.close()


def test_handles_are_found_by_their_beginning(store):
    handle = store.put_original("text")
    digest = hashlib.sha256(b"text").hexdigest()
    assert store.original(digest[:12]).handle == handle
    assert store.original(digest).handle == handle
    assert store.original(digest[:7]) is None
    assert store.original(digest[:8] + "zz") is None
    assert store.original("00000000") is None


def test_colliding_handles_grow(place):
    def short(data: bytes) -> str:
        return "0" * 8 + hashlib.sha256(data).hexdigest()[:8]

    store = place.open(digest=short)
    texts = [f"text {i}" for i in range(40)]
    handles = [store.put_original(text) for text in texts]
    assert len(set(handles)) == 40
    assert handles[0] == "0" * 8
    assert all(len(h) >= 9 for h in handles[1:])
    assert [store.original(h).text for h in handles] == texts
    assert [store.put_original(text) for text in texts] == handles
    # the first nine digits of a longer handle name several texts: that is no answer
    ambiguous = [h[:9] for h in handles if len(h) > 9 and h[:9] not in handles]
    assert all(store.original(h) is None for h in ambiguous)
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=5))
def test_any_text_survives(store, text, unit, label, spans):
    text = f"{text}\0{unit}\0{label}\0{spans}"
    handle = store.put_original(text, unit=unit, spans=spans, label=label)
    original = store.original(handle)
    assert (original.text, original.unit, original.label, original.spans) == (text, unit, label, tuple(spans))


def test_retrieval_reads_from_it(store):
    handle = store.put_original("a\nb\nc")
    assert ccr.retrieve(store, handle, "2-").text == "2\tb\n3\tc"


# ----- decisions


def test_the_first_decision_stands(store, place):
    first = Decision("k1", "rewrite \udcff", "compressed", "log", "3f9a2c7b", 900, 100)
    assert store.freeze([first]) == {"k1": first}
    other = place.open()
    assert other.freeze([replace(first, text="another"), Decision("k2", None, "small")]) == {"k1": first, "k2": Decision("k2", None, "small")}
    assert store.decisions(["k2", "k3", "k1"]) == {"k2": Decision("k2", None, "small"), "k1": first}
    other.close()


def test_what_was_written_can_be_flushed(store):
    handle = store.put_original(LINES)
    store.flush()
    store.flush()
    assert store.original(handle).text == LINES


def test_a_glance_tells_what_is_on_record_or_that_it_cannot(store, place):
    first = Decision("k1", "short \ud800", "compressed", "log", "3f9a2c7b", 900, 40)
    store.freeze([first])
    other = place.open()
    other.freeze([Decision("k2", None, "history")])
    keys = ["k2", "k0", "k1"]
    seen = store.glance(keys)
    assert seen == (store.decisions(keys) if place.kind == "sqlite" else None)
    assert seen is None or list(seen) == ["k2", "k1"]
    other.close()


def test_first_of_one_call_stands(store):
    assert store.freeze([Decision("k", "a", "r"), Decision("k", "b", "r")])["k"].text == "a"
    assert store.freeze([]) == {}


def test_an_empty_rewrite_is_not_none(store):
    assert store.freeze([Decision("k", "", "r")])["k"].text == ""


def test_many_keys(store):
    made = [Decision(f"{i:064x}", None if i % 2 else f"text {i}", "r", tokens_before=i) for i in range(2500)]
    assert list(store.freeze(made).values()) == made
    assert list(store.decisions([d.key for d in made])) == [d.key for d in made]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | ANY_TEXT), max_size=12))
def test_decisions_are_a_map_that_only_grows(store, writes):
    round_ = uuid.uuid4().hex  # one store serves all examples
    model = {}
    for key, text in writes:
        in_force = store.freeze([Decision(round_ + key, text, "r")])
        model.setdefault(round_ + key, text)
        assert in_force[round_ + key].text == model[round_ + key]
    assert {k: d.text for k, d in store.decisions([round_ + key for key in "abcdef"]).items()} == model


# ----- receipts


def test_receipts_come_back_in_order_of_time(store):
    full = receipt(
        "m3",
        time=3.0,
        project="/p/\udce9",
        removed_new=7,
        removed_old=8,
        overhead=0.01,
        ttfb_ms=1.5,
        added_ms=0.5,
        compressors=(("log", 5),),
        reasons=(("small", 2),),
    )
    unpriced = receipt("m1", time=1.0, cost=None, cost_without=None)
    for r in (full, unpriced, receipt("m2", time=2.0, session="t")):
        store.add_receipt(r)
    assert [r.message_id for r in store.receipts()] == ["m1", "m2", "m3"]
    assert store.receipts(project="/p/\udce9") == [full]
    assert store.receipts(session="s") == [unpriced, full]
    assert [r.message_id for r in store.receipts(since=2.0)] == ["m2", "m3"]
    assert store.receipts(session="s", since=2.0, project="/p") == []


def test_a_second_receipt_replaces_the_first(store):
    store.add_receipt(receipt(cost=1.0))
    store.add_receipt(receipt(cost=2.0))
    assert [r.cost for r in store.receipts()] == [2.0]


def test_why_a_response_wrote_to_the_cache_is_kept(store):
    missed = receipt(cause="ours", again=4900, again_cost=0.05)
    store.add_receipt(missed)
    assert store.receipts() == [missed]


def test_days_and_weeks_are_those_of_the_clock_on_the_wall(store, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        for n, (day, hour) in enumerate([(1, 23), (2, 0), (8, 23), (9, 1)]):  # in November 2026, whose 1st is a Sunday
            store.add_receipt(receipt(f"m{n}", time=time.mktime((2026, 11, day, hour, 30, 0, 0, 0, -1)), cost=1.0))
        days, weeks = store.totals(Group.DAY), store.totals(Group.WEEK)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [t.name for t in days] == ["2026-11-01", "2026-11-02", "2026-11-08", "2026-11-09"]
    assert [(t.name, t.responses, t.cost) for t in weeks] == [("2026-10-26", 1, 1.0), ("2026-11-02", 2, 2.0), ("2026-11-09", 1, 1.0)]


def test_sums_of_nothing_are_none(store):
    assert store.totals(Group.ALL) == []
    assert store.counts("reasons") == []
    with pytest.raises(ValueError, match="cost"):
        store.counts("cost")


# ----- memories


def test_what_was_seen_is_told_newest_first(store, place):
    other = memory(agent="codex", time=2.0)
    changed = memory(digest="d2", time=3.0, stamp="10:11")
    elsewhere = memory("\udcff", project="another", kind="note")
    store.remember([memory(), other, changed, elsewhere])
    store.remember([])
    again = place.open()
    assert again.memories("repository") == [changed, other, memory()]
    assert again.memories("repository", limit=2) == [changed, other]
    assert again.memories("repository", key="a.py", digest="d1") == [other, memory()]
    assert again.memories("repository", key="b.py") == []
    assert again.memories("another") == [elsewhere]
    assert again.projects() == [("another", 1), ("repository", 3)]
    again.close()


def test_seeing_the_same_again_renews_when_and_by_whom(store):
    store.remember([memory()])
    store.remember([memory(session="t", time=5.0, stamp="9:10", handle="00000000", label="x", tokens=1)])
    assert store.memories("repository") == [memory(session="t", time=5.0, stamp="9:10")]


def test_what_is_forgotten_leaves_its_original(store):
    handle = store.put_original("text")
    store.remember([memory(handle=handle), memory("b.py"), memory("b.py", agent="codex"), memory(project="another")])
    assert store.forget("repository", "b.py") == 2
    assert store.forget("repository") == 1
    assert store.forget("repository") == 0
    assert store.projects() == [("another", 1)]
    assert store.original(handle).text == "text"


def test_what_was_seen_before_a_time_can_be_forgotten(store):
    store.remember(
        [memory(f"{n}.py", time=10.0 + n) for n in range(5)] + [memory("1.py", time=99.0, agent="codex"), memory("n", time=1.0, kind="note")]
    )
    assert store.forget("repository", before=10.0, kind="file") == 0
    assert store.forget("repository", "1.py", before=50.0) == 1
    assert store.forget("repository", before=13.0) == 3
    assert [m.key for m in store.memories("repository")] == ["1.py", "4.py", "3.py"]


def test_one_kind_alone_can_be_forgotten(store):
    store.remember([memory(), memory("b.py"), memory(kind="note", agent="codex"), memory("n", kind="note")])
    assert store.forget("repository", "a.py", kind="note") == 1
    assert store.forget("repository", kind="note") == 1
    assert [m.key for m in store.memories("repository")] == ["a.py", "b.py"]


# ----- threads and processes


def test_threads_share_one_store(store):
    barrier = threading.Barrier(6)
    handles: list[set[str]] = []
    won: list[str] = []

    def work(number: int) -> None:
        barrier.wait(60)
        handles.append({store.put_original(f"text {i}") for i in range(20)})
        won.append(store.freeze([Decision("k", f"by {number}", "r")])["k"].text)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert len(handles) == 6
    assert len(set(map(frozenset, handles))) == 1
    assert len(won) == 6
    assert len(set(won)) == 1


@pytest.mark.slow
def test_processes_agree_on_who_was_first(place):
    # all start on a file that is not there: the layout is made once
    program = (
        "seen = []\n"
        "for i in range(60):\n"
        "    d = store.freeze([Decision(f'k{i}', sys.argv[2], 'r')])[f'k{i}']\n"
        "    seen.append(d.text)\n"
        "    assert store.original(store.put_original(f'text {i}')).text == f'text {i}'\n"
        "    store.add_receipt(Receipt(f'{sys.argv[2]}-{i}', 's', float(i), 'a', 'm', 'p', __import__('pipeline.usage').usage.Usage(1), 1.0, 1.0))\n"
        "print(','.join(seen))\n"
    )
    processes = [run(program, place, name) for name in "abcd"]
    answers = [p.communicate(timeout=60)[0].decode() for p in processes]
    assert [p.returncode for p in processes] == [0] * 4
    assert len(set(answers)) == 1
    store = place.open()
    assert [d.text for d in store.decisions([f"k{i}" for i in range(60)]).values()] == answers[0].strip().split(",")
    assert len(store.receipts()) == 240
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("when", [0, 3, 11])
def test_kill_in_the_middle_of_writing(place, when):
    """What was announced before SIGKILL is there afterwards, and the store works on."""
    program = (
        "i = 0\n"
        "while True:\n"
        "    h = store.put_original(f'text {i} ' * 5000)\n"
        "    store.freeze([Decision(f'k{i}', f'text {i}', 'r', handle=h)])\n"
        "    os.write(1, (h + '\\n').encode())\n"
        "    i += 1\n"
    )
    process = run(program, place)
    announced = [process.stdout.readline() for _ in range(when + 1)]
    os.kill(process.pid, signal.SIGKILL)
    announced += process.stdout.read().splitlines()
    process.stdout.close()
    process.wait(60)
    store = place.open()
    assert len(announced) > when
    for i, line in enumerate(announced):
        handle = line.decode().strip()
        assert store.original(handle).text == f"text {i} " * 5000
        assert store.decisions([f"k{i}"])[f"k{i}"].handle == handle
    assert store.verify() == []
    store.put_original("and on")
    store.close()


# ----- sums

SOMETIME = st.integers(1_760_000_000 * 4, 1_790_000_000 * 4).map(lambda quarter: quarter / 4)
NAMES = st.sampled_from(["claude", "codex", "/p/\udce9", "s\0t", "", "\x01"])
MONEY = st.none() | st.integers(0, 1000).map(lambda cents: cents / 128)
PAIRS = st.lists(st.tuples(st.sampled_from(["log", "small", "search"]), st.integers(0, 9)), max_size=3).map(tuple)
NUMBER = st.integers(0, 1 << 40)
RECEIPTS = st.lists(
    st.builds(
        Receipt,
        message_id=st.sampled_from("abcdefgh"),
        session=NAMES,
        time=SOMETIME,
        agent=NAMES,
        model=NAMES,
        project=NAMES,
        usage=st.builds(Usage, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER),
        cost=MONEY,
        cost_without=MONEY,
        removed_new=NUMBER,
        overhead=st.sampled_from([0.0, 0.25]),
        compressors=PAIRS,
        reasons=PAIRS,
        cause=st.sampled_from(["", "ours", "expired"]),
        again=NUMBER,
        again_cost=st.sampled_from([0.0, 0.5]),
    ),
    max_size=10,
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(RECEIPTS, RECEIPTS, NAMES, NAMES, SOMETIME)
def test_sums_are_those_that_sqlite_makes(place, tmp_path_factory, receipts, later, session, project, since):
    if place.kind == "sqlite":
        return
    round_ = uuid.uuid4().hex  # one database serves all examples: each has its own project
    model = SqliteStore.open(tmp_path_factory.mktemp("sums") / "d" / "headroom.db")
    store = place.open()
    filters = [
        {"session": round_ + session},
        {"project": round_ + project},
        {"project": round_ + project, "since": since},
        {"session": round_ + session, "project": round_ + project, "since": since},
    ]
    for added in (receipts, later):  # what is asked in between may be kept, and must not be what is told then
        for r in (replace(r, message_id=round_ + r.message_id, session=round_ + r.session, project=round_ + r.project) for r in added):
            model.add_receipt(r)
            store.add_receipt(r)
        for chosen in filters:
            assert store.receipts(**chosen) == sorted(model.receipts(**chosen), key=lambda r: (r.time, r.message_id))
            for group in Group:
                assert store.totals(group, **chosen) == model.totals(group, **chosen)
            for column in ("compressors", "reasons"):
                assert store.counts(column, **chosen) == model.counts(column, **chosen)
    store.close()
    model.close()


# ----- housekeeping


@pytest.fixture
def past(monkeypatch):
    """Sets the clock back by so many days."""
    real = time.time

    def back(days: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() - days * DAY)

    return back


def test_what_there_is_is_counted(store):
    assert store.stock() == [Stock(name, 0, 0) for name in ("originals", "decisions", "receipts", "memories")]
    store.freeze([Decision("k1", "form", "r", handle=store.put_original(LINES)), Decision("k2", None, "r")])
    store.add_receipt(receipt())
    store.remember([memory(), memory(agent="codex")])
    originals, decisions, receipts, memories = store.stock()
    assert (originals.entries, decisions.entries, receipts.entries, memories.entries) == (1, 2, 1, 2)
    assert 0 < originals.size < len(LINES)
    assert decisions.size > 0


def test_nothing_goes_that_is_young_or_named(store, past):
    past(100)
    texts = {name: store.put_original(name) for name in ("free", "decided", "decided lately", "remembered", "put again")}
    records = store.put_original("numbered", unit="record", spans=[(0, 4)])
    store.put_original("numbered")
    store.freeze([Decision("old", "form", "r", handle=texts["decided"])])
    store.remember([memory(handle=texts["remembered"])])
    past(10)
    store.freeze(
        [Decision("new", "form", "r", handle=texts["decided lately"]), Decision("lines", "form", "r", handle=store.put_original("numbered"))]
    )
    store.put_original("put again")
    past(0)
    now = time.time()
    assert store.sweep(now - 200 * DAY) == Swept()
    swept = store.sweep(now - 50 * DAY)
    assert (swept.originals, swept.decisions, swept.size > 0) == (2, 1, True)
    assert [name for name, handle in texts.items() if store.original(handle) is None] == ["free", "decided"]
    assert store.original(records).text == "numbered"
    assert [*store.decisions(["old", "new", "lines"])] == ["new", "lines"]
    assert store.put_original("free") == texts["free"]
    assert store.sweep(now + DAY).originals == 3, "what was put within a day stays whatever is asked"
    assert store.original(texts["free"]).text == "free"


def test_who_puts_a_text_has_time_to_name_it(store, past):
    """A decision is made after its original is kept: no sweep may come between the two."""
    past(0.9)
    handle = store.put_original(LINES)
    past(0)
    assert store.put_original(LINES) == handle
    past(-0.2)
    assert store.sweep(time.time()) == Swept()
    assert store.original(handle).text == LINES


def test_what_is_swept_while_it_is_put_is_kept_anew(store, place, past, monkeypatch):
    text = "".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(2000))
    past(3)
    handle = store.put_original(text)
    past(0)
    other, real = place.open(), rows.pack

    def pack(data):
        if len(data) == len(text):
            other.sweep(time.time())
        return real(data)

    monkeypatch.setattr(rows, "pack", pack)
    assert store.put_original(text) == handle
    assert store.original(handle).text == text
    other.close()


def test_a_quota_is_a_time_before_which_things_go(store, past):
    handles = []
    for days in (40, 30, 20):
        past(days)
        handles.append(store.put_original("".join(hashlib.sha256(b"%d %d" % (days, i)).hexdigest() for i in range(200))))
    past(0)
    size = store.stock()[0].size
    assert store.cutoff(size) == 0.0
    assert store.sweep(store.cutoff(size * 3 // 4)).originals == 1
    assert [store.original(handle) is not None for handle in handles] == [False, True, True]
    assert store.sweep(store.cutoff(1)).originals == 2
    store.compact()


def test_things_expire_where_that_is_configured_and_only_there(place, past):
    past(100)
    store = place.open()
    handle = store.put_original("text")
    store.close()
    past(0)
    for query, there in (("", True), ("expire_days=101", True), ("expire_days=99", False)):
        url = place.where if "://" in place.where else f"sqlite://{place.where}"
        again = replace(place, where=f"{url}?{query}" if query else url).open()
        assert (again.original(handle) is not None) is there, query
        again.close()


def test_a_whole_store_has_nothing_wrong(store):
    store.put_original(LINES)
    store.put_original("text")
    assert store.verify() == []


def test_a_store_that_was_closed_says_so(place):
    store = place.open()
    store.close()
    store.close()
    with pytest.raises(StoreError, match="has been closed"):
        store.receipts()
