"""OpenAI Chat Completions: requests as they are sent to ``/chat/completions``, responses as JSON or server-sent events."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.dialects import json_spans
from pipeline.dialects.api import UsageParser
from pipeline.dialects.json_spans import Malformed
from pipeline.dialects.messages import (
    Envelope,
    MessageList,
    Piece,
    any_text,
    digest,
    first_byte,
    member_is_true,
    member_text,
    named_session,
    offers,
    parts_of,
    result_piece,
    text_piece,
    told,
)
from pipeline.dialects.openai_usage import ChatUsage
from pipeline.tool_calls import describe
from pipeline.transcript import Item, ItemKind, Span, ToolKind


class OpenAIChat(MessageList):
    """The dialect."""

    name = "openai-chat"
    breakpoint = "cache_control"

    def recognises(self, method: str, path: str) -> bool:
        return method == "POST" and path.endswith("/chat/completions")

    def envelope(self, body: bytes) -> Envelope:
        top = json_spans.members(body, json_spans.whole(body))
        return Envelope(
            json_spans.elements(body, top["messages"]),
            member_text(body, top, "model"),
            member_is_true(body, top, "stream"),
            session=any_text(body, top, "prompt_cache_key"),
            tools=offers(body, top, "tools", "functions"),
        )

    def session(self, headers: Mapping[str, str]) -> str:
        return named_session(headers)

    def usage_parser(self, content_type: str) -> UsageParser:
        return ChatUsage(streamed="text/event-stream" in content_type.lower())

    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        fields = json_spans.members(raw, json_spans.whole(raw))
        role = json_spans.string(raw, fields["role"])
        if role in ("tool", "function"):
            return role, tuple(_results(raw, fields))
        pieces = _texts(raw, fields.get("content"), role)
        for call in parts_of(raw, fields["tool_calls"]) if _is_array(raw, fields.get("tool_calls")) else []:
            pieces.append(_call(raw, call, kinds))
        return role, tuple(pieces)


def _results(raw: bytes, fields: Mapping[str, Span]) -> list[Piece]:
    answers = json_spans.string(raw, fields["tool_call_id"]) if "tool_call_id" in fields else ""
    content = fields.get("content")
    if content is None or first_byte(raw, content) not in (b'"', b"["):
        return [_opaque(raw, json_spans.whole(raw), "tool")]
    if first_byte(raw, content) == b'"':
        return [result_piece(raw, content, answers, error=False)]
    pieces = []
    for span in parts_of(raw, content):
        part = json_spans.members(raw, span)
        if "text" in part:
            pieces.append(result_piece(raw, part["text"], answers, error=False))
        else:
            pieces.append(_opaque(raw, span, "tool"))
    return pieces


def _texts(raw: bytes, content: Span | None, role: str) -> list[Piece]:
    if content is None or raw[content.start : content.end] == b"null":
        return []
    if first_byte(raw, content) == b'"':
        return [text_piece(json_spans.string(raw, content), role, content)]
    pieces = []
    for span in parts_of(raw, content):
        try:
            pieces.append(_text(raw, span, role))
        except (Malformed, KeyError):  # one part of unknown shape must not change the forms of all others
            pieces.append(_opaque(raw, span, role))
    return pieces


def _text(raw: bytes, span: Span, role: str) -> Piece:
    """The piece of a part with a text. Raises ``Malformed`` or ``KeyError`` if it is none."""
    part = json_spans.members(raw, span)
    return text_piece(json_spans.string(raw, part["text"]), role, part["text"])


def _call(raw: bytes, span: Span, kinds: Mapping[str, ToolKind]) -> Piece:
    try:
        value = json_spans.plain(raw, span)
    except Malformed:
        return _opaque(raw, span, "assistant")
    if not isinstance(value, dict):
        return _opaque(raw, span, "assistant")
    call_id = str(value.get("id", ""))
    if isinstance(function := value.get("function"), dict):
        name, given = str(function.get("name", "")), function.get("arguments")
        call = describe(call_id, name, json_spans.mapping(given) if isinstance(given, str) else {}, kinds)
    elif isinstance(custom := value.get("custom"), dict):
        name, given = str(custom.get("name", "")), custom.get("input")
        call = describe(call_id, name, {"input": given}, kinds)
    else:
        return _opaque(raw, span, "assistant")
    return Piece(Item(ItemKind.TOOL_CALL, digest("call", call_id, name, str(given)), call=call), calls=call)


def _opaque(raw: bytes, span: Span, role: str) -> Piece:
    return Piece(Item(ItemKind.OTHER, digest("other", role, told(raw, span, "cache_control"))))


def _is_array(raw: bytes, span: Span | None) -> bool:
    return span is not None and first_byte(raw, span) == b"["
