"""Request bodies of the endpoints: JSON, bounded in size and time, whatever their content coding."""

from __future__ import annotations

import asyncio

from aiohttp import web

from headroom_wrap.proxy import codings
from headroom_wrap.proxy.endpoints.answers import JSON, Refusal

_PIECE_S = 30.0  # a client may be silent within a body for so long


async def read(request: web.BaseRequest, limit: int) -> bytes:
    """The body of a request, its content coding undone.

    Args:
        request: whose.
        limit: bytes that it may have, with its coding and without.

    Raises:
        Refusal: it is too long, too slow, not all there, no JSON by its own account, or in a coding that is not known.
    """
    kind = request.headers.get("Content-Type", JSON).partition(";")[0].strip().lower()
    if kind != JSON and not kind.endswith("+json"):
        raise Refusal(415, "unsupported_media_type", f"The body must be {JSON}, not {kind[:80]}.", {"Accept-Post": JSON}, close=True)
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    data = await _whole(request, limit)
    coding = request.headers.get("Content-Encoding", "")
    if not coding:
        return data
    try:
        decoder = codings.decoder(coding, limit)
    except codings.CodingError as error:
        raise Refusal(415, "unsupported_media_type", f"The body cannot be read: {error}.", {"Accept-Encoding": "gzip, deflate, zstd"}) from None
    try:
        return await asyncio.to_thread(decoder.feed, data)  # a few kilobytes may stand for all that a body may have
    except codings.CodingError as error:
        raise Refusal(400, "invalid_request", f"The body is not what its Content-Encoding says: {error}.") from None


async def _whole(request: web.BaseRequest, limit: int) -> bytes:
    held = []
    size = 0
    try:
        while chunk := await asyncio.wait_for(request.content.readany(), _PIECE_S):
            held.append(chunk)
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
    except asyncio.TimeoutError:
        raise Refusal(408, "request_timeout", f"No more of the body came for {_PIECE_S:.0f} seconds.", close=True) from None
    except ConnectionError:  # nobody hears of it but the statistics
        raise Refusal(400, "invalid_request", "The connection ended within the body.", close=True) from None
    return b"".join(held)


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "request_too_large", f"The body may have up to {limit} bytes. Send less of the conversation.", close=True)
