"""The shapes of content blocks that the Messages API takes: which types, with which fields, from which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headroom.testing.errors import invalid


@dataclass(frozen=True, slots=True)
class _Shape:
    required: Mapping[str, type | tuple[type, ...]]
    optional: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("user", "assistant")


_SHAPES = {
    "text": _Shape({"text": str}, ("cache_control", "citations"), ("user", "assistant", "system")),
    "image": _Shape({"source": dict}, ("cache_control",), ("user",)),
    "document": _Shape({"source": dict}, ("cache_control", "title", "context", "citations"), ("user",)),
    "search_result": _Shape({"source": str, "title": str, "content": list}, ("cache_control", "citations"), ("user",)),
    "tool_result": _Shape({"tool_use_id": str}, ("content", "is_error", "cache_control"), ("user",)),
    "tool_use": _Shape({"id": str, "name": str, "input": dict}, ("cache_control", "caller"), ("assistant",)),
    "thinking": _Shape({"thinking": str, "signature": str}, (), ("assistant",)),
    "redacted_thinking": _Shape({"data": str}, (), ("assistant",)),
}
# Types whose fields are not checked: they are the API's own, made on its side and handed back.
_OPAQUE = (
    "server_tool_use web_search_tool_result web_fetch_tool_result code_execution_tool_result bash_code_execution_tool_result"
    " text_editor_code_execution_tool_result tool_search_tool_result mcp_tool_use mcp_tool_result container_upload"
    " compaction"
).split()
_NESTED = ("text", "image", "document", "search_result", "tool_reference")
_FORBIDDEN_ELSEWHERE = {
    "tool_use": "`tool_use` blocks can only be in `assistant` messages",
    "tool_result": "`tool_result` blocks can only be in `user` messages",
}


def check_block(path: str, part: object, types: Sequence[str] = (), *, role: str = "") -> None:
    """Refuses a content block that the API would not parse.

    Args:
        path: where it stands, in the API's notation, e.g. ``messages.0.content.1``.
        part: the block.
        types: the types allowed there; all of them when empty.
        role: the role of its message, or ``""`` where it has none.

    Raises:
        ApiError: 400, naming the path.
    """
    if not isinstance(part, Mapping):
        raise invalid(f"{path}: Input should be an object")
    kind = part.get("type")
    allowed = types or (*_SHAPES, *_OPAQUE)
    if kind is None:
        raise invalid(f"{path}.type: Field required")
    if kind not in allowed:
        tags = ", ".join(f"'{name}'" for name in allowed)
        raise invalid(f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}")
    shape = _SHAPES.get(str(kind))
    if shape is None:
        return
    _check_fields(f"{path}.{kind}", part, shape)
    if role and role not in shape.roles:
        raise invalid(f"{path}: {_FORBIDDEN_ELSEWHERE.get(str(kind), f'`{kind}` is not allowed for the role {role}')}")
    if kind == "tool_result":
        _check_nested(path, part.get("content"))


def _check_fields(path: str, part: Mapping[str, object], shape: _Shape) -> None:
    for name, expected in shape.required.items():
        if name not in part:
            raise invalid(f"{path}.{name}: Field required")
        if not isinstance(part[name], expected):
            raise invalid(f"{path}.{name}: Input should be a valid {'string' if expected is str else 'value'}")
    for name in part:
        if name != "type" and name not in shape.required and name not in shape.optional:
            raise invalid(f"{path}.{name}: Extra inputs are not permitted")


def _check_nested(path: str, content: object) -> None:
    if content is None or isinstance(content, str):
        return
    if not isinstance(content, list):
        raise invalid(f"{path}.tool_result.content: Input should be a valid string or list")
    for n, nested in enumerate(content):
        check_block(f"{path}.tool_result.content.{n}", nested, _NESTED)
        if nested.get("cache_control") and n < len(content) - 1:
            raise invalid(f"{path}.content.{n}: cache_control must be set on the `tool_result` block itself")


def refuse_empty_text(level: str, path: str, part: Mapping[str, object]) -> None:
    """Refuses a text block without visible text, in the words that the API has for its case."""
    if part.get("cache_control"):
        raise invalid(f"{path}.text: cache_control cannot be set for empty text blocks")
    if part["text"]:
        raise invalid(f"{level}: text content blocks must contain non-whitespace text")
    raise invalid(f"{level}: text content blocks must be non-empty")
