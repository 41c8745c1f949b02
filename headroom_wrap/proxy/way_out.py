"""How connections leave this machine: through which HTTP proxy, and with which certificates. As the client alone would have it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

_CERTIFICATES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")


class WayOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the network that we are in asks for.

    Args:
        https, http: URLs of the proxies for such addresses, ``""`` for none.
        exempt: hosts that are reached without, separated by commas, in the manner of ``NO_PROXY``.
        certificates: files with certificates to trust besides the system's.
    """

    https: str = ""
    http: str = ""
    exempt: str = ""
    certificates: tuple[str, ...] = ()

    def proxy(self, base: str) -> str:
        """The HTTP proxy for an address, ``""`` for none. Never one for this machine."""
        address = urlsplit(base)
        chosen = self.https if address.scheme == "https" else self.http
        if not chosen or here(address.hostname or ""):
            return ""
        return "" if self.exempt and _exempted(address.netloc, self.exempt) else chosen


def of_environment(environ: Mapping[str, str]) -> WayOut:
    """What an environment says of it.

    ``HTTP_PROXY`` in capitals does not count: in a server's environment it may be a request's header (https://httpoxy.org).
    """

    def first(*names: str) -> str:
        return next((environ[name] for name in names if environ.get(name)), "")

    return WayOut(
        https=first("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"),
        http=first("http_proxy", "ALL_PROXY", "all_proxy"),
        exempt=first("no_proxy", "NO_PROXY"),
        certificates=tuple(dict.fromkeys(environ[name] for name in _CERTIFICATES if environ.get(name))),
    )


def here(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _exempted(netloc: str, exempt: str) -> bool:
    # Late: a supervisor hands the values on and asks nothing, and this import takes longer than all else that it needs for a session.
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # documented only in its source

    return bool(proxy_bypass_environment(netloc, {"no": exempt}))
