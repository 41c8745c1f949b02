"""Who may speak to the proxy: whoever knows the secret path and calls us by a loopback name. Everyone else learns nothing.

The secret keeps other users of this machine and web pages out; the check of ``Host`` keeps out a page whose own name was made to resolve to
this machine (DNS rebinding).
"""

from __future__ import annotations

import hmac
import ipaddress


class Guard:
    """Decides on a request line and its ``Host``.

    Args:
        secret: first segment of every admitted path, ``""`` for none.
        port: the port that we listen on.
    """

    def __init__(self, secret: str, port: int) -> None:
        self._secret = secret.encode()
        self._port = port

    def admit(self, target: str, host: str | None) -> str | None:
        """The request target with the secret taken off, or None: not for us.

        Args:
            target: the request target as it came: path and query.
            host: the ``Host`` header, None if there is none.
        """
        if host is None or not self._ours(host) or not target.startswith("/"):
            return None
        if not self._secret:
            return target
        path, mark, query = target.partition("?")
        first, slash, rest = path[1:].partition("/")
        # Compared in constant time: how long the answer takes must not tell how much of a guess was right.
        right = hmac.compare_digest(first.encode("utf-8", "surrogateescape"), self._secret)
        return f"/{rest}{mark}{query}" if right and slash else None

    def _ours(self, host: str) -> bool:
        name, colon, port = host.rpartition(":")
        if not colon or "]" in port:
            name, port = host, "80"
        if port != str(self._port):
            return False
        name = name.lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name.strip("[]")).is_loopback
        except ValueError:
            return False
