"""The proxy's own endpoints: which path is answered by what, and what all of them have in common."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from headroom_wrap.proxy.endpoints import answers, metrics, openapi, retrieve
from headroom_wrap.proxy.endpoints.answers import Refusal, later
from headroom_wrap.proxy.endpoints.compress import Compress
from headroom_wrap.proxy.endpoints.health import Health
from headroom_wrap.proxy.endpoints.mcp import Mcp
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.pulse import Pulse
from headroom_wrap.proxy.endpoints.retrieve import Retrieve
from headroom_wrap.proxy.endpoints.stats import StatsEndpoint
from headroom_wrap.proxy.worker import resident
from pipeline.store.api import StoreError

log = logging.getLogger(__name__)

Handler = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]
_STORE_AGAIN_S = 10


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """A path and what answers it.

    Args:
        path: as the OpenAPI document has it.
        methods: method -> handler.
    """

    path: str
    methods: dict[str, Handler]


class Endpoints:
    """Finds what answers a request.

    Args:
        parts: what the endpoints need.
    """

    def __init__(self, parts: EndpointParts) -> None:
        self._parts = parts
        self._pulse = None if parts.workers is None else Pulse(parts.workers)
        self._compress = Compress(parts, self._pulse)
        self._paths = {path: _Endpoint(path, methods) for path, methods in self._table().items()}

    @property
    def served(self) -> dict[str, tuple[str, ...]]:
        """The methods of every path."""
        return {path: tuple(endpoint.methods) for path, endpoint in self._paths.items()}

    def find(self, method: str, path: str) -> Handler | None:
        """The handler for a method and a path (no query), given the request and its target; None: the request is for the upstream."""
        endpoint = self._paths.get(path)
        if endpoint is None and path.startswith(f"{retrieve.PATH}/"):
            endpoint = self._paths[openapi.RETRIEVE_ONE]
        if endpoint is None:
            return None
        handler = endpoint.methods.get("GET" if method == "HEAD" else method)
        return self._answering(endpoint, handler or _refusing(endpoint))

    async def close(self) -> None:
        """Finish what was begun for clients that are gone."""
        await self._compress.close()
        if self._pulse is not None:
            await self._pulse.close()

    def _table(self) -> dict[str, dict[str, Handler]]:
        health = Health(self._parts, self._pulse)
        originals = Retrieve(self._parts)
        return {
            "/v1/compress": {"POST": self._compress.handle},
            retrieve.PATH: {"POST": originals.post},
            openapi.RETRIEVE_ONE: {"GET": originals.get},
            "/stats": {"GET": StatsEndpoint(self._parts).get},
            "/metrics": {"GET": self._metrics},
            "/livez": {"GET": health.live},
            "/readyz": {"GET": health.ready},
            "/health": {"GET": health.health},
            "/mcp": {"POST": Mcp(self._parts, self._compress).post},
            "/openapi.json": {"GET": self._openapi},
        }

    def _answering(self, endpoint: _Endpoint, handler: Handler) -> Handler:
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
                log.exception("%s %s failed", request.method, endpoint.path)
                made = Refusal(500, "internal_error", "This is a mistake of Headroom's; its log says more. Please report it.").answer()
            self._parts.tally.answer(endpoint.path, made.status)
            return made

        return answer

    async def _metrics(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        return answers.raw(metrics.text(self._parts.tally, resident()).encode(), metrics.CONTENT_TYPE)

    async def _openapi(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        return answers.of(openapi.document())


def _refuse_pages(request: web.BaseRequest) -> None:
    """Programs send no ``Origin``; a web page does, and none but our own has any business here."""
    origin = request.headers.get("Origin")
    host = request.headers.get("Host", "")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        raise Refusal(403, "forbidden", "Web pages are not served.", close=True)


def _refusing(endpoint: _Endpoint) -> Handler:
    """What answers methods that an endpoint does not take."""
    methods = [*endpoint.methods, *(["HEAD"] if "GET" in endpoint.methods else [])]

    async def refuse(request: web.BaseRequest, target: str) -> web.StreamResponse:
        raise Refusal(405, "method_not_allowed", f"{endpoint.path} takes {' and '.join(methods)}.", {"Allow": ", ".join(methods)}, close=True)

    return refuse
