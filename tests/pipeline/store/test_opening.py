"""Which store a URL names."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from pipeline.store import opening
from pipeline.store.api import StoreError


def test_a_path_is_a_file(tmp_path):
    for where in (tmp_path / "a" / "x.db", str(tmp_path / "b" / "x.db"), f"sqlite://{tmp_path}/c%20d/x.db"):
        store = opening.open_store(where)
        assert store.original(store.put_original("text")).text == "text"
        store.close()
    assert sorted(path.parent.name for path in tmp_path.glob("*/x.db")) == ["a", "b", "c d"]


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
    ],
)
def test_what_can_be_no_store_is_refused_before_it_is_asked_for(where):
    with pytest.raises(StoreError) as refused:
        opening.check(where)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("where", "url"),
    [
        ("postgresql://h/x?options=-c%20a%3Db&expire_days=30&sslmode=require", "postgresql://h/x?options=-c%20a%3Db&sslmode=require"),
        ("postgresql://h/x?timeout=2&expire%5Fdays=1", "postgresql://h/x"),
        ("postgresql:///x?host=/var/run/postgresql", "postgresql:///x?host=/var/run/postgresql"),
        ("PostgreSQL://h/x?host=a&host=b", "postgresql://h/x?host=a&host=b"),
        ("redis://h/0", "redis://h/0"),
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
@pytest.mark.parametrize(("where", "package"), [("postgresql://h/x", "psycopg"), ("redis://h/0", "redis")])
def test_without_the_package_it_is_said_what_to_install(where, package):
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from pipeline.store.opening import open_store\nfrom pipeline.store.api import StoreError\n"
        f"try:\n    open_store({where!r})\nexcept StoreError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert 'pip install "headroom-ai[fleet]"' in said
