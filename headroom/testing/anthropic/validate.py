"""What the Messages API refuses, as a pure function of a request: the checks a client or a proxy can run into, in the API's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from headroom.testing.anthropic.blocks import check_block, refuse_empty_text
from headroom.testing.anthropic.conversation import check_conversation
from headroom.testing.anthropic.prompt import as_blocks
from headroom.testing.errors import ApiError, invalid
from headroom.testing.shapes import JsonObject

MAX_BREAKPOINTS = 4

_FIELDS = frozenset(
    "model messages system tools tool_choice metadata max_tokens thinking context_management output_config output_format "
    "stream stop_sequences temperature top_p top_k service_tier container mcp_servers cache_control speed inference_geo "
    "diagnostics fallbacks betas".split()
)
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def check(
    request: object,
    headers: Mapping[str, str],
    *,
    issued: Mapping[str, Sequence[JsonObject]] | None = None,
    signatures: bool = True,
    counting: bool = False,
) -> None:
    """Refuses a request as the API would.

    Args:
        request: the parsed body.
        headers: the request's headers with lower-case names.
        issued: for each tool call answered earlier, by its id, the whole content of that answer. The thinking in the latest
            assistant message must still be what was issued.
        signatures: check that thinking blocks carry the signature made by :func:`headroom.testing.sign`.
        counting: the request goes to ``count_tokens``, which needs no ``max_tokens``.

    Raises:
        ApiError: the first thing wrong, with the HTTP status and the type and message of the API's error body.
    """
    _check_headers(headers)
    if not isinstance(request, Mapping):
        raise invalid("Input should be a valid dictionary")
    _check_parameters(request, counting=counting)
    _check_tools(_items(request, "tools"))
    _check_system(request.get("system"))
    messages = _items(request, "messages")
    if not messages:
        raise invalid("messages: at least one message is required")
    check_conversation(request, messages, headers, issued or {}, signatures=signatures)
    _check_breakpoints(request)


def _check_headers(headers: Mapping[str, str]) -> None:
    if not headers.get("x-api-key") and not headers.get("authorization"):
        raise ApiError(401, "authentication_error", "x-api-key header is required")
    if not headers.get("anthropic-version"):
        raise invalid("anthropic-version: header is required")


def _check_parameters(request: JsonObject, *, counting: bool) -> None:
    for name in request:
        if name not in _FIELDS:
            raise invalid(f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages") if counting else ("model", "max_tokens", "messages"):
        if name not in request:
            raise invalid(f"{name}: Field required")
    if not isinstance(request["model"], str):
        raise invalid("model: Input should be a valid string")
    if counting:
        return
    limit = request["max_tokens"]
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise invalid("max_tokens: Input should be a valid integer")
    if limit < 0 or (limit == 0 and request.get("stream")):
        raise invalid(f"max_tokens: {limit} is not allowed here")
    thinking = request.get("thinking")
    if isinstance(thinking, Mapping) and thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens")
        if not isinstance(budget, int) or budget < 1024:
            raise invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        if budget >= limit:
            raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_tools(tools: Sequence[JsonObject]) -> None:
    names: dict[str, int] = {}
    for t, tool in enumerate(tools):
        name = tool.get("name", "")
        if tool.get("type") in (None, "custom"):
            if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
                raise invalid(f"tools.{t}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
            schema = tool.get("input_schema")
            if schema is None:
                raise invalid(f"tools.{t}.custom.input_schema: Field required")
            if not isinstance(schema, Mapping) or schema.get("type") != "object":
                raise invalid(f"tools.{t}.custom.input_schema.type: Input should be 'object'")
        if name and str(name) in names:
            raise invalid("tools: Tool names must be unique.")
        names[str(name)] = t
    if tools and all(tool.get("defer_loading") for tool in tools):
        raise invalid("At least one tool must have defer_loading=false. All tools cannot be deferred.")


def _check_system(system: object) -> None:
    if system is None or isinstance(system, str):
        return
    if not isinstance(system, list):
        raise invalid("system: Input should be a valid list")
    for s, part in enumerate(system):
        check_block(f"system.{s}", part, ("text",))
        if not part["text"]:
            refuse_empty_text("system", f"system.{s}", part)


def _check_breakpoints(request: JsonObject) -> None:
    markers = list(_markers(request))
    automatic = 1 if request.get("cache_control") else 0
    if len(markers) + automatic > MAX_BREAKPOINTS:
        found = len(markers) + automatic
        raise invalid(f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {found}.")
    short = False
    for path, marker in markers:
        if not isinstance(marker, Mapping) or marker.get("type") != "ephemeral":
            raise invalid(f"{path}.cache_control.type: Input should be 'ephemeral'")
        ttl = marker.get("ttl", "5m")
        if ttl not in ("5m", "1h"):
            raise invalid(f"{path}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'")
        if ttl == "1h" and short:
            raise invalid(
                f"{path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control"
                " block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
            )
        short = short or ttl == "5m"


def _markers(request: JsonObject) -> Iterator[tuple[str, object]]:
    """Paths and values of all breakpoints on blocks, in the order in which the API processes them."""
    for t, tool in enumerate(_items(request, "tools")):
        if tool.get("cache_control"):
            yield f"tools.{t}", tool["cache_control"]
    for s, part in enumerate(as_blocks(request.get("system"))):
        if part.get("cache_control"):
            yield f"system.{s}", part["cache_control"]
    for m, message in enumerate(_items(request, "messages")):
        for c, part in enumerate(as_blocks(message.get("content"))):
            path = f"messages.{m}.content.{c}"
            if part.get("cache_control"):
                yield path, part["cache_control"]
            if part.get("type") == "tool_result":
                for n, nested in enumerate(as_blocks(part.get("content"))):
                    if nested.get("cache_control"):
                        yield f"{path}.content.{n}", nested["cache_control"]


def _items(request: JsonObject, name: str) -> list[JsonObject]:
    value = request.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise invalid(f"{name}: Input should be a valid list")
    return value
