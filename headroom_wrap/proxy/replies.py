"""Responses of the proxy's own, and the class in which those of the upstream are handed on."""

from __future__ import annotations

import enum
import json

from aiohttp import HttpVersion11, web

from headroom_wrap.proxy.vendors import Vendor

_LIBRARY_ADDS = ("Content-Type", "Server")


class Shape(enum.Enum):
    """How an API words its errors: its clients show the message of no other."""

    ANTHROPIC = enum.auto()
    OPENAI = enum.auto()
    GOOGLE = enum.auto()
    AWS = enum.auto()


_SHAPES = {
    "anthropic": Shape.ANTHROPIC,
    "gemini": Shape.GOOGLE,
    "bedrock-converse": Shape.AWS,
    Vendor.CODE_ASSIST: Shape.GOOGLE,
    Vendor.VERTEX: Shape.GOOGLE,
    Vendor.BEDROCK: Shape.AWS,
}
# Status -> what Anthropic and Google call it; OpenAI tells a client's mistake from a server's.
_NAMES = {
    404: ("not_found_error", "NOT_FOUND"),
    408: ("timeout_error", "DEADLINE_EXCEEDED"),
    413: ("request_too_large", "INVALID_ARGUMENT"),
    401: ("authentication_error", "UNAUTHENTICATED"),
    502: ("api_error", "UNAVAILABLE"),
}


def shape(dialect: str, vendor: Vendor | None) -> Shape:
    """The shape for a request.

    Args:
        dialect: name of the dialect that it is of, ``""`` if of none.
        vendor: whose API it is for, if that is known.
    """
    return _SHAPES.get(dialect) or _SHAPES.get(vendor or "") or Shape.OPENAI


class Relayed(web.StreamResponse):
    """A response that says nothing of its own accord: ``Date`` is all that is added where it is missing (RFC 9110, section 6.6.1)."""

    async def _prepare_headers(self) -> None:
        missing = [name for name in _LIBRARY_ADDS if name not in self.headers]
        if self._req is not None and self._req.version < HttpVersion11 and self.content_length is None:
            self.force_close()  # nothing else can tell where the body ends
        await super()._prepare_headers()
        for name in missing:
            self.headers.pop(name, None)


class Own(web.Response):
    """A response without the library's name in it."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


def not_found() -> web.Response:
    """For those whom we do not speak to: no hint at what would be found."""
    return _closing(Own(status=404))


def alive() -> web.Response:
    """We serve."""
    return Own(text="ok\n")


def no_token(form: Shape) -> web.Response:
    """A request without the token, or from a web page where none is asked for."""
    sentence = (
        "This is Headroom's proxy, and the request lacks its token. Put the token in front of the path (http://HOST:PORT/TOKEN/v1/...) or into "
        "the header x-headroom-token; headroom proxy --show-token prints it. Web pages are not served without."
    )
    return _final(_closing(error(401, sentence, form)))


def too_large(limit: int, form: Shape = Shape.ANTHROPIC) -> web.Response:
    """A request body beyond the limit."""
    return _closing(error(413, f"Headroom relays request bodies of up to {limit} bytes.", form))


def too_slow(seconds: float, form: Shape = Shape.ANTHROPIC) -> web.Response:
    """A request body that does not arrive."""
    return _closing(error(408, f"Headroom waited {seconds:g} seconds for more of the request and gave up.", form))


def no_route(sentence: str, form: Shape = Shape.ANTHROPIC) -> web.Response:
    """There is no upstream for a request. The sentence says what to do."""
    return _final(_closing(error(404, sentence, form)))


def unreachable(sentence: str, *, retry: bool, form: Shape = Shape.ANTHROPIC) -> web.Response:
    """The upstream gave no answer.

    Args:
        sentence: why, and what to do.
        retry: trying again may help; without it clients that know the header give up at once.
        form: the error's shape.
    """
    response = error(502, sentence, form)
    return response if retry else _final(response)


def error(status: int, message: str, form: Shape) -> web.Response:
    """An error in the words of an API."""
    kind, name = _NAMES[status]
    bodies: dict[Shape, dict[str, object]] = {
        Shape.ANTHROPIC: {"type": "error", "error": {"type": kind, "message": message}},
        Shape.OPENAI: {
            "error": {"message": message, "type": "server_error" if status >= 500 else "invalid_request_error", "param": None, "code": None}
        },
        Shape.GOOGLE: {"error": {"code": status, "message": message, "status": name}},
        Shape.AWS: {"message": message},
    }
    body = bodies[form]
    return Own(status=status, body=json.dumps(body).encode(), content_type="application/json")


def _final(response: web.Response) -> web.Response:
    response.headers["x-should-retry"] = "false"
    return response


def _closing(response: web.Response) -> web.Response:
    response.force_close()  # what is left of the body is not waited for
    return response
