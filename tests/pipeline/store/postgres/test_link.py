"""What a PostgreSQL server, or something in its place, may do to those who wait for it."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from pipeline.store.api import Decision, StoreError, Unreachable
from pipeline.store.opening import open_store
from pipeline.store.postgres.link import Link

DEADLINE = 60.0


def eventually(holds):
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_address_that_cannot_be_read_is_not_repeated():
    for where in ("postgresql://me:secret%zz@h/x", "postgresql://me:secret@h/x?secret=1"):
        with pytest.raises(StoreError, match="no address that PostgreSQL's clients can read") as refused:
            open_store(where)
        assert "secret" not in str(refused.value)
        assert refused.value.__suppress_context__


def test_what_takes_connections_and_says_nothing_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        link = Link(f"postgresql://me:secret@127.0.0.1:{silent.getsockname()[1]}/x", "here", 0.2)
        with pytest.raises(Unreachable, match=r"did not answer within 0\.2 s"):
            link.run(lambda connection: connection.value("SELECT 1"))
        link.close()
    eventually(lambda: not any(thread.name == "headroom-postgres-connect" for thread in threading.enumerate()))


@pytest.mark.slow
def test_more_may_ask_at_once_than_there_are_connections(postgres):
    link = Link(postgres.database(), "here", 10.0)
    said = []
    threads = [
        threading.Thread(target=lambda n=n: said.append(link.run(lambda c: c.value("SELECT $1::int8 FROM pg_sleep(0.02)", n)))) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert sorted(said) == list(range(12))
    assert (
        1
        <= link.run(lambda c: c.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'headroom' AND datname = current_database()"))
        <= 4
    )
    link.close()


@pytest.mark.slow
def test_who_waits_when_it_is_closed_is_told_so(postgres):
    link = Link(postgres.database(), "here", 60.0)
    link.run(lambda c: c.value("SELECT 1"))
    told = []

    def wait():
        with pytest.raises(StoreError, match="has been closed") as ended:
            link.run(lambda c: c.value("SELECT pg_sleep(60)"))
        told.append(ended.value)

    waiting = threading.Thread(target=wait)
    waiting.start()
    eventually(lambda: postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND wait_event = 'PgSleep'") == "1")
    link.close()
    waiting.join(DEADLINE)
    assert len(told) == 1


@pytest.mark.slow
def test_the_server_stops_what_nobody_waits_for_any_more(postgres):
    """Else each try would leave one of the server's processes waiting for the same lock."""
    where = postgres.database()
    store, other = open_store(where, patience=1.0), Link(where, "another", 60.0)
    held, done = threading.Event(), threading.Event()

    def hold(connection):
        with connection.transaction():
            connection.script("LOCK headroom.decisions")
            held.set()
            done.wait(DEADLINE)

    holder = threading.Thread(target=other.run, args=(hold,))
    holder.start()
    try:
        assert held.wait(DEADLINE)
        with pytest.raises(Unreachable, match="did not answer"):
            store.freeze([Decision("k", "form", "r")])
        waiting = (
            f"SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT granted AND datname = '{where.rpartition('/')[2]}'"
        )
        eventually(lambda: postgres.sql(waiting) == "0")
    finally:
        done.set()
        holder.join(DEADLINE)
        other.close()
        store.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "said"), [("disk_full", "disk is full"), ("out_of_memory", "no memory left"), ("data_corrupted", "failed: no more")]
)
def test_a_server_that_refuses_a_write_is_explained_and_read_on(postgres, code, said):
    where = postgres.database()
    store = open_store(where)
    kept = store.put_original("kept")
    refusal = f"BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = '{code}', DETAIL = 'the text'; END"
    postgres.sql(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${refusal}$$", where.rpartition("/")[2])
    postgres.sql("CREATE TRIGGER refuse BEFORE INSERT ON headroom.originals EXECUTE FUNCTION refuse()", where.rpartition("/")[2])
    with pytest.raises(StoreError, match=said) as refused:
        store.put_original("another")
    assert not isinstance(refused.value, Unreachable), "it is not asked for less because of that"
    assert "the text" not in str(refused.value)
    assert store.original(kept).text == "kept"
    store.close()


@pytest.mark.slow
def test_a_standby_says_that_it_is_read_only(postgres):
    where = postgres.database()
    open_store(where).close()
    postgres.sql(f"ALTER DATABASE {where.rpartition('/')[2]} SET default_transaction_read_only = on")
    store = open_store(where)
    with pytest.raises(StoreError, match="read-only, as a standby server is"):
        store.freeze([Decision("k", "form", "r")])
    assert store.decisions(["k"]) == {}
    store.close()
