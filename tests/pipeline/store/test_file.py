"""The file of a store over forks, among processes that come and go."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

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
