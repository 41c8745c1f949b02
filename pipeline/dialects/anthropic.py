"""Anthropic Messages: requests as they are sent to ``/v1/messages``, to Vertex AI or to Amazon Bedrock; responses as JSON or server-sent events.

System prompt, tool declarations, thinking, images and everything unknown are never looked into, only hashed for the lineage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import unquote

from pipeline.dialects import json_spans
from pipeline.dialects.anthropic_usage import AnthropicUsage
from pipeline.dialects.api import PathInfo, UsageParser
from pipeline.dialects.bedrock_usage import InvokeStreamUsage
from pipeline.dialects.event_stream import CONTENT_TYPE
from pipeline.dialects.json_spans import Malformed
from pipeline.dialects.messages import (
    Envelope,
    MessageList,
    Piece,
    any_text,
    asked_piece,
    canonical,
    digest,
    first_byte,
    given,
    member_is_true,
    member_text,
    offers,
    parts_of,
    result_piece,
    told,
)
from pipeline.tool_calls import describe
from pipeline.transcript import Item, ItemKind, Span, ToolKind

_REMINDER = re.compile(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.DOTALL)


# Where others serve the API, the model and whether the answer streams stand in the path.
_HOSTED = re.compile(
    r"/publishers/anthropic/models/(?!count-tokens:)(?P<vertex>[^/:]{1,200}):(?P<predict>rawPredict|streamRawPredict)$"
    r"|/model/(?P<bedrock>[^/]{1,600})/(?P<invoke>invoke|invoke-with-response-stream)$"
)


class Anthropic(MessageList):
    """The dialect."""

    name = "anthropic"
    breakpoint = "cache_control"

    def recognises(self, method: str, path: str) -> bool:
        return method == "POST" and (path.endswith("/v1/messages") or _HOSTED.search(path) is not None)

    def path_info(self, path: str) -> PathInfo:
        found = _HOSTED.search(path)
        if found is None:
            return PathInfo()
        return PathInfo(unquote(found["vertex"] or found["bedrock"]), "stream" in (found["predict"] or found["invoke"]))

    def session(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-claude-code-session-id", "")

    def usage_parser(self, content_type: str) -> UsageParser:
        if CONTENT_TYPE in content_type.lower():
            return InvokeStreamUsage()
        return AnthropicUsage(streamed="text/event-stream" in content_type.lower())

    def envelope(self, body: bytes) -> Envelope:
        top = json_spans.members(body, json_spans.whole(body))
        return Envelope(
            json_spans.elements(body, top["messages"]),
            member_text(body, top, "model"),
            member_is_true(body, top, "stream"),
            session=_session(body, top),
            tools=offers(body, top),
            forgets="context_management" in top and _clears(body, top["context_management"]),
        )

    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        return _read_message(raw, kinds)


def _clears(body: bytes, span: Span) -> bool:
    """Whether the API is asked to clear or sum up more of the conversation than the model's own thinking, which nothing of ours refers to."""
    asked = json_spans.mapping(body[span.start : span.end]).get("edits")
    edits = asked if isinstance(asked, list) else []
    return any(isinstance(edit, dict) and not str(edit.get("type", "")).startswith("clear_thinking") for edit in edits)


def _session(body: bytes, top: Mapping[str, Span]) -> str:
    """The session that Claude Code writes into ``metadata.user_id``: a JSON text, or a name that ends in it. Other clients' users are no sessions."""
    if "metadata" not in top or first_byte(body, top["metadata"]) != b"{":
        return ""
    user = any_text(body, json_spans.members(body, top["metadata"]), "user_id")
    if user.startswith("{"):
        try:
            named = json.loads(user)["session_id"]
        except (ValueError, KeyError, RecursionError):
            return ""
        return named if isinstance(named, str) else ""
    return user.rpartition("_session_")[2] if "_session_" in user else ""


def _read_message(raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
    fields = json_spans.members(raw, json_spans.whole(raw))
    role = json_spans.string(raw, fields["role"])
    content = fields["content"]
    if raw[content.start : content.start + 1] == b'"':
        return role, (_text_piece(json_spans.string(raw, content), role, content),)
    pieces: list[Piece] = []
    for span in parts_of(raw, content):
        try:
            pieces += _read_block(raw, span, role, kinds)
        except (Malformed, KeyError):  # one block of unknown shape must not change the forms of all others
            pieces.append(_opaque(raw, span, role))
    return role, tuple(pieces)


def _read_block(raw: bytes, span: Span, role: str, kinds: Mapping[str, ToolKind]) -> list[Piece]:
    """The pieces of a block. Raises ``Malformed`` or ``KeyError`` if it is of an unknown shape."""
    fields = json_spans.members(raw, span)
    kind = json_spans.string(raw, fields["type"])
    if kind == "text" and "text" in fields:
        return [_text_piece(json_spans.string(raw, fields["text"]), role, fields["text"])]
    if kind == "tool_use":
        return [_call_piece(raw, span, kinds)]
    if kind == "tool_result" and "content" in fields:
        return _result_pieces(raw, fields)
    return [_opaque(raw, span, role)]


def _text_piece(text: str, role: str, span: Span) -> Piece:
    hashed = digest("text", role, text)
    if role == "assistant":
        return Piece(Item(ItemKind.ASSISTANT_TEXT, hashed, text))
    # What the agent's harness says in the user's name is no question.
    return asked_piece(text, _REMINDER.sub("", text).strip() if role == "user" else "", hashed, span)


def _call_piece(raw: bytes, span: Span, kinds: Mapping[str, ToolKind]) -> Piece:
    try:
        value = json_spans.plain(raw, span)
    except Malformed:
        return _deep_call(raw, span, kinds)
    if not isinstance(value, dict) or not isinstance(value.get("input"), dict):
        return _opaque(raw, span, "assistant")
    call = describe(str(value.get("id", "")), str(value.get("name", "")), value["input"], kinds)
    hashed = digest("call", call.id, call.name, canonical(value["input"]))
    return Piece(Item(ItemKind.TOOL_CALL, hashed, call=call), calls=call)


def _deep_call(raw: bytes, span: Span, kinds: Mapping[str, ToolKind]) -> Piece:
    """A call whose arguments are nested too deep to be built. Raises ``Malformed`` or ``KeyError`` if it is none."""
    fields = json_spans.members(raw, span)
    arguments, said = given(raw, fields["input"])
    call = describe(any_text(raw, fields, "id"), any_text(raw, fields, "name"), arguments, kinds)
    return Piece(Item(ItemKind.TOOL_CALL, digest("call", call.id, call.name, said), call=call), calls=call)


def _result_pieces(raw: bytes, fields: Mapping[str, Span]) -> list[Piece]:
    answers = json_spans.string(raw, fields["tool_use_id"])
    error = "is_error" in fields and raw[fields["is_error"].start : fields["is_error"].end] == b"true"
    content = fields["content"]
    if raw[content.start : content.start + 1] == b'"':
        return [result_piece(raw, content, answers, error=error)]
    pieces = []
    for span in parts_of(raw, content):
        part = json_spans.members(raw, span)
        if json_spans.string(raw, part["type"]) == "text" and "text" in part:
            pieces.append(result_piece(raw, part["text"], answers, error=error))
        else:
            pieces.append(_opaque(raw, span, "user"))
    return pieces


def _opaque(raw: bytes, span: Span, role: str) -> Piece:
    return Piece(Item(ItemKind.OTHER, digest("other", role, told(raw, span, "cache_control"))))
