"""The way to a PostgreSQL server: a few connections on an event loop of their own, in a thread of its own; callers block.

asyncpg, because its waiting can be cut short on our side: a server that hangs answers no timeout of its own. Crossing to the loop's thread costs
about 0.1 ms, less than a network.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent import futures
from contextlib import suppress
from typing import Any, TypeVar

from pipeline.store.api import StoreError, Unreachable
from pipeline.store.breaker import Breaker

try:
    import asyncpg
except ImportError as error:
    raise StoreError('A store on PostgreSQL needs a package that is not here: pip install "headroom-ai[fleet]"') from error

_T = TypeVar("_T")
_CONNECTIONS = 4  # a process; a proxy asks from two threads
_GRACE_S = 1.0

Connection = Any  # asyncpg has no types
Work = Callable[[Connection], Awaitable[_T]]

# Three classes until Python 3.11, one from there on.
_LATE = (TimeoutError, asyncio.TimeoutError, futures.TimeoutError, futures.CancelledError)
# The connection is lost, not the statement wrong.
_GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


class Link:
    """Runs work on connections to one server.

    Args:
        url: of the server and the database, as libpq takes it.
        name: the same without its password, for messages.
        patience: seconds that a connection, and a piece of work, may take.
    """

    def __init__(self, url: str, name: str, patience: float) -> None:
        self._url = url
        self._name = name
        self._patience = patience
        self._breaker = Breaker()
        self._idle: list[Connection] = []
        self._loop = asyncio.new_event_loop()
        self._room = asyncio.Semaphore(_CONNECTIONS)
        self._closing = threading.Lock()
        self._closed = False
        threading.Thread(target=self._serve, name="headroom-postgres", daemon=True).start()

    def run(self, work: Work[_T], patience: float = 0.0) -> _T:
        """What ``work`` returns. It may be run twice, the second time on a fresh connection, and must not mind.

        Args:
            work: uses the connection that it is given.
            patience: seconds that it may take where it is more than most.

        Raises:
            Unreachable: the server is not there, or not in time.
            StoreError: it refuses.
        """
        self._breaker.admit()
        seconds = max(patience, self._patience)
        with self._closing:
            if self._closed:
                raise StoreError(f"The store {self._name} has been closed.")
            future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(self._attempt(work), seconds), self._loop)
        try:
            result = future.result(seconds + _GRACE_S)
        except (*_LATE, *_GONE, asyncpg.TooManyConnectionsError) as error:
            future.cancel()
            raise self._lost(error, seconds) from error
        except asyncpg.PostgresError as error:
            self._breaker.succeeded()
            raise self._refused(error) from error
        self._breaker.succeeded()
        return result

    def close(self) -> None:
        """End the connections and the thread."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        with suppress(*_LATE):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_GRACE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _attempt(self, work: Work[_T]) -> _T:
        async with self._room:
            while self._idle:
                used = self._idle.pop()
                try:
                    return await self._with(used, work)
                except _GONE:  # the server was started anew since: so are they all
                    while self._idle:
                        self._idle.pop().terminate()
            return await self._with(await self._connected(), work)

    async def _connected(self) -> Connection:
        return await asyncpg.connect(self._url, timeout=self._patience, server_settings={"application_name": "headroom"})

    async def _with(self, connection: Connection, work: Work[_T]) -> _T:
        sound = False
        try:
            result = await work(connection)
            sound = True
        except asyncpg.PostgresError:
            sound = not connection.is_closed() and not connection.is_in_transaction()
            raise
        finally:
            if sound:
                self._idle.append(connection)
            else:
                connection.terminate()
        return result

    async def _end(self) -> None:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.close(timeout=_GRACE_S / 2)
            except (*_LATE, *_GONE):
                connection.terminate()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    def _lost(self, error: BaseException, seconds: float) -> Unreachable:
        why = f"did not answer within {seconds:g} s" if isinstance(error, _LATE) else f"cannot be reached ({_in_a_line(error)})"
        lost = Unreachable(f"The store {self._name} {why}. Check that the server runs and can be reached from here; it is tried again by itself.")
        self._breaker.failed(lost)
        return lost

    def _refused(self, error: asyncpg.PostgresError) -> StoreError:
        for kind, meaning in _MEANINGS:
            if isinstance(error, kind):
                return StoreError(f"The store {self._name} {meaning} ({_in_a_line(error)}).")
        return StoreError(f"The store {self._name} failed: {_in_a_line(error)}.")


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# What PostgreSQL refuses -> what it means and what to do (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_MEANINGS = (
    (asyncpg.DiskFullError, "cannot grow: the server's disk is full. Free some space there"),
    (asyncpg.OutOfMemoryError, "has no memory left. Look at the server"),
    (asyncpg.InvalidAuthorizationSpecificationError, "does not let us in. Check the user and the password in its URL"),
    (asyncpg.InvalidCatalogNameError, "does not exist. Make the database with createdb, or name another"),
    (asyncpg.InsufficientPrivilegeError, "does not allow that to this user. Grant CREATE on the database, or on its schema headroom"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only, as a standby server is. Name the primary one"),
)
