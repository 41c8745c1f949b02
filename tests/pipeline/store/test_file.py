"""The file of a store over forks, among processes that come and go, and exchanged for another."""

from __future__ import annotations

import gc
import shutil
import sqlite3
import subprocess
import sys
import weakref

import pytest

from pipeline.store import mending
from pipeline.store.api import Decision, StoreError
from pipeline.store.sqlite import SqliteStore

# `peer` is any other process: a command that looks something up and closes the store behind it.
PRELUDE = """
import os, subprocess, sys, threading
from pathlib import Path
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore

PEER = '''
import sys
from pathlib import Path
from pipeline.store.sqlite import SqliteStore
store = SqliteStore.open(Path(sys.argv[1]), busy=60)
print(sum(store.original(handle) is not None for handle in sys.argv[2:]))
store.close()
'''
path = Path(sys.argv[1])

def peer(*handles):
    return int(subprocess.run([sys.executable, "-c", PEER, path, *handles], capture_output=True, check=True, timeout=60).stdout)

def in_child(work):
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    return child

def ended(child):
    assert os.waitpid(child, 0)[1] == 0

store = SqliteStore.open(path, busy=60)
before = store.put_original("before the fork")
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "headroom.db"


def said(program, path):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", PRELUDE + program, path], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize("own", ["store", "SqliteStore.open(path, busy=60)"])
def test_a_forked_process_keeps_what_its_parent_and_others_do_not_take_away(path, own):
    program = f"""
closed, close = os.pipe()

def work():
    os.close(close)
    own = {own}
    first = own.put_original("while the parent has the store open")
    os.read(closed, 1)
    assert peer(before, first) == 2
    second = own.put_original("after another process has closed it")
    print(peer(before, first, second))

child = in_child(work)
store.close()
os.close(close)
ended(child)
"""
    assert said(program, path) == ["3"]


@pytest.mark.slow
def test_a_process_that_forked_goes_on_with_its_own(path):
    program = """
def work():
    assert store.glance(["k"]) in ({}, None)
    store.put_original("the child's")
    store.close()

assert store.glance(["k"]) == {}
ended(in_child(work))
assert peer(before) == 1
after = store.put_original("the parent's")
assert store.glance(["k"]) == {}
print(peer(before, after), *(stock.entries for stock in store.stock()[:1]))
store.close()
"""
    assert said(program, path) == ["2", "3"]


@pytest.mark.slow
def test_a_fork_waits_for_what_is_under_way_in_another_thread(path):
    program = """
entered, forking = threading.Event(), threading.Event()
os.register_at_fork(before=forking.set)  # the last that is registered comes first

def write():
    with store._file.write() as db:
        db.execute("UPDATE originals SET label = 'begun'")
        entered.set()
        assert forking.wait(60)
        db.execute("UPDATE originals SET label = label || ' and ended'")

writer = threading.Thread(target=write)
writer.start()
assert entered.wait(60)
ended(in_child(lambda: print(store.original(before).label)))
writer.join()
print(store.original(before).label)
"""
    assert said(program, path) == ["begun", "and", "ended"] * 2


@pytest.mark.slow
def test_of_threads_that_write_and_children_that_do_nothing_is_lost(path):
    program = """
def write(name):
    for n in range(20):
        store.put_original(f"{name} {n}")

threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
for thread in threads:
    thread.start()
children = []
for n in range(4):
    children.append(in_child(lambda: (write(f"child {n}"), peer())))
for child in children:
    ended(child)
for thread in threads:
    thread.join()
assert not store.verify()
print(store.stock()[0].entries)
"""
    assert said(program, path) == [str(1 + 2 * 20 + 4 * 20)]


@pytest.mark.slow
def test_what_was_closed_before_a_fork_stays_closed(path):
    program = """
def look():
    try:
        print(store.original(before))
    except StoreError as error:
        print("has been closed" in str(error), store.glance(["k"]))

