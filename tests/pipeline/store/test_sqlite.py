from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.store import mending, migrations
from pipeline.store.api import Decision, Group, Memory, Receipt, StoreError
from pipeline.store.sqlite import SqliteStore
from pipeline.usage import Usage

ANY_TEXT = st.text(st.characters(), max_size=80)  # lone surrogates and NUL included
LINES = "one\ntwo \ud800 three\nfour\0\n" * 50


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "headroom" / "headroom.db"


@pytest.fixture
def store(path):
    store = SqliteStore.open(path)
    yield store
    store.close()


def receipt(message_id="msg_1", **changes):
    base = Receipt(message_id, "s", 10.0, "claude", "claude-opus-4-8", "/p", Usage(1, 2, 3, 4, 5), 0.5, 0.75)
    return replace(base, **changes)


def run(program: str, *arguments: object) -> subprocess.Popen:
    prelude = (
        "import sys, os\nfrom pathlib import Path\nfrom pipeline.store.sqlite import SqliteStore\nfrom pipeline.store.api import *\n"
        "store = SqliteStore.open(Path(sys.argv[1]), busy=60)\n"
    )
    return subprocess.Popen([sys.executable, "-c", prelude + program, *map(str, arguments)], stdout=subprocess.PIPE)


# ----- originals


def test_an_original_comes_back(store):
    handle = store.put_original(LINES, unit="record", spans=[(0, 3), (4, 12)], label="Bash: make")
    assert handle == ccr.handle_of(LINES)
    original = store.original(handle)
    assert original.text == LINES
    assert (original.unit, original.spans, original.label) == ("record", ((0, 3), (4, 12)), "Bash: make")
    assert original.created > 1.7e9


def test_the_same_text_has_one_handle(store, path):
    handle = store.put_original(LINES)
    assert store.put_original(LINES) == handle
    other = SqliteStore.open(path)
    assert other.put_original(LINES) == handle
    assert other.original(handle).text == LINES
    other.close()


def test_a_text_that_is_counted_in_other_units_has_another_handle(store, path):
    text = '[{"a": 1},\n{"a": 22}]'
    records = ((1, 9), (11, 20))
    counted = [{"unit": "record", "spans": records}, {}, {"unit": "record", "spans": records[:1]}, {"unit": "row", "spans": records}]
    handles = [store.put_original(text, **c) for c in counted]
    assert len(set(handles)) == 4
    assert handles[0] == ccr.handle_of(text)
    assert all(h.startswith(handles[0]) for h in handles)
    other = SqliteStore.open(path)
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


def test_colliding_handles_grow(path):
    def short(data: bytes) -> str:
        return "0" * 8 + hashlib.sha256(data).hexdigest()[:8]

    store = SqliteStore.open(path, digest=short)
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


def test_the_first_decision_stands(store, path):
    first = Decision("k1", "rewrite \udcff", "compressed", "log", "3f9a2c7b", 900, 100)
    assert store.freeze([first]) == {"k1": first}
    other = SqliteStore.open(path)
    assert other.freeze([replace(first, text="another"), Decision("k2", None, "small")]) == {"k1": first, "k2": Decision("k2", None, "small")}
    assert store.decisions(["k2", "k3", "k1"]) == {"k2": Decision("k2", None, "small"), "k1": first}
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
def test_decisions_are_a_map_that_only_grows(tmp_path_factory, writes):
    store = SqliteStore.open(tmp_path_factory.mktemp("s") / "d" / "headroom.db")
    model = {}
    for key, text in writes:
        in_force = store.freeze([Decision(key, text, "r")])
        model.setdefault(key, text)
        assert in_force[key].text == model[key]
    assert {k: d.text for k, d in store.decisions([*"abcdef"]).items()} == model
    store.close()


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


