"""Gemini: requests as they are sent to ``…:generateContent`` and ``…:streamGenerateContent``, bare or in Code Assist's wrapper.

System instruction, tool declarations, thoughts, their signatures, media and everything unknown are never looked into. Field names come in camel
case or, from some clients, in snake case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.dialects import json_spans
from pipeline.dialects.api import PathInfo, UsageParser
from pipeline.dialects.gemini_usage import GeminiUsage
from pipeline.dialects.json_spans import Malformed
from pipeline.dialects.messages import (
    Envelope,
    MessageList,
    Piece,
    any_text,
    canonical,
    digest,
    first_byte,
    given,
    is_writable,
    member_is_true,
    member_text,
    offers,
    parts_of,
    result_piece,
    text_piece,
    told,
)
from pipeline.tool_calls import describe
from pipeline.transcript import Item, ItemKind, Span, ToolKind

_METHOD = re.compile(r"(?:/models/(?P<model>[^/]{1,200}))?:(?P<method>generateContent|streamGenerateContent)$")
_RESULTS = ("output", "content", "result")
_LEAST_VALUE = 1_000  # bytes of JSON
_NEARLY_ALL = 0.9
_LEVELS = 5
_SIGNATURES = ("thoughtSignature", "thought_signature")


class Gemini(MessageList):
    """The dialect. The model's name and whether the answer streams stand in the path, not in the body; Code Assist's wrapper names the model."""

    name = "gemini"

    def recognises(self, method: str, path: str) -> bool:
        return method == "POST" and _METHOD.search(path) is not None

    def path_info(self, path: str) -> PathInfo:
        found = _METHOD.search(path)
        return PathInfo(found["model"] or "", found["method"].startswith("stream")) if found else PathInfo()

    def session(self, headers: Mapping[str, str]) -> str:
        return ""

    def usage_parser(self, content_type: str) -> UsageParser:
        return GeminiUsage(streamed="text/event-stream" in content_type.lower())

    def envelope(self, body: bytes) -> Envelope:
        top = json_spans.members(body, json_spans.whole(body))
        inner = top if "contents" in top else json_spans.members(body, top["request"])
        session = any_text(body, inner, "session_id", "sessionId")
        contents = json_spans.elements(body, inner["contents"])
        return Envelope(contents, member_text(body, top, "model"), session=session, tools=offers(body, inner))

    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        fields = json_spans.members(raw, json_spans.whole(raw))
        role = {"model": "assistant", "": "user"}.get(named := member_text(raw, fields, "role"), named)
        pieces: list[Piece] = []
        places: dict[str, int] = {}
        for span in parts_of(raw, fields["parts"]) if "parts" in fields else ():
            try:
                pieces += _part(raw, span, role, kinds, places)
            except (Malformed, KeyError):
                pieces.append(_opaque(raw, span, role))
        return role, tuple(pieces)


def _part(raw: bytes, span: Span, role: str, kinds: Mapping[str, ToolKind], places: dict[str, int]) -> list[Piece]:
    """The pieces of a part. Raises ``Malformed`` or ``KeyError`` if it is of an unknown shape."""
    fields = json_spans.members(raw, span)
    if (called := _either(fields, "functionCall", "function_call")) is not None:
        return [_call(raw, called, kinds, places)]
    if (answered := _either(fields, "functionResponse", "function_response")) is not None:
        return _results(raw, answered, role, places)
    if "text" in fields and not member_is_true(raw, fields, "thought"):
        return [text_piece(json_spans.string(raw, fields["text"]), role, fields["text"] if role == "user" else None)]
    return [_opaque(raw, span, role)]


def _call(raw: bytes, span: Span, kinds: Mapping[str, ToolKind], places: dict[str, int]) -> Piece:
    fields = json_spans.members(raw, span)
    name = json_spans.string(raw, fields["name"])
    named = member_text(raw, fields, "id")
    place = _place(name, places)
    arguments, said = given(raw, fields["args"]) if "args" in fields else ({}, "{}")
    call = describe(named or place, name, arguments, kinds)
    return Piece(Item(ItemKind.TOOL_CALL, digest("call", named, name, said), call=call), calls=call, alias=place)


def _results(raw: bytes, span: Span, role: str, places: dict[str, int]) -> list[Piece]:
    fields = json_spans.members(raw, span)
    name = json_spans.string(raw, fields["name"])
    place = _place(name, places)
    answers = member_text(raw, fields, "id") or place
    response = json_spans.members(raw, fields["response"])
    texts = {key: response[key] for key in _RESULTS if key in response and first_byte(raw, response[key]) == b'"'}
    failed = "error" in response and raw[response["error"].start : response["error"].end] != b"null"
    chosen = max(texts, key=lambda key: texts[key].end - texts[key].start, default="")
    if not chosen:
        return [_structured(raw, fields, response, answers, failed=failed)]
    rest = {key: json_spans.plain(raw, value) for key, value in response.items() if key != chosen}
    media = {key: json_spans.plain(raw, fields[key]) for key in ("parts",) if key in fields}
    pieces = [result_piece(raw, texts[chosen], answers, error=failed)]
    if rest or media:
        pieces.append(Piece(Item(ItemKind.OTHER, digest("rest", role, canonical(rest), canonical(media)))))
    return pieces


def _structured(raw: bytes, fields: Mapping[str, Span], response: Mapping[str, Span], answers: str, *, failed: bool) -> Piece:
    """A result that is no text: what a function of the application's own returned, or an error's message, which is never replaced."""
    held = {key: json_spans.plain(raw, fields[key]) for key in ("response", "parts") if key in fields}
    hashed = digest("result", answers, str(failed), canonical(held))
    span = None if failed else _fullest(raw, response)
    if span is not None:
        text = json_spans.string(raw, span) if first_byte(raw, span) == b'"' else raw[span.start : span.end].decode("utf-8", "surrogateescape")
        return Piece(Item(ItemKind.TOOL_RESULT, hashed, text, span if is_writable(text) else None), answers)
    said = response.get("error")
    text = json_spans.string(raw, said) if said is not None and first_byte(raw, said) == b'"' else ""
    return Piece(Item(ItemKind.TOOL_RESULT, hashed, text, is_error=failed), answers)


def _fullest(raw: bytes, fields: Mapping[str, Span]) -> Span | None:
    """The largest value in a response, or a value within it that is nearly all of it; None where that is small. Names of members stay."""
    found, size = None, 0
    for _ in range(_LEVELS):
        span = max(fields.values(), key=lambda value: value.end - value.start, default=Span(0, 0))
        if span.end - span.start < max(_LEAST_VALUE, _NEARLY_ALL * size):
            break
        kind = first_byte(raw, span)
        if kind not in (b'"', b"[", b"{"):
            break
        found, size = span, span.end - span.start
        if kind != b"{":
            break
        fields = json_spans.members(raw, span)
    return found


def _place(name: str, places: dict[str, int]) -> str:
    """An id for a call or a result that has none: they stand in the same order in their messages."""
    places[name] = places.get(name, -1) + 1
    return f"{name}#{places[name]}"


def _either(fields: Mapping[str, Span], camel: str, snake: str) -> Span | None:
    return fields.get(camel) or fields.get(snake)


def _opaque(raw: bytes, span: Span, role: str) -> Piece:
    return Piece(Item(ItemKind.OTHER, digest("other", role, told(raw, span, *_SIGNATURES))))
