"""Which store a URL or a path names, and opening it. What each one needs is imported when it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote

from pipeline.store.api import Store, StoreError

PATIENCE_S = 5.0
_SQLITE = "sqlite"
_POSTGRES = ("postgresql", "postgres")
_REDIS = ("redis", "rediss", "valkey", "valkeys")
_MOST_DAYS = 100_000
_MOST_S = 3600
_SCHEMES = (*_POSTGRES, *_REDIS, _SQLITE)
_OURS = ("expire_days", "timeout")  # in a query
_HINT = "A store is a path, or postgresql://user:password@host/database, or redis://:password@host/0"
_HOST = re.compile(r"(?:\[[^\[\]]*\]|[^\[\]:]*)(?::([0-9]{0,5}))?")
_HIGHEST_PORT = 65535
_NAMED = re.compile(r"[A-Za-z_]+=")


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
    store: Store
    if url.scheme == _SQLITE:
        store = _sqlite(Path(_file(url)), patience, report)
    elif url.scheme in _POSTGRES:
        from pipeline.store.postgres.store import PostgresStore

        store = PostgresStore.open(str(url), redacted(where), patience=patience)
    else:
        from pipeline.store.redis.store import RedisStore

        store = RedisStore.open(str(url).replace("valkey", "redis", 1), redacted(where), patience=patience)
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
    """A URL without its password and its query, for people to read; a path as it is.

    Of one in which nobody can tell where the password ends, its kind alone.
    """
    if "://" not in where:
        return where
    url = _Url.read(where)
    if url.scheme == _SQLITE:
        return f"{url.scheme}://{url.address}"
    login, at, hosts = url.authority.rpartition("@")
    if "@" in url.path + url.query or not (at or _ports(hosts)):
        return f"{url.scheme}://…"
    user = login.partition(":")[0]
    return f"{url.scheme}://{user}{'@' * bool(user)}{hosts}{url.path}"


def absolute(where: str, full: Callable[[str], Path]) -> str:
    """The same store as it is named anywhere: a file by its full path.

    Args:
        where: a path or a URL.
        full: makes a path absolute.
    """
    if "://" not in where:
        return str(full(where))
    url = _Url.read(where)
    return str(url._replace(address=quote(str(full(_file(url))), errors="surrogateescape"))) if url.scheme == _SQLITE else where


class _Url(NamedTuple):
    """A URL's parts as they are written, for those who open it to read: libpq takes a "+" for what it is, and so they differ in more.

    A "#" has no meaning in any of them and ends nothing: a path or a password may have one.
    """

    scheme: str
    address: str
    query: str

    @classmethod
    def read(cls, where: str) -> _Url:
        scheme, _, rest = where.strip().partition("://")
        address, _, query = rest.partition("?")
        return cls(scheme.lower(), address, query)

    @property
    def authority(self) -> str:
        """Who asks and whom: ``user:password@host:port``."""
        return self.address.partition("/")[0]

    @property
    def path(self) -> str:
        """What follows, from its slash on."""
        return self.address[len(self.authority) :]

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}{'?' * bool(self.query)}{self.query}".replace("#", "%23")


def _settled(where: str, patience: float) -> tuple[_Url, float, float]:
    """A URL without what is ours in its query, the days after which things expire (0: never), and the patience."""
    url = _Url.read(where)
    pieces = url.query.split("&")
    if url.scheme not in _SCHEMES:
        raise StoreError(f"The store {redacted(where)} is of a kind that there is not. {_HINT}.")
    if url.scheme != _SQLITE:
        login, _, hosts = url.authority.rpartition("@")
        # libpq ends a password at the first "@", the clients of Redis at the last.
        if "@" in url.path or (url.scheme in _POSTGRES and "@" in login) or any("@" in p and not _NAMED.match(p) for p in pieces):
            raise StoreError(
                f"In the store {redacted(where)} it cannot be told where the password ends."
                " Write / as %2F in it, ? as %3F and @ as %40, and @ so in the database's name, too."
            )
        if not _ports(hosts) or ("," in hosts and url.scheme not in _POSTGRES):
            raise StoreError(f"The store {redacted(where)} is not written as a URL is: check its host and its port. {_HINT}.")
    said = dict(parse_qsl(url.query, keep_blank_values=True))
    try:
        expire_days, seconds = float(said.get("expire_days", 0)), float(said.get("timeout", patience))
    except ValueError:
        raise StoreError(f"The store {redacted(where)} is not written as a URL is: check the numbers in its query. {_HINT}.") from None
    if not (0 <= expire_days < _MOST_DAYS and 0 < seconds < _MOST_S):
        raise StoreError(f"The store {redacted(where)} cannot expire before it is written, nor wait for no time or for ever.")
    kept = "&".join(piece for piece in pieces if unquote(piece.partition("=")[0]) not in _OURS)
    if kept and url.scheme == _SQLITE:
        raise StoreError(f"The store {where} asks a file for {kept!r}, which it does not know. Write ? as %3F in its path.")
    return url._replace(query=kept), expire_days, seconds


def _ports(hosts: str) -> bool:
    """Whether hosts, which are separated by commas, have ports that there can be, or none."""
    found = map(_HOST.fullmatch, hosts.split(","))
    return all(one is not None and int(one[1] or 0) <= _HIGHEST_PORT for one in found)


def _file(url: _Url) -> str:
    return unquote(url.address, errors="surrogateescape")  # a file's name is bytes


def _sqlite(path: Path, patience: float, report: Callable[[str], None] | None) -> Store:
    from pipeline.store.sqlite import SqliteStore

    store = SqliteStore.open(path, busy=patience)
    if store.mended and report is not None:
        report(store.mended)
    return store
