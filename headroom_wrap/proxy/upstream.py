"""The way to the model's API: one HTTP client that adds nothing, follows nothing, repeats nothing and keeps nothing."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Callable

import aiohttp
from multidict import CIMultiDict
from yarl import URL

log = logging.getLogger(__name__)

_FIELD_LIMIT = 64 << 10
_ADDED_BY_DEFAULT = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_WHOLE = 1 << 20  # bytes; what is larger is written in pieces
_PIECE = 256 << 10

Failure = (aiohttp.ClientError, asyncio.TimeoutError, OSError)

Body = bytes | AsyncIterator[bytes] | None


class Unreachable(Exception):
    """No answer could be had. The message is a sentence for the user with what to do."""


class Upstream:
    """Sends requests to one base URL.

    Args:
        base: e.g. ``https://api.anthropic.com``; a path in it stands in front of every request's.
        connect_s: seconds until a connection must stand.
        idle_s: seconds that the upstream may be silent.
        extra_ca: file with certificates to trust besides the system's, or ``""``.
        http_proxy: URL of the proxy that leads out, or ``""``; not used for this machine.
        warn: told one sentence about a setting that could not be followed.
    """

    def __init__(
        self,
        base: str,
        *,
        connect_s: float = 10.0,
        idle_s: float = 600.0,
        extra_ca: str = "",
        http_proxy: str = "",
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        self.base = base.rstrip("/")
        self.reached = False
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s, sock_read=idle_s)
        self._extra_ca = extra_ca
        self._warn = warn
        self._proxy = URL(http_proxy) if http_proxy and not _here(URL(self.base).host or "") else None
        self._session: aiohttp.ClientSession | None = None

    async def send(self, method: str, target: str, headers: CIMultiDict[str], body: Body) -> aiohttp.ClientResponse:
        """The response to a request, its body unread. The caller closes it.

        Args:
            method: of the request.
            target: path and query as they came.
            headers: as they go on, but for ``Host``.
            body: whole or in pieces; None if there is none.

        Raises:
            Unreachable: there is none.
        """
        try:
            response = await self._open().request(
                method,
                URL(self.base + target, encoded=True),
                headers=headers,
                data=_pieces(body) if isinstance(body, bytes) and len(body) > _WHOLE else body,
                allow_redirects=False,
                proxy=self._proxy,
            )
        except (*Failure, ValueError) as error:
            raise Unreachable(explain(self.base, error, self._proxy)) from error
        self.reached = True
        return response

    async def close(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=self._tls()),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                skip_auto_headers=_ADDED_BY_DEFAULT,
                auto_decompress=False,
                max_line_size=_FIELD_LIMIT,
                max_field_size=_FIELD_LIMIT,
            )
        return self._session

    def _tls(self) -> ssl.SSLContext | bool:
        if not self._extra_ca:
            return True
        context = ssl.create_default_context()
        try:
            context.load_verify_locations(self._extra_ca)
        except (OSError, ssl.SSLError) as error:  # the agent alone would go on without them too
            self._warn(
                f"The certificates in {self._extra_ca} cannot be read ({_short(error)}) and are left out. Mend the file or unset what names it."
            )
        return context


def explain(base: str, error: BaseException, proxy: URL | None) -> str:
    """One sentence on why there is no answer, and one on what to do."""
    could_not = f"Headroom could not reach {base}"
    check = "Check the network, or the address with --upstream."
    if isinstance(error, (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError)):
        where = proxy.with_user(None).with_password(None) if proxy is not None else "the proxy"
        return f"{could_not}: the way out, {where}, does not let it through ({_short(error)}). Check HTTPS_PROXY."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"{could_not}: its name cannot be resolved. {check}"
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
        return (
            f"{could_not}: no trusted TLS connection ({_short(error)}). If a gateway on your network inspects TLS, name its certificate "
            "in NODE_EXTRA_CA_CERTS or SSL_CERT_FILE."
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"{could_not}: no connection within the time allowed. {check}"
    if isinstance(error, asyncio.TimeoutError):
        return f"{base} took the request and then was silent for too long. Try again."
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{could_not}: {_short(error.os_error)}. {check}"
    if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)):
        return f"{base} closed the connection before it answered. Try again."
    return f"{base} could not be spoken to ({type(error).__name__}: {_short(error)}). Check that it is an HTTP API, with --upstream."


def _short(error: BaseException) -> str:
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else error.strerror if isinstance(error, OSError) else str(error)
    text = text or str(error) or type(error).__name__
    return " ".join(text.split())[:160]


def _here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
