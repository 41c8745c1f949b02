"""The way to a Redis or Valkey server: the official client, its errors explained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.store.api import StoreError, Unreachable
from pipeline.store.breaker import Breaker

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError as error:
    raise StoreError('A store on Redis needs a package that is not here: pip install "headroom-ai[fleet]"') from error

Client = Any  # the client's own types say of most answers that they may be awaitable


class Link:
    """A client of one server. Several threads may use it.

    Args:
        url: of the server and the number of the database.
        name: the same without its password, for messages.
        patience: seconds that a connection, and an answer, may take.
    """

    def __init__(self, url: str, name: str, patience: float) -> None:
        self._name = name
        self._patience = patience
        self._breaker = Breaker()
        self._closed = False
        try:
            # One more try at once, on a fresh connection: the server may have been started anew since the last one.
            self._client: Client = redis.Redis.from_url(
                url,
                socket_timeout=patience,
                socket_connect_timeout=patience,
                retry=Retry(NoBackoff(), 1),
                retry_on_error=[redis.exceptions.ConnectionError],
                client_name="headroom",
            )
        except ValueError as error:
            raise StoreError(f"The store {name} has no address that Redis clients know: {error}.") from error

    @contextmanager
    def use(self) -> Iterator[Client]:
        """The client.

        Raises:
            Unreachable: the server is not there, or not in time.
            StoreError: it refuses.
        """
        if self._closed:
            raise StoreError(f"The store {self._name} has been closed.")
        self._breaker.admit()
        try:
            yield self._client
        except redis.exceptions.AuthenticationError as error:
            raise StoreError(f"The store {self._name} does not let us in. Check the user and the password in its URL ({error}).") from error
        except redis.exceptions.TimeoutError as error:
            raise self._lost(f"did not answer within {self._patience:g} s") from error
        except (redis.exceptions.ConnectionError, OSError) as error:
            raise self._lost(f"cannot be reached ({error})") from error
        except redis.exceptions.RedisError as error:
            self._breaker.succeeded()
            raise self._refused(str(error)) from error
        self._breaker.succeeded()

    def close(self) -> None:
        """End the connections."""
        self._closed = True
        self._client.close()

    def _lost(self, why: str) -> Unreachable:
        lost = Unreachable(f"The store {self._name} {why}. Check that the server runs and can be reached from here; it is tried again by itself.")
        self._breaker.failed(lost)
        return lost

    def _refused(self, said: str) -> StoreError:
        for word, meaning in _MEANINGS:
            if word in said:
                return StoreError(f"The store {self._name} {meaning} ({said}).")
        return StoreError(f"The store {self._name} failed: {said}.")


# What the server says first -> what it means and what to do (https://redis.io/docs/latest/develop/reference/protocol-spec/).
_MEANINGS = (
    ("used memory", "has no memory left. Give the server more, or run: headroom store gc"),  # OOM command not allowed when used memory > …
    ("You can't write against a read only replica", "is read-only, as a replica is. Name the primary server"),
    ("Errors writing to the AOF", "cannot grow: the server's disk is full. Free some space there"),
    ("unable to persist", "cannot grow: the server's disk is full. Free some space there"),  # MISCONF
    ("no permissions", "does not allow that to this user. Let it read and write the keys headroom:*, and run scripts"),
    ("NOAUTH", "asks for a password. Write it into the URL: redis://:password@host"),
)
