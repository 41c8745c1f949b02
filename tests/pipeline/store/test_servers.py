"""What a database server may do to its clients, and what several versions of them do to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from benchmarks import fleet
from pipeline.store import breaker
from pipeline.store.api import Decision, Receipt, StoreError, Unreachable
from pipeline.store.opening import open_store
from pipeline.store.postgres import layout as postgres_layout
from pipeline.store.redis import layout as redis_layout
from pipeline.usage import Usage
from tests.pipeline.store.conftest import Place

pytestmark = pytest.mark.slow

DEADLINE = 60.0


@pytest.fixture(scope="module", params=[fleet.Postgres, fleet.Redis], ids=["postgres", "redis"])
def mortal(request):
    """A server that tests may kill; others are not on it."""
    kind = request.param.__name__.lower()
    if said := fleet.missing().get(kind):
        pytest.skip(said)
    with fleet.running(request.param) as server:
        yield Place(kind, "", server)


@pytest.fixture
def place(mortal):
    yield replace(mortal, where=mortal.server.database())
    mortal.server.resume()
    if mortal.server.process.poll() is not None:
        mortal.server.start()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """No pause after a failure: the tests ask again at once."""
    monkeypatch.setattr(breaker.Breaker.__init__, "__defaults__", (0.0, time.monotonic))


def until_it_answers(ask):
    """Ask again while the server is not reached."""
    end = time.monotonic() + DEADLINE
    while True:
        try:
            return ask()
        except Unreachable:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_what_was_acknowledged_survives_the_server(place):
    program = (
        "import sys, os\nfrom pipeline.store.opening import open_store\nfrom pipeline.store.api import *\n"
        "store = open_store(sys.argv[1])\ni = 0\n"
        "while True:\n"
        "    h = store.put_original(f'text {i} ' * 500)\n"
        "    store.freeze([Decision(f'k{i}', f'text {i}', 'r', handle=h)])\n"
        "    os.write(1, (h + '\\n').encode())\n"
        "    i += 1\n"
    )
    if place.kind == "redis":  # by default it answers before it writes where the disk is busy, and a crash may cost two seconds
        assert place.server.say(b"CONFIG SET appendfsync always").startswith(b"+OK")
    store = place.open()
    writer = subprocess.Popen([sys.executable, "-c", program, place.where], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    announced = [writer.stdout.readline() for _ in range(25)]
    place.server.kill()
    announced += writer.stdout.read().splitlines()  # it ends by itself: its next call raises
    writer.stdout.close()
    assert writer.wait(DEADLINE) == 1
    with pytest.raises(Unreachable, match="cannot be reached"):
        store.decisions(["k0"])
    place.server.start()
    for i, line in enumerate(announced):
        handle = line.decode().strip()
        assert until_it_answers(lambda handle=handle: store.original(handle)).text == f"text {i} " * 500
        assert store.decisions([f"k{i}"])[f"k{i}"].handle == handle
    assert store.verify() == []
    store.close()


def test_a_server_that_was_started_anew_is_used_at_once(place):
    store = place.open()
    handle = store.put_original("text")
    barrier = threading.Barrier(4)

    def ask():
        barrier.wait(DEADLINE)
        store.original(handle)

    threads = [threading.Thread(target=ask) for _ in range(4)]  # so that several connections are there to be stale
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    place.server.kill()
    place.server.start()
    assert store.original(handle).text == "text", "no error is seen"
    store.close()


def test_a_server_that_hangs_is_not_waited_for(place):
    store = until_it_answers(lambda: place.open(patience=0.3))  # on a busy machine it may take longer to make the tables
    handle = store.put_original("text")
    place.server.hang()
    began = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer within 0.3 s"):
        store.original(handle)
    with pytest.raises(Unreachable):
        place.open(patience=0.3)
    assert time.monotonic() - began < DEADLINE
    place.server.resume()
    assert until_it_answers(lambda: store.original(handle)).text == "text"
    store.freeze([Decision("k", "form", "r")])
    store.close()


def test_after_a_failure_nobody_waits(place, monkeypatch):
    monkeypatch.setattr(breaker.Breaker.__init__, "__defaults__", (600.0, time.monotonic))
    store = until_it_answers(lambda: place.open(patience=0.3))  # on a busy machine it may take longer to make the tables
    place.server.hang()
    with pytest.raises(Unreachable):
        store.decisions(["k"])
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(Unreachable, match="did not answer"):
            store.decisions(["k"])
    assert time.monotonic() - began < 100 * 0.3 / 2
    store.close()


def test_one_asks_for_all_whether_the_server_is_back():
    now = [0.0]
    guard = breaker.Breaker(3.0, lambda: now[0])
    guard.admit()
    guard.failed(Unreachable("gone"))
    now[0] = 2.9
    with pytest.raises(Unreachable, match="gone"):
        guard.admit()
    now[0] = 3.1
    guard.admit()
    with pytest.raises(Unreachable, match="gone"):
        guard.admit()
    guard.succeeded()
    guard.admit()


def test_several_start_on_an_empty_database_at_once(place):
    program = (
        "import sys\nfrom pipeline.store.opening import open_store\nstore = open_store(sys.argv[1], patience=60)\nprint(store.put_original('x'))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, place.where], stdout=subprocess.PIPE) for _ in range(6)]
    said = {process.communicate(timeout=DEADLINE)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 6
    assert len(said) == 1


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_a_newer_layout_works_beside_this_one_or_refuses_it(kind, request, monkeypatch):
    server = request.getfixturevalue(kind)
    where = server.database()
    old = open_store(where)
    handle = old.put_original("text")

    def newer(oldest: int) -> None:
        if kind == "postgres":
            steps = (
                postgres_layout.M001,
                *("ALTER TABLE headroom.receipts ADD COLUMN later INT" if n == 1 else "SELECT 1" for n in range(1, oldest + 1)),
            )
            monkeypatch.setattr(postgres_layout, "MIGRATIONS", steps)
            monkeypatch.setattr(postgres_layout, "OLDEST", oldest)
        else:
            monkeypatch.setattr(redis_layout, "VERSION", 1 + oldest)
            monkeypatch.setattr(redis_layout, "OLDEST", oldest)

    newer(1)
    new = open_store(where)
    assert new.original(handle).text == "text"
    new.close()
    monkeypatch.undo()
    old.add_receipt(Receipt("m", "s", 1.0, "claude", "m", "/p", Usage(1), 1.0, 1.0))
    again = open_store(where)
    assert again.original(handle).text == "text"
    assert len(again.receipts()) == 1
    again.close()
    newer(2)
    open_store(where).close()
    monkeypatch.undo()
    with pytest.raises(StoreError, match="newer version of Headroom") as refused:
        open_store(where)
    assert fleet.PASSWORD not in str(refused.value)
    old.close()


def test_a_text_that_was_changed_on_the_server_is_not_given_out(postgres):
    where = postgres.database()
    store = open_store(where)
    handle, other = store.put_original("one"), store.put_original("two")
    statement = f"UPDATE headroom.originals SET body = (SELECT body FROM headroom.originals WHERE handle = '{other}') WHERE handle = '{handle}'"
    postgres.sql(statement, where.rpartition("/")[2])
    with pytest.raises(StoreError, match="damaged"):
        store.original(handle)
    assert store.verify() == [f"The original {handle} is not the text that was kept."]
    store.close()


def test_settings_of_redis_that_lose_originals_are_named():
    if said := fleet.missing().get("redis"):
        pytest.skip(said)
    server = fleet.Redis()
    server.extra = ["--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]
    try:
        server.start()
        store = open_store(server.url)
        wrong = store.verify()
        assert ("noeviction" in wrong[0], "appendonly" in wrong[1], len(wrong)) == (True, True, 2)
        store.close()
    finally:
        server.end()


def test_a_redis_without_memory_says_so():
    if said := fleet.missing().get("redis"):
        pytest.skip(said)
    server = fleet.Redis()
    server.extra = ["--maxmemory", "3mb"]
    try:
        server.start()
        store = open_store(server.url)
        handle = store.put_original("kept")
        with pytest.raises(StoreError, match="no memory left"):
            for _ in range(20):
                store.put_original(os.urandom(400_000).hex())
        assert store.original(handle).text == "kept"
        store.close()
    finally:
        server.end()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace("a-secret", "mistaken"), "does not let us in"),
        (lambda url: url.rpartition("/")[0] + "/no_such", "does not exist"),
        (lambda url: url.replace("127.0.0.1:", "127.0.0.1:1"), "cannot be reached|not written"),
    ],
    ids=["password", "database", "port"],
)
def test_what_is_wrong_with_an_address_is_said_without_the_password(postgres, change, said):
    with pytest.raises(StoreError, match=said) as refused:
        open_store(change(postgres.url), patience=1.0)
    assert "a-secret" not in str(refused.value)
    assert "mistaken" not in str(refused.value)


def test_a_user_that_may_not_is_told_what_to_grant(postgres):
    where = postgres.database()
    postgres.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    with pytest.raises(StoreError, match="Grant CREATE"):
        open_store(where.replace("postgres:a-secret%3A%2Fword@", "guest:guest@"))


def test_a_redis_that_asks_for_another_password(redis):
    with pytest.raises(StoreError, match="does not let us in") as refused:
        open_store(redis.url.replace("a-secret", "mistaken"))
    assert "mistaken" not in str(refused.value)


def test_a_writer_that_is_stopped_in_a_transaction_stops_nobody_for_long(postgres):
    """A lock that another client holds is waited for as long as patience lasts."""
    where = postgres.database()
    store = open_store(where, patience=0.5)
    store.freeze([Decision("k", "form", "r")])
    psql = [str(postgres.programs / "psql"), where, "-Atqc", "BEGIN", "-c", "LOCK headroom.decisions", "-c", "SELECT 1", "-c", "SELECT pg_sleep(600)"]
    holder = subprocess.Popen(psql, stdout=subprocess.PIPE)
    end = time.monotonic() + DEADLINE
    while postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'") == "0":
        assert time.monotonic() < end
        time.sleep(0.02)
    with pytest.raises(Unreachable, match="did not answer"):
        store.freeze([Decision("k2", "form", "r")])
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()")
    assert until_it_answers(lambda: store.freeze([Decision("k2", "form", "r")]))["k2"].text == "form"
    store.close()
