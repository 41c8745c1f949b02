"""OpenAI Chat Completions: the messages of a request."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipeline.dialects import json_spans
from pipeline.dialects.messages import MessageList, Piece, canonical, digest, result_piece
from pipeline.tool_calls import describe
from pipeline.transcript import Item, ItemKind, Span, ToolKind


class OpenAIChat(MessageList):
    """The dialect's messages."""

    name = "openai-chat"

    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        fields = json_spans.members(raw, json_spans.whole(raw))
        role = json_spans.string(raw, fields["role"])
        if role in ("tool", "function"):
            return role, tuple(_results(raw, fields))
        pieces = _texts(raw, fields.get("content"), role)
        for call in json_spans.elements(raw, fields["tool_calls"]) if _is_array(raw, fields.get("tool_calls")) else []:
            pieces.append(_call(raw, call, kinds))
        return role, tuple(pieces)


def _results(raw: bytes, fields: Mapping[str, Span]) -> list[Piece]:
    answers = json_spans.string(raw, fields["tool_call_id"]) if "tool_call_id" in fields else ""
    content = fields["content"]
    if raw[content.start : content.start + 1] == b'"':
        return [result_piece(raw, content, answers, error=False)]
    pieces = []
    for span in json_spans.elements(raw, content):
        part = json_spans.members(raw, span)
        if "text" in part:
            pieces.append(result_piece(raw, part["text"], answers, error=False))
        else:
            pieces.append(_opaque(raw, span, "tool"))
    return pieces


def _texts(raw: bytes, content: Span | None, role: str) -> list[Piece]:
    if content is None or raw[content.start : content.end] == b"null":
        return []
    if raw[content.start : content.start + 1] == b'"':
        return [_text(json_spans.string(raw, content), role)]
    pieces = []
    for span in json_spans.elements(raw, content):
        part = json_spans.members(raw, span)
        pieces.append(_text(json_spans.string(raw, part["text"]), role) if "text" in part else _opaque(raw, span, role))
    return pieces


def _text(text: str, role: str) -> Piece:
    kind = {"user": ItemKind.USER_TEXT, "assistant": ItemKind.ASSISTANT_TEXT}.get(role, ItemKind.OTHER)
    return Piece(Item(kind, digest("text", role, text), text))


def _call(raw: bytes, span: Span, kinds: Mapping[str, ToolKind]) -> Piece:
    value = json_spans.plain(raw, span)
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(function, dict):
        return _opaque(raw, span, "assistant")
    try:
        arguments = json.loads(function.get("arguments") or "{}")
    except (ValueError, TypeError, RecursionError):
        arguments = {}
    call = describe(str(value.get("id", "")), str(function.get("name", "")), arguments if isinstance(arguments, dict) else {}, kinds)
    return Piece(Item(ItemKind.TOOL_CALL, digest("call", call.id, call.name, str(function.get("arguments"))), call=call), calls=call)


def _opaque(raw: bytes, span: Span, role: str) -> Piece:
    return Piece(Item(ItemKind.OTHER, digest("other", role, canonical(json_spans.plain(raw, span)))))


def _is_array(raw: bytes, span: Span | None) -> bool:
    return span is not None and raw[span.start : span.start + 1] == b"["
