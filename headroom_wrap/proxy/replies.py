"""Responses of the proxy's own, and the class in which those of the upstream are handed on."""

from __future__ import annotations

import json

from aiohttp import web

_LIBRARY_ADDS = ("Content-Type", "Server")


class Relayed(web.StreamResponse):
    """A response that says nothing of its own accord: ``Date`` is all that is added where it is missing (RFC 9110, section 6.6.1)."""

    async def _prepare_headers(self) -> None:
        missing = [name for name in _LIBRARY_ADDS if name not in self.headers]
        await super()._prepare_headers()
        for name in missing:
            self.headers.pop(name, None)


class _Own(web.Response):
    """A response without the library's name in it."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


def not_found() -> web.Response:
    """For those whom we do not speak to: no hint at what would be found."""
    return _closing(_Own(status=404))


def alive() -> web.Response:
    """We serve."""
    return _Own(text="ok\n")


def no_websocket() -> web.Response:
    """Try again without: agents that prefer a WebSocket then fall back to HTTP."""
    return _closing(_Own(status=426, text="This address serves HTTP only.\n"))


def too_large(limit: int) -> web.Response:
    """A request body beyond the limit."""
    return _closing(_error(413, "request_too_large", f"Headroom relays request bodies of up to {limit} bytes."))


def unreachable(sentence: str, *, retry: bool) -> web.Response:
    """The upstream gave no answer.

    Args:
        sentence: why, and what to do.
        retry: trying again may help; without it clients that know the header give up at once.
    """
    response = _error(502, "api_error", sentence)
    if not retry:
        response.headers["x-should-retry"] = "false"
    return response


def _error(status: int, kind: str, message: str) -> web.Response:
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return _Own(status=status, body=json.dumps(body, ensure_ascii=False).encode(), content_type="application/json")


def _closing(response: web.Response) -> web.Response:
    response.force_close()  # what is left of the body is not waited for
    return response
