from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from pipeline.store import connection, mending, migrations
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


# ----- the file


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


def memory(key="a.py", **changes):
    base = Memory("repository", key, "d1", "3f9a2c7b", "file", "claude", "s", 1.0, 900, "9:9", "Read: a.py")
    return replace(base, **changes)


def test_modes(store, path):
    store.put_original("x")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA user_version").fetchone() == (len(migrations.MIGRATIONS),)
    db.close()


def test_with_a_receipt_once_a_second_all_before_it_is_on_the_disk(store, path, monkeypatch):
    now, synced = [1000.0], []
    monkeypatch.setattr("pipeline.store.file.time.monotonic", lambda: now[0])
    monkeypatch.setattr("pipeline.store.file.os.fsync", lambda fd: synced.append(os.fstat(fd).st_ino))
    log = path.with_name(f"{path.name}-wal")
    store.put_original(LINES)
    assert synced == [], "a request waits for this one"
    store.add_receipt(receipt("a"))
    assert synced == [log.stat().st_ino]
    now[0] += 0.9
    store.add_receipt(receipt("b"))
    assert len(synced) == 1
    now[0] += 0.2
    store.add_receipt(receipt("c"))
    assert synced == 2 * [log.stat().st_ino]


def test_a_flush_is_of_the_log_however_lately_there_was_one(store, path, monkeypatch):
    synced = []
    monkeypatch.setattr("pipeline.store.file.os.fsync", lambda fd: synced.append(os.fstat(fd).st_ino))
    log = path.with_name(f"{path.name}-wal")
    store.put_original(LINES)
    store.flush()
    store.flush()
    assert synced == 2 * [log.stat().st_ino]
    store.add_receipt(receipt())
    assert len(synced) == 2, "the receipt's own is for when there was none"


def test_a_flush_finds_the_log_of_a_file_that_is_linked_to(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("pipeline.store.file.os.fsync", lambda fd: synced.append(os.fstat(fd).st_ino))
    there = tmp_path / "there"
    there.mkdir()
    (tmp_path / "store.db").symlink_to(there / "x.db")
    store = SqliteStore.open(tmp_path / "store.db")
    store.put_original(LINES)
    store.flush()
    assert synced == [(there / "x.db-wal").stat().st_ino]
    store.close()


def test_a_disk_that_does_not_answer_for_the_log_costs_no_receipt(store, monkeypatch):
    def failing(fd):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pipeline.store.file.os.fsync", failing)
    store.flush()
    monkeypatch.setattr("pipeline.store.file.time.monotonic", lambda: 1e9)
    store.add_receipt(receipt())
    assert store.receipts() == [receipt()]


def test_reopening_keeps_everything(path):
    store = SqliteStore.open(path)
    handle = store.put_original("kept")
    store.close()
    store = SqliteStore.open(path)
    assert store.original(handle).text == "kept"
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("close", [True, False])
def test_a_file_that_is_opened_twice_is_still_held_against_other_processes(path, close):
    """The locks of a process on a file go with the first descriptor of it that is closed; a process that finds none takes the log away."""
    store = SqliteStore.open(path)
    again = SqliteStore.open(path)
    if close:
        again.close()
    run("store.close()\n", path).communicate(timeout=60)
    handle = store.put_original("kept after another process has gone")
    seen = run(f"print(store.original({handle!r}) is not None)\nstore.close()\n", path).communicate(timeout=60)[0]
    assert seen.strip() == b"True"
    again.close()
    store.close()


def test_the_file_is_private_where_it_is_reached_by_a_link_to_nothing(tmp_path):
    link = tmp_path / "state" / "headroom.db"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "elsewhere.db")
    SqliteStore.open(link).close()
    assert stat.S_IMODE((tmp_path / "elsewhere.db").stat().st_mode) == 0o600


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


def test_a_newer_version_may_add_to_a_file_that_an_older_one_has_open(path, monkeypatch):
    old = SqliteStore.open(path)
    handle = old.put_original("kept")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, lambda db: db.execute("ALTER TABLE receipts ADD COLUMN later INTEGER")))
    new = SqliteStore.open(path)
    new.add_receipt(receipt("new"))
    assert new.freeze([Decision("k", "the newer one's", "r")])["k"].text == "the newer one's"
    monkeypatch.undo()
    old.add_receipt(receipt("old"))
    assert old.freeze([Decision("k", "the older one's", "r")])["k"].text == "the newer one's"
    for store in (old, new):
        assert store.original(handle).text == "kept"
        assert [r.message_id for r in store.receipts()] == ["new", "old"]
        assert store.totals(Group.ALL)[0].responses == 2
        store.close()


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