def test_receipts_of_an_older_layout_have_no_cause(path, monkeypatch):
    newest = migrations.MIGRATIONS
    monkeypatch.setattr(migrations, "MIGRATIONS", newest[:2])
    SqliteStore.open(path).close()
    db = sqlite3.connect(path)
    db.execute("INSERT INTO receipts VALUES ('m', 's', 10.0, 'claude', 'x', '/p', 1, 2, 3, 4, 5, 0.5, 0.75, 0, 0, 0, 0, 0, '[]', '[]')")
    db.commit()
    db.close()
    monkeypatch.setattr(migrations, "MIGRATIONS", newest)
    store = SqliteStore.open(path)
    assert store.receipts() == [receipt("m", model="x")]
    store.close()


# ----- memories


def memory(key="a.py", **changes):
    base = Memory("repository", key, "d1", "3f9a2c7b", "file", "claude", "s", 1.0, 900, "9:9", "Read: a.py")
    return replace(base, **changes)


def test_what_was_seen_is_told_newest_first(store, path):
    other = memory(agent="codex", time=2.0)
    changed = memory(digest="d2", time=3.0, stamp="10:11")
    elsewhere = memory("\udcff", project="another", kind="note")
    store.remember([memory(), other, changed, elsewhere])
    store.remember([])
    again = SqliteStore.open(path)
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


# ----- the file


def test_modes(store, path):
    store.put_original("x")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA user_version").fetchone() == (len(migrations.MIGRATIONS),)
    db.close()


def test_reopening_keeps_everything(path):
    store = SqliteStore.open(path)
    handle = store.put_original("kept")
    store.close()
    store = SqliteStore.open(path)
    assert store.original(handle).text == "kept"
    store.close()


def test_a_failed_migration_leaves_nothing(path, monkeypatch):
    def broken(db):
        db.execute("CREATE TABLE half (x)")
        raise sqlite3.OperationalError("no such column: y")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    with pytest.raises(StoreError, match="no such column"):
        SqliteStore.open(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    db.close()
    monkeypatch.undo()
    SqliteStore.open(path).close()


def test_a_later_migration_runs_once(path, monkeypatch):
    SqliteStore.open(path).close()
    calls = []
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, lambda db: calls.append(db.execute("CREATE TABLE new (x)"))))
    SqliteStore.open(path).close()
    SqliteStore.open(path).close()
    assert len(calls) == 1


# ----- what can go wrong


