"""Anthropic Messages: requests as they are sent to ``/v1/messages``, responses as JSON or server-sent events.

System prompt, tool declarations, thinking, images and everything unknown are never looked into, only hashed for the lineage.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pipeline.dialects import json_spans
from pipeline.dialects.anthropic_usage import AnthropicUsage
from pipeline.dialects.api import Transcript, Unreadable, UsageParser, splice
from pipeline.dialects.json_spans import Malformed
from pipeline.policy import Policy
from pipeline.tool_calls import describe
from pipeline.transcript import Item, ItemKind, Span, ToolCall, ToolKind

_CACHE_BYTES = 32 * 1024 * 1024
_REMINDER = re.compile(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Piece:
    """An item whose call is not looked up yet, with its span relative to its message."""

    item: Item
    answers: str = ""  # id of the call that a tool result answers
    calls: ToolCall | None = None


class Anthropic:
    """The dialect. Pieces of messages are remembered by content, so a request costs what is new in it; the memory is bounded in bytes."""

    name = "anthropic"

    def __init__(self, cache_bytes: int = _CACHE_BYTES) -> None:
        self._cache: OrderedDict[bytes, tuple[str, tuple[_Piece, ...], int]] = OrderedDict()
        self._cache_left = cache_bytes

    def recognises(self, method: str, path: str) -> bool:
        return method == "POST" and path.endswith("/v1/messages")

    def session(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-claude-code-session-id", "")

    def usage_parser(self, content_type: str) -> UsageParser:
        return AnthropicUsage(streamed="text/event-stream" in content_type.lower())

    def read(self, body: bytes, policy: Policy) -> Transcript:
        try:
            top = json_spans.members(body, json_spans.whole(body))
            messages = json_spans.elements(body, top["messages"])
            model = json_spans.string(body, top["model"]) if "model" in top else ""
            stream = "stream" in top and body[top["stream"].start : top["stream"].end] == b"true"
        except (Malformed, KeyError) as error:
            raise Unreadable(f"not a messages request: {error}") from None
        return self._assemble(body, messages, policy, model, stream=stream)

    def write(self, body: bytes, transcript: Transcript, forms: Mapping[int, str]) -> bytes:
        replacements = []
        for index, text in forms.items():
            span = transcript.spans[index]
            if span is None:
                raise ValueError(f"item {index} may not be rewritten")
            replacements.append((span, json_spans.literal(text)))
        return splice(body, replacements)

    def _assemble(self, body: bytes, messages: Iterable[Span], policy: Policy, model: str, *, stream: bool) -> Transcript:
        items: list[Item] = []
        spans: list[Span | None] = []
        calls: dict[str, ToolCall] = {}
        turn = 0
        for message in messages:
            role, pieces = self._message(body[message.start : message.end], policy)
            for piece in pieces:
                item = piece.item
                if piece.calls is not None:
                    calls[piece.calls.id] = piece.calls
                elif piece.answers:
                    item = replace(item, call=calls.get(piece.answers))
                items.append(item)
                spans.append(None if item.span is None else Span(message.start + item.span.start, message.start + item.span.end))
            if role == "assistant":
                turn = len(items)
        return Transcript(tuple(items), tuple(spans), turn, model, stream)

    def _message(self, raw: bytes, policy: Policy) -> tuple[str, tuple[_Piece, ...]]:
        key = hashlib.sha256(raw).digest() + id(policy.tool_kinds).to_bytes(8, "little")
        if (hit := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return hit[0], hit[1]
        try:
            role, pieces = _read_message(raw, policy.tool_kinds)
        except (Malformed, KeyError, TypeError) as error:
            raise Unreadable(f"a message of unknown shape: {error}") from None
        size = 2 * len(raw) + 500
        self._cache[key] = (role, pieces, size)
        self._cache_left -= size
        while self._cache_left < 0:
            self._cache_left += self._cache.popitem(last=False)[1][2]
        return role, pieces


def _read_message(raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[_Piece, ...]]:
    fields = json_spans.members(raw, json_spans.whole(raw))
    role = json_spans.string(raw, fields["role"])
    content = fields["content"]
    if raw[content.start : content.start + 1] == b'"':
        return role, (_text_piece(json_spans.string(raw, content), role),)
    pieces: list[_Piece] = []
    for span in json_spans.elements(raw, content):
        pieces += _read_block(raw, span, role, kinds)
    return role, tuple(pieces)


def _read_block(raw: bytes, span: Span, role: str, kinds: Mapping[str, ToolKind]) -> list[_Piece]:
    if raw[span.start : span.start + 1] != b"{":
        return [_opaque(raw, span, role)]
    fields = json_spans.members(raw, span)
    kind = json_spans.string(raw, fields["type"])
    if kind == "text" and "text" in fields:
        return [_text_piece(json_spans.string(raw, fields["text"]), role)]
    if kind == "tool_use":
        return [_call_piece(raw, span, kinds)]
    if kind == "tool_result" and "content" in fields:
        return _result_pieces(raw, fields)
    return [_opaque(raw, span, role)]


def _text_piece(text: str, role: str) -> _Piece:
    digest = _digest("text", role, text)
    if role == "assistant":
        return _Piece(Item(ItemKind.ASSISTANT_TEXT, digest, text))
    asked = _REMINDER.sub("", text).strip() if role == "user" else ""
    # What the agent's harness says in the user's name is no question.
    return _Piece(Item(ItemKind.USER_TEXT if asked else ItemKind.OTHER, digest, asked))


def _call_piece(raw: bytes, span: Span, kinds: Mapping[str, ToolKind]) -> _Piece:
    value = json_spans.plain(raw, span)
    if not isinstance(value, dict) or not isinstance(value.get("input"), dict):
        return _opaque(raw, span, "assistant")
    call = describe(str(value.get("id", "")), str(value.get("name", "")), value["input"], kinds)
    digest = _digest("call", call.id, call.name, _canonical(value["input"]))
    return _Piece(Item(ItemKind.TOOL_CALL, digest, call=call), calls=call)


def _result_pieces(raw: bytes, fields: Mapping[str, Span]) -> list[_Piece]:
    answers = json_spans.string(raw, fields["tool_use_id"])
    error = "is_error" in fields and raw[fields["is_error"].start : fields["is_error"].end] == b"true"
    content = fields["content"]
    if raw[content.start : content.start + 1] == b'"':
        return [_result_piece(raw, content, answers, error=error)]
    pieces = []
    for span in json_spans.elements(raw, content):
        part = json_spans.members(raw, span)
        if json_spans.string(raw, part["type"]) == "text" and "text" in part:
            pieces.append(_result_piece(raw, part["text"], answers, error=error))
        else:
            pieces.append(_opaque(raw, span, "user"))
    return pieces


def _result_piece(raw: bytes, span: Span, answers: str, *, error: bool) -> _Piece:
    text = json_spans.string(raw, span)
    digest = _digest("result", answers, str(error), text)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate could not be written back as it came
        return _Piece(Item(ItemKind.TOOL_RESULT, digest, text, None, is_error=error), answers)
    return _Piece(Item(ItemKind.TOOL_RESULT, digest, text, span, is_error=error), answers)


def _opaque(raw: bytes, span: Span, role: str) -> _Piece:
    value = json_spans.plain(raw, span)
    if isinstance(value, dict):
        value.pop("cache_control", None)
    return _Piece(Item(ItemKind.OTHER, _digest("other", role, _canonical(value))))


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _digest(*parts: str) -> bytes:
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "little"))
        hashed.update(data)
    return hashed.digest()
