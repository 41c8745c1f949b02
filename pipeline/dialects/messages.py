"""What dialects have in common whose requests hold a conversation as a list: ``messages``, ``input`` or ``contents``."""

from __future__ import annotations

import abc
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from pipeline.dialects import json_spans
from pipeline.dialects.api import PathInfo, Transcript, Unreadable, splice
from pipeline.dialects.json_spans import Malformed
from pipeline.policy import Policy
from pipeline.transcript import LEAST_PASTED, Item, ItemKind, Span, ToolCall, ToolKind

_CACHE_BYTES = 12 << 20  # two conversations of a million tokens
# Bytes on CPython besides texts: a message in the cache with its key, a piece with its item and its digest, a span, a call, and a value among its
# arguments: 16 that collecting garbage takes before an object or a list, up to 32 for a number, of which the small ones are shared by all.
_MESSAGE, _PIECE, _SPAN, _CALL, _VALUE = 400, 240, 104, 216, 16
_SESSION_HEADERS = ("session-id", "x-session-id", "x-client-session-id", "x-session-affinity", "thread-id")

# What agents' harnesses say in the user's name: at the start of a line, so that a question about such a tag stays a question. An end that is
# missing is taken to be the end of the text: to look for each anew would cost the square of its length.
_HARNESS = re.compile(
    r"^<(system-reminder|environment_context|user_instructions|user_shell_command|turn_aborted|subagent_notification|session_context|current_datetime)>"
    r".*?(?:</\1>|\Z)"
    r"|^# AGENTS\.md instructions[^\n]{0,4096}\n{1,3}<INSTRUCTIONS>.*?(?:</INSTRUCTIONS>|\Z)"
    r"|^</?prompt>",
    re.DOTALL | re.MULTILINE,
)
_MOST_ITEMS = 100_000  # ten times what a conversation of a million tokens has
_MOST_PARTS = 10_000  # of a message
_LEVELS = 2  # a message's content has blocks, and that of a tool's result has some of its own
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))  # to make one takes a third of the time that it works
_FILLED = re.compile(rb"\[[ \t\n\r]*[^ \t\n\r\]]")


