"""How connections leave this machine: through which HTTP proxy, and which certificates are trusted. As the client alone would have it."""

from __future__ import annotations

import ipaddress
import os
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # documented only in its source

import msgspec

_CERTIFICATES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
_STRICT = getattr(ssl, "VERIFY_X509_STRICT", 0)


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
        return "" if self.exempt and proxy_bypass_environment(address.netloc, {"no": self.exempt}) else chosen


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


def tls(certificates: Sequence[str], warn: Callable[[str], None]) -> ssl.SSLContext | bool:
    """A context that trusts what the system trusts, and these files too; True where that is what the client library has ready anyway.

    Args:
        certificates: files; one that cannot be read is left out, as the agent alone would go on without it.
        warn: told one sentence about each of those.
    """
    if not certificates and sys.version_info < (3, 13):
        return True
    context = ssl.create_default_context()
    # Certificates of gateways that inspect TLS often break rules that Python holds to from 3.13 on, and other clients do not.
    context.verify_flags &= ~_STRICT
    # SSL_CERT_FILE takes the place of the system's certificates in OpenSSL; here it stands beside them.
    paths = ssl.get_default_verify_paths()
    standard = Path(paths.openssl_cafile)
    loaded = {os.path.realpath(path) for path in (paths.cafile,) if path}
    for path in (*([str(standard)] if standard.is_file() else []), *certificates):
        if os.path.realpath(path) in loaded:
            continue  # most variables name one file, and to read it takes 20 ms
        loaded.add(os.path.realpath(path))
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            why = error.strerror or type(error).__name__
            warn(f"The certificates in {path} cannot be read ({why}) and are left out. Mend the file or unset what names it.")
    return context


def here(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
