"""How connections leave this machine: through which HTTP proxy, and with which certificates. As the client alone would have it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import msgspec

from headroom_wrap.errors import UserError

_FOR_ALL = ("ALL_PROXY", "all_proxy")
_PORTS = {"http": 80, "https": 443}
_WITH_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]+):(?P<port>[0-9]{1,5})")
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
        return "" if self.exempt and _exempted(address, self.exempt) else chosen


def of_environment(environ: Mapping[str, str]) -> WayOut:
    """What an environment says of it.

    ``HTTP_PROXY`` in capitals does not count: in a server's environment it may be a request's header (https://httpoxy.org).

    Raises:
        UserError: it names what is no HTTP proxy.
    """

    def first(*names: str) -> str:
        return next((name for name in names if environ.get(name, "").strip()), "")

    https = first("HTTPS_PROXY", "https_proxy", *_FOR_ALL)
    http = first("http_proxy", *_FOR_ALL)
    # What is named for all is not held against who has named another one for https: that is where nearly everything goes.
    spare = http in _FOR_ALL and https != http
    return WayOut(
        https=_proxy(https, environ),
        http=environ[http].strip() if spare and not _is_http(environ[http]) else _proxy(http, environ),
        exempt=environ.get(first("no_proxy", "NO_PROXY"), ""),
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


def _proxy(name: str, environ: Mapping[str, str]) -> str:
    """The URL in a variable, ``""`` for none; curl, Go and Python's clients all take one without its scheme."""
    if not name:
        return ""
    text = environ[name].strip()
    if not _is_http(text):
        raise UserError(  # without the text: there may be a password in it
            f"What {name} names is no HTTP proxy, and Headroom goes through no other.",
            "Name one in HTTPS_PROXY, as http://host:port (programs that offer SOCKS mostly offer HTTP, too), or start without that variable.",
        )
    return text if "://" in text else f"http://{text}"


def _is_http(text: str) -> bool:
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not any(map(str.isspace, text))
    except ValueError:
        return False


def _exempted(address: SplitResult, exempt: str) -> bool:
    """Whether a list in the manner of ``NO_PROXY`` names an address.

    The forms are those that curl, Go, Node and Python's clients know: a host with all below it, with or without a dot, an asterisk or a port;
    an address or a network; an asterisk for everything.
    """
    host = (address.hostname or "").rstrip(".")
    try:
        port = address.port or _PORTS.get(address.scheme, 0)
    except ValueError:  # who tries to connect there says so
        port = 0
    return any(_names(one, host, port) for one in re.split(r"[,\s]+", exempt.lower()) if one)


def _names(one: str, host: str, port: int) -> bool:
    if one == "*":
        return True
    found = _WITH_PORT.fullmatch(one)
    if found is not None:
        if int(found["port"]) != port:
            return False
        one = found["host"]
    one = one.strip("[]").removeprefix("*").strip(".") if one.startswith(("*.", "[")) else one.strip(".")
    if not one:
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(one, strict=False)
    except ValueError:
        return host == one or host.endswith(f".{one}")
