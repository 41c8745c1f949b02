"""The store of one machine: an SQLite database in WAL mode, shared by all our processes.

What is written survives the end of any process, SIGKILL included. A loss of power may take the last moments with it (`synchronous=NORMAL`
does not wait for the disk at every commit: 0.1 ms instead of 1 to 8), but leaves the database whole, and whole in order: no decision is left whose
original is gone, and blocks whose decision is gone go on as they came, which their agent still has. Those moments are bounded where nobody waits:
after a response's receipt, and when a proxy has sent on what it decided, all that stands before it is seen to be on the disk, once a second at most.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pipeline.store import rows, sums
from pipeline.store.api import Decision, Group, Keeper, Memory, Original, Receipt, Stock, Store, StoreError, Swept, Total
from pipeline.store.connection import explained
from pipeline.store.file import File

_T = TypeVar("_T")

BUSY_SECONDS = 5.0
_RENEWED_S = rows.DAY_S / 2  # a sweep leaves a day: who puts a text has the rest of it to name it in a decision
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
    """Originals, decisions and receipts in one file. One object may be used by several threads, and after a fork by both processes.

    Args:
        file: that they are in.
        digest: names a text by its bytes; another one than SHA-256 is for tests of collisions.
    """

    def __init__(self, file: File, digest: Callable[[bytes], str] = rows.sha256) -> None:
        self._file = file
        self._path = file.path
        self._digest = digest
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
        file = File(path, busy)
        store = cls(file, digest)
        store.mended = file.open()
        return store

    # ----- originals -------------------------------------------------------------------------------------------------------------------

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        data = rows.encoded(text)
        digest = self._digest(data)
        counted = rows.units(spans)
        packed = rows.pack(counted)
        with self._file.use() as db:
            known = self._known(db, digest)
            if known is not None:
                self._file.stands()
        if known is None or known[3] < time.time() - _RENEWED_S:
            body = rows.pack(data)  # outside the transaction: others may write meanwhile
            with self._file.write() as db:
                now = time.time()
                # where it was known it may have been swept since
                if known is None or not db.execute("UPDATE originals SET used = ? WHERE digest = ?", (now, digest)).rowcount:
                    handle = self._inserted(db, digest, (_bound(unit), packed, _bound(label), now, len(data), body, now))
                    if handle:
                        return handle
                    known = self._known(db, digest)
        return self._numbered(known, unit, counted, packed)

    def _known(self, db: sqlite3.Connection, digest: str) -> Any:
        """Handle, unit, spans and when it was last put; None where nothing of this digest is kept."""
        return db.execute("SELECT handle, unit, spans, used FROM originals WHERE digest = ?", (digest,)).fetchone()

    def _numbered(self, known: tuple[Any, ...], unit: str, counted: bytes, packed: bytes) -> str:
        """The handle under which a text that is kept already is counted in these units."""
        first, its_unit, its_spans, _ = known
        with explained(self._path):
            if _text(its_unit) == unit and (its_spans == packed or rows.unpack(its_spans) == counted):
                return str(first)
        handle = rows.numbered(first, unit, counted)
        with self._file.write() as db:
            db.execute(
                "INSERT INTO numberings (handle, original, unit, spans) VALUES (?, ?, ?, ?) ON CONFLICT (handle) DO NOTHING",
                (handle, first, _bound(unit), packed),
            )
        return handle

    def original(self, handle: str) -> Original | None:
        columns = "SELECT handle, digest, unit, spans, label, created, body FROM originals WHERE"
        with self._file.use() as db:
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
        with explained(self._path):
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
        return self._file.glance(lambda db: _found(db, keys, {}))

    def _decisions(self, keys: Sequence[str], texts: Mapping[bytes, str]) -> dict[str, Decision]:
        """The decisions on record. ``texts``: those that need not be unpacked."""
        with self._file.use() as db:
            return _found(db, keys, texts)

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        if not decisions:
            return {}
        now = time.time()
        packed = rows.packed_forms(decisions)
        values = [(*rows.decision_values(d, packed), now) for d in decisions]
        with self._file.write() as db:
            if self._file.exchanged:
                self._all_kept(db, decisions)
            new = db.executemany(
                f"INSERT INTO decisions ({rows.DECISION}, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", values
            ).rowcount
        if new == len(decisions):
            return {d.key: d for d in decisions}
        # Rows never change once they are there, so what is read after the commit is what is in force.
        return self._decisions([d.key for d in decisions], {body: text for text, body in packed.items()})

    def _all_kept(self, db: sqlite3.Connection, decisions: Sequence[Decision]) -> None:
        """See to it that the originals of these decisions are in this file, which may not be the one that they were put in."""
        either = "SELECT 1 FROM originals WHERE handle = ? UNION SELECT 1 FROM numberings WHERE handle = ?"
        for handle in dict.fromkeys(d.handle for d in decisions if d.handle):
            if db.execute(either, (handle, handle)).fetchone() is None:
                raise StoreError(f"The original {handle} is not in the file that has come in the place of {self._path}.")

    def at_once(self, work: Callable[[Keeper], _T]) -> _T | None:
        """What work makes of the store where all that it writes can be written without waiting for a lock, in one transaction; else None.

        For callers on an event loop, as ``glance`` is. None means that it is to be done anew where it may wait; of the store's own errors it
        raises none.
        """
        return self._file.at_once(lambda: work(self))

    def flush(self) -> None:
        self._file.flush()

    # ----- receipts --------------------------------------------------------------------------------------------------------------------

    def add_receipt(self, receipt: Receipt) -> None:
        values = rows.receipt_values(receipt, _bound)
        with self._file.write() as db:
            db.execute(f"INSERT OR REPLACE INTO receipts ({rows.RECEIPT}) VALUES ({','.join('?' * len(values))})", values)
        self._file.sync()

    def receipts(self, *, session: str = "", since: float = 0.0, project: str = "") -> list[Receipt]:
        where, values = _where(session, since, project)
        with self._file.use() as db:
            found = db.execute(f"SELECT {rows.RECEIPT} FROM receipts WHERE {where} ORDER BY time, message_id", values)
            return [rows.receipt(row, _text) for row in found]

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        where, values = _where(session, since, project)
        with self._file.use() as db:
            found = db.execute(f"SELECT {_GROUPS[group]}, {_SUMS} FROM receipts WHERE {where} GROUP BY 1", values).fetchall()
        return sums.merged((_text(name), numbers) for name, *numbers in found)

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        if column not in rows.COUNTED:
            raise ValueError(f"{column} holds no pairs")
        where, values = _where(session, since, project)
        pairs = f"SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM receipts, json_each({column}) WHERE {where}"
        with self._file.use() as db:
            found = db.execute(f"WITH pairs (name, number) AS ({pairs}) SELECT name, sum(number) FROM pairs GROUP BY name", values).fetchall()
        return sums.most_first((_text(name), number) for name, number in found)

    # ----- memories --------------------------------------------------------------------------------------------------------------------

    def remember(self, memories: Sequence[Memory]) -> None:
        if not memories:
            return
        with self._file.write() as db:
            db.executemany(
                f"INSERT INTO memories ({rows.MEMORY}) VALUES ({','.join('?' * 11)}) ON CONFLICT (project, key, digest, agent)"
                " DO UPDATE SET session = excluded.session, time = excluded.time, stamp = excluded.stamp",
                [rows.memory_values(m, _bound) for m in memories],
            )

    def memories(self, project: str, *, key: str = "", digest: str = "", limit: int = 0) -> list[Memory]:
        where, values = _of_project(project, key=key, digest=digest)
        query = f"SELECT {rows.MEMORY} FROM memories WHERE {where} ORDER BY time DESC, key, digest, agent LIMIT ?"
        with self._file.use() as db:
            return [rows.memory(row, _text) for row in db.execute(query, (*values, limit or -1))]

    def projects(self) -> list[tuple[str, int]]:
        with self._file.use() as db:
            return sorted((_text(name), number) for name, number in db.execute("SELECT project, count(*) FROM memories GROUP BY project"))

    def forget(self, project: str, key: str = "", *, kind: str = "", before: float = math.inf) -> int:
        where, values = _of_project(project, key=key, kind=kind)
        with self._file.write() as db:
            return db.execute(f"DELETE FROM memories WHERE {where} AND time < ?", [*values, before]).rowcount

    # ----- housekeeping ----------------------------------------------------------------------------------------------------------------

    def stock(self) -> list[Stock]:
        with self._file.use() as db:
            return [Stock(name, *db.execute(f"SELECT count(*), coalesce(sum({size}), 0) FROM {name}").fetchone()) for name, size in _STOCK.items()]

    def verify(self) -> list[str]:
        with self._file.use() as db:
            wrong = [f"The store {self._path}: {said}." for (said,) in db.execute("PRAGMA integrity_check") if said != "ok"]
            handles = [handle for (handle,) in db.execute("SELECT handle FROM originals ORDER BY handle")]
        for handle in handles:
            try:
                self.original(handle)
            except StoreError:
                wrong.append(f"The original {handle} is not the text that was kept.")
        return wrong

    def cutoff(self, size: int) -> float:
        with self._file.use() as db:
            # at one time all or none: the range is by time, not by row
            query = (
                "SELECT used FROM (SELECT used, sum(length(body)) OVER (ORDER BY used DESC) AS kept FROM originals) WHERE kept > ? ORDER BY used DESC"
            )
            found = db.execute(f"{query} LIMIT 1", (size,)).fetchone()
        return 0.0 if found is None else float(found[0]) + rows.TICK_S

    def sweep(self, before: float) -> Swept:
        before = min(before, time.time() - rows.DAY_S)
        named = "SELECT handle FROM decisions UNION SELECT handle FROM memories"
        with self._file.write() as db:
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
        with self._file.use() as db:
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._file.close()


def _found(db: sqlite3.Connection, keys: Sequence[str], texts: Mapping[bytes, str]) -> dict[str, Decision]:
    """The decisions on record. ``texts``: those that need not be unpacked. Raises ``sqlite3.Error`` and ``Damaged``."""
    found: dict[str, Decision] = {}
    for i in range(0, len(keys), _BATCH):
        batch = keys[i : i + _BATCH]
        marks = ",".join("?" * len(batch))
        for row in db.execute(f"SELECT {rows.DECISION} FROM decisions WHERE key IN ({marks})", batch).fetchall():
            found[row[0]] = rows.decision(row, texts)
    return {key: found[key] for key in keys if key in found}


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