@dataclass(frozen=True, slots=True)
class Piece:
    """An item as it stands in its message alone: the call that a result answers is not looked up yet.

    Args:
        item: the item; its span is relative to the start of its message.
        answers: id of the call that a tool result answers, else ``""``.
        calls: the call, where the piece is one.
        alias: another id under which results may answer the call, ``""`` for none.
        unknown: it is a whole message, of a shape that is not known.
    """

    item: Item
    answers: str = ""
    calls: ToolCall | None = None
    alias: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request without its messages.

    Args:
        messages: where they stand in the body.
        model: as requested, ``""`` if none.
        stream: a streamed answer was asked for.
        closed: nothing in this request is new: what was sent smaller is sent so again, and no more.
        session: the conversation's own name, ``""`` if it has none.
        tools: the model is offered some.
        forgets: see ``Transcript``.
    """

    messages: Sequence[Span]
    model: str = ""
    stream: bool = False
    closed: bool = False
    session: str = ""
    tools: bool = False
    forgets: bool = False


class MessageList(abc.ABC):
    """Reads and writes such requests. What a message holds is remembered by its bytes, so a request costs what is new in it; the memory is bounded.

    Subclasses say what a message holds, and where the messages stand.

    Attributes:
        breakpoint: the member by which a client marks how far the provider's cache is to reach, ``""`` where there is none. It moves on with every
            request and means nothing else, so no digest knows of it.
    """

    breakpoint = ""

    def __init__(self, cache_bytes: int = _CACHE_BYTES) -> None:
        # The kinds are kept with what was read by them, so that no other mapping can come to have their identity.
        self._cache: OrderedDict[tuple[bytes, int], tuple[str, tuple[Piece, ...], int, Mapping[str, ToolKind]]] = OrderedDict()
        self._cache_left = cache_bytes

    def envelope(self, body: bytes) -> Envelope:
        """What stands around the messages.

        Raises:
            Malformed, KeyError: it is not a request of this dialect.
        """
        top = json_spans.members(body, json_spans.whole(body))
        messages = json_spans.elements(body, top["messages"])
        return Envelope(messages, member_text(body, top, "model"), member_is_true(body, top, "stream"), tools=offers(body, top))

    @abc.abstractmethod
    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        """The role of a message, ``assistant`` for whatever the model made, and its pieces.

        Raises:
            Malformed, KeyError, TypeError: it is of a shape that this dialect does not know.
        """

    def any_message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        """As ``message``, of any shape: one that is not known is a single piece, so that it does not change the forms of all others."""
        try:
            return self.message(raw, kinds)
        except (Malformed, KeyError, TypeError, RecursionError):
            role = _role(raw)
            said = _without_breakpoints(raw, self.breakpoint) if self.breakpoint else raw
            return role, (Piece(Item(ItemKind.OTHER, digest("unknown", role, said.decode("latin-1"))), unknown=True),)

    def path_info(self, path: str) -> PathInfo:
        """What the path says that other APIs write into the body: nothing, unless a subclass knows better."""
        return PathInfo()

    def read(self, body: bytes, policy: Policy) -> Transcript:
        """The transcript in a request body. Raises ``Unreadable``."""
        return self._read(body, policy, ())

    def write(self, body: bytes, transcript: Transcript, forms: Mapping[int, str]) -> bytes:
        """The body with the texts of some items replaced."""
        replacements = []
        for index, text in forms.items():
            span = transcript.spans[index]
            if span is None:
                raise ValueError(f"item {index} may not be rewritten")
            replacements.append((span, json_spans.literal(text)))
        return splice(body, replacements)

    def _read(self, body: bytes, policy: Policy, before: Sequence[Item]) -> Transcript:
        """The transcript in a body, after items that do not stand in it."""
        try:
            envelope = self.envelope(body)
        except (Malformed, KeyError) as error:
            raise Unreadable(f"not a list of messages: {error}") from None
        items: list[Item] = list(before)
        spans: list[Span | None] = [None] * len(items)
        calls = {item.call.id: item.call for item in items if item.kind is ItemKind.TOOL_CALL and item.call is not None}
        turn = len(items)
        unknown = 0
        if len(envelope.messages) > _MOST_ITEMS:
            raise Unreadable("of more messages than any model could read")
        for span in envelope.messages:
            role, pieces = self._remembered(body[span.start : span.end], policy.tool_kinds)
            for piece in pieces:
                unknown += piece.unknown
                item = piece.item
                if piece.calls is not None:
                    calls[piece.calls.id] = piece.calls
                    if piece.alias:
                        calls[piece.alias] = piece.calls
                elif piece.answers:
                    item = replace(item, call=calls.get(piece.answers))
                items.append(item)
                spans.append(None if item.span is None else Span(span.start + item.span.start, span.start + item.span.end))
            if role == "assistant":
                turn = len(items)
            if len(items) > _MOST_ITEMS:
                raise Unreadable("of more parts than any model could read")
        if unknown and unknown == len(items):
            raise Unreadable("all messages are of unknown shape")
        turn = len(items) if envelope.closed else turn
        return Transcript(tuple(items), tuple(spans), turn, envelope.model, envelope.stream, envelope.session, envelope.tools, envelope.forgets)

    def _remembered(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        key = (hashlib.sha256(raw).digest(), id(kinds))
        if (hit := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return hit[0], hit[1]
        role, pieces = self.any_message(raw, kinds)
        size = memory_of(pieces)
        self._cache[key] = (role, pieces, size, kinds)
        self._cache_left -= size
        while self._cache_left < 0:
            self._cache_left += self._cache.popitem(last=False)[1][2]
        return role, pieces


def memory_of(pieces: Sequence[Piece]) -> int:
    """About how many bytes pieces take in memory, which is not what they take as JSON: of an image a digest is kept, of 1 MB of text up to 4 MB."""
    size = _MESSAGE + _PIECE * len(pieces)
    for piece in pieces:
        item = piece.item
        size += item.text.__sizeof__()
        if item.span is not None:
            size += _SPAN
            if item.whole is not item.text:
                size += item.whole.__sizeof__()
        if piece.answers:
            size += piece.answers.__sizeof__()
        if piece.calls is not None:
            size += _CALL + _size_of_arguments(piece.calls.arguments)
    return size


def _size_of_arguments(arguments: Mapping[str, object]) -> int:
    """About how many bytes a call's arguments take; there may be a hundred thousand, so all loops over them are C's."""
    texts = [value for value in arguments.values() if value.__class__ is str]
    size = arguments.__sizeof__() + sum(map(str.__sizeof__, arguments)) + sum(map(str.__sizeof__, texts))
    if len(texts) < len(arguments):
        size += _size_of_values([value for value in arguments.values() if value.__class__ is not str])
    return size


def _size_of_values(values: list[Any]) -> int:
    """The same of JSON values, level by level."""
    size = 0
    keys: set[str] = set()  # one that stands in many objects is held once
    while values:
        kinds = set(map(type, values))
        texts: list[Any] = [value for value in values if value.__class__ is str] if str in kinds else []
        lists: list[Any] = [value for value in values if value.__class__ is list] if list in kinds else []
        dicts: list[Any] = [value for value in values if value.__class__ is dict] if dict in kinds else []
        keys.update(*dicts)
        size += sum(map(str.__sizeof__, texts)) + sum(map(list.__sizeof__, lists)) + sum(map(dict.__sizeof__, dicts))
        size += _VALUE * (len(values) - len(texts))
        values = [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(lists)]
    return size + sum(map(str.__sizeof__, keys))


def parts_of(raw: bytes, span: Span) -> list[Span]:
    """The parts of a message.

    Raises:
        Malformed: it is no list, or one of more parts than any message has: to read them all would take seconds.
    """
    parts = json_spans.elements(raw, span)
    if len(parts) > _MOST_PARTS:
        raise Malformed("of more parts than a message has")
    return parts


def result_piece(raw: bytes, span: Span, answers: str, *, error: bool) -> Piece:
    """The piece for a tool result whose text is the string literal at ``span``."""
    text = json_spans.string(raw, span)
    hashed = digest("result", answers, str(error), text)
    return Piece(Item(ItemKind.TOOL_RESULT, hashed, text, span if is_writable(text) else None, is_error=error), answers)


def text_piece(text: str, role: str, span: Span | None = None) -> Piece:
    """The piece for a text of a user, the model (``assistant``) or anyone else. Of a user's text only what a person asked is kept.

    ``span`` is its string literal, for texts of which something may be rewritten: a user's, in which data was pasted, and the application's own
    (``system``, ``developer``) where it asks for that.
    """
    hashed = digest("text", role, text)
    if role == "assistant":
        return Piece(Item(ItemKind.ASSISTANT_TEXT, hashed, text))
    if role in ("system", "developer") and span is not None:
        return Piece(Item(ItemKind.SYSTEM_TEXT, hashed, text, span))
    return asked_piece(text, _HARNESS.sub("", text).strip() if role == "user" else "", hashed, span)


def asked_piece(text: str, asked: str, hashed: bytes, span: Span | None) -> Piece:
    """The piece for a text in which a person says ``asked``, which what an agent says in the person's name is not. ``span`` is its literal."""
    if not asked:
        return Piece(Item(ItemKind.OTHER, hashed))
    if span is None or len(text) < LEAST_PASTED or not is_writable(text):
        return Piece(Item(ItemKind.USER_TEXT, hashed, asked))
    return Piece(Item(ItemKind.USER_TEXT, hashed, asked, span, whole=text))


