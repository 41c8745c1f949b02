"""The Model Context Protocol without a transport: a JSON-RPC 2.0 message in, its answer out.

It speaks both kinds of the protocol. *Handshake* revisions (2024-11-05 to 2025-11-25) begin with ``initialize``. In 2026-07-28 there is no
handshake: every request names its revision in ``_meta`` and is answered on its own; ``ping`` is gone, ``server/discover`` is new, results
carry a ``resultType``. A request is taken by what itself says, so one process serves both.
https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle
https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from headroom_wrap.mcp.tools import INSTRUCTIONS, ToolError, Tools, UnknownTool

HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
STATELESS = ("2026-07-28",)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
UNSUPPORTED_VERSION = -32022
HEADER_MISMATCH = -32020

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
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


class Answer(NamedTuple):
    """What a message is answered with.

    Args:
        message: the JSON-RPC response.
        code: of the error in it, 0 if it is none.
    """

    message: dict[str, Any]
    code: int = 0

    @property
    def data(self) -> bytes:
        """The response as JSON, in one line without its end."""
        text = json.dumps(self.message, ensure_ascii=False, separators=(",", ":"))
        # A lone surrogate cannot be sent: many clients' parsers would refuse the whole message.
        return text.encode("utf-8", "replace")


class Protocol:
    """Answers messages one by one; it remembers nothing between them.

    Args:
        tools: what is called.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def answer(self, message: Any) -> Answer | None:
        """The answer to a decoded message; None where none is due: to notifications and responses."""
        try:
            return self._answer(message)
        except RpcError as error:
            return refusal(request_id(message), error)
        except Exception as error:  # one call that goes wrong in a way nobody expected is not to take all tools from the agent
            import logging  # late: the first answer is not to wait for it

            logging.getLogger(__name__).exception("a message could not be answered")
            said = f"This is a mistake of Headroom's ({type(error).__name__}: {error}). Go on without the tool."
            return refusal(request_id(message), RpcError(INTERNAL_ERROR, said))

    def _answer(self, message: Any) -> Answer | None:
        if not isinstance(message, dict):
            raise RpcError(INVALID_REQUEST, "A message is one JSON object; batches are not part of the protocol.")
        method = message.get("method")
        if not isinstance(method, str):
            if "result" in message or "error" in message:
                return None  # a response: we never ask
            raise RpcError(INVALID_REQUEST, "A request has a method.")
        if "id" not in message:
            return None  # a notification
        if request_id(message) is None:
            raise RpcError(INVALID_REQUEST, "An id is a string or an integer.")
        params = message.get("params", {})
        if not isinstance(params, dict):
            raise RpcError(INVALID_PARAMS, "The params are an object.")
        meta = params.get("_meta")
        version = meta.get(VERSION_KEY) if isinstance(meta, dict) else None
        if method == "initialize" or version in HANDSHAKE or (version is None and method != "server/discover"):
            result = self._handshake(method, params)
        else:
            result = self._stateless(method, params, meta if isinstance(meta, dict) else {})
        return Answer({"jsonrpc": "2.0", "id": message["id"], "result": result})

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
        version = meta.get(VERSION_KEY)
        if not isinstance(version, str):
            raise RpcError(INVALID_PARAMS, f"The _meta of a request names its revision as {VERSION_KEY}.")
        if version not in STATELESS:
            raise unsupported(version)
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
            return {"tools": self._tools.offered}
        if method != "tools/call":
            raise RpcError(METHOD_NOT_FOUND, f"There is no method {method!r}.")
        name, arguments = params.get("name"), params.get("arguments")
        if not isinstance(name, str) or not isinstance(arguments, dict | None):
            raise RpcError(INVALID_PARAMS, "A tool is called by its name, with an object as arguments.")
        try:
            return _content(self._tools.call(name, arguments or {}))
        except UnknownTool:
            raise RpcError(INVALID_PARAMS, f"There is no tool {name!r}.") from None
        except ToolError as error:
            return {**_content(str(error)), "isError": True}


def _content(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


def request_id(message: Any) -> str | int | None:
    """The id of a request; None where it has none that JSON-RPC allows."""
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def decode(data: bytes) -> Any:
    """The message in a JSON text.

    Raises:
        RpcError: it is none.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # not UTF-8 is a ValueError too
        raise RpcError(PARSE_ERROR, "This is no JSON.") from None


def unsupported(version: str) -> RpcError:
    """The error for a revision that is not spoken here."""
    return RpcError(UNSUPPORTED_VERSION, "Unsupported protocol version", {"supported": [*STATELESS, *HANDSHAKE], "requested": version})


def refusal(request: str | int | None, error: RpcError) -> Answer:
    """The answer that says why a request is not served."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return Answer({"jsonrpc": "2.0", "id": request, "error": body}, error.code)
