"""The way to the model's API: one HTTP client that adds nothing, follows nothing, repeats nothing and keeps nothing."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

log = logging.getLogger(__name__)

_FIELD_LIMIT = 64 << 10
_ADDED_BY_DEFAULT = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_WHOLE = 1 << 20  # bytes; what is larger is written in pieces
_PIECE = 256 << 10
_EXPLAINED = 1 << 20  # bytes; no refusal needs more
_QUOTED = re.compile(r":?\s*(?:\bb)?['\"]")
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")  # RFC 3986, section 3.2.1

Failure = (aiohttp.ClientError, asyncio.TimeoutError, OSError)

Body = bytes | AsyncIterator[bytes] | None


class Unreachable(Exception):
    """No answer could be had. The message is a sentence for the user with what to do."""


class Refused(Exception):
    """The upstream answers, but not as a WebSocket.

    Args:
        answer: what it says instead: status, reason and headers.
        body: its body.
        whole: there was no more of it.
    """

    def __init__(self, answer: aiohttp.ClientResponse, body: bytes, *, whole: bool) -> None:
        super().__init__(f"the upstream answers {answer.status} and opens no WebSocket")
        self.answer = answer
        self.body = body
        self.whole = whole


@dataclass(frozen=True, slots=True)
class Connected:
    """A WebSocket to the upstream.

    Args:
        socket: passes on pings, pongs and closing as they come.
        answer: the response to the handshake.
    """

    socket: aiohttp.ClientWebSocketResponse[bool]
    answer: aiohttp.ClientResponse

    def cut(self) -> None:
        """End the connection without a word; what was written before still goes out."""
        self.answer.close()


class Upstream:
    """Sends requests to one base URL.

    Args:
        base: e.g. ``https://api.anthropic.com``; a path in it stands in front of every request's. A user and a password in it are for requests that
            say nothing of their own in ``Authorization``. What is told of it is what ``shown`` leaves.
        connect_s: seconds until a connection must stand.
        idle_s: seconds that the upstream may be silent.
        proxy: URL of the HTTP proxy that leads there, or ``""``.
        tls: makes what decides whom to trust, when the first connection is made.
    """

    def __init__(
        self,
        base: str,
        *,
        connect_s: float = 10.0,
        idle_s: float = 600.0,
        proxy: str = "",
        tls: Callable[[], ssl.SSLContext | bool] = lambda: True,
    ) -> None:
        self.base, self._credentials = _without_credentials(base.rstrip("/"))
        self.reached = False
        self._served = False
        self._asked = 0  # how often an answer is waited for now
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s, sock_read=idle_s)
        self._tls = tls
        self._proxy = URL(proxy) if proxy else None
        self._session: aiohttp.ClientSession | None = None

    @property
    def is_doubtful(self) -> bool:
        """Nothing but errors has ever come from there, and no answer is waited for now."""
        return not self._served and not self._asked

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
        self._asked += 1
        try:
            response = await self._open().request(
                method,
                URL(self.base + target, encoded=True),
                headers=self._vouched(headers),
                data=_pieces(body) if isinstance(body, bytes) and len(body) > _WHOLE else body,
                allow_redirects=False,
                proxy=self._proxy,
            )
        except (*Failure, ValueError) as error:
            raise Unreachable(explain(self.base, error, self._proxy)) from error
        finally:
            self._asked -= 1
        self.reached = True
        self._served = self._served or response.ok
        return response

    async def connect(
        self, target: str, headers: CIMultiDict[str], protocols: Sequence[str] = (), *, deflate: bool = False, limit: int = 0
    ) -> Connected:
        """A WebSocket.

        Args:
            target: path and query as they came.
            headers: as they go on, but for ``Host`` and those of the handshake itself.
            protocols: subprotocols to offer.
            deflate: offer to compress frames (RFC 7692).
            limit: bytes of the largest message, 0 for no limit.

        Raises:
            Unreachable: there is no answer.
            Refused: there is one, and it is none.
        """
        answers: list[aiohttp.ClientResponse] = []

        async def opens(answer: aiohttp.ClientResponse) -> None:
            self.reached = True
            if answer.status != 101:
                body = await _beginning(answer)  # now, as the library may close what does not pass here; where it does not, we do
                answer.close()
                raise Refused(answer, body, whole=len(body) <= _EXPLAINED)
            self._served = True
            answers.append(answer)

        # A session of its own, on the connections of all: its check of the status is the one place where the library shows the answer.
        session = self._session_on(self._open().connector, owner=False, check=opens)
        self._asked += 1
        try:
            socket = await session.ws_connect(
                URL(self.base + target, encoded=True),
                headers=self._vouched(headers),
                protocols=protocols,
                autoclose=False,
                autoping=False,
                compress=15 if deflate else 0,
                max_msg_size=limit,
                proxy=self._proxy,
            )
        except (*Failure, ValueError) as error:
            raise Unreachable(explain(self.base, error, self._proxy)) from error
        finally:
            self._asked -= 1
            await session.close()
        return Connected(socket, answers[0])

    async def close(self) -> None:
        """Give back the connections. Who asks again gets new ones."""
        if (session := self.detached()) is not None:
            await session.close()

    def detached(self) -> aiohttp.ClientSession | None:
        """The connections so far, to be closed by the caller, None if there are none. Who asks from now on gets new ones."""
        session, self._session = self._session, None
        return session

    def _vouched(self, headers: CIMultiDict[str]) -> CIMultiDict[str]:
        """The headers with the credentials that stand in the address, where there are none in them: a request can have but one of both."""
        if not self._credentials or "Authorization" in headers:
            return headers
        return CIMultiDict([*headers.items(), ("Authorization", self._credentials)])

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = self._session_on(aiohttp.TCPConnector(limit=0, ssl=self._tls()))
        return self._session

    def _session_on(
        self,
        connector: aiohttp.BaseConnector | None,
        *,
        owner: bool = True,
        check: bool | Callable[[aiohttp.ClientResponse], Awaitable[None]] = False,
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            connector_owner=owner,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            skip_auto_headers=_ADDED_BY_DEFAULT,
            raise_for_status=check,
            auto_decompress=False,
            max_line_size=_FIELD_LIMIT,
            max_field_size=_FIELD_LIMIT,
        )


def _without_credentials(base: str) -> tuple[str, str]:
    """A base URL without the user in it, and what its user and password are in ``Authorization`` (RFC 7617), ``""`` if there are none."""
    try:
        parts = urlsplit(base)
    except ValueError:  # who connects says so
        return base, ""
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return base, ""
    said = ":".join(unquote(part) for part in (parts.username or "", parts.password or "")).encode()
    return base.replace(f"//{userinfo}@{host}", f"//{host}", 1), "Basic " + base64.b64encode(said).decode()


def shown(text: str) -> str:
    """A base URL, or a text in which there are URLs, as it may be told: without the users and passwords that stand in them."""
    return _USERINFO.sub("", text)


def explain(base: str, error: BaseException, proxy: URL | None) -> str:
    """One sentence on why there is no answer, and one on what to do."""
    base = shown(base)
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
    if isinstance(error, aiohttp.ClientResponseError):  # it quotes what came, which may be a cookie or an answer
        text = _QUOTED.split(text or "", maxsplit=1)[0]
    text = text or str(error) or type(error).__name__
    return " ".join(shown(text).split())[:160]


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """A body, or of a long one a little more than is wanted."""
    body = bytearray()
    while len(body) <= _EXPLAINED and (piece := await answer.content.readany()):
        body += piece
    return bytes(body)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
