"""What answers each path, put together from the parts of the proxy."""

from __future__ import annotations

from aiohttp import web

from headroom_wrap.proxy.endpoints import answers, metrics, openapi
from headroom_wrap.proxy.endpoints.compress import Compress
from headroom_wrap.proxy.endpoints.health import Health
from headroom_wrap.proxy.endpoints.mcp import Mcp
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.pulse import Pulse
from headroom_wrap.proxy.endpoints.retrieve import Retrieve
from headroom_wrap.proxy.endpoints.stats import StatsEndpoint
from headroom_wrap.proxy.endpoints.table import RETRIEVE, RETRIEVE_ONE, Handler
from headroom_wrap.proxy.worker import resident


class Handlers(dict[str, Handler]):
    """The handlers by path.

    Args:
        parts: of the proxy.
    """

    def __init__(self, parts: EndpointParts) -> None:
        self._tally = parts.tally
        self._pulse = None if parts.workers is None else Pulse(parts.workers)
        self._compress = Compress(parts, self._pulse)
        health = Health(parts, self._pulse)
        originals = Retrieve(parts)
        self._mcp = Mcp(parts, self._compress)
        super().__init__(
            {
                "/v1/compress": self._compress.handle,
                RETRIEVE: originals.post,
                RETRIEVE_ONE: originals.get,
                "/stats": StatsEndpoint(parts).get,
                "/metrics": self._metrics,
                "/livez": health.live,
                "/readyz": health.ready,
                "/health": health.health,
                "/mcp": self._mcp.post,
                "/openapi.json": _openapi,
            }
        )

    async def close(self) -> None:
        """Finish what was begun for clients that are gone."""
        await self._mcp.close()
        await self._compress.close()
        if self._pulse is not None:
            await self._pulse.close()

    async def _metrics(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        return answers.raw(metrics.text(self._tally, resident()).encode(), metrics.CONTENT_TYPE)


async def _openapi(request: web.BaseRequest, target: str) -> web.StreamResponse:
    return answers.of(openapi.document())
