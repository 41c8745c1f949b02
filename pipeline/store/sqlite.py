"""The store of one machine: an SQLite database in WAL mode, shared by all our processes.

What is written survives the end of any process, SIGKILL included. A loss of power may take the last moments with it (`synchronous=NORMAL`
does not wait for the disk at every commit: 0.1 ms instead of 1 to 8), but leaves the database whole, and whole in order: no decision is left whose
original is gone, and blocks whose decision is gone go on as they came, which their agent still has. Those moments are bounded where nobody waits:
after a response's receipt, once a second at most, all that stands before it is seen to be on the disk.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.store import mending, migrations, rows, sums
from pipeline.store.api import Decision, Group, Memory, Original, Receipt, Stock, Store, StoreError, Swept, Total

BUSY_SECONDS = 5.0
_SYNC_S = 1.0  # between two waits for the disk
_BATCH = 500  # parameters a query may have in every SQLite
_STOCK = {"originals": "length(body)", "decisions": "coalesce(length(body), 0)", "receipts": "0", "memories": "0"}

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


class SqliteStore(Store):
    """Originals, decisions and receipts in one file. One object may be used by several threads; open one in each process.

    Args:
        db: the open connection, at the newest layout.
        path: of its file, for messages.
        digest: names a text by its bytes; another one than SHA-256 is for tests of collisions.
    """

    def __init__(self, db: sqlite3.Connection, path: Path, digest: Callable[[bytes], str] = rows.sha256) -> None:
        self._db = db
        self._path = path
        self._digest = digest
        self._lock = threading.RLock()
        self._reader: sqlite3.Connection | None = None  # waits for nothing: a writer of ours keeps the other one for itself
        self._reading = threading.Lock()
        self._synced = -_SYNC_S
        self.mended = ""  # a sentence for the user, where the file had to be set aside

    @classmethod
    def open(cls, path: Path, *, digest: Callable[[bytes], str] = rows.sha256, busy: float = BUSY_SECONDS) -> SqliteStore:
        """Open the store in a file, which is made (0600, in a folder 0700) where it is missing.

        A damaged file is set aside; ``mended`` then says so, and what became of its contents.

        Args:
            path: the database's file.
            digest: see the class.
            busy: seconds to wait for another process's write.

        Raises:
            StoreError: it cannot be opened, or was written by a newer version.
        """
        db, mended = None, ""
        if not mending.noted(path):
            with suppress(_Broken):
                db = _connected(path, busy)
        if db is None:
            db, mended = _mended(path, busy)
        store = cls(db, path, digest)
        store.mended = mended
        return store

    # ----- originals -------------------------------------------------------------------------------------------------------------------

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        data = rows.encoded(text)
        digest = self._digest(data)
        counted = rows.units(spans)
        packed = rows.pack(counted)
        with self._use() as db:
            known = self._known(db, digest)
        if known is None or known[3] < time.time() - rows.DAY_S:
            body = rows.pack(data)  # outside the transaction: others may write meanwhile
            with self._write() as db:
                now = time.time()
                if known is None:
                    handle = self._inserted(db, digest, (_bound(unit), packed, _bound(label), now, len(data), body, now))
                    if handle:
                        return handle
                    known = self._known(db, digest)
                db.execute("UPDATE originals SET used = ? WHERE digest = ?", (now, digest))
        return self._numbered(known, unit, counted, packed)

    def _known(self, db: sqlite3.Connection, digest: str) -> Any:
        """Handle, unit, spans and when it was last put; None where nothing of this digest is kept."""
        return db.execute("SELECT handle, unit, spans, used FROM originals WHERE digest = ?", (digest,)).fetchone()

    def _numbered(self, known: tuple[Any, ...], unit: str, counted: bytes, packed: bytes) -> str:
        """The handle under which a text that is kept already is counted in these units."""
        first, its_unit, its_spans, _ = known
        with _explained(self._path):
            if _text(its_unit) == unit and (its_spans == packed or rows.unpack(its_spans) == counted):
                return str(first)
        handle = rows.numbered(first, unit, counted)
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
            if row is None and len(handle) >= rows.SHORTEST:
                # "g" comes after every hex digit: the range holds what begins with the handle
                found = db.execute(f"{columns} digest >= ? AND digest < ? LIMIT 2", (handle, handle + "g")).fetchall()
                row = found[0] if len(found) == 1 else None
        if row is None:
            return None
        name, digest, unit, spans, label, created, body = row
        if numbered is not None:
            name, (_, unit, spans) = handle, numbered
        with _explained(self._path):
            text = rows.checked(body, digest, self._digest)
            return Original(name, text, _text(unit), rows.spans(spans), _text(label), created)

    def _inserted(self, db: sqlite3.Connection, digest: str, rest: tuple[Any, ...]) -> str:
        """Insert an original under the shortest handle that is free and return that; ``""`` where another process has put the same text just now."""
        insert = (
            "INSERT INTO originals (handle, digest, unit, spans, label, created, size, body, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (digest) DO NOTHING"
        )
        for length in range(rows.SHORTEST, len(digest) + 1):
            try:
                return digest[:length] if db.execute(insert, (digest[:length], digest, *rest)).rowcount else ""
            except sqlite3.IntegrityError:  # another text has this handle
                continue
        raise StoreError(f"The digest {digest} names two texts in {self._path}.")

    # ----- decisions -------------------------------------------------------------------------------------------------------------------

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        return self._decisions(keys, {})

    def glance(self, keys: Sequence[str]) -> dict[str, Decision] | None:
        if not self._reading.acquire(blocking=False):
            return None
        try:
            if self._reader is None:
                self._reader = _reader(self._path)
            return _found(self._reader, keys, {})
        except (sqlite3.Error, rows.Damaged):  # `decisions` waits, and says what is wrong
            return None
        finally:
            self._reading.release()

    def _decisions(self, keys: Sequence[str], texts: Mapping[bytes, str]) -> dict[str, Decision]:
        """The decisions on record. ``texts``: those that need not be unpacked."""
        with self._use() as db:
            return _found(db, keys, texts)

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        if not decisions:
            return {}
        now = time.time()
        packed = rows.packed_forms(decisions)
        values = [(*rows.decision_values(d, packed), now) for d in decisions]
        with self._write() as db:
            new = db.executemany(
                f"INSERT INTO decisions ({rows.DECISION}, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", values
            ).rowcount
        if new == len(decisions):
            return {d.key: d for d in decisions}
        # Rows never change once they are there, so what is read after the commit is what is in force.
        return self._decisions([d.key for d in decisions], {body: text for text, body in packed.items()})

    # ----- receipts --------------------------------------------------------------------------------------------------------------------

    def add_receipt(self, receipt: Receipt) -> None:
        values = rows.receipt_values(receipt, _bound)
        with self._write() as db:
            db.execute(f"INSERT OR REPLACE INTO receipts ({rows.RECEIPT}) VALUES ({','.join('?' * len(values))})", values)
        self._sync()

    def receipts(self, *, session: str = "", since: float = 0.0, project: str = "") -> list[Receipt]:
        where, values = _where(session, since, project)
        with self._use() as db:
            found = db.execute(f"SELECT {rows.RECEIPT} FROM receipts WHERE {where} ORDER BY time, message_id", values)
            return [rows.receipt(row, _text) for row in found]

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        where, values = _where(session, since, project)
        with self._use() as db:
            found = db.execute(f"SELECT {_GROUPS[group]}, {_SUMS} FROM receipts WHERE {where} GROUP BY 1", values).fetchall()
        return sums.merged((_text(name), numbers) for name, *numbers in found)

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        if column not in rows.COUNTED:
            raise ValueError(f"{column} holds no pairs")
        where, values = _where(session, since, project)
        pairs = f"SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM receipts, json_each({column}) WHERE {where}"
        with self._use() as db:
            found = db.execute(f"WITH pairs (name, number) AS ({pairs}) SELECT name, sum(number) FROM pairs GROUP BY name", values).fetchall()
        return sums.most_first((_text(name), number) for name, number in found)

    # ----- memories --------------------------------------------------------------------------------------------------------------------

    def remember(self, memories: Sequence[Memory]) -> None:
        if not memories:
            return
        with self._write() as db:
            db.executemany(
                f"INSERT INTO memories ({rows.MEMORY}) VALUES ({','.join('?' * 11)}) ON CONFLICT (project, key, digest, agent)"
                " DO UPDATE SET session = excluded.session, time = excluded.time, stamp = excluded.stamp",
                [rows.memory_values(m, _bound) for m in memories],
            )

    def memories(self, project: str, *, key: str = "", digest: str = "", limit: int = 0) -> list[Memory]:
        where, values = _of_project(project, key=key, digest=digest)
        query = f"SELECT {rows.MEMORY} FROM memories WHERE {where} ORDER BY time DESC, key, digest, agent LIMIT ?"
        with self._use() as db:
            return [rows.memory(row, _text) for row in db.execute(query, (*values, limit or -1))]

    def projects(self) -> list[tuple[str, int]]:
        with self._use() as db:
            return sorted((_text(name), number) for name, number in db.execute("SELECT project, count(*) FROM memories GROUP BY project"))

    def forget(self, project: str, key: str = "", *, kind: str = "") -> int:
        where, values = _of_project(project, key=key, kind=kind)
        with self._write() as db:
            return db.execute(f"DELETE FROM memories WHERE {where}", values).rowcount

    # ----- housekeeping ----------------------------------------------------------------------------------------------------------------

    def stock(self) -> list[Stock]:
        with self._use() as db:
            return [Stock(name, *db.execute(f"SELECT count(*), coalesce(sum({size}), 0) FROM {name}").fetchone()) for name, size in _STOCK.items()]

    def verify(self) -> list[str]:
        with self._use() as db:
            wrong = [f"The store {self._path}: {said}." for (said,) in db.execute("PRAGMA integrity_check") if said != "ok"]
            handles = [handle for (handle,) in db.execute("SELECT handle FROM originals ORDER BY handle")]
        for handle in handles:
            try:
                self.original(handle)
            except StoreError:
                wrong.append(f"The original {handle} is not the text that was kept.")
        return wrong

    def cutoff(self, size: int) -> float:
        with self._use() as db:
            # at one time all or none: the range is by time, not by row
            query = (
                "SELECT used FROM (SELECT used, sum(length(body)) OVER (ORDER BY used DESC) AS kept FROM originals) WHERE kept > ? ORDER BY used DESC"
            )
            found = db.execute(f"{query} LIMIT 1", (size,)).fetchone()
        return 0.0 if found is None else float(found[0]) + rows.TICK_S

    def sweep(self, before: float) -> Swept:
        before = min(before, time.time() - rows.DAY_S)
        named = "SELECT handle FROM decisions UNION SELECT handle FROM memories"
        with self._write() as db:
            made = db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM decisions WHERE created < ?", (before,)).fetchone()
            db.execute("DELETE FROM decisions WHERE created < ?", (before,))
            db.execute(
                f"CREATE TEMP TABLE named AS SELECT coalesce(n.original, d.handle) AS handle FROM ({named}) d LEFT JOIN numberings n USING (handle)"
            )
            gone = "used < ? AND handle NOT IN (SELECT handle FROM named)"
            kept = db.execute(f"SELECT count(*), coalesce(sum(length(body)), 0) FROM originals WHERE {gone}", (before,)).fetchone()
            db.execute(f"DELETE FROM originals WHERE {gone}", (before,))
            db.execute("DELETE FROM numberings WHERE original NOT IN (SELECT handle FROM originals)")
            db.execute("DROP TABLE named")
        return Swept(kept[0], made[0], kept[1] + made[1])

    def compact(self) -> None:
        with self._use() as db:
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        with self._lock, self._reading, _explained(self._path):
            if self._reader is not None:
                self._reader.close()
            self._db.close()
            self._reader = self._db  # no other is opened any more

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

    def _sync(self) -> None:
        """See to it, once a second at most, that what was written is on the disk. It takes milliseconds, so no lock is held meanwhile."""
        now = time.monotonic()
        if now - self._synced < _SYNC_S:
            return
        self._synced = now
        with suppress(OSError):  # the log may just have been emptied into the database, which waits for the disk itself
            log = os.open(f"{self._path}-wal", os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
            try:
                os.fsync(log)
            finally:
                os.close(log)


class _Broken(StoreError):
    """The file is no database, or not a whole one."""


def _connected(path: Path, busy: float) -> sqlite3.Connection:
    """A connection at the newest layout."""
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.parent.mkdir(mode=0o700)
        # SQLite gives the files beside it (-wal, -shm) the same mode. A file that is there is not opened but by SQLite: with the first descriptor
        # that is closed a process loses all its locks on a file (POSIX), and what another connection of ours writes goes into a log that the next
        # process to close the store takes away.
        with suppress(FileExistsError):
            os.close(os.open(os.path.realpath(path), os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))
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
    return db


def _reader(path: Path) -> sqlite3.Connection:
    """A second connection, on which nothing waits. The file stands, and is at the newest layout."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA cache_size = -256")  # KiB: each commit of the other one empties it
    return db


