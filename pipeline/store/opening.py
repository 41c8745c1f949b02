"""Which store a URL or a path names, and opening it. What each one needs is imported when it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline.store.api import Store, StoreError

PATIENCE_S = 5.0
_POSTGRES = ("postgresql", "postgres")
_REDIS = ("redis", "rediss", "valkey", "valkeys")
_MOST_DAYS = 100_000
_MOST_S = 3600
_SCHEMES = (*_POSTGRES, *_REDIS, "sqlite")
_OURS = ("expire_days", "timeout")  # in a query
_HINT = "A store is a path, or postgresql://user:password@host/database, or redis://:password@host/0"
_PASSWORD = re.compile(r"://[^/]*@")


def open_store(where: str | Path, *, patience: float = PATIENCE_S, report: Callable[[str], None] | None = None) -> Store:
    """Open a store.

    Args:
        where: a file's path, or the URL of a database. In a URL's query ``expire_days`` asks for what is older to be removed at each opening
            (see ``Store.sweep``), and ``timeout`` sets ``patience``; the rest is the server's.
        patience: seconds that another process's write, or the server's answer, may take.
        report: told what the user should know of a store that could be opened: that its file was damaged.

    Raises:
        StoreError: it cannot be opened, or nothing can be at that address.
    """
    if isinstance(where, Path) or "://" not in where:
        return _sqlite(Path(where), patience, report)
    url, expire_days, patience = _settled(where, patience)
    scheme = urlsplit(url).scheme
    store: Store
    if scheme == "sqlite":
        store = _sqlite(Path(unquote(urlsplit(url).path)), patience, report)
    elif scheme in _POSTGRES:
        from pipeline.store.postgres.store import PostgresStore

        store = PostgresStore.open(url, redacted(url), patience=patience)
    else:
        from pipeline.store.redis.store import RedisStore

        store = RedisStore.open(url.replace("valkey", "redis", 1), redacted(url), patience=patience)
    if expire_days:
        try:
            store.sweep(time.time() - expire_days * 86400)
        except BaseException:
            store.close()
            raise
    return store


def check(where: str) -> None:
    """Whether a text can name a store at all; nothing is opened.

    Raises:
        StoreError: it cannot; the message does not repeat a password.
    """
    if "://" in where:
        _settled(where, PATIENCE_S)


def redacted(where: str) -> str:
    """A URL without its password and its query, for people to read; a path as it is."""
    if "://" not in where:
        return where
    try:
        parts = urlsplit(where)
        user = f"{parts.username}@" if parts.username else ""
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return _PASSWORD.sub("://", where).partition("?")[0]
    return f"{parts.scheme}://{user}{host}{parts.path}"


def _settled(where: str, patience: float) -> tuple[str, float, float]:
    """A URL without what is ours in its query, the days after which things expire (0: never), and the patience."""
    try:
        parts = urlsplit(where)
        _ = parts.port
        said = dict(parse_qsl(parts.query, keep_blank_values=True))
        expire_days, seconds = float(said.get("expire_days", 0)), float(said.get("timeout", patience))
    except ValueError:
        raise StoreError(f"The store {redacted(where)} is not written as a URL is: check its port and its query. {_HINT}.") from None
    if parts.scheme not in _SCHEMES:
        raise StoreError(f"The store {redacted(where)} is of a kind that there is not. {_HINT}.")
    if not (0 <= expire_days < _MOST_DAYS and 0 < seconds < _MOST_S):
        raise StoreError(f"The store {redacted(where)} cannot expire before it is written, nor wait for no time or for ever.")
    # The rest stays as it is written: servers' libraries read it in their own ways, and libpq takes a "+" for what it is.
    address, _, query = where.partition("://")[2].partition("?")
    kept = "&".join(piece for piece in query.split("&") if unquote(piece.partition("=")[0]) not in _OURS)
    return f"{parts.scheme}://{address}{'?' * bool(kept)}{kept}", expire_days, seconds


def _sqlite(path: Path, patience: float, report: Callable[[str], None] | None) -> Store:
    from pipeline.store.sqlite import SqliteStore

    store = SqliteStore.open(path, busy=patience)
    if store.mended and report is not None:
        report(store.mended)
    return store
