"""Which store a URL names."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from pipeline.store import opening
from pipeline.store.api import StoreError


def test_a_path_is_a_file(tmp_path):
    for where in (tmp_path / "a" / "x.db", str(tmp_path / "b" / "x.db"), f"sqlite://{tmp_path}/c%20d/x.db"):
        store = opening.open_store(where)
        assert store.original(store.put_original("text")).text == "text"
        store.close()
    assert sorted(path.parent.name for path in tmp_path.glob("*/x.db")) == ["a", "b", "c d"]


@pytest.mark.parametrize(
    ("where", "file"),
    [
        ("data/x.db", "data/x.db"),
        ("sqlite://data/x.db", "data/x.db"),
        ("sqlite://{here}/c#/x.db?expire_days=3", "c#/x.db"),
        ("sqlite://{here}/c%3F@%25/x.db?expire_days=3", "c?@%/x.db"),
        ("SQLite://{here}/c#%23d/x.db", "c##d/x.db"),
        (":memory:/x.db", ":memory:/x.db"),
        (":memory:", ":memory:"),
    ],
)
def test_the_file_is_the_one_that_is_named(where, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = opening.open_store(where.format(here=tmp_path))
    handle = store.put_original("text")
    store.close()
    with sqlite3.connect(tmp_path / file) as db:
        assert db.execute("SELECT count(*) FROM originals").fetchone() == (1,)
    db.close()
    again = opening.open_store(tmp_path / file)
    assert again.original(handle).text == "text"
    again.close()


def test_the_file_stays_the_same_wherever_the_process_goes(tmp_path, monkeypatch):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "a")
    store = opening.open_store("x.db")
    handle = store.put_original("text")
    monkeypatch.chdir(tmp_path / "b")
    assert store.original(handle).text == "text"
    assert store.glance(["k"]) == {}
    store.put_original("more")
    store.flush()
    store.close()
    assert not list((tmp_path / "b").iterdir())


def test_in_a_folder_that_is_gone_there_is_no_file(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(StoreError, match=r"x\.db cannot be opened"):
        opening.open_store("x.db")


def test_a_file_is_named_in_full_and_a_server_as_it_was(tmp_path):
    def full(path):
        return tmp_path / path

    assert opening.absolute("a#b/x.db", full) == str(tmp_path / "a#b" / "x.db")
    assert opening.absolute("redis://:p@h/0", full) == "redis://:p@h/0"
    assert opening.absolute("sqlite://c#%FF/x.db", full) == f"sqlite://{quote(str(tmp_path))}/c%23%FF/x.db"
    named = opening.absolute("sqlite://c%3F/x.db?expire_days=3", full)
    assert named == opening.absolute(named, full) == f"sqlite://{quote(str(tmp_path))}/c%3F/x.db?expire_days=3"
    opening.open_store(named).close()
    assert (tmp_path / "c?" / "x.db").exists()


def test_of_a_damaged_file_somebody_is_told(tmp_path):
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    told = []
    opening.open_store(tmp_path / "x.db", report=told.append).close()
    opening.open_store(tmp_path / "x.db", report=told.append).close()
    assert len(told) == 1
    assert "x.db.damaged-1" in told[0]


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("postgresql://me:secret@db:5432/x?sslmode=require&password=secret", "postgresql://me@db:5432/x"),
        ("redis://:secret@cache/0", "redis://cache/0"),
        ("postgresql://me:se@cret@db/x", "postgresql://me@db/x"),
        ("postgresql://me:s/ecret@db/x", "postgresql://…"),
        ("postgresql://me:12/ecret@localhost/x", "postgresql://…"),
        ("postgresql://me:12?secret@localhost/x", "postgresql://…"),
        ("postgresql://me:12?se=cret@localhost/x", "postgresql://…"),
        ("postgresql://me:se@cret/secret@localhost/x", "postgresql://…"),
        ("postgresql://me:secret/x", "postgresql://…"),
        ("redis://:12/3secret@localhost/0", "redis://…"),
        ("redis://:se/[cret@localhost/0", "redis://…"),
        ("mysql://me:se/cret@h/x", "mysql://…"),
        ("redis://:se#cret@host/0", "redis://host/0"),
        ("redis://:se#cr/et@host/0", "redis://…"),
        ("postgresql://me:secret@h1:5432,[::1]:5433/x", "postgresql://me@h1:5432,[::1]:5433/x"),
        ("sqlite:///srv/@home/x.db?expire_days=3", "sqlite:///srv/@home/x.db"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("redis://:secret@[::1/0", "redis://[::1/0"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x"),
        ("/a/path", "/a/path"),
    ],
)
def test_what_is_shown_of_an_address(where, shown):
    assert opening.redacted(where) == shown


@pytest.mark.parametrize(
    "where",
    [
        "mysql://me:secret@db/x",
        "postgresql://me:secret@db:port/x",
        "redis://:secret@[::1/0",
        "redis://:secret@host/0?timeout=0",
        "redis://:secret@host/0?timeout=soon",
        "redis://:secret@host/0?timeout=nan",
        "redis://:secret@host/0?expire_days=-1",
        "redis://:secret@host/0?expire_days=nan",
        "redis://:secret@host/0?expire_days=many",
        "redis://:secret@host:70000/0",
        "redis://:secret@host,other/0",
        "postgresql://me:s/ecret@db/x",
        "postgresql://me:12/secret@localhost/x",
        "postgresql://me:12?secret@localhost/x",
        "postgresql://me:se@secret@localhost/x",
        "postgresql://me:secret/x",
        "postgresql://me:secret@h1:5432,h2:port/x",
        "redis://:12/3secret@localhost/0",
        "redis://:12/se#cret@localhost/0?expire_days=30",
        "mysql://me:a/secret@h/x",
        "sqlite:///srv/a?b/x.db",
    ],
)
def test_what_can_be_no_store_is_refused_before_it_is_asked_for(where):
    with pytest.raises(StoreError) as refused:
        opening.check(where)
    assert not re.search("secret|ecret|cret", str(refused.value))


@pytest.mark.parametrize(
    ("where", "url"),
    [
        ("postgresql://h/x?options=-c%20a%3Db&expire_days=30&sslmode=require", "postgresql://h/x?options=-c%20a%3Db&sslmode=require"),
        ("postgresql://h/x?timeout=2&expire%5Fdays=1", "postgresql://h/x"),
        ("postgresql:///x?host=/var/run/postgresql", "postgresql:///x?host=/var/run/postgresql"),
        ("PostgreSQL://h/x?host=a&host=b", "postgresql://h/x?host=a&host=b"),
        ("redis://h/0", "redis://h/0"),
        ("redis://:se@cret@h/0", "redis://:se@cret@h/0"),
        ("postgresql://me:p@h1:5432,h2:5433/x", "postgresql://me:p@h1:5432,h2:5433/x"),
        ("postgresql://%2Frun%2Fpg:5433/x?user=me@corp", "postgresql://%2Frun%2Fpg:5433/x?user=me@corp"),
    ],
)
def test_what_is_the_servers_in_a_query_stays_as_it_is_written(where, url, monkeypatch):
    """libpq takes a "+" for what it is: a blank that was written as %20 must stay so."""
    opened = []
    for name in ("postgres.store.PostgresStore", "redis.store.RedisStore"):
        monkeypatch.setattr(f"pipeline.store.{name}.open", lambda url, *_, **__: opened.append(url) or SimpleNamespace(sweep=lambda _: None))
    opening.open_store(where)
    assert opened == [url]


@pytest.mark.slow
def test_of_several_hosts_the_one_that_answers_is_used(postgres):
    login, _, host = postgres.database().rpartition("@")
    store = opening.open_store(f"{login}@127.0.0.1:1,{host}")
    assert store.original(store.put_original("text")).text == "text"
    store.close()


def test_a_hash_in_a_password_ends_no_url(monkeypatch):
    opened, swept = [], []
    for name in ("postgres.store.PostgresStore", "redis.store.RedisStore"):
        monkeypatch.setattr(f"pipeline.store.{name}.open", lambda url, *_, **__: opened.append(url) or SimpleNamespace(sweep=swept.append))
    opening.open_store("redis://:pa#ss@h/0?expire_days=3")
    opening.open_store("postgresql://me:pa#ss@h/x?expire_days=3&sslmode=require")
    assert opened == ["redis://:pa%23ss@h/0", "postgresql://me:pa%23ss@h/x?sslmode=require"]
    assert len(swept) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("where", "package"), [("postgresql://h/x", "psycopg"), ("redis://h/0", "redis")])
def test_without_the_package_it_is_said_what_to_install(where, package):
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from pipeline.store.opening import open_store\nfrom pipeline.store.api import StoreError\n"
        f"try:\n    open_store({where!r})\nexcept StoreError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert 'pip install "headroom-ai[fleet]"' in said
