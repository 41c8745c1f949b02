"""Who may speak to the proxy: whoever knows its secret and calls us by a name of ours. Everyone else learns nothing.

The secret keeps other users of this machine and web pages out; the check of ``Host`` keeps out a page whose own name was made to resolve to
this machine (DNS rebinding).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

HEADER = "x-headroom-token"  # where the secret may stand instead of in the path


class Guard:
    """Decides on a request line and its headers.

    Args:
        secret: first segment of every admitted path, or the value of ``x-headroom-token``; ``""`` for none.
        port: the port that we listen on.
        names: further names by which we may be called, each with a port or good for all.
        remote: we listen to other machines too: any address of ours will do, and any port, as one may stand for ours elsewhere.
        ours: whether a path (no query) is answered by us: there the secret may stand as a bearer token too, which is all that some clients can
            send. Elsewhere ``Authorization`` is the upstream's.
    """

    def __init__(
        self, secret: str, port: int, names: Collection[str] = (), *, remote: bool = False, ours: Callable[[str], bool] | None = None
    ) -> None:
        self._secret = secret.encode()
        self._port = str(port)
        self._names = frozenset(name.lower() for name in names)
        self._remote = remote
        self._ours = ours

    def admit(self, target: str, headers: Mapping[str, str]) -> str | None:
        """The request target with the secret taken off, or None: not for us.

        Args:
            target: the request target as it came: path and query.
            headers: of the request; names are looked up in any case.
        """
        if not self.called(headers) or not target.startswith("/"):
            return None
        if not self._secret:
            return None if _of_a_page(headers) else target
        path, mark, query = target.partition("?")
        first, slash, rest = path[1:].partition("/")
        if self._is_secret(first):
            return f"/{rest}{mark}{query}" if slash else None
        if self._is_secret(headers.get(HEADER, "")):
            return target
        return target if self._ours is not None and self._ours(path) and self._is_secret(_bearer(headers)) else None

    def called(self, headers: Mapping[str, str]) -> bool:
        """Whether a request names us in its ``Host``."""
        host = headers.get("Host", "").lower()
        name, colon, port = host.rpartition(":")
        if not colon or "]" in port:
            name, port = host, "80"
        name = name.rstrip(".")
        if not self._names.isdisjoint((host, name, f"{name}:{port}")):
            return True
        if port != self._port and not self._remote:
            return False
        if name == "localhost" or name.endswith(".localhost"):
            return True
        address = _address(name.strip("[]"))
        return address is not None and (self._remote or address.is_loopback)  # no name, so none that was made to resolve to us

    def _is_secret(self, guess: str) -> bool:
        # In constant time: how long the answer takes must not tell how much of a guess was right.
        return hmac.compare_digest(guess.encode("utf-8", "surrogateescape"), self._secret)


@lru_cache(maxsize=16)  # every request of a client has the same
def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a host's name is, None for a name."""
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _bearer(headers: Mapping[str, str]) -> str:
    """The bearer token, ``""`` if there is none."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _of_a_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent it for a web page. Without a secret that is all that keeps pages out, of WebSockets above all."""
    return "Origin" in headers or headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
