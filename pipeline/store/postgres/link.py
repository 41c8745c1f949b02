"""The way to a PostgreSQL server: a few connections, each used by one thread at a time, which blocks.

psycopg, because it waits in the thread that asks: on two cores at a load of 5 a select takes 0.15 ms, with asyncpg on an event loop in a thread
of its own 0.3 to 0.6 ms (medians), the rest being that thread's turn. psycopg has no limit for a server that takes a statement and answers
nothing: the watchdog has.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent import futures
from contextlib import AbstractContextManager, suppress
from typing import Any, TypeVar

from pipeline.store.api import StoreError, Unreachable
from pipeline.store.breaker import Breaker
from pipeline.store.postgres.watchdog import Watch, Watchdog

try:
    import psycopg
    from psycopg import conninfo, errors
    from psycopg.pq import TransactionStatus
    from psycopg.types.numeric import Int8Dumper
    from psycopg.types.string import TextBinaryLoader
except ImportError as error:
    raise StoreError('A store on PostgreSQL needs a package that is not here: pip install "headroom-ai[fleet]"') from error

_T = TypeVar("_T")
_CONNECTIONS = 4  # a process; a proxy asks from two threads
_INTERVAL = "SET client_connection_check_interval = '1s'"  # a server that waits for a lock stops when its client has gone
_INTERVAL_SINCE = 140000  # PostgreSQL's version that has it


class Connection:
    """A connection: statements with the server's own ``$1`` go in, rows come out as tuples. Each statement is a transaction.

    Args:
        link: psycopg's connection, which commits by itself.
    """

    def __init__(self, link: psycopg.Connection[Any]) -> None:
        self.link = link
        link.adapters.register_dumper(int, Int8Dumper)  # one plan for a statement, not one for each size of its numbers
        link.adapters.register_loader("json", TextBinaryLoader)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a statement's answer."""
        return self._executed(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row, None if there is none."""
        return self._executed(statement, values).fetchone()

    def value(self, statement: str, *values: Any) -> Any:
        """The first row's first column, None if there is none."""
        row = self.row(statement, *values)
        return None if row is None else row[0]

    def change(self, statement: str, *values: Any) -> int:
        """Run a statement that answers no rows; how many it changed."""
        return self._executed(statement, values).rowcount

    def change_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run it with each row of values, all or none."""
        with self.link.transaction():
            psycopg.RawCursor(self.link).executemany(statement, rows)

    def _executed(self, statement: str, values: Sequence[Any]) -> psycopg.RawCursor[tuple[Any, ...]]:
        return psycopg.RawCursor(self.link).execute(statement, values, binary=True)

    def script(self, statements: str) -> None:
        """Run several statements without values."""
        self.link.execute(statements)

    def transaction(self) -> AbstractContextManager[object]:
        """A context in which all statements are one transaction."""
        return self.link.transaction()

    @property
    def is_sound(self) -> bool:
        """Whether it can be used for something else."""
        return not self.link.closed and self.link.info.transaction_status is TransactionStatus.IDLE


Work = Callable[[Connection], _T]


class _Gone(Exception):
    """A connection was lost; the statement may be right."""


class Link:
    """Runs work on connections to one server.

    Args:
        url: of the server and the database, as libpq takes it.
        name: the same without its password, for messages.
        patience: seconds that a connection, and a piece of work, may take.

    Raises:
        StoreError: libpq cannot read the URL.
    """

    def __init__(self, url: str, name: str, patience: float) -> None:
        self._name = name
        self._patience = patience
        try:
            # Its own limit for connecting, in whole seconds from 2 on, only ends the thread of a call that gave up before.
            limit = math.ceil(patience)
            self._address = conninfo.make_conninfo(url, connect_timeout=limit, client_encoding="utf8", application_name="headroom")
        except psycopg.ProgrammingError:
            hint = "Check what is escaped in its user and password, and the names in its query"
            raise StoreError(f"The store {name} has no address that PostgreSQL's clients can read. {hint}.") from None  # it may quote the password
        self._breaker = Breaker()
        self._watchdog = Watchdog()
        self._room = threading.BoundedSemaphore(_CONNECTIONS)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._closed = False

    def run(self, work: Work[_T], patience: float = 0.0) -> _T:
        """What ``work`` returns. It may be run twice, the second time on a fresh connection, and must not mind.

        Args:
            work: uses the connection that it is given.
            patience: seconds that it may take where it is more than most.

        Raises:
            Unreachable: the server is not there, or not in time.
            StoreError: it refuses.
        """
        self._check()
        self._breaker.admit()
        seconds = max(patience, self._patience)
        try:
            result = self._attempt(work, time.monotonic() + seconds)
        except (TimeoutError, futures.TimeoutError) as error:
            self._check()
            raise self._lost(f"did not answer within {seconds:g} s", error) from error
        except _Gone as gone:
            self._check()
            raise self._lost(f"cannot be reached ({_in_a_line(gone)})", gone) from gone.__cause__
        except psycopg.Error as error:
            self._breaker.succeeded()
            raise self._refused(error) from error
        self._breaker.succeeded()
        return result

    def close(self) -> None:
        """End the connections; who waits for an answer is told that the store has been closed."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        self._watchdog.close()
        for connection in idle:
            connection.link.close()

    def _attempt(self, work: Work[_T], deadline: float) -> _T:
        if not self._room.acquire(timeout=_left(deadline)):
            raise TimeoutError
        try:
            while (used := self._pop()) is not None:
                try:
                    return self._with(used, work, deadline)
                except _Gone:  # the server was started anew since: so are they all
                    while (stale := self._pop()) is not None:
                        stale.link.close()
            return self._with(self._connected(deadline), work, deadline)
        finally:
            self._room.release()

    def _with(self, connection: Connection, work: Work[_T], deadline: float) -> _T:
        watch = Watch(connection.link.fileno(), deadline)
        try:
            with self._watchdog.over(watch):
                return work(connection)
        except psycopg.Error as error:
            if watch.overdue:
                raise TimeoutError from error
            if connection.link.closed:
                raise _Gone(_in_a_line(error)) from error
            raise
        finally:  # when it is no longer watched: it may be another thread's from here on
            self._push(connection, sound=connection.is_sound and not watch.overdue)

    def _connected(self, deadline: float) -> Connection:
        """A new connection. It is made in a thread of its own: looking up a name cannot be cut short."""
        made: futures.Future[Connection] = futures.Future()
        threading.Thread(target=_connect, args=(self._address, made), name="headroom-postgres-connect", daemon=True).start()
        try:
            return made.result(min(self._patience, _left(deadline)))
        except futures.TimeoutError:
            if made.cancel():
                raise
            return made.result()  # it was made in this very moment
        except psycopg.OperationalError as error:
            if _meaning(error):
                raise
            raise _Gone(_in_a_line(error)) from error

    def _pop(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _push(self, connection: Connection, *, sound: bool) -> None:
        with self._lock:
            if sound and not self._closed:
                self._idle.append(connection)
                return
        connection.link.close()

    def _check(self) -> None:
        if self._closed:
            raise StoreError(f"The store {self._name} has been closed.")

    def _lost(self, why: str, error: Exception) -> Unreachable:
        lost = Unreachable(f"The store {self._name} {why}. Check that the server runs and can be reached from here; it is tried again by itself.")
        self._breaker.failed(lost)
        return lost

    def _refused(self, error: psycopg.Error) -> StoreError:
        meaning, said = _meaning(error), _in_a_line(error)
        return StoreError(f"The store {self._name} {meaning} ({said})." if meaning else f"The store {self._name} failed: {said}.")


def _connect(address: str, made: futures.Future[Connection]) -> None:
    try:
        link = psycopg.connect(address, autocommit=True)
        with suppress(psycopg.Error):  # not every system can do that
            if link.info.server_version >= _INTERVAL_SINCE:
                link.execute(_INTERVAL)
        connection = Connection(link)
    except BaseException as error:  # whoever waits is told
        with suppress(futures.InvalidStateError):
            made.set_exception(error)
        return
    try:
        made.set_result(connection)
    except futures.InvalidStateError:  # nobody waits any more
        link.close()


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _meaning(error: psycopg.Error) -> str:
    """What a refusal means and what to do, ``""`` if only its words say."""
    said = str(error)
    for kind, words, meaning in _MEANINGS:
        if isinstance(error, kind) or (error.sqlstate is None and all(word in said for word in words)):
            return meaning
    return ""


def _in_a_line(error: BaseException) -> str:
    said = (isinstance(error, psycopg.Error) and error.diag.message_primary) or str(error)  # the details may quote what was to be written
    return " ".join(said.split()) or type(error).__name__


# What PostgreSQL refuses -> what it means and what to do (https://www.postgresql.org/docs/current/errcodes-appendix.html). Where it does not
# let us in, libpq hands on its words alone, which are English unless the server was told otherwise: then they are shown as they are.
_NEVER = ("\0",)
_MEANINGS: tuple[tuple[type[psycopg.Error], tuple[str, ...], str], ...] = (
    (errors.DiskFull, _NEVER, "cannot grow: the server's disk is full. Free some space there"),
    (errors.OutOfMemory, _NEVER, "has no memory left. Look at the server"),
    (errors.InvalidPassword, ("authentication failed",), "does not let us in. Check the user and the password in its URL"),
    (errors.InvalidAuthorizationSpecification, ("no password supplied",), "does not let us in. Check the user and the password in its URL"),
    (errors.InvalidAuthorizationSpecification, ("role ", "does not exist"), "does not let us in. Check the user and the password in its URL"),
    (errors.InvalidAuthorizationSpecification, ("pg_hba.conf",), "does not let us in. Check its pg_hba.conf, and the user in its URL"),
    (errors.InvalidCatalogName, ("database ", "does not exist"), "does not exist. Make the database with createdb, or name another"),
    (
        errors.InsufficientPrivilege,
        ("permission denied for database",),
        "does not allow that to this user. Grant CREATE on the database, or on its schema headroom",
    ),
    (errors.ReadOnlySqlTransaction, _NEVER, "is read-only, as a standby server is. Name the primary one"),
)
