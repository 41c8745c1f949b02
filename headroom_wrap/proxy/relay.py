"""What becomes of a request that arrives: refused, answered by us, or carried to the upstream."""

from __future__ import annotations

from aiohttp import web

from headroom_wrap.proxy import headers, replies
from headroom_wrap.proxy.endpoints.table import Endpoints
from headroom_wrap.proxy.exchange import Exchange, Lane, Parts
from headroom_wrap.proxy.guard import Guard
from headroom_wrap.proxy.websocket import carry


class Relay:
    """The handler of all requests.

    Args:
        guard: who is admitted.
        endpoints: what is answered by us.
        lanes: the dialects that are understood, asked in order.
        parts: what an exchange needs.
    """

    def __init__(self, guard: Guard, endpoints: Endpoints, lanes: tuple[Lane, ...], parts: Parts) -> None:
        self._guard = guard
        self._endpoints = endpoints
        self._lanes = lanes
        self._parts = parts

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        target = self._guard.admit(request.raw_path, request.headers.get("Host"))
        if target is None:
            return replies.not_found()
        handler = self._endpoints.find(request.method, target.partition("?")[0])
        if handler is not None:
            return await handler(request, target)
        if carry.asked(request):
            return await carry.carry(request, target, self._lane(request, target), self._parts)
        if (request.content_length or 0) > self._parts.body_limit:
            return replies.too_large(self._parts.body_limit)
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await Exchange(request, target, self._lane(request, target), self._parts).run()

    def _lane(self, request: web.BaseRequest, target: str) -> Lane | None:
        path = target.partition("?")[0]
        for lane in self._lanes:
            if lane.dialect.recognises(request.method, path):
                if request.headers.get(headers.BYPASS, "0") != "0" or headers.signed(request.headers):
                    return Lane(lane.dialect, None)
                return lane
        return None
