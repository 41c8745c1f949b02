"""OpenAI Responses: requests as they are sent to ``/responses`` and as ``response.create`` frames of its WebSocket.

A request lists items, not messages: texts, calls, results, reasoning and others. Items of a type, or in a shape, that is unknown here are only
hashed for the lineage. A request with ``previous_response_id`` lists only what is new: ``read_on`` reads it after the items that stand before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import msgspec

from pipeline.command import shows
from pipeline.dialects import json_spans
from pipeline.dialects.api import Transcript, Unreadable, UsageParser
from pipeline.dialects.json_spans import Malformed
from pipeline.dialects.messages import (
    Envelope,
    MessageList,
    Piece,
    any_text,
    as_it_stands,
    canonical,
    digest,
    first_byte,
    member_is_true,
    member_text,
    named_session,
    offers,
    parts_of,
    result_piece,
    text_piece,
)
from pipeline.dialects.openai_usage import ResponsesUsage, text
from pipeline.policy import Policy
from pipeline.tool_calls import describe
from pipeline.transcript import Item, ItemKind, Span, ToolCall, ToolKind

_TEXT_PARTS = ("input_text", "output_text", "text")
_MADE_BY_MODEL = ("reasoning", "compaction")  # and every type that ends in _call
# What the server adds to an item or the client leaves out when it sends the item back; none of it is content.
_INCIDENTAL = ("id", "status", "internal_chat_message_metadata_passthrough")
_FAILED = re.compile(
    r"Script failed\b|(?:Chunk ID: [^\n]{0,80}\n)?(?:Wall time: [^\n]{0,80}\n)?(?:Process exited with code|Exit code:) -?0{0,9}[1-9]",
)

_MAX_SCRIPT = 32_768  # characters; a longer script does more than one thing
_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?|`[^`\\]*(?:\\.[^`\\]*)*`?)"
    r"|(?P<name>[A-Za-z_$][\w$]*)|(?P<mark>.)",
    re.DOTALL,
)
_COMMAND = "cmd"
_MOST_TEXTS = 64
_UNKNOWN = "…"
_INSERTED = re.compile(r"\$\{[^}]{0,500}\}")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}


@dataclass(frozen=True, slots=True)
class About:
    """What a request says of its place in a conversation.

    Args:
        kind: what it asks for where it is a frame (``type``): ``response.create`` for an answer.
        stream: which of the conversations on one WebSocket it is of (``stream_id``), ``""`` where there is but one.
        previous: id of the response that it goes on from (``previous_response_id``), ``""`` if it holds the whole conversation.
        cache_key: its ``prompt_cache_key``: the same for all requests of a conversation, ``""`` if none.
        generates: False where no answer is wanted: it only prepares the next one.
    """

    kind: str = ""
    stream: str = ""
    previous: str = ""
    cache_key: str = ""
    generates: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """What an event says of the response that it is of.

    Args:
        kind: its ``type``.
        stream: see ``About``.
        response: id of the response where the event names it, else ``""``.
        status: the HTTP status that an error would have had, else 0.
        code: which error, else ``""``.
    """

    kind: str
    stream: str = ""
    response: str = ""
    status: int = 0
    code: str = ""


class OpenAIResponses(MessageList):
    """The dialect."""

    name = "openai-responses"

    def recognises(self, method: str, path: str) -> bool:
        return method == "POST" and path.endswith("/responses")

    def session(self, headers: Mapping[str, str]) -> str:
        return named_session(headers)

    def usage_parser(self, content_type: str) -> UsageParser:
        return ResponsesUsage(streamed="text/event-stream" in content_type.lower())

    def envelope(self, body: bytes) -> Envelope:
        top = json_spans.members(body, json_spans.whole(body))
        given = top["input"]
        items = [given] if first_byte(body, given) == b'"' else json_spans.elements(body, given)
        framed = member_text(body, top, "type") == "response.create"
        return Envelope(
            items,
            member_text(body, top, "model"),
            framed or member_is_true(body, top, "stream"),
            closed=_asks_to_compact(body, items),
            session=any_text(body, top, "prompt_cache_key"),
            tools=offers(body, top) or "previous_response_id" in top or b'"additional_tools"' in body,
            forgets=offers(body, top, "context_management") or any_text(body, top, "truncation") == "auto",
        )

    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        if raw.startswith(b'"'):
            literal = json_spans.whole(raw)
            return "user", (text_piece(json_spans.string(raw, literal), "user", literal),)
        fields = json_spans.members(raw, json_spans.whole(raw))
        kind = member_text(raw, fields, "type") or "message"
        if kind == "configuration_update":
            # No part of the conversation: a client that falls back from WebSocket to HTTP puts it between the items that it sends again.
            return "", ()
        by_model = kind.endswith("_call") or kind in _MADE_BY_MODEL or (kind == "message" and member_text(raw, fields, "role") == "assistant")
        try:
            pieces = _pieces(raw, kind, fields, kinds)
        except (Malformed, KeyError):
            pieces = [_opaque(raw, json_spans.whole(raw))]
        return "assistant" if by_model else "", tuple(pieces)

    def read_on(self, body: bytes, policy: Policy, before: Sequence[Item]) -> Transcript:
        """The transcript of a request that lists only its new items, after all items that stand before them: those of the request that it goes on
        from and those of its answer (``answered``). They have no span. Raises ``Unreadable``.
        """
        return self._read(body, policy, before)

    def answered(self, event: bytes, policy: Policy) -> tuple[Item, ...]:
        """The items that the model made, from one event of its answer as JSON: those of a ``response.output_item.done``, none of any other."""
        if b"response.output_item.done" not in event:
            return ()
        try:
            fields = json_spans.members(event, json_spans.whole(event))
            if member_text(event, fields, "type") != "response.output_item.done":
                return ()
            made = fields["item"]
            _, pieces = self._remembered(event[made.start : made.end], policy.tool_kinds)
        except (Malformed, KeyError):
            return ()
        return tuple(piece.item for piece in pieces if not piece.unknown)


def about(body: bytes) -> About:
    """A request's place in its conversation.

    Raises:
        Unreadable: it is not a request.
    """
    try:
        top = json_spans.members(body, json_spans.whole(body))
        wanted = "generate" not in top or body[top["generate"].start : top["generate"].end] != b"false"
        kind, stream, previous, cache_key = (
            member_text(body, top, name) for name in ("type", "stream_id", "previous_response_id", "prompt_cache_key")
        )
        return About(kind, stream, previous, cache_key, wanted)
    except Malformed as error:
        raise Unreadable(f"not a request: {error}") from None


class _Named(msgspec.Struct):
    id: object = ""


class _Said(msgspec.Struct):
    type: object = ""
    stream_id: object = ""
    status: object = 0
    status_code: object = 0
    response: _Named | None = None
    error: object = None


_said = msgspec.json.Decoder(_Said)


def event(frame: bytes) -> Event | None:
    """What an event says, None if it is none."""
    try:
        said = _said.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    status = said.status or said.status_code
    response = text(said.response.id) if said.response is not None else ""
    code = text(said.error.get("code")) if isinstance(said.error, dict) else ""
    return Event(text(said.type), text(said.stream_id), response, status if isinstance(status, int) else 0, code)


def _asks_to_compact(body: bytes, items: Sequence[Span]) -> bool:
    """Whether the model is asked for a summary in the place of the conversation: nothing is decided on there, only replayed."""
    if b'"compaction_trigger"' not in body:
        return False
    return any(b'"compaction_trigger"' in body[s.start : s.end] and _type(body, s) == "compaction_trigger" for s in items)


def _type(raw: bytes, span: Span) -> str:
    return member_text(raw, json_spans.members(raw, span), "type") if first_byte(raw, span) == b"{" else ""


def _pieces(raw: bytes, kind: str, fields: Mapping[str, Span], kinds: Mapping[str, ToolKind]) -> list[Piece]:
    """The pieces of an item. Raises ``Malformed`` or ``KeyError`` if it is of a known type in an unknown shape."""
    if kind == "message":
        return _texts(raw, fields["content"], member_text(raw, fields, "role"))
    if kind == "function_call":
        arguments = json_spans.string(raw, fields["arguments"])
        call = describe(_call_id(raw, fields), json_spans.string(raw, fields["name"]), json_spans.mapping(arguments), kinds)
        return [_call(call, call.name, arguments)]
    if kind == "custom_tool_call":
        script = json_spans.string(raw, fields["input"])
        name = json_spans.string(raw, fields["name"])
        return [_call(_custom(_call_id(raw, fields), name, script, kinds), name, script)]
    if kind == "local_shell_call":
        action = json_spans.plain(raw, fields["action"])
        call = describe(_call_id(raw, fields), "local_shell", action if isinstance(action, dict) else {}, kinds)
        return [_call(call, call.name, canonical(action))]
    if kind in ("function_call_output", "custom_tool_call_output", "local_shell_call_output"):
        return _outputs(raw, fields["output"], _call_id(raw, fields))
    return [_opaque(raw, json_spans.whole(raw))]


def _texts(raw: bytes, content: Span, role: str) -> list[Piece]:
    if first_byte(raw, content) == b'"':
        return [_text(raw, content, role)]
    pieces = []
    for span in parts_of(raw, content):
        text = _part_text(raw, span)
        pieces.append(_opaque(raw, span) if text is None else _text(raw, text, role))
    return pieces


def _text(raw: bytes, span: Span, role: str) -> Piece:
    # What Codex's own developer says is no application's to have rewritten.
    return text_piece(json_spans.string(raw, span), role, span if role == "user" else None)


def _outputs(raw: bytes, content: Span, answers: str) -> list[Piece]:
    pieces = []
    for span in [content] if first_byte(raw, content) == b'"' else parts_of(raw, content):
        text = span if first_byte(raw, span) == b'"' else _part_text(raw, span)
        pieces.append(_opaque(raw, span) if text is None else result_piece(raw, text, answers, error=False))
    if any(piece.answers and _FAILED.match(piece.item.text) for piece in pieces[:1]):  # what is said first is said of all that follows
        pieces = [replace(piece, item=replace(piece.item, is_error=bool(piece.answers))) for piece in pieces]
    return pieces


def _part_text(raw: bytes, span: Span) -> Span | None:
    """Where the text of a part of a message stands, None if the part is no text."""
    part = json_spans.members(raw, span)
    return part.get("text") if member_text(raw, part, "type") in _TEXT_PARTS else None


def _call(call: ToolCall, name: str, given: str) -> Piece:
    return Piece(Item(ItemKind.TOOL_CALL, digest("call", call.id, name, given), call=call), calls=call)


def _call_id(raw: bytes, fields: Mapping[str, Span]) -> str:
    return member_text(raw, fields, "call_id") or member_text(raw, fields, "id")


def _opaque(raw: bytes, span: Span) -> Piece:
    try:
        value = json_spans.plain(raw, span)
    except Malformed:
        return Piece(Item(ItemKind.OTHER, digest("other", as_it_stands(raw, span, *_INCIDENTAL))))
    if isinstance(value, dict) and value.get("type") != "item_reference":  # there the id is all there is
        value = {k: v for k, v in value.items() if v is not None and k not in _INCIDENTAL}
    return Piece(Item(ItemKind.OTHER, digest("other", canonical(value))))


def _custom(call_id: str, name: str, given: str, kinds: Mapping[str, ToolKind]) -> ToolCall:
    """A call with free text for its argument. An ``exec`` script is the call of the tool that it calls; one that runs several commands is the
    call of one that runs them all.
    """
    if name == "exec" and len(given) <= _MAX_SCRIPT:
        tokens = [m for m in _TOKEN.finditer(given) if m.lastgroup != "skip"]
        calls = list(_tool_calls(tokens))
        commands = _commands(tokens, calls)
        if len(calls) == 1:
            only, members = calls[0]
            return describe(call_id, only, {**members, _COMMAND: "\n".join(commands)} if commands else members, kinds)
        if commands:
            return describe(call_id, "exec_command", {_COMMAND: "\n".join(commands)}, kinds)
    return describe(call_id, name, {"input": given}, kinds)


def _commands(tokens: Sequence[re.Match[str]], calls: Sequence[tuple[str, Mapping[str, object]]]) -> list[str]:
    """The command lines that a script runs. If some of them show files, those alone: which of them a piece of the output comes from cannot be
    told, and a file may be edited. A command line that the script takes from a list is looked for among all its texts.
    """
    found = [str(members[_COMMAND]) for _, members in calls if _COMMAND in members]
    texts: list[str | None] = []
    if any(name == "exec_command" and _COMMAND not in members for name, members in calls):
        texts = [_string_value(token[0]) for token in tokens if token.lastgroup == "text"][:_MOST_TEXTS]
    reads = [text for text in dict.fromkeys([*found, *texts]) if text and shows(text).kind is ToolKind.READ]
    return reads or found


def _tool_calls(tokens: Sequence[re.Match[str]]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The calls ``tools.NAME(…)`` among a script's tokens, with those of their arguments that are string literals."""
    places = [at for at, token in enumerate(tokens) if token.lastgroup == "name" and token[0] == "tools"]
    for at, end in pairwise([*places, len(tokens)]):
        head = tokens[at + 1 : at + 4]
        if len(head) == 3 and (head[0][0], head[1].lastgroup, head[2][0]) == (".", "name", "("):
            yield head[1][0], dict(_string_members(tokens[at + 4 : end]))


