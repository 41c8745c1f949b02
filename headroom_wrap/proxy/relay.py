"""What becomes of a request that arrives: refused, answered by us, or carried to the upstream."""

from __future__ import annotations

from aiohttp import web

from headroom_wrap.events import Trouble
from headroom_wrap.proxy import headers, replies, vendors
from headroom_wrap.proxy.endpoints.table import Endpoints
from headroom_wrap.proxy.exchange import Exchange, Lane, Parts
from headroom_wrap.proxy.guard import Guard
from headroom_wrap.proxy.peers import Peers
from headroom_wrap.proxy.replies import Shape
from headroom_wrap.proxy.routes import NoRoute
from headroom_wrap.proxy.websocket import carry

_SIGNED = (
    "Requests arrive whose bodies are signed by the client, so Headroom relays them as they are. They are made smaller where the client's "
    "credential is a bearer token, or where a gateway behind Headroom signs."
)


class Relay:
    """The handler of all requests.

    Args:
        guard: who is admitted.
        endpoints: what is answered by us.
        lanes: the dialects that are understood, asked in order.
        parts: what an exchange needs.
        standing: others than one wrapped agent are served.
        peers: whose connections are served; None for anybody's.
    """

    def __init__(
        self, guard: Guard, endpoints: Endpoints, lanes: tuple[Lane, ...], parts: Parts, *, standing: bool = False, peers: Peers | None = None
    ) -> None:
        self._guard = guard
        self._endpoints = endpoints
        self._lanes = lanes
        self._parts = parts
        self._standing = standing
        self._peers = peers
        self._told_signed = False

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        target = self._guard.admit(request.raw_path, request.headers)
        if target is None or (self._peers is not None and not self._peers.admit(request.transport)):
            return self._refuse(request)
        handler = self._endpoints.find(request.method, target.partition("?")[0])
        if handler is not None:
            return await handler(request, target)
        lane = self._lane(request, target)
        form = replies.shape(lane.dialect.name if lane is not None else "", vendors.vendor(target, request.headers))
        try:
            if carry.asked(request):
                return await carry.carry(request, target, lane, self._parts, form)
            return await self._carry(request, target, lane, form)
        except NoRoute as error:
            return replies.no_route(str(error), form)

    def _refuse(self, request: web.BaseRequest) -> web.StreamResponse:
        """Whoever calls a standing proxy by its name is told what is missing; nobody else is told anything."""
        if self._standing and self._guard.called(request.headers):
            return replies.no_token(replies.shape("", vendors.vendor(request.raw_path, request.headers)))
        return replies.not_found()

    async def _carry(self, request: web.BaseRequest, target: str, lane: Lane | None, form: Shape) -> web.StreamResponse:
        """Carry a request that is no WebSocket's beginning."""
        exchange = Exchange(request, target, lane, self._parts, form)
        if (request.content_length or 0) > self._parts.body_limit:
            return replies.too_large(self._parts.body_limit, form)
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await exchange.run()

    def _lane(self, request: web.BaseRequest, target: str) -> Lane | None:
        """The lane for a request; a WebSocket is one where the same path takes requests."""
        path = target.partition("?")[0]
        method = "POST" if carry.asked(request) else request.method
        lane = next((lane for lane in self._lanes if lane.dialect.recognises(method, path)), None)
        if lane is None or lane.compression is None:
            return lane
        if request.headers.get(headers.BYPASS, "0") != "0":
            return Lane(lane.dialect, None, "bypassed")
        if headers.signed(request.headers):
            if not self._told_signed:
                self._told_signed = True
                self._parts.tell(Trouble("signed", _SIGNED))
            return Lane(lane.dialect, None, "signed")
        return lane
