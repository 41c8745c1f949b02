"""MCP over streamable HTTP, without the HTTP server: a POST's body and headers in, status and answer out. There are no sessions and no streams.

In handshake revisions errors of JSON-RPC come with status 200, but for a body that is no message; the stateless revision gives them statuses,
and has the client repeat in headers what is in the body, so that what stands between can route by it.
https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headroom_wrap.mcp import protocol
from headroom_wrap.mcp.protocol import HANDSHAKE, STATELESS, Answer, Protocol, RpcError

VERSION_HEADER = "MCP-Protocol-Version"
METHOD_HEADER = "Mcp-Method"
NAME_HEADER = "Mcp-Name"

_STATUS = {
    protocol.PARSE_ERROR: 400,
    protocol.INVALID_REQUEST: 400,
    protocol.INVALID_PARAMS: 400,
    protocol.HEADER_MISMATCH: 400,
    protocol.UNSUPPORTED_VERSION: 400,
    protocol.METHOD_NOT_FOUND: 404,
}
_OF_HANDSHAKES = frozenset({protocol.PARSE_ERROR, protocol.INVALID_REQUEST, protocol.UNSUPPORTED_VERSION, protocol.HEADER_MISMATCH})
_ENCODED = ("=?base64?", "?=")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a POST is answered with.

    Args:
        status: of HTTP.
        body: JSON, ``b""`` for none.
    """

    status: int
    body: bytes


def reply(spoken: Protocol, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Answer a POST.

    Args:
        spoken: answers the message.
        body: of the request.
        headers: of the request, found whatever their case.
    """
    message: Any = None
    stateless = headers.get(VERSION_HEADER) in STATELESS
    try:
        message = protocol.decode(body)
        stateless |= _version(message) in STATELESS
        _check(message, headers, stateless=stateless)
        answer = spoken.answer(message)
    except RpcError as error:
        answer = protocol.refusal(protocol.request_id(message), error)
    if answer is None:
        return Reply(202, b"")
    return Reply(_status(answer, stateless=stateless), answer.data)


def _check(message: Any, headers: Mapping[str, str], *, stateless: bool) -> None:
    """Whether the headers are in order. Raises ``RpcError``."""
    named = headers.get(VERSION_HEADER)
    if named is not None and named not in (*STATELESS, *HANDSHAKE):
        raise protocol.unsupported(named)
    if not stateless or not isinstance(message, dict) or "id" not in message:
        return  # the headers of notifications are not defined
    params = message.get("params")
    _same(VERSION_HEADER, named, _version(message))
    _same(METHOD_HEADER, headers.get(METHOD_HEADER), message.get("method"))
    if message.get("method") == "tools/call" and isinstance(params, dict):
        _same(NAME_HEADER, _decoded(headers.get(NAME_HEADER)), params.get("name"))


def _same(name: str, said: str | None, meant: Any) -> None:
    if said is None or said != meant:
        raise RpcError(protocol.HEADER_MISMATCH, f"The header {name} does not say what the body says.")


def _version(message: Any) -> Any:
    """The revision that a message names itself, None if it names none."""
    params = message.get("params") if isinstance(message, dict) else None
    meta = params.get("_meta") if isinstance(params, dict) else None
    found = meta.get(protocol.VERSION_KEY) if isinstance(meta, dict) else None
    return found if isinstance(found, str) else None


def _decoded(value: str | None) -> str | None:
    """A header's value; what cannot stand in a header is sent in base64."""
    before, after = _ENCODED
    if value is None or not (value.startswith(before) and value.endswith(after)):
        return value
    try:
        return base64.b64decode(value[len(before) : -len(after)], validate=True).decode()
    except ValueError:  # of base64, of UTF-8, and of a text that is no ASCII
        return None


def _status(answer: Answer, *, stateless: bool) -> int:
    if not answer.code or not (stateless or answer.code in _OF_HANDSHAKES):
        return 200
    return _STATUS.get(answer.code, 200)