def is_writable(text: str) -> bool:
    """Whether a text could be written back as it came: not if it holds half a surrogate pair."""
    if text.isascii():  # it knows that
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def named_session(headers: Mapping[str, str]) -> str:
    """The session that a client of OpenAI's APIs names in its headers (names in lower case), ``""`` if it names none."""
    return next((headers[name] for name in _SESSION_HEADERS if headers.get(name)), "")


def member_text(raw: bytes, fields: Mapping[str, Span], name: str) -> str:
    """The string member ``name``, ``""`` where there is none or it is null. Raises ``Malformed`` if it is anything else."""
    span = fields.get(name)
    return "" if span is None or raw[span.start : span.end] == b"null" else json_spans.string(raw, span)


def any_text(raw: bytes, fields: Mapping[str, Span], *names: str) -> str:
    """The first of these members that is a text and not empty, ``""`` if none is: for what is worth knowing and not worth failing for."""
    for name in names:
        span = fields.get(name)
        if span is not None and first_byte(raw, span) == b'"' and (text := json_spans.string(raw, span)):
            return text
    return ""


def member_is_true(raw: bytes, fields: Mapping[str, Span], name: str) -> bool:
    """Whether there is a member ``name`` that is ``true``."""
    span = fields.get(name)
    return span is not None and raw[span.start : span.end] == b"true"