def test_a_newer_layout_is_refused(path):
    SqliteStore.open(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer version"):
        SqliteStore.open(path)


def test_locked(path):
    store = SqliteStore.open(path, busy=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process"):
        store.put_original("x")
    other.execute("ROLLBACK")
    other.close()
    assert store.original(store.put_original("x")).text == "x"
    store.close()


def test_full(store):
    kept = store.put_original("kept")
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        store.put_original("".join(map(str, range(100_000))))
    assert store.original(kept).text == "kept"
    store._db.execute("PRAGMA max_page_count = 1000000")
    store.put_original("and on")


def test_read_only(store):
    kept = store.put_original("kept")
    store._db.execute("PRAGMA query_only = 1")
    with pytest.raises(StoreError, match="read-only"):
        store.freeze([Decision("k", None, "r")])
    assert store.original(kept).text == "kept"
    store._db.execute("PRAGMA query_only = 0")


def test_what_is_no_database_is_set_aside(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"something else entirely\n" * 100)
    store = SqliteStore.open(path)
    assert "no" in store.mended
    assert store.original(store.put_original("text")).text == "text"
    store.close()
    assert path.with_name("headroom.db.damaged-1").read_bytes().startswith(b"something else")
    store = SqliteStore.open(path)
    assert store.mended == ""
    assert store.verify() == []
    store.close()


def filled(path, texts=400):
    store = SqliteStore.open(path)
    handles = [store.put_original(f"{i} " + hashlib.sha256(b"%d" % i).hexdigest() * 50) for i in range(texts)]
    store.freeze([Decision(f"k{i}", f"form {i}", "r", handle=handle) for i, handle in enumerate(handles)])
    store.add_receipt(receipt())
    store.remember([memory()])
    store.close()
    return handles


def test_of_a_damaged_file_all_is_kept_that_can_be_read(path):
    handles = filled(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 3 * 4096] = b"\xff" * (3 * 4096)
    path.write_bytes(data)
    store = SqliteStore.open(path)  # the damage is deeper than what opening reads
    with pytest.raises(StoreError, match="set aside and made anew"):
        store.verify()
        for handle in handles:
            store.original(handle)
    store.close()
    store = SqliteStore.open(path)
    assert "damaged-1" in store.mended
    assert store.verify() == []
    kept = [handle for handle in handles if store.original(handle) is not None]
    assert len(kept) > 300
    assert store.receipts() == [receipt()]
    assert store.memories("repository") == [memory()]
    store.close()


def test_a_note_of_damage_that_is_not_there_changes_nothing(path):
    handles = filled(path, 3)
    mending.note(path)
    store = SqliteStore.open(path)
    assert (store.mended, store.original(handles[0]) is not None, mending.noted(path)) == ("", True, False)
    store.close()


@pytest.mark.slow
def test_several_that_find_the_damage_mend_it_once(path):
    filled(path, 50)
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    programs = [run("print(bool(store.mended))\n", path) for _ in range(4)]
    said = [p.communicate(timeout=60)[0].strip() for p in programs]
    assert sorted(said) == [b"False"] * 3 + [b"True"]
    assert not path.with_name("headroom.db.damaged-2").exists()


def test_a_damaged_text_is_not_given_out(store):
    handle = store.put_original("text " * 100)
    store._db.execute("UPDATE originals SET body = (SELECT body FROM originals LIMIT 1) || x'00'")
    with pytest.raises(StoreError, match="damaged"):
        store.original(handle)


def test_an_exchanged_text_is_not_given_out(store):
    handle, other = store.put_original("one"), store.put_original("two")
    store._db.execute("UPDATE originals SET body = (SELECT body FROM originals WHERE handle = ?)", (other,))
    with pytest.raises(StoreError, match="not the one that was written"):
        store.original(handle)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore.open(tmp_path / "file" / "x" / "headroom.db")


def test_closed(path):
    store = SqliteStore.open(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.receipts()


# ----- threads and processes


def test_threads_share_one_store(store):
    barrier = threading.Barrier(6)
    handles: list[set[str]] = []
    won: list[str] = []

    def work(number: int) -> None:
        barrier.wait(10)
        handles.append({store.put_original(f"text {i}") for i in range(20)})
        won.append(store.freeze([Decision("k", f"by {number}", "r")])["k"].text)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert len(handles) == 6
    assert len(set(map(frozenset, handles))) == 1
    assert len(won) == 6
    assert len(set(won)) == 1


@pytest.mark.slow
def test_processes_agree_on_who_was_first(path):
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
    processes = [run(program, path, name) for name in "abcd"]
    answers = [p.communicate(timeout=60)[0].decode() for p in processes]
    assert [p.returncode for p in processes] == [0] * 4
    assert len(set(answers)) == 1
    store = SqliteStore.open(path)
    assert [d.text for d in store.decisions([f"k{i}" for i in range(60)]).values()] == answers[0].strip().split(",")
    assert len(store.receipts()) == 240
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("when", [0, 3, 11])
def test_kill_in_the_middle_of_writing(path, when):
    """What was announced before SIGKILL is there afterwards, and the store works on."""
    program = (
        "i = 0\n"
        "while True:\n"
        "    h = store.put_original(f'text {i} ' * 5000)\n"
        "    store.freeze([Decision(f'k{i}', f'text {i}', 'r', handle=h)])\n"
        "    os.write(1, (h + '\\n').encode())\n"
        "    i += 1\n"
    )
    process = run(program, path)
    announced = [process.stdout.readline() for _ in range(when + 1)]
    os.kill(process.pid, signal.SIGKILL)
    announced += process.stdout.read().splitlines()
    process.stdout.close()
    process.wait(10)
    store = SqliteStore.open(path)
    assert len(announced) > when
    for i, line in enumerate(announced):
        handle = line.decode().strip()
        assert store.original(handle).text == f"text {i} " * 5000
        assert store.decisions([f"k{i}"])[f"k{i}"].handle == handle
    assert store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.put_original("and on")
    store.close()
