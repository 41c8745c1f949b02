"""The store of one machine: an SQLite database in WAL mode, shared by all our processes.

What is written survives the end of any process, SIGKILL included. A loss of power may take the last moments with it (`synchronous=NORMAL`
does not wait for the disk at every commit: 0.2 ms instead of 3), but leaves the database whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.store import migrations
from pipeline.store.api import Decision, Group, Memory, Original, Receipt, Store, StoreError, Total
from pipeline.usage import Usage

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BUSY_SECONDS = 5.0
_LEVEL = 3  # 4 times smaller at 75 MB/s; higher levels gain 5 % and take three times as long
_BATCH = 500  # parameters a query may have in every SQLite
_SHORTEST = 8  # hex digits of a handle

_DECISION = "key, body, reason, compressor, handle, tokens_before, tokens_after"
_RECEIPT = (
    "message_id, session, time, agent, model, project, input, cache_write_5m, cache_write_1h, cache_read, output, cost, cost_without,"
    " removed_new, removed_old, overhead, ttfb_ms, added_ms, compressors, reasons, cause, again, again_cost"
)
_MEMORY = "project, key, digest, handle, kind, agent, session, time, tokens, stamp, label"

_COUNTED = ("compressors", "reasons")
_DAY = "date(time, 'unixepoch', 'localtime'"
_GROUPS = {
    Group.ALL: "''",
    Group.DAY: f"{_DAY})",
    Group.WEEK: f"{_DAY}, 'weekday 0', '-6 days')",
    Group.AGENT: "agent",
    Group.MODEL: "model",
    Group.PROJECT: "project",
    Group.SESSION: "session",
    Group.CAUSE: "cause",
}
_PRICED = "cost IS NOT NULL AND cost_without IS NOT NULL"
_SUMS = ", ".join((
    "count(*)",
    f"sum(NOT ({_PRICED}))",
    *(f"sum({column})" for column in ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")),
    *(f"total(CASE WHEN {_PRICED} THEN {column} END)" for column in ("cost", "cost_without", "overhead")),
    "sum(removed_new + removed_old)",
    "sum(again)",
    f"total(CASE WHEN {_PRICED} THEN again_cost END)",
))  # fmt: skip


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


class SqliteStore(Store):
    """Originals, decisions and receipts in one file. One object may be used by several threads; open one in each process.

    Args:
        db: the open connection, at the newest layout.
        path: of its file, for messages.
        digest: names a text by its bytes; another one than SHA-256 is for tests of collisions.
    """

    def __init__(self, db: sqlite3.Connection, path: Path, digest: Callable[[bytes], str] = sha256) -> None:
        self._db = db
        self._path = path
        self._digest = digest
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path, *, digest: Callable[[bytes], str] = sha256, busy: float = BUSY_SECONDS) -> SqliteStore:
        """Open the store in a file, which is made (0600, in a folder 0700) where it is missing.

        Args:
            path: the database's file.
            digest: see the class.
            busy: seconds to wait for another process's write.

        Raises:
            StoreError: it cannot be opened, is no database, or was written by a newer version.
        """
        try:
            path.parent.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                path.parent.mkdir(mode=0o700)
            # SQLite gives the files beside it (-wal, -shm) the same mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
        except OSError as error:
            raise StoreError(f"The store {path} cannot be opened: {error.strerror}. Check the folder and its permissions.") from error
        with _explained(path):
            db = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
            try:
                _configure(db, busy)
                _migrate(db, path)
            except BaseException:
                db.close()
                raise
        return cls(db, path, digest)

    # ----- originals -------------------------------------------------------------------------------------------------------------------

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        data = text.encode("utf-8", "surrogatepass")
        digest = self._digest(data)
        units = json.dumps([*spans], separators=(",", ":")).encode() if spans else b""
        with self._use() as db:
            known = db.execute("SELECT handle, unit, spans FROM originals WHERE digest = ?", (digest,)).fetchone()
        packed = zstd.compress(units, _LEVEL) if spans else b""
        if known is None:
            body = zstd.compress(data, _LEVEL)  # outside the transaction: others may write meanwhile
            with self._write() as db:
                known = db.execute("SELECT handle, unit, spans FROM originals WHERE digest = ?", (digest,)).fetchone()
                if known is None:
                    handle = self._free_handle(db, digest)
                    db.execute(
                        "INSERT INTO originals (handle, digest, unit, spans, label, created, size, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        (handle, digest, _bound(unit), packed, _bound(label), time.time(), len(data), body),
                    )
                    return handle
        return self._numbered(known, unit, units, packed)

    def _numbered(self, known: tuple[Any, ...], unit: str, units: bytes, packed: bytes) -> str:
        """The handle under which a text that is kept already is counted in these units."""
        first, its_unit, its_spans = known
        if _text(its_unit) == unit and (its_spans == packed or _unpacked(its_spans, self._path) == units):
            return str(first)
        handle = f"{first}{sha256(unit.encode('utf-8', 'surrogatepass') + units)[:_SHORTEST]}"
        with self._write() as db:
            db.execute(
                "INSERT INTO numberings (handle, original, unit, spans) VALUES (?, ?, ?, ?) ON CONFLICT (handle) DO NOTHING",
                (handle, first, _bound(unit), packed),
            )
        return handle

    def original(self, handle: str) -> Original | None:
        columns = "SELECT handle, digest, unit, spans, label, created, body FROM originals WHERE"
        with self._use() as db:
            row = db.execute(f"{columns} handle = ?", (handle,)).fetchone()
            numbered = db.execute("SELECT original, unit, spans FROM numberings WHERE handle = ?", (handle,)).fetchone() if row is None else None
            if numbered is not None:
                row = db.execute(f"{columns} handle = ?", numbered[:1]).fetchone()
            if row is None and len(handle) >= _SHORTEST:
                # "g" comes after every hex digit: the range holds what begins with the handle
                rows = db.execute(f"{columns} digest >= ? AND digest < ? LIMIT 2", (handle, handle + "g")).fetchall()
                row = rows[0] if len(rows) == 1 else None
        if row is None:
            return None
        name, digest, unit, spans, label, created, body = row
        if numbered is not None:
            name, (_, unit, spans) = handle, numbered
        pairs = json.loads(_unpacked(spans, self._path) or b"[]")
        try:
            data = zstd.decompress(body)
        except zstd.ZstdError as error:
            raise _damaged(self._path) from error
        if self._digest(data) != digest:
            raise _damaged(self._path)
        text = data.decode("utf-8", "surrogatepass")
        return Original(name, text, _text(unit), tuple((a, b) for a, b in pairs), _text(label), created)

    def _free_handle(self, db: sqlite3.Connection, digest: str) -> str:
        for length in range(_SHORTEST, len(digest) + 1):
            taken = db.execute("SELECT 1 FROM originals WHERE handle = ?", (digest[:length],)).fetchone()
            if taken is None:
                return digest[:length]
        raise StoreError(f"The digest {digest} names two texts in {self._path}.")

    # ----- decisions -------------------------------------------------------------------------------------------------------------------

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        return self._decisions(keys, {})

    def _decisions(self, keys: Sequence[str], texts: Mapping[bytes, str]) -> dict[str, Decision]:
        """The decisions on record. ``texts``: those that need not be unpacked."""
        found: dict[str, Decision] = {}
        with self._use() as db:
            for i in range(0, len(keys), _BATCH):
                batch = keys[i : i + _BATCH]
                marks = ",".join("?" * len(batch))
                for row in db.execute(f"SELECT {_DECISION} FROM decisions WHERE key IN ({marks})", batch):
                    found[row[0]] = self._decision(row, texts)
        return {key: found[key] for key in keys if key in found}

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        now = time.time()
        texts = dict.fromkeys(d.text for d in decisions if d.text is not None)  # one text stands under two keys
        packed = {text: zstd.compress(text.encode("utf-8", "surrogatepass"), _LEVEL) for text in texts}
        rows = [
            (
                d.key,
                None if d.text is None else packed[d.text],
                d.reason,
                d.compressor,
                d.handle,
                d.tokens_before,
                d.tokens_after,
                now,
            )
            for d in decisions
        ]
        if not rows:
            return {}
        with self._write() as db:
            db.executemany(f"INSERT INTO decisions ({_DECISION}, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", rows)
        # Rows never change once they are there, so what is read after the commit is what is in force.
        return self._decisions([d.key for d in decisions], {body: text for text, body in packed.items()})

    def _decision(self, row: tuple[Any, ...], texts: Mapping[bytes, str]) -> Decision:
        key, body, reason, compressor, handle, before, after = row
        try:
            text = None if body is None else texts.get(body)
            if text is None and body is not None:
                text = zstd.decompress(body).decode("utf-8", "surrogatepass")
        except (zstd.ZstdError, UnicodeDecodeError) as error:
            raise _damaged(self._path) from error
        return Decision(key, text, reason, compressor, handle, before, after)

    # ----- receipts --------------------------------------------------------------------------------------------------------------------

    def add_receipt(self, receipt: Receipt) -> None:
        r, u = receipt, receipt.usage
        values = (
            *map(_bound, (r.message_id, r.session)),
            r.time,
            *map(_bound, (r.agent, r.model, r.project)),
            *(u.input, u.cache_write_5m, u.cache_write_1h, u.cache_read, u.output),
            *(r.cost, r.cost_without, r.removed_new, r.removed_old, r.overhead, r.ttfb_ms, r.added_ms),
            *map(json.dumps, (r.compressors, r.reasons)),
            *(r.cause, r.again, r.again_cost),
        )
        with self._write() as db:
            db.execute(f"INSERT OR REPLACE INTO receipts ({_RECEIPT}) VALUES ({','.join('?' * len(values))})", values)

    def receipts(self, *, session: str = "", since: float = 0.0, project: str = "") -> list[Receipt]:
        where, values = _where(session, since, project)
        with self._use() as db:
            return [_receipt(row) for row in db.execute(f"SELECT {_RECEIPT} FROM receipts WHERE {where} ORDER BY time, message_id", values)]

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        where, values = _where(session, since, project)
        with self._use() as db:
            rows = db.execute(f"SELECT {_GROUPS[group]}, {_SUMS} FROM receipts WHERE {where} GROUP BY 1", values).fetchall()
        return sorted(map(_total, rows), key=lambda total: total.name)

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        if column not in _COUNTED:
            raise ValueError(f"{column} holds no pairs")
        where, values = _where(session, since, project)
        pairs = f"SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM receipts, json_each({column}) WHERE {where}"
        with self._use() as db:
            rows = db.execute(f"WITH pairs (name, number) AS ({pairs}) SELECT name, sum(number) FROM pairs GROUP BY name", values).fetchall()
        return sorted(((_text(name), number) for name, number in rows), key=lambda pair: (-pair[1], pair[0]))

    # ----- memories --------------------------------------------------------------------------------------------------------------------

    def remember(self, memories: Sequence[Memory]) -> None:
        rows = [
            (
                *map(_bound, (m.project, m.key, m.digest, m.handle, m.kind, m.agent, m.session)),
                *(m.time, m.tokens),
                *map(_bound, (m.stamp, m.label)),
            )
            for m in memories
        ]
        if not rows:
            return
        with self._write() as db:
            db.executemany(
                f"INSERT INTO memories ({_MEMORY}) VALUES ({','.join('?' * 11)}) ON CONFLICT (project, key, digest, agent)"
                " DO UPDATE SET session = excluded.session, time = excluded.time, stamp = excluded.stamp",
                rows,
            )

    def memories(self, project: str, *, key: str = "", digest: str = "", limit: int = 0) -> list[Memory]:
        where, values = ["project = ?"], [_bound(project)]
        for column, value in (("key", key), ("digest", digest)):
            if value:
                where.append(f"{column} = ?")
                values.append(_bound(value))
        query = f"SELECT {_MEMORY} FROM memories WHERE {' AND '.join(where)} ORDER BY time DESC, key, digest, agent LIMIT ?"
        with self._use() as db:
            rows = db.execute(query, (*values, limit or -1)).fetchall()
        return [_memory(row) for row in rows]

    def projects(self) -> list[tuple[str, int]]:
        with self._use() as db:
            rows = db.execute("SELECT project, count(*) FROM memories GROUP BY project").fetchall()
        return sorted((_text(name), number) for name, number in rows)

    def forget(self, project: str, key: str = "") -> int:
        where, values = ("project = ? AND key = ?", (_bound(project), _bound(key))) if key else ("project = ?", (_bound(project),))
        with self._write() as db:
            return db.execute(f"DELETE FROM memories WHERE {where}", values).rowcount

    def close(self) -> None:
        with self._lock, _explained(self._path):
            self._db.close()

    # ----- the connection --------------------------------------------------------------------------------------------------------------

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _explained(self._path):
            yield self._db

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """A transaction. It takes the write lock at its start: taken later, a second writer would fail instead of waiting."""
        with self._use() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # a full disk ends the transaction by itself
                    db.execute("ROLLBACK")
                raise


def _configure(db: sqlite3.Connection, busy: float) -> None:
    # Going over to WAL needs the file alone for a moment and does not wait for it as other statements do.
    deadline = time.monotonic() + busy
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    db.execute("PRAGMA synchronous = NORMAL")
    # Who fills the WAL copies it into the database and waits for the disk, 20 ms and more: a block takes 6 pages, so at 4000 it is one in 600.
    db.execute("PRAGMA wal_autocheckpoint = 4000")
    db.execute("PRAGMA journal_size_limit = 16777216")  # a WAL that grew once is cut back to 16 MiB


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    known = len(migrations.MIGRATIONS)
    version = migrations.migrate(db)
    if version > known:
        raise StoreError(
            f"The store {path} was written by a newer version of Headroom (layout {version}, this one knows {known})."
            " Update this one, or point it at another folder."
        )


def _where(session: str, since: float, project: str) -> tuple[str, list[Any]]:
    """A condition on receipts and its parameters."""
    where, values = ["time >= ?"], [since]
    for column, value in (("session", session), ("project", project)):
        if value:
            where.append(f"{column} = ?")
            values.append(_bound(value))
    return " AND ".join(where), values


def _receipt(row: tuple[Any, ...]) -> Receipt:
    message_id, session, at, agent, model, project = row[:6]
    cost, cost_without, removed_new, removed_old, overhead, ttfb_ms, added_ms, compressors, reasons, *missed = row[11:]
    return Receipt(
        message_id=_text(message_id),
        session=_text(session),
        time=at,
        agent=_text(agent),
        model=_text(model),
        project=_text(project),
        usage=Usage(*row[6:11]),
        cost=cost,
        cost_without=cost_without,
        removed_new=removed_new,
        removed_old=removed_old,
        overhead=overhead,
        ttfb_ms=ttfb_ms,
        added_ms=added_ms,
        compressors=_pairs(compressors),
        reasons=_pairs(reasons),
        cause=missed[0],
        again=missed[1],
        again_cost=missed[2],
    )


def _memory(row: tuple[Any, ...]) -> Memory:
    project, key, digest, handle, kind, agent, session, at, tokens, stamp, label = row
    return Memory(
        project=_text(project),
        key=_text(key),
        digest=_text(digest),
        handle=_text(handle),
        kind=_text(kind),
        agent=_text(agent),
        session=_text(session),
        time=at,
        tokens=tokens,
        stamp=_text(stamp),
        label=_text(label),
    )


def _total(row: tuple[Any, ...]) -> Total:
    name, responses, unpriced = row[:3]
    cost, cost_without, overhead, removed, again, again_cost = row[8:]
    return Total(_text(name), responses, unpriced, Usage(*row[3:8]), cost, cost_without, overhead, removed, again, again_cost)


def _pairs(column: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in json.loads(column))


def _unpacked(spans: bytes, path: Path) -> bytes:
    """The spans of units as JSON, nothing for lines."""
    try:
        return zstd.decompress(spans) if spans else b""
    except zstd.ZstdError as error:
        raise _damaged(path) from error


def _bound(text: str) -> Any:
    """A text as SQLite takes it: one with lone surrogates (a path that is not UTF-8) as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _text(value: Any) -> str:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else str(value)


# ----- errors --------------------------------------------------------------------------------------------------------------------------

# What SQLite says -> what it means and what to do. By its words: Python 3.10 does not tell the error's number.
_MEANINGS = (
    ("locked", "is locked by another process that does not finish. Look for a hanging Headroom process"),
    ("busy", "is locked by another process that does not finish. Look for a hanging Headroom process"),
    ("full", "cannot grow: the disk is full. Free some space"),
    ("readonly", "is read-only. Check its permissions"),
    ("unable to open", "cannot be opened. Check the folder and its permissions"),
    ("malformed", "is damaged. Move it away; Headroom starts a new one"),
    ("not a database", "is no database. Move it away; Headroom starts a new one"),
    ("closed", "has been closed"),
)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        for word, meaning in _MEANINGS:
            if word in said:
                raise StoreError(f"The store {path} {meaning} ({said}).") from error
        raise StoreError(f"The store {path} failed: {said}.") from error


def _damaged(path: Path) -> StoreError:
    return StoreError(f"The store {path} is damaged: a text in it is not the one that was written. Move it away; Headroom starts a new one.")
