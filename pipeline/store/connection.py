"""Connections to a store's file, at the newest layout, and what goes wrong on them in words."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.store import mending, migrations, rows
from pipeline.store.api import StoreError

Identity = tuple[int, int]
"""A file whatever its name: its device and its number on it."""

# Who fills the WAL copies it into the database and waits for the disk, 20 ms and more: a block takes 6 pages, so at 4000 it is one in 600.
_LOG_PAGES = 4000

NOTHING: Identity = (0, 0)


class Broken(StoreError):
    """The file is no database, or not a whole one."""


def identity(path: Path) -> Identity:
    """Of the file that has this name now; ``NOTHING`` where none can be seen."""
    try:
        about = path.stat()
    except OSError:
        return NOTHING
    return about.st_dev, about.st_ino


def opened(path: Path, busy: float, *, wait: bool = True) -> tuple[sqlite3.Connection, Identity, str]:
    """A connection for reading and writing, its file's identity, and a sentence for the user where that was damaged and had to be set aside.

    Args:
        path: of the file, which is made (0600, in a folder 0700) where it is missing.
        busy: seconds to wait for another process's write.
        wait: for another process that is mending the file.

    Raises:
        StoreError: it cannot be opened, or was written by a newer version.
    """
    if not mending.noted(path):
        with suppress(Broken):
            return *_connected(path, busy), ""
    return _mended(path, busy, wait=wait)


def prompt(path: Path) -> sqlite3.Connection:
    """A second connection, on which nothing waits. The file stands, and is at the newest layout.

    Raises:
        sqlite3.Error, OSError: it cannot be had.
    """
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"PRAGMA wal_autocheckpoint = {2 * _LOG_PAGES}")  # who can wait for the disk has emptied it long before, where there is anyone
        db.execute("PRAGMA cache_size = -256")  # KiB: each commit of the other one empties it
    except BaseException:
        db.close()
        raise
    return db


def _connected(path: Path, busy: float) -> tuple[sqlite3.Connection, Identity]:
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
    file = identity(path)  # before it is opened: if it is exchanged in between, that shows at the first use
    with explained(path):
        db = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
        try:
            _configure(db, busy)
            _migrate(db, path)
        except BaseException:
            db.close()
            raise
    return db, file


def _mended(path: Path, busy: float, *, wait: bool) -> tuple[sqlite3.Connection, Identity, str]:
    """A connection to a new file in place of a damaged one."""
    with mending.alone(path, wait=wait):
        if not mending.interrupted(path):
            with suppress(Broken):
                db, file = _connected(path, busy)
                if _whole(db, path):  # another process was first
                    mending.forget(path)
                    return db, file, ""
                db.close()
        try:
            aside = mending.set_aside(path)
        except OSError as error:
            raise StoreError(f"The store {path} is damaged and cannot be set aside: {error.strerror}. Move it away.") from error
        db, file = _connected(path, busy)
        with explained(path):
            saved = mending.salvage(aside, db)
    kept = ", ".join(f"{number} {name}" for name, number in saved.items() if number) or "nothing"
    return db, file, f"The store {path} was damaged. It is now {aside}, and a new one was made with what could be read of it: {kept}."


def _whole(db: sqlite3.Connection, path: Path) -> bool:
    try:
        with explained(path):
            return bool(db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except Broken:
        return False


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
    db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    db.execute("PRAGMA journal_size_limit = 16777216")  # a WAL that grew once is cut back to 16 MiB


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    known = len(migrations.MIGRATIONS)
    version = migrations.migrate(db)
    if version > known:
        raise StoreError(
            f"The store {path} was written by a newer version of Headroom (layout {version}, this one knows {known})."
            " Update this one, or point it at another folder."
        )


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
def explained(path: Path) -> Iterator[None]:
    """Raise ``StoreError`` in place of what SQLite raises, and leave a note where the file is damaged."""
    try:
        yield
    except rows.Damaged as error:
        raise StoreError(f"The store {path} is damaged: a text in it is not the one that was written.") from error
    except sqlite3.Error as error:
        said = str(error)
        for word, meaning in _BROKEN:
            if word in said:
                mending.note(path)
                raise Broken(f"The store {path} {meaning} ({said}). {_NEXT}.") from error
        for word, meaning in _MEANINGS:
            if word in said:
                raise StoreError(f"The store {path} {meaning} ({said}).") from error
        raise StoreError(f"The store {path} failed: {said}.") from error
