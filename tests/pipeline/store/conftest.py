from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fleet
from pipeline.store.api import Store
from pipeline.store.opening import open_store


@dataclass
class Place:
    """Where a store is, empty at first.

    Args:
        kind: of the database.
        where: its URL or path.
        server: that it is on, if on any.
    """

    kind: str
    where: str
    server: Any = None

    def open(self, digest: Callable[[bytes], str] | None = None, **options: Any) -> Store:
        if digest is None:
            return open_store(self.where, **options)
        if self.kind == "sqlite":
            from pipeline.store.sqlite import SqliteStore

            return SqliteStore.open(Path(self.where), digest=digest)
        if self.kind == "postgres":
            from pipeline.store.postgres.store import PostgresStore

            return PostgresStore.open(self.where, "a test's", patience=5.0, digest=digest)
        from pipeline.store.redis.store import RedisStore

        return RedisStore.open(self.where, "a test's", patience=5.0, digest=digest)


@pytest.fixture(scope="session")
def postgres():
    if said := fleet.missing().get("postgres"):
        pytest.skip(said)
    with fleet.running(fleet.Postgres) as server:
        yield server


@pytest.fixture(scope="session")
def redis():
    if said := fleet.missing().get("redis"):
        pytest.skip(said)
    with fleet.running(fleet.Redis) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow), "redis"])
def place(request, tmp_path):
    """An empty store of each kind."""
    if request.param == "sqlite":
        return Place("sqlite", str(tmp_path / "state" / "headroom" / "headroom.db"))
    server = request.getfixturevalue(request.param)
    return Place(request.param, server.database(), server)


@pytest.fixture
def store(place):
    store = place.open()
    yield store
    store.close()