def test_a_glance_waits_for_no_writer(store, path):
    kept = Decision("k", "short", "compressed", "log", "3f9a2c7b", 9, 4)
    store.freeze([kept])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE decisions SET reason = 'another'")
    with store._file._lock:  # as a thread of ours holds it that waits for that
        assert store.glance(["k"]) == {"k": kept}
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.parametrize("spoil", ["UPDATE decisions SET body = x'00'", "DROP TABLE decisions"])
def test_what_is_wrong_is_not_said_by_a_glance(store, path, spoil):
    store.freeze([Decision("k", "short", "compressed")])
    assert store.glance(["k"])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(spoil)
    other.close()
    assert store.glance(["k"]) is None
    with pytest.raises(StoreError):
        store.decisions(["k"])


def test_of_two_glances_at_once_one_is_told_to_ask(store):
    with store._file._prompting:
        assert store.glance(["k"]) is None
    assert store.glance(["k"]) == {}


def keep(now):
    """An original and the decision on it."""
    handle = now.put_original(LINES, label="Bash: make")
    return now.freeze([Decision("k", "short", "compressed", "log", handle, 900, 9)])


def test_what_is_written_at_once_is_there_for_others(store, path):
    with store._file._lock:  # as a thread of ours holds it that looks something up
        kept = store.at_once(keep)
    assert kept == store.decisions(["k"]) == store.glance(["k"])
    other = SqliteStore.open(path)
    assert other.original(kept["k"].handle).text == LINES
    assert other.decisions(["k"]) == kept
    assert other.at_once(keep) == kept, "once more"
    assert [(s.name, s.entries) for s in other.stock()][:2] == [("originals", 1), ("decisions", 1)]
    other.close()


