"""The proxy's own endpoints: which path is answered by what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from headroom_wrap.proxy import replies

Handler = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]


class Endpoints:
    """Finds what answers a request."""

    def find(self, method: str, path: str) -> Handler | None:
        """The handler for a method and a path (no query), given the request and its target; None: the request is for the upstream."""
        if path == "/livez" and method in ("GET", "HEAD"):
            return _alive
        return None


async def _alive(request: web.BaseRequest, target: str) -> web.StreamResponse:
    return replies.alive()
