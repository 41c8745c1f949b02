"""ASGI middleware for an application that serves or forwards requests of the APIs of Anthropic, OpenAI and Gemini: it is given them with shorter
tool results. Answers pass through untouched, streams as they come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

from headroom.integrations.attempts import REFUSED
from headroom.integrations.messages import Compression, api_of
from pipeline.store.api import Store

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BYPASS = b"x-headroom-bypass"
_SIGNED = b"AWS4-"  # over the body too: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
_INTEGRITY = (b"content-md5", b"digest", b"content-digest")  # of the body's bytes
_LIMIT = 64 << 20  # bytes; a larger body is no conversation that a model could read


class HeadroomMiddleware:
    """``app.add_middleware(HeadroomMiddleware)``, or ``app = HeadroomMiddleware(app)``.

    A request is read whole if its path is one of these APIs'. One in a content encoding, one that is signed, and one with the header
    ``x-headroom-bypass: 1`` are passed on as they come. One that was made smaller and is answered with status 400 is given to the application
    once more, as it came.

    Args:
        app: what is served.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the request offers the model the tool ``headroom_retrieve``.
        fail_open: where a request cannot be made smaller it is passed on as it is; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.
    """

    def __init__(
        self, app: App, *, profile: str = "balanced", elide: bool | None = None, fail_open: bool = True, store: Store | None = None, **options: Any
    ) -> None:
        self.app = app
        self._compression = Compression(profile=profile, elide=elide, fail_open=fail_open, store=store, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        api = api_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if api is None or _is_left_alone(scope):
            await self.app(scope, receive, send)
            return
        came, body = await _read(receive)
        smaller = None if body is None else await self._compression.aside(partial(self._compression.encoded, api), body)
        if body is None or smaller is None or smaller is body:
            await self.app(scope, _giving(came, receive), send)
            return
        first = _Answer(send, refusals=False)
        sized = {**scope, "headers": _sized(scope["headers"], len(smaller))}
        await self.app(sized, _giving([{"type": "http.request", "body": smaller, "more_body": False}], receive), first)
        if first.status == REFUSED:
            second = _Answer(send)
            await self.app(scope, _giving(came, receive), second)
            if second.status < REFUSED:
                self._compression.refuse(lambda compression: compression.encoded(api, body))


class _Answer:
    """Passes an answer on as it comes.

    Args:
        send: where to.
        refusals: pass on those too that say that the request was wrong.
    """

    def __init__(self, send: Send, *, refusals: bool = True) -> None:
        self._send = send
        self._refusals = refusals
        self.status = 0
        """Of the answer, as HTTP has it; 0 before it comes."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        if self._refusals or self.status != REFUSED:
            await self._send(message)


def _is_left_alone(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return (
        not headers.keys().isdisjoint(_INTEGRITY)
        or headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity")
        or headers.get(BYPASS, b"0").strip() != b"0"
        or headers.get(b"authorization", b"").startswith(_SIGNED)
    )


async def _read(receive: Receive) -> tuple[deque[Message], bytes | None]:
    """What was received, and the body in it; None if it is too large or the client has gone."""
    came: deque[Message] = deque()
    size = 0
    while True:
        message = await receive()
        came.append(message)
        if message["type"] != "http.request":
            return came, None
        size += len(message.get("body", b""))
        if size > _LIMIT:
            return came, None
        if not message.get("more_body", False):
            return came, b"".join(m.get("body", b"") for m in came)


def _giving(came: Iterable[Message], receive: Receive) -> Receive:
    """What was received already, and then what comes."""
    waiting = deque(came)

    async def again() -> Message:
        return waiting.popleft() if waiting else await receive()

    return again


def _sized(headers: Any, size: int) -> list[tuple[bytes, bytes]]:
    """Headers that say how long the body is now, if they said so before."""
    return [(name, str(size).encode("ascii") if name == b"content-length" else value) for name, value in headers]
