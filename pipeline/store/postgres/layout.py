"""The tables in PostgreSQL, as numbered steps. A step that has been released is never edited: a later one changes what it made.

All are in a schema of their own and are named with it: the database may be shared, and a pool in front of it may forget a search path.
Texts are compared by their bytes (``COLLATE "C"``), whatever the database's own order is.
"""

from __future__ import annotations

from pipeline.store.api import StoreError
from pipeline.store.postgres.link import Connection

_LOCK = 0x48454144524F4F4D  # "HEADROOM": whoever migrates holds it

M001 = """
CREATE TABLE headroom.originals (
    handle TEXT COLLATE "C" PRIMARY KEY, digest TEXT COLLATE "C" NOT NULL UNIQUE, unit TEXT NOT NULL, spans BYTEA NOT NULL, label TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL, used DOUBLE PRECISION NOT NULL, size BIGINT NOT NULL, body BYTEA NOT NULL);
ALTER TABLE headroom.originals ALTER body SET STORAGE EXTERNAL;
CREATE TABLE headroom.numberings (
    handle TEXT COLLATE "C" PRIMARY KEY, original TEXT COLLATE "C" NOT NULL, unit TEXT NOT NULL, spans BYTEA NOT NULL);
CREATE TABLE headroom.decisions (
    key TEXT COLLATE "C" PRIMARY KEY, body BYTEA, reason TEXT NOT NULL, compressor TEXT NOT NULL, handle TEXT COLLATE "C" NOT NULL,
    tokens_before BIGINT NOT NULL, tokens_after BIGINT NOT NULL, created DOUBLE PRECISION NOT NULL);
ALTER TABLE headroom.decisions ALTER body SET STORAGE EXTERNAL;
CREATE TABLE headroom.receipts (
    message_id TEXT COLLATE "C" PRIMARY KEY, session TEXT COLLATE "C" NOT NULL, time DOUBLE PRECISION NOT NULL, agent TEXT NOT NULL,
    model TEXT NOT NULL, project TEXT NOT NULL, input BIGINT NOT NULL, cache_write_5m BIGINT NOT NULL, cache_write_1h BIGINT NOT NULL,
    cache_read BIGINT NOT NULL, output BIGINT NOT NULL, cost DOUBLE PRECISION, cost_without DOUBLE PRECISION, removed_new BIGINT NOT NULL,
    removed_old BIGINT NOT NULL, overhead DOUBLE PRECISION NOT NULL, ttfb_ms DOUBLE PRECISION NOT NULL, added_ms DOUBLE PRECISION NOT NULL,
    compressors JSON NOT NULL, reasons JSON NOT NULL, cause TEXT NOT NULL, again BIGINT NOT NULL, again_cost DOUBLE PRECISION NOT NULL);
CREATE INDEX receipts_by_session ON headroom.receipts (session, time);
CREATE INDEX receipts_by_time ON headroom.receipts (time);
CREATE TABLE headroom.memories (
    project TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, digest TEXT COLLATE "C" NOT NULL, handle TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL, agent TEXT COLLATE "C" NOT NULL, session TEXT NOT NULL, time DOUBLE PRECISION NOT NULL, tokens BIGINT NOT NULL,
    stamp TEXT NOT NULL, label TEXT NOT NULL, PRIMARY KEY (project, key, digest, agent));
CREATE INDEX memories_by_digest ON headroom.memories (project, digest);
"""

MIGRATIONS: tuple[str, ...] = (M001,)
# The oldest layout whose programs may go on working beside the newest: a fleet is updated one proxy after the other.
OLDEST = 1


def migrate(connection: Connection, name: str) -> None:
    """Take the database to the newest layout. Of several that start at once one does it.

    Raises:
        StoreError: a newer version has changed the database in a way that this one must not work with.
    """
    if _is_ready(connection, name):
        return
    with connection.transaction():
        connection.rows("SELECT pg_advisory_xact_lock($1)", _LOCK)
        if _is_ready(connection, name):
            return
        connection.script("CREATE SCHEMA IF NOT EXISTS headroom")
        connection.script("CREATE TABLE IF NOT EXISTS headroom.layout (version INT NOT NULL, oldest INT NOT NULL)")
        version = connection.value("SELECT max(version) FROM headroom.layout") or 0
        for step in MIGRATIONS[version:]:
            connection.script(step)
        connection.change("DELETE FROM headroom.layout")
        connection.change("INSERT INTO headroom.layout (version, oldest) VALUES ($1, $2)", len(MIGRATIONS), OLDEST)


def _is_ready(connection: Connection, name: str) -> bool:
    if connection.value("SELECT to_regclass('headroom.layout')") is None:
        return False
    row = connection.row("SELECT version, oldest FROM headroom.layout")
    if row is None:
        return False
    version, oldest = row
    if version < len(MIGRATIONS):
        return False
    if oldest > len(MIGRATIONS):
        raise StoreError(
            f"The store {name} was written by a newer version of Headroom (layout {version}, this one knows {len(MIGRATIONS)})."
            " Update this one, or point it at another database."
        )
    return True
