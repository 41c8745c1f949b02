"""Amazon Bedrock's Converse API: requests as they are sent to ``/model/…/converse`` and ``/model/…/converse-stream``, whatever model answers.

System prompt, tool declarations, reasoning, media, cache points and everything unknown are never looked into, only hashed for the lineage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from pipeline.dialects import json_spans
from pipeline.dialects.api import PathInfo, UsageParser
from pipeline.dialects.bedrock_usage import ConverseUsage
from pipeline.dialects.event_stream import CONTENT_TYPE
from pipeline.dialects.json_spans import Malformed
from pipeline.dialects.messages import (
    Envelope,
    MessageList,
    Piece,
    digest,
    first_byte,
    given,
    member_text,
    offers,
    parts_of,
    result_piece,
    text_piece,
    told,
)
from pipeline.tool_calls import describe
from pipeline.transcript import Item, ItemKind, Span, ToolKind

_PATH = re.compile(r"/model/(?P<model>[^/]{1,600})/(?P<method>converse|converse-stream)$")
_CACHE_POINT = "cachePoint"  # may move, and is no content


class BedrockConverse(MessageList):
    """The dialect. The model's name and whether the answer streams stand in the path."""

    name = "bedrock-converse"

    def recognises(self, method: str, path: str) -> bool:
        return method == "POST" and _PATH.search(path) is not None

    def path_info(self, path: str) -> PathInfo:
        found = _PATH.search(path)
        return PathInfo(unquote(found["model"]), found["method"] == "converse-stream") if found else PathInfo()

    def session(self, headers: Mapping[str, str]) -> str:
        return ""

    def usage_parser(self, content_type: str) -> UsageParser:
        return ConverseUsage(framed=CONTENT_TYPE in content_type.lower())

    def envelope(self, body: bytes) -> Envelope:
        top = json_spans.members(body, json_spans.whole(body))
        tools = top.get("toolConfig")
        offered = tools is not None and first_byte(body, tools) == b"{" and offers(body, json_spans.members(body, tools))
        return Envelope(json_spans.elements(body, top["messages"]), tools=offered)

    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        fields = json_spans.members(raw, json_spans.whole(raw))
        role = json_spans.string(raw, fields["role"])
        pieces: list[Piece] = []
        for span in parts_of(raw, fields["content"]):
            try:
                pieces += _block(raw, span, role, kinds)
            except (Malformed, KeyError):  # one block of unknown shape must not change the forms of all others
                pieces.append(_opaque(raw, span, role))
        return role, tuple(pieces)


def _block(raw: bytes, span: Span, role: str, kinds: Mapping[str, ToolKind]) -> list[Piece]:
    """The pieces of a content block, which its one member names. Raises ``Malformed`` or ``KeyError`` if it is of an unknown shape."""
    fields = json_spans.members(raw, span)
    if "text" in fields:
        return [text_piece(json_spans.string(raw, fields["text"]), role, fields["text"] if role == "user" else None)]
    if "toolUse" in fields:
        return [_call(raw, fields["toolUse"], kinds)]
    if "toolResult" in fields:
        return _results(raw, fields["toolResult"])
    return [] if _CACHE_POINT in fields else [_opaque(raw, span, role)]


def _call(raw: bytes, span: Span, kinds: Mapping[str, ToolKind]) -> Piece:
    fields = json_spans.members(raw, span)
    arguments, said = given(raw, fields["input"])
    named = json_spans.string(raw, fields["toolUseId"]), json_spans.string(raw, fields["name"])
    call = describe(*named, arguments, kinds)
    return Piece(Item(ItemKind.TOOL_CALL, digest("call", call.id, call.name, said), call=call), calls=call)


def _results(raw: bytes, span: Span) -> list[Piece]:
    fields = json_spans.members(raw, span)
    answers = json_spans.string(raw, fields["toolUseId"])
    error = member_text(raw, fields, "status") == "error"
    pieces = []
    for part in parts_of(raw, fields["content"]):
        inner = json_spans.members(raw, part)
        pieces.append(result_piece(raw, inner["text"], answers, error=error) if "text" in inner else _opaque(raw, part, "user"))
    return pieces


def _opaque(raw: bytes, span: Span, role: str) -> Piece:
    return Piece(Item(ItemKind.OTHER, digest("other", role, told(raw, span))))
