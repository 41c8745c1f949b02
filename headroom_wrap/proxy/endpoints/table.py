"""The proxy's own endpoints: which path is answered by what, and what all of them have in common."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

from aiohttp import web

from headroom_wrap.proxy.endpoints.answers import Refusal, later
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from pipeline.store.api import StoreError

if TYPE_CHECKING:
    from headroom_wrap.proxy.endpoints.handlers import Handlers

log = logging.getLogger(__name__)

Handler = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]
RETRIEVE = "/v1/retrieve"
RETRIEVE_ONE = f"{RETRIEVE}/{{handle}}"
# All that is taken from the upstream's paths, written as in the OpenAPI document.
SERVED: dict[str, tuple[str, ...]] = {
    "/v1/compress": ("POST",),
    RETRIEVE: ("POST",),
    RETRIEVE_ONE: ("GET", "HEAD"),
    "/stats": ("GET", "HEAD"),
    "/metrics": ("GET", "HEAD"),
    "/livez": ("GET", "HEAD"),
    "/readyz": ("GET", "HEAD"),
    "/health": ("GET", "HEAD"),
    "/mcp": ("POST",),
    "/openapi.json": ("GET", "HEAD"),
}
_STORE_AGAIN_S = 10


def is_ours(path: str) -> bool:
    """Whether a path (no query) is answered by us, whatever the method."""
    return _served(path) is not None


def _served(path: str) -> str | None:
    """The path as it is written in ``SERVED``."""
    served = RETRIEVE_ONE if path.startswith(f"{RETRIEVE}/") else path
    return served if served in SERVED else None


class Endpoints:
    """Finds what answers a request.

    Args:
        parts: what the endpoints need.
    """

    def __init__(self, parts: EndpointParts) -> None:
        self._parts = parts

    def find(self, method: str, path: str) -> Handler | None:
        """The handler for a method and a path (no query), given the request and its target; None: the request is for the upstream."""
        served = _served(path)
        if served is None:
            return None
        return self._answering(served, self._handlers[served] if method in SERVED[served] else _refusing(served))

    async def close(self) -> None:
        """Finish what was begun for clients that are gone."""
        if "_handlers" in self.__dict__:
            await self._handlers.close()

    @cached_property
    def _handlers(self) -> Handlers:
        # Late: an agent's proxy is started for every session, and most are never asked anything themselves.
        from headroom_wrap.proxy.endpoints.handlers import Handlers

        return Handlers(self._parts)

    def _answering(self, path: str, handler: Handler) -> Handler:
        """A handler that answers whatever happens, in one form, and is counted."""

        async def answer(request: web.BaseRequest, target: str) -> web.StreamResponse:
            try:
                _refuse_pages(request)
                made = await handler(request, target)
            except Refusal as refusal:
                made = refusal.answer()
            except StoreError as error:
                made = later("storage_error", str(error), _STORE_AGAIN_S).answer()
            except Exception:  # the one place where an endpoint's own mistake becomes an answer
                log.exception("%s %s failed", request.method, path)
                made = Refusal(500, "internal_error", "This is a mistake of Headroom's; its log says more. Please report it.").answer()
            self._parts.tally.answer(path, made.status)
            return made

        return answer


def _refuse_pages(request: web.BaseRequest) -> None:
    """Programs send no ``Origin``; a web page does, and none but our own has any business here."""
    origin = request.headers.get("Origin")
    host = request.headers.get("Host", "")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        raise Refusal(403, "forbidden", "Web pages are not served.", close=True)


def _refusing(path: str) -> Handler:
    """What answers methods that an endpoint does not take."""
    methods = SERVED[path]

    async def refuse(request: web.BaseRequest, target: str) -> web.StreamResponse:
        raise Refusal(405, "method_not_allowed", f"{path} takes {' and '.join(methods)}.", {"Allow": ", ".join(methods)}, close=True)

    return refuse
