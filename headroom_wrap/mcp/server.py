"""An MCP server over standard input and output: JSON-RPC 2.0, a message a line, the standard library alone.

It speaks both kinds of the protocol. *Handshake* revisions (2024-11-05 to 2025-11-25) begin with ``initialize``. In 2026-07-28 there is no
handshake: every request names its revision in ``_meta`` and is answered on its own; ``ping`` is gone, ``server/discover`` is new, results
carry a ``resultType``. A request is taken by what itself says, so one process serves both.
https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle
https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
"""

from __future__ import annotations

import contextlib
import json
from typing import Any, BinaryIO

from headroom_wrap.mcp.tools import INSTRUCTIONS, TOOLS, ToolError, Tools

HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
STATELESS = ("2026-07-28",)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
UNSUPPORTED_VERSION = -32022

_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
_SERVER_KEY = "io.modelcontextprotocol/serverInfo"
_SERVER_INFO = {"name": "headroom", "version": "1"}  # of the tools; reading the distribution's takes 30 ms
_CAPABILITIES: dict[str, Any] = {"tools": {}}
# The tools never change while the server runs, and say nothing about the user.
_CACHEABLE = {"ttlMs": 3_600_000, "cacheScope": "public"}


class RpcError(Exception):
    """A request that is answered by a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Server:
    """Answers messages one by one.

    Args:
        tools: what is called.
        ready: a file to make once the tools have been listed, ``""`` for none.
    """

    def __init__(self, tools: Tools, *, ready: str = "") -> None:
        self._tools = tools
        self._ready = ready

    def serve(self, source: BinaryIO, target: BinaryIO) -> None:
        """Answer line by line until the input ends.

        Raises:
            BrokenPipeError: the client is gone.
        """
        for line in source:
            answer = self.answer(line)
            if answer is not None:
                target.write(answer)
                target.flush()
                if self._ready and b'"tools/list"' in line:
                    self._make_ready()

    def _make_ready(self) -> None:
        """Whoever launched the agent waits for this file; that it cannot be made costs that wait and nothing else."""
        path, self._ready = self._ready, ""
        with contextlib.suppress(OSError):
            open(path, "x").close()

    def answer(self, line: bytes) -> bytes | None:
        """The line that answers a line; None where none is due: to notifications, responses and empty lines."""
        if not line.strip():
            return None
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):  # not UTF-8 is a ValueError too
            return _error(None, RpcError(PARSE_ERROR, "This is no JSON."))
        try:
            return self._answer(message)
        except RpcError as error:
            return _error(_id(message), error)

    def _answer(self, message: Any) -> bytes | None:
        if not isinstance(message, dict):
            raise RpcError(INVALID_REQUEST, "A message is one JSON object; batches are not part of the protocol.")
        method = message.get("method")
        if not isinstance(method, str):
            if "result" in message or "error" in message:
                return None  # a response: we never ask
            raise RpcError(INVALID_REQUEST, "A request has a method.")
        if "id" not in message:
            return None  # a notification
        if _id(message) is None:
            raise RpcError(INVALID_REQUEST, "An id is a string or an integer.")
        params = message.get("params", {})
        if not isinstance(params, dict):
            raise RpcError(INVALID_PARAMS, "The params are an object.")
        meta = params.get("_meta")
        version = meta.get(_VERSION_KEY) if isinstance(meta, dict) else None
        if method == "initialize" or version in HANDSHAKE or (version is None and method != "server/discover"):
            result = self._handshake(method, params)
        else:
            result = self._stateless(method, params, meta if isinstance(meta, dict) else {})
        return _line({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _handshake(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "initialize":
            asked = params.get("protocolVersion")
            return {
                # A revision that is not known is answered with the newest that has a handshake: the client decides.
                "protocolVersion": asked if asked in HANDSHAKE else HANDSHAKE[0],
                "capabilities": _CAPABILITIES,
                "serverInfo": _SERVER_INFO,
                "instructions": INSTRUCTIONS,
            }
        if method == "ping":
            return {}
        return self._tool_method(method, params)

    def _stateless(self, method: str, params: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
        version = meta.get(_VERSION_KEY)
        if not isinstance(version, str):
            raise RpcError(INVALID_PARAMS, f"The _meta of a request names its revision as {_VERSION_KEY}.")
        if version not in STATELESS:
            raise RpcError(UNSUPPORTED_VERSION, "Unsupported protocol version", {"supported": [*STATELESS, *HANDSHAKE], "requested": version})
        if not isinstance(meta.get(_CAPABILITIES_KEY), dict):
            raise RpcError(INVALID_PARAMS, f"The _meta of a request has {_CAPABILITIES_KEY}.")
        common = {"resultType": "complete", "_meta": {_SERVER_KEY: _SERVER_INFO}}
        if method == "server/discover":
            about = {"supportedVersions": [*STATELESS, *HANDSHAKE], "capabilities": _CAPABILITIES, "instructions": INSTRUCTIONS}
            return {**common, **about, **_CACHEABLE}
        result = self._tool_method(method, params)
        return {**common, **result, **(_CACHEABLE if method == "tools/list" else {})}

    def _tool_method(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "tools/list":
            return {"tools": TOOLS}
        if method != "tools/call":
            raise RpcError(METHOD_NOT_FOUND, f"There is no method {method!r}.")
        name, arguments = params.get("name"), params.get("arguments")
        if not isinstance(name, str) or not isinstance(arguments, dict | None):
            raise RpcError(INVALID_PARAMS, "A tool is called by its name, with an object as arguments.")
        try:
            return _content(self._tools.call(name, arguments or {}))
        except LookupError:
            raise RpcError(INVALID_PARAMS, f"There is no tool {name!r}.") from None
        except ToolError as error:
            return {**_content(str(error)), "isError": True}


def _content(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


def _id(message: Any) -> str | int | None:
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _error(request: str | int | None, error: RpcError) -> bytes:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return _line({"jsonrpc": "2.0", "id": request, "error": body})


def _line(message: dict[str, Any]) -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate cannot be sent: many clients' parsers would refuse the whole line.
    return text.encode("utf-8", "replace") + b"\n"
