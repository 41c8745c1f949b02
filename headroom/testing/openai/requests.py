"""What both of OpenAI's APIs check before they look at a conversation: the key, the parameters, the tools."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from headroom.testing.errors import ApiError, invalid
from headroom.testing.shapes import JsonObject, mapping

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_SERVED = (
    "web_search web_search_preview file_search code_interpreter image_generation mcp computer_use_preview computer local_shell shell apply_patch"
    " tool_search programmatic_tool_calling collaboration"
).split()


def check_key(headers: Mapping[str, str]) -> None:
    """Refuses a request without a credential. Raises ``ApiError``."""
    bearer = headers.get("authorization", "")
    if not (bearer.lower().startswith("bearer ") and bearer[7:].strip()) and not headers.get("api-key"):
        raise ApiError(401, "invalid_request_error", "You didn't provide an API key.", code="missing_api_key")


def check_parameters(request: object, known: Collection[str], required: Sequence[str]) -> JsonObject:
    """The request as an object whose parameters are all known. Raises ``ApiError``."""
    if not isinstance(request, Mapping):
        raise invalid("Invalid type for body: expected an object.")
    for name in request:
        if name not in known:
            raise invalid(f"Unknown parameter: '{name}'.", str(name), "unknown_parameter")
    for name in required:
        if request.get(name) is None:
            raise missing(name)
    if not isinstance(request["model"], str):
        raise wrong_type("model", "a string")
    for name in ("stream", "store", "parallel_tool_calls"):
        if not isinstance(request.get(name, False), bool | None):
            raise wrong_type(name, "a boolean")
    if request.get("stream_options") is not None and not request.get("stream"):
        raise invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    return request


def check_tools(path: str, tools: object, *, nested: bool) -> None:
    """Refuses tools that cannot be called.

    Args:
        path: where they stand in the request.
        tools: the list, or None.
        nested: a function's name stands in a member of its own, as in Chat Completions.

    Raises:
        ApiError: the first thing wrong.
    """
    if tools is None:
        return
    if not isinstance(tools, list):
        raise wrong_type(path, "an array")
    for t, tool in enumerate(tools):
        _check_tool(f"{path}[{t}]", mapping(tool), nested=nested)


def _check_tool(path: str, tool: JsonObject, *, nested: bool) -> None:
    kind = tool.get("type")
    if kind == "namespace" and not nested:
        _check_name(path, tool)
        check_tools(f"{path}.tools", tool.get("tools"), nested=False)
    elif kind in {"function", "custom"}:
        part = mapping(tool.get(str(kind))) if nested else tool
        _check_name(f"{path}.{kind}" if nested else path, part)
        if kind == "function":
            _check_schema(f"{path}.parameters", part.get("parameters"))
    elif kind not in _SERVED or nested:
        raise invalid_value(f"{path}.type", kind, ["function", "custom"] if nested else ["function", "custom", "namespace", *_SERVED])


def _check_name(path: str, part: JsonObject) -> None:
    name = part.get("name")
    if name is None:
        raise missing(f"{path}.name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid(f"Invalid '{path}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.", f"{path}.name", "invalid_value")


def _check_schema(path: str, schema: object) -> None:
    if schema is None:
        return
    if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
        raise invalid(f"Invalid schema at '{path}': schema must be a JSON Schema of 'type: \"object\"'.", path, "invalid_function_parameters")


def missing(path: str) -> ApiError:
    """A required parameter is not there."""
    return invalid(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")


def wrong_type(path: str, expected: str) -> ApiError:
    """A parameter is of another type."""
    return invalid(f"Invalid type for '{path}': expected {expected}.", path, "invalid_type")


def invalid_value(path: str, value: object, supported: Collection[str]) -> ApiError:
    """A parameter has a value that is not supported."""
    names = ", ".join(f"'{name}'" for name in supported)
    return invalid(f"Invalid value: '{value}'. Supported values are: {names}.", path, "invalid_value")
