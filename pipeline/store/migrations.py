"""The database's layout, as numbered steps. A step that has been released is never edited: a later one changes what it made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable


def m001_originals_decisions_receipts(db: sqlite3.Connection) -> None:
    """What must never be lost, what was decided, what it cost."""
    db.execute(
        "CREATE TABLE originals (handle TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, unit TEXT NOT NULL, spans BLOB NOT NULL,"
        " label TEXT NOT NULL, created REAL NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL)"
    )
    db.execute(
        "CREATE TABLE decisions (key TEXT PRIMARY KEY, body BLOB, reason TEXT NOT NULL, compressor TEXT NOT NULL, handle TEXT NOT NULL,"
        " tokens_before INTEGER NOT NULL, tokens_after INTEGER NOT NULL, created REAL NOT NULL)"
    )
    db.execute(
        "CREATE TABLE receipts (message_id TEXT PRIMARY KEY, session TEXT NOT NULL, time REAL NOT NULL, agent TEXT NOT NULL,"
        " model TEXT NOT NULL, project TEXT NOT NULL, input INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL,"
        " cache_write_1h INTEGER NOT NULL, cache_read INTEGER NOT NULL, output INTEGER NOT NULL, cost REAL, cost_without REAL,"
        " removed_new INTEGER NOT NULL, removed_old INTEGER NOT NULL, overhead REAL NOT NULL, ttfb_ms REAL NOT NULL,"
        " added_ms REAL NOT NULL, compressors TEXT NOT NULL, reasons TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX receipts_by_session ON receipts (session, time)")
    db.execute("CREATE INDEX receipts_by_time ON receipts (time)")


def m002_numberings(db: sqlite3.Connection) -> None:
    """A text that was compressed twice may have been counted in lines once and in records the other time. Both markers stay true."""
    db.execute("CREATE TABLE numberings (handle TEXT PRIMARY KEY, original TEXT NOT NULL, unit TEXT NOT NULL, spans BLOB NOT NULL)")


def m003_cache_causes(db: sqlite3.Connection) -> None:
    """Why a response wrote to the provider's cache, and what was paid for once more."""
    db.execute("ALTER TABLE receipts ADD COLUMN cause TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE receipts ADD COLUMN again INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE receipts ADD COLUMN again_cost REAL NOT NULL DEFAULT 0")


def m004_memories(db: sqlite3.Connection) -> None:
    """What an agent has seen, for the next one."""
    db.execute(
        "CREATE TABLE memories (project TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, handle TEXT NOT NULL, kind TEXT NOT NULL,"
        " agent TEXT NOT NULL, session TEXT NOT NULL, time REAL NOT NULL, tokens INTEGER NOT NULL, stamp TEXT NOT NULL, label TEXT NOT NULL,"
        " PRIMARY KEY (project, key, digest, agent))"
    )
    db.execute("CREATE INDEX memories_by_digest ON memories (project, digest)")


def m005_last_put(db: sqlite3.Connection) -> None:
    """When an original was last put, to the day: what is swept away must not be what was just put again."""
    db.execute("ALTER TABLE originals ADD COLUMN used REAL NOT NULL DEFAULT 0")
    db.execute("UPDATE originals SET used = created")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    m001_originals_decisions_receipts,
    m002_numberings,
    m003_cache_causes,
    m004_memories,
    m005_last_put,
)


def migrate(db: sqlite3.Connection) -> int:
    """Take the database to the newest layout and return the version it had; one newer than this program knows is left alone.

    The step that several processes start at once is done by one of them.
    """
    version = _version(db)
    if version >= len(MIGRATIONS):
        return version
    db.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_version(db), len(MIGRATIONS)):
            MIGRATIONS[number](db)
            db.execute(f"PRAGMA user_version = {number + 1}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return version


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version