def _found(db: sqlite3.Connection, keys: Sequence[str], texts: Mapping[bytes, str]) -> dict[str, Decision]:
    """The decisions on record. ``texts``: those that need not be unpacked. Raises ``sqlite3.Error`` and ``Damaged``."""
    found: dict[str, Decision] = {}
    for i in range(0, len(keys), _BATCH):
        batch = keys[i : i + _BATCH]
        marks = ",".join("?" * len(batch))
        for row in db.execute(f"SELECT {rows.DECISION} FROM decisions WHERE key IN ({marks})", batch).fetchall():
            found[row[0]] = rows.decision(row, texts)
    return {key: found[key] for key in keys if key in found}


def _mended(path: Path, busy: float) -> tuple[sqlite3.Connection, str]:
    """A connection to a new file in place of a damaged one, and what was done."""
    with mending.alone(path):
        with suppress(_Broken):
            db = _connected(path, busy)
            with _explained(path):
                if db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",):  # another process was first
                    mending.forget(path)
                    return db, ""
            db.close()
        try:
            aside = mending.set_aside(path)
        except OSError as error:
            raise StoreError(f"The store {path} is damaged and cannot be set aside: {error.strerror}. Move it away.") from error
        db = _connected(path, busy)
        with _explained(path):
            saved = mending.salvage(aside, db)
    kept = ", ".join(f"{number} {name}" for name, number in saved.items() if number) or "nothing"
    return db, f"The store {path} was damaged. It is now {aside}, and a new one was made with what could be read of it: {kept}."


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


def _of_project(project: str, **columns: str) -> tuple[str, list[Any]]:
    """A condition on a project's memories and its parameters; columns without a value may have any."""
    where, values = ["project = ?"], [_bound(project)]
    for column, value in columns.items():
        if value:
            where.append(f"{column} = ?")
            values.append(_bound(value))
    return " AND ".join(where), values


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
    ("closed", "has been closed"),
)


_BROKEN = (
    ("malformed", "is damaged"),
    ("not a database", "is no database"),
)
_NEXT = "It is set aside and made anew, with all that can be read of it, when Headroom is started next"


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except rows.Damaged as error:
        raise StoreError(f"The store {path} is damaged: a text in it is not the one that was written.") from error
    except sqlite3.Error as error:
        said = str(error)
        for word, meaning in _BROKEN:
            if word in said:
                mending.note(path)
                raise _Broken(f"The store {path} {meaning} ({said}). {_NEXT}.") from error
        for word, meaning in _MEANINGS:
            if word in said:
                raise StoreError(f"The store {path} {meaning} ({said}).") from error
        raise StoreError(f"The store {path} failed: {said}.") from error
