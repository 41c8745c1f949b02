"""A store's file for as long as it is in use: by several threads, over forks of the process, and when another file comes to stand in its place."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from pipeline.store import connection, rows
from pipeline.store.api import StoreError
from pipeline.store.connection import explained

_T = TypeVar("_T")
_SYNC_S = 1.0  # between two waits for the disk


class File:
    """The connections to a database file. They are opened at the first use, and anew after a fork or where there is another file of this name.

    Args:
        path: of the file; where it is a relative one, it is the one in the folder in which the process is now.
        busy: seconds to wait for another process's write.

    Raises:
        StoreError: that folder is gone.
    """

    def __init__(self, path: Path, busy: float) -> None:
        try:
            self.path = path.absolute()
        except OSError:
            raise StoreError(f"The store {path} cannot be opened: the current folder no longer exists.") from None
        self.exchanged = False  # whether what was written through this object may be in another file than the one that is open
        self._busy = busy
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._file = connection.NOTHING
        self._closed = False
        self._prompt: sqlite3.Connection | None = None  # waits for nothing: a writer of ours keeps the other one for itself
        self._prompting = threading.Lock()
        self._in_hand: tuple[int, sqlite3.Connection] | None = None  # the thread that is in `at_once`, and its connection
        self._synced = -_SYNC_S
        with _registering:
            _files.add(self)

    def open(self) -> str:
        """Open it now. A sentence for the user, where it was damaged and had to be set aside.

        Raises:
            StoreError: it cannot be opened, or was written by a newer version.
        """
        with self._lock:
            self._db, self._file, mended = connection.opened(self.path, self._busy)
        return mended

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time."""
        if (db := self._mine()) is not None:
            with explained(self.path):
                yield db
            return
        with self._lock, explained(self.path):
            yield self._current()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction. It takes the write lock at its start: taken later, a second writer would fail instead of waiting.

        Raises:
            StoreError: it failed, or nobody else would find what was written.
        """
        with self.use() as db:
            if self._mine() is not None:  # it is part of the one that is under way
                yield db
                return
            with _transaction(db):
                yield db
            self.stands()

    def stands(self) -> None:
        """See to it that what was just written or read is in the file that others open.

        A file that is mended is renamed before it is copied from: what was committed while it had its name is in the copy.

        Raises:
            StoreError: another file is in its place.
        """
        if connection.identity(self.path) != self._file:
            raise StoreError(f"The store {self.path} was exchanged for another file at this very moment. What comes next is kept in that one.")

    def glance(self, read: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """What is read on a connection that waits for nothing; None where that cannot be had. It raises nothing."""
        with self._promptly() as db:
            return None if db is None else read(db)
        return None

    def at_once(self, work: Callable[[], _T]) -> _T | None:
        """What work makes of the file where all that it writes is one transaction that waits for nothing.

        None where that cannot be had; then nothing has been written that others are sure to find. Of the store's own errors it raises none.
        """
        found = None
        with self._promptly() as db:
            if db is None:
                return None
            with _transaction(db):
                self._in_hand = threading.get_ident(), db
                try:
                    found = work()
                finally:
                    self._in_hand = None
            self.stands()
            return found
        return None

    def sync(self) -> None:
        """``flush``, once a second at most."""
        if time.monotonic() - self._synced >= _SYNC_S:
            self.flush()

    def flush(self) -> None:
        """See to it that what was written is on the disk. It takes milliseconds, so no lock is held meanwhile."""
        self._synced = time.monotonic()
        with suppress(OSError):  # the log may just have been emptied into the database, which waits for the disk itself
            # It stands beside the file itself, wherever a link to that is. SQLite has no locks on it, so none are lost with it.
            log = os.open(f"{os.path.realpath(self.path)}-wal", os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
            try:
                os.fsync(log)
            finally:
                os.close(log)

    def close(self) -> None:
        """Close it for good."""
        with self._lock, self._prompting, explained(self.path):
            self._closed = True
            self._shut()

    def _mine(self) -> sqlite3.Connection | None:
        """The connection on which this thread is in a transaction already."""
        held = self._in_hand
        return held[1] if held is not None and held[0] == threading.get_ident() else None

    @contextmanager
    def _promptly(self) -> Iterator[sqlite3.Connection | None]:
        """The connection that waits for nothing, None where it cannot be had. What goes wrong with the file ends the context and no more."""
        if not self._prompting.acquire(blocking=False):
            yield None
            return
        try:
            yield self._at_hand()
        except (sqlite3.Error, rows.Damaged, StoreError):  # who waits is told what is wrong
            pass
        finally:
            self._prompting.release()

    def _at_hand(self) -> sqlite3.Connection | None:
        """The connection that waits for nothing, opened where it is not; None where it cannot be had."""
        if self._db is None or connection.identity(self.path) != self._file:
            return None
        if self._prompt is None:
            with suppress(sqlite3.Error, OSError):  # who waits is told of that, too
                self._prompt = connection.prompt(self.path)
        return self._prompt

    def _current(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreError(f"The store {self.path} has been closed.")
        if self._db is None or connection.identity(self.path) != self._file:
            self._reopen()
        assert self._db is not None
        return self._db

    def _reopen(self) -> None:
        with self._prompting:
            self._shut()  # of a file that was renamed SQLite leaves the log as it is: one of that name is the new file's
        self._db, file, _ = connection.opened(self.path, self._busy, wait=False)
        self.exchanged = self.exchanged or file != self._file
        self._file = file

    def _shut(self) -> None:
        for db in (self._prompt, self._db):
            if db is not None:
                db.close()
        self._prompt = self._db = None

    # ----- forks -----------------------------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Close the connections, and let no thread open them until ``release``."""
        self._lock.acquire()
        self._prompting.acquire()
        with suppress(sqlite3.Error):
            self._shut()

    def release(self) -> None:
        """End what ``hold`` began."""
        self._prompting.release()
        self._lock.release()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One that takes the write lock at its start, and is undone by whatever is raised in it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk ends the transaction by itself
            db.execute("ROLLBACK")
        raise


# A process that is forked has in its memory that SQLite holds locks on a file, and not the locks, which are its parent's: whatever it opened then
# would be taken for nobody's by the next process that closes the store, and what it wrote be removed. So nothing is open at a fork.
_files: weakref.WeakSet[File] = weakref.WeakSet()
_registering = threading.Lock()
_held: list[File] = []


def _before_fork() -> None:
    _registering.acquire()
    for file in list(_files):
        file.hold()
        _held.append(file)


def _after_fork() -> None:
    while _held:
        _held.pop().release()
    _registering.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