def offers(raw: bytes, fields: Mapping[str, Span], *names: str) -> bool:
    """Whether one of these members, by default ``tools``, is a list that is not empty."""
    found = (fields[name] for name in names or ("tools",) if name in fields)
    return any(_FILLED.match(raw, span.start, span.end) is not None for span in found)


def first_byte(raw: bytes, span: Span) -> bytes:
    """What tells the type of the value at ``span``: ``"``, ``[``, ``{`` or another byte."""
    return raw[span.start : span.start + 1]


def told(raw: bytes, span: Span, *without: str) -> str:
    """The JSON value at ``span`` for a digest, some of its members left out: canonical, or as it stands where it cannot be built.

    Raises:
        Malformed: it is no JSON either.
    """
    try:
        value = json_spans.plain(raw, span)
    except Malformed:
        return as_it_stands(raw, span, *without)
    return canonical({k: v for k, v in value.items() if k not in without} if isinstance(value, dict) else value)


def as_it_stands(raw: bytes, span: Span, *without: str) -> str:
    """The bytes of a JSON value, byte for character, some of its members left out. Raises ``Malformed``."""
    if first_byte(raw, span) != b"{":
        return raw[span.start : span.end].decode("latin-1")
    members = json_spans.members(raw, span).items()
    return ",".join(f"{json.dumps(name)}:{raw[at.start : at.end].decode('latin-1')}" for name, at in members if name not in without)


def given(raw: bytes, span: Span) -> tuple[Mapping[str, object], str]:
    """A call's arguments and what stands for them in a digest. None are known of what is no object, or nested too deep to be built."""
    try:
        value = json_spans.plain(raw, span)
    except Malformed:
        return {}, as_it_stands(raw, span)
    return value if isinstance(value, dict) else {}, canonical(value)


def _role(raw: bytes) -> str:
    """The role of a message of a shape that is not known, ``""`` where it tells none."""
    try:
        role = any_text(raw, json_spans.members(raw, json_spans.whole(raw)), "role")
    except Malformed:
        return ""
    return "assistant" if role == "model" else role


def _without_breakpoints(raw: bytes, name: str) -> bytes:
    """A message of a shape that is not known, told by its bytes, as it would have come without breakpoints."""
    try:
        return splice(raw, [(span, b"") for span in _breakpoints(raw, json_spans.whole(raw), name, _LEVELS)])
    except Malformed:
        return raw


def _breakpoints(raw: bytes, span: Span, name: str, levels: int) -> Iterator[Span]:
    """What is left out of the object at ``span`` for such a member, its comma included, and out of those in its ``content``.

    Raises:
        Malformed: no object stands there.
    """
    pairs = json_spans.pairs(raw, span)
    names = [json_spans.string(raw, key) for key, _ in pairs]
    first = next((n for n, named in enumerate(names) if named != name), None)
    if first is None:
        if pairs:
            yield Span(span.start + 1, span.end - 1)
        return
    if first:
        yield Span(pairs[0][0].start, pairs[first][0].start)
    for n in range(first, len(pairs)):
        value = pairs[n][1]
        if names[n] == name:
            yield Span(pairs[n - 1][1].end, value.end)
        elif names[n] == "content" and levels:
            for held in parts_of(raw, value) if first_byte(raw, value) == b"[" else [value]:
                if first_byte(raw, held) == b"{":
                    yield from _breakpoints(raw, held, name, levels - 1)


def canonical(value: object) -> str:
    """A JSON value as text, blind to the order of keys and to white space."""
    return _CANONICAL.encode(value)


def digest(*parts: str) -> bytes:
    """SHA-256 of the parts and of where they end."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "little"))
        hashed.update(data)
    return hashed.digest()
