"""What becomes of a database file that is damaged: it is set aside, and what can be read of it goes into the new one.

A file is known to be damaged when it cannot be opened, or when a process that came upon the damage later left a note beside it: that process goes
on with what it can read, and the next one that opens the file mends it. Who has it open meanwhile finds another in its place at the next use.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.store import rows
from pipeline.store.api import StoreError

_BESIDE = ("", "-wal", "-shm")
_KEPT = (  # by what a decision's handle names: an original, or the units that one is counted in
    "SELECT 1 FROM originals o WHERE o.handle = decisions.handle"
    " UNION ALL SELECT 1 FROM numberings n JOIN originals o ON o.handle = n.original WHERE n.handle = decisions.handle"
)
_TABLES = ("originals", "numberings", "decisions", "receipts", "memories")


def note(path: Path) -> None:
    """Leave a note that the file is damaged, for who opens it next."""
    with suppress(OSError):
        _note(path).touch(mode=0o600)


def forget(path: Path) -> None:
    """Take the note away."""
    _note(path).unlink(missing_ok=True)


def noted(path: Path) -> bool:
    """Whether there is such a note."""
    return _note(path).exists()


@contextmanager
def alone(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Of several processes that find the damage at once, one mends it; the others wait for it, or raise ``StoreError``."""
    descriptor = os.open(path.with_name(path.name + "-mending"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"The store {path} is damaged, and another process is just making it anew. Ask again in a moment.") from error
        yield
    finally:
        os.close(descriptor)


def interrupted(path: Path) -> bool:
    """Whether a process seems to have been killed while it set the file aside: its log may still be there, which is nothing for a new file."""
    return not path.exists() and next(_names(path)).exists()


def set_aside(path: Path) -> Path:
    """Rename a file and what SQLite keeps beside it; its new path. Raises ``OSError``."""
    taken = list(itertools.takewhile(Path.exists, _names(path)))
    if interrupted(path) and not any(_beside(path, suffix).exists() and _beside(taken[-1], suffix).exists() for suffix in _BESIDE):
        aside = taken[-1]
    else:
        aside = next(itertools.islice(_names(path), len(taken), None))
    for suffix in _BESIDE:
        with suppress(FileNotFoundError):
            _beside(path, suffix).rename(_beside(aside, suffix))
    forget(path)
    return aside


def salvage(aside: Path, db: sqlite3.Connection) -> dict[str, int]:
    """Copy what can be read of a file that was set aside; how many rows of which table.

    Originals only where they are what was kept, and decisions only where their original was: without its decision a block goes on as it came, which
    its agent still has.
    """
    saved = dict.fromkeys(_TABLES, 0)
    try:
        with closing(sqlite3.connect(aside, isolation_level=None)) as old:
            for table in _TABLES:
                saved[table] = _copied(old, db, table)
    except sqlite3.Error:
        pass  # no database at all, or one that cannot be read on: the file itself is still there
    saved["decisions"] -= db.execute(f"DELETE FROM decisions WHERE handle <> '' AND NOT EXISTS ({_KEPT})").rowcount
    return saved


def _copied(old: sqlite3.Connection, db: sqlite3.Connection, table: str) -> int:
    known = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
    columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})") if row[1] in known]
    if not columns:
        return 0
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    before: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    db.execute("BEGIN IMMEDIATE")
    # From both ends up to the damage: what lies between two damaged places is lost.
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.Error):
            for row in old.execute(f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED ORDER BY rowid {order}"):
                if table != "originals" or _is_whole(dict(zip(columns, row, strict=True))):
                    with suppress(sqlite3.IntegrityError):
                        db.execute(insert, row)
    db.execute("COMMIT")
    after: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return after - before


def _is_whole(row: dict[str, Any]) -> bool:
    try:
        return bool(rows.sha256(rows.unpack(row["body"])) == row["digest"])
    except (rows.Damaged, TypeError):
        return False


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _names(path: Path) -> Iterator[Path]:
    return (path.with_name(f"{path.name}.damaged-{number}") for number in itertools.count(1))


def _note(path: Path) -> Path:
    return path.with_name(path.name + "-damaged")