def test_where_another_writes_nothing_is_written_at_once(store, path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.at_once(keep) is None
    other.execute("ROLLBACK")
    other.close()
    assert store.decisions(["k"]) == {}
    assert store.at_once(keep) == store.decisions(["k"]) != {}


class Meanwhile(Exception):
    pass


@pytest.mark.parametrize("error", [StoreError("no"), Meanwhile()])
def test_what_fails_while_it_is_written_at_once_leaves_nothing(store, error):
    def fail(now):
        keep(now)
        raise error

    with nullcontext() if isinstance(error, StoreError) else pytest.raises(Meanwhile):
        assert store.at_once(fail) is None
    assert [s.entries for s in store.stock()] == [0, 0, 0, 0]
    assert store.at_once(keep)
    assert store.freeze([Decision("l", None, "history")]), "and in the ordinary way"


def test_what_another_thread_writes_meanwhile_is_no_part_of_it(path):
    store = SqliteStore.open(path, busy=60)
    threads = []

    def work(now):
        threads.append(threading.Thread(target=store.freeze, args=([Decision("other", None, "history")],)))
        threads[0].start()
        keep(now)
        raise StoreError("no")

    assert store.at_once(work) is None
    threads[0].join(60)
    assert list(store.decisions(["k", "other"])) == ["other"]
    store.close()


def test_what_went_into_a_file_that_was_exchanged_meanwhile_does_not_count(store, path):
    def work(now):
        found = keep(now)
        for name in ("headroom.db", "headroom.db-wal", "headroom.db-shm"):
            path.with_name(name).rename(path.with_name(f"{name}.old"))
        return found

    assert store.at_once(work) is None
    assert store.at_once(keep) is None, "it is opened by who can wait"
    assert keep(store) == store.decisions(["k"]) == store.at_once(keep)


@pytest.mark.parametrize("error", [sqlite3.OperationalError("unable to open database file"), FileNotFoundError("the folder it was started in")])
def test_where_no_second_connection_can_be_had_nothing_is_had_at_once(store, monkeypatch, error):
    def prompt(_):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(connection, "prompt", prompt)
        assert store.glance(["k"]) is None
        assert store.at_once(keep) is None
        assert keep(store) == store.decisions(["k"])
    assert store.glance(["k"]) == store.at_once(keep) == store.decisions(["k"]), "when it can be had again"


def test_a_second_connection_that_cannot_be_set_up_is_closed(store, path, monkeypatch):
    made = []

    class Failing(sqlite3.Connection):
        def execute(self, *_):
            raise sqlite3.OperationalError("disk I/O error")

        def close(self):
            made.append(self)
            super().close()

    real = sqlite3.connect
    monkeypatch.setattr(connection.sqlite3, "connect", lambda *a, **more: real(*a, factory=Failing, **more))
    with pytest.raises(sqlite3.OperationalError):
        connection.prompt(path)
    assert len(made) == 1


def test_a_closed_store_has_nothing_at_once(path):
    store = SqliteStore.open(path)
    store.close()
    assert store.at_once(keep) is None
    assert store.glance(["k"]) is None


def test_a_glance_at_a_file_of_any_name(tmp_path):
    for name in ("a b?mode=memory#c%20.db", os.fsdecode(b"\xff.db")):
        store = SqliteStore.open(tmp_path / name)
        store.freeze([Decision("k", None, "history")])
        assert store.glance(["k"]) == store.decisions(["k"]) != {}
        store.close()


def test_full(store):
    kept = store.put_original("kept")
    pages = store._file._db.execute("PRAGMA page_count").fetchone()[0]
    store._file._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        store.put_original("".join(map(str, range(100_000))))
    assert store.original(kept).text == "kept"
    store._file._db.execute("PRAGMA max_page_count = 1000000")
    store.put_original("and on")


def test_read_only(store):
    kept = store.put_original("kept")
    store._file._db.execute("PRAGMA query_only = 1")
    with pytest.raises(StoreError, match="read-only"):
        store.freeze([Decision("k", None, "r")])
    assert store.original(kept).text == "kept"
    store._file._db.execute("PRAGMA query_only = 0")


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
    assert 300 < len(kept) < len(handles)
    decisions = store.decisions([f"k{i}" for i in range(len(handles))]).values()
    assert 200 < len(decisions)
    assert {d.handle for d in decisions} <= set(kept), "whose original is lost is sent as it came again"
    assert store.receipts() == [receipt()]
    assert store.memories("repository") == [memory()]
    store.close()


@pytest.mark.parametrize("taken", [("",), ("", "-wal"), ("", "-wal", "-shm")])
def test_who_is_killed_while_setting_a_file_aside_is_followed_by_who_ends_it(path, store, taken):
    handle = store.put_original("in the log")
    mending.note(path)
    for suffix in taken:
        path.with_name(path.name + suffix).rename(path.with_name(f"{path.name}.damaged-1{suffix}"))
    other = SqliteStore.open(path)
    assert "damaged-1," in other.mended
    assert other.original(handle).text == "in the log"
    assert other.verify() == []
    assert not path.with_name(path.name + ".damaged-2").exists()
    other.close()


def test_a_log_that_is_left_of_a_deleted_file_takes_the_place_of_no_other(path, store):
    mending.note(path)
    store.put_original("in the log")
    for suffix in ("", "-wal"):
        path.with_name(f"{path.name}.damaged-1{suffix}").write_text("of last year")
    path.unlink()
    other = SqliteStore.open(path)
    assert path.with_name(f"{path.name}.damaged-1-wal").read_text() == "of last year"
    assert other.original(other.put_original("text")).text == "text"
    other.close()


def test_a_note_without_a_file_is_forgotten(path):
    path.parent.mkdir(parents=True)
    mending.note(path)
    store = SqliteStore.open(path)
    assert (store.mended, mending.noted(path)) == ("", False)
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
    store._file._db.execute("UPDATE originals SET body = (SELECT body FROM originals LIMIT 1) || x'00'")
    with pytest.raises(StoreError, match="damaged"):
        store.original(handle)


def test_an_exchanged_text_is_not_given_out(store):
    handle, other = store.put_original("one"), store.put_original("two")
    store._file._db.execute("UPDATE originals SET body = (SELECT body FROM originals WHERE handle = ?)", (other,))
    with pytest.raises(StoreError, match="not the one that was written"):
        store.original(handle)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore.open(tmp_path / "file" / "x" / "headroom.db")


@pytest.mark.parametrize("glanced", [True, False])
def test_a_closed_store_cannot_be_glanced_at(path, glanced):
    store = SqliteStore.open(path)
    assert not glanced or store.glance(["k"]) == {}
    store.close()
    assert store.glance(["k"]) is None


def test_closed(path):
    store = SqliteStore.open(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.receipts()