store.close()
ended(in_child(look))
look()
"""
    assert said(program, path) == ["True", "None"] * 2


def test_a_store_that_nobody_has_is_not_kept_for_a_fork(path):
    store = SqliteStore.open(path)
    file = weakref.ref(store._file)
    store.close()
    del store
    gc.collect()
    assert file() is None


# ----- another file in its place


MENDING = (
    "import sys\nfrom pathlib import Path\nfrom pipeline.store.sqlite import SqliteStore\nstore = SqliteStore.open(Path(sys.argv[1]), busy=60)\n"
)


def other(path, program):
    """What another process prints that opens the store."""
    done = subprocess.run([sys.executable, "-c", MENDING + program, path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def found(path, handle):
    return other(path, f"original = store.original({handle!r})\nprint(original and original.text)\nstore.close()\n")


def exchange(path):
    """Let another process find the file damaged, as far as it can tell, and mend it."""
    spoiled = sqlite3.connect(path)
    root, size = spoiled.execute("SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'memories'").fetchone()
    spoiled.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoiled.close()
    spoil = f"import sys\nfile = open(sys.argv[1], 'r+b')\nfile.seek({(root - 1) * size})\nfile.write(b'\\xff' * {size})\nfile.close()\n"
    subprocess.run([sys.executable, "-c", spoil, path], check=True, timeout=60)  # here it would cost this process its locks on the file
    mending.note(path)
    assert "damaged-1" in other(path, "print(store.mended)\nstore.close()\n")


@pytest.fixture
def store(path):
    store = SqliteStore.open(path)
    yield store
    store.close()


@pytest.mark.slow
def test_who_has_a_file_open_goes_over_to_the_one_that_comes_in_its_place(path, store):
    old = store.put_original("put before")
    assert store.glance(["k"]) == {}
    exchange(path)
    assert store.glance(["k"]) is None, "it asks in vain until somebody may wait"
    new = store.put_original("put after")
    kept = Decision("k", "short", "compressed", "log", new)
    assert store.freeze([kept]) == {"k": kept}
    assert store.glance(["k"]) == {"k": kept}
    assert (found(path, old), found(path, new)) == ("put before", "put after"), "and no other process takes it away"
    assert store.original(old).text == "put before"


@pytest.mark.slow
def test_what_is_written_while_the_file_is_exchanged_counts_as_not_written(path, store):
    with pytest.raises(StoreError, match="exchanged for another"), store._file.write() as db:
        db.execute("UPDATE memories SET label = 'begun'")
        mending.set_aside(path)
        other(path, "store.close()\n")
    assert store.original(store.put_original("and on")).text == "and on"


@pytest.mark.parametrize("use", [lambda store: store.put_original("text"), lambda store: store.close()])
def test_who_leaves_a_file_that_was_renamed_takes_nothing_of_the_new_one(path, store, use):
    """SQLite deletes the log by its name when the last connection to a file is closed; that name is now the new file's."""
    store.put_original("text")
    mending.set_aside(path)
    newer = SqliteStore.open(path)
    handle = newer.put_original("in the log")
    log = path.with_name(path.name + "-wal").stat()
    use(store)
    assert path.with_name(path.name + "-wal").stat().st_ino == log.st_ino
    assert found(path, handle) == "in the log"
    newer.close()


def test_a_text_that_is_known_in_a_file_that_has_just_gone_is_not_kept(path, store, monkeypatch):
    store.put_original("text")
    known = store._known

    def late(db, digest):
        row = known(db, digest)
        mending.set_aside(path)
        return row

    monkeypatch.setattr(store, "_known", late)
    with pytest.raises(StoreError, match="exchanged for another"):
        store.put_original("text")
    monkeypatch.undo()
    assert store.original(store.put_original("text")).text == "text"


def test_no_marker_is_frozen_whose_original_stayed_in_another_file(path, store):
    old = store.put_original("lost with its file")
    mending.set_aside(path)
    with pytest.raises(StoreError, match=f"{old} is not in the file"):
        store.freeze([Decision("k", None, "history"), Decision("k1", "short", "compressed", "log", old)])
    assert store.decisions(["k", "k1"]) == {}
    counted = store.put_original("a b", unit="word", spans=[(0, 1), (2, 3)])
    again = store.put_original("a b")
    assert counted != again
    decisions = [Decision("k2", "short", "compressed", "log", counted), Decision("k3", "short", "compressed", "log", again)]
    assert list(store.freeze(decisions).values()) == decisions


def test_a_file_that_was_deleted_is_made_anew(path, store):
    store.put_original("gone")
    shutil.rmtree(path.parent)
    assert store.glance(["k"]) is None
    handle = store.put_original("kept")
    again = SqliteStore.open(path)
    assert again.original(handle).text == "kept"
    again.close()


def test_nobody_waits_for_who_is_mending_the_file(path, store):
    with mending.alone(path):
        mending.set_aside(path)
        mending.note(path)
        with pytest.raises(StoreError, match="another process is just making it anew"):
            store.put_original("text")
    assert store.original(store.put_original("text")).text == "text"
