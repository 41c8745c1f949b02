"""Answers of the endpoints as HTTP: values as JSON, refusals as typed errors."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
from aiohttp import web

from headroom_wrap.proxy.replies import Own

JSON = "application/json"


class Problem(msgspec.Struct, frozen=True):
    """What is wrong, for programs and for people.

    Args:
        type: ``invalid_request``, ``not_found``, ``storage_error`` …
        message: one or two sentences: what is wrong, and what to do.
    """

    type: str
    message: str


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every answer that is an error."""

    error: Problem


class Refusal(Exception):
    """A request that is answered by an error.

    Args:
        status: of HTTP.
        kind: the error's type.
        message: what is wrong, and what to do.
        headers: further headers, e.g. ``Retry-After``.
        close: the rest of the request is not waited for.
    """

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None, *, close: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.headers = headers or {}
        self.close = close

    def answer(self) -> web.Response:
        """The error as a response."""
        made = of(ErrorBody(Problem(self.kind, self.message)), status=self.status)
        made.headers.update(self.headers)
        if self.close:
            made.force_close()
        return made


def of(value: object, *, status: int = 200) -> web.Response:
    """A value as JSON."""
    return raw(encode(value), JSON, status=status)


def raw(body: bytes, content_type: str, *, status: int = 200) -> web.Response:
    """Bytes of a content type, parameters included."""
    return Own(status=status, body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def empty(status: int) -> web.Response:
    """No body."""
    return Own(status=status)


def encode(value: object) -> bytes:
    """A value as JSON."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # a lone surrogate is no UTF-8, but JSON can say it
        return json.dumps(msgspec.to_builtins(value)).encode("ascii")


def later(kind: str, message: str, seconds: int) -> Refusal:
    """Not now.

    Args:
        kind: the error's type.
        message: what is wrong.
        seconds: after which it is worth trying again.
    """
    return Refusal(503, kind, message, {"Retry-After": str(seconds)})