def _string_members(tokens: Sequence[re.Match[str]]) -> Iterator[tuple[str, object]]:
    """The members of the object literal that the tokens begin with, where a value is a string literal or begins with one."""
    depth = 0
    for at, token in enumerate(tokens):
        mark = token[0]
        depth += (mark in ("{", "[", "(")) - (mark in ("}", "]", ")"))
        if depth <= 0:
            return
        window = tokens[at : at + 5]
        if depth > 1 or mark not in ("{", ",") or len(window) < 5:
            continue
        _, key, colon, value, after = window
        text = _string_value(value[0]) if value.lastgroup == "text" else None
        if text is not None and colon[0] == ":" and after[0] in (",", "}", "+"):
            yield (key[0] if key.lastgroup == "name" else _string_value(key[0]) or key[0]), text + _UNKNOWN * (after[0] == "+")


def _string_value(literal: str) -> str | None:
    """The value of a JavaScript string literal, with … for what is not known before the script runs; None if the text is no such literal."""
    if len(literal) < 2 or literal[-1] != literal[0] or literal[0] not in "\"'`":
        return None
    inner = _INSERTED.sub(_UNKNOWN, literal[1:-1]) if literal[0] == "`" else literal[1:-1]
    text = _ESCAPE.sub(_unescaped, inner)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # \ud83d\ude00 is one character


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    return _ESCAPES.get(match[4], match[4])
