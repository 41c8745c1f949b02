"""What dialects have in common whose requests hold the whole conversation as a list ``messages``."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pipeline.dialects import json_spans
from pipeline.dialects.api import Transcript, Unreadable, splice
from pipeline.dialects.json_spans import Malformed
from pipeline.policy import Policy
from pipeline.transcript import Item, ItemKind, Span, ToolCall, ToolKind

_CACHE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """An item as it stands in its message alone: the call that a result answers is not looked up yet.

    Args:
        item: the item; its span is relative to the start of its message.
        answers: id of the call that a tool result answers, else ``""``.
        calls: the call, where the piece is one.
    """

    item: Item
    answers: str = ""
    calls: ToolCall | None = None


class MessageList:
    """Reads and writes such requests. What a message holds is remembered by its bytes, so a request costs what is new in it; the memory is bounded.

    Subclasses say what a message holds.
    """

    def __init__(self, cache_bytes: int = _CACHE_BYTES) -> None:
        self._cache: OrderedDict[tuple[bytes, int], tuple[str, tuple[Piece, ...], int]] = OrderedDict()
        self._cache_left = cache_bytes

    def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        """The role of a message and its pieces.

        Raises:
            Malformed, KeyError, TypeError: it is of a shape that this dialect does not know.
        """
        raise NotImplementedError

    def read(self, body: bytes, policy: Policy) -> Transcript:
        """The transcript in a request body. Raises ``Unreadable``."""
        try:
            top = json_spans.members(body, json_spans.whole(body))
            messages = json_spans.elements(body, top["messages"])
            model = json_spans.string(body, top["model"]) if "model" in top else ""
            stream = "stream" in top and body[top["stream"].start : top["stream"].end] == b"true"
        except (Malformed, KeyError) as error:
            raise Unreadable(f"not a list of messages: {error}") from None
        return self._assemble(body, messages, policy, model, stream=stream)

    def write(self, body: bytes, transcript: Transcript, forms: Mapping[int, str]) -> bytes:
        """The body with the texts of some items replaced."""
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
        for span in messages:
            role, pieces = self._remembered(body[span.start : span.end], policy.tool_kinds)
            for piece in pieces:
                item = piece.item
                if piece.calls is not None:
                    calls[piece.calls.id] = piece.calls
                elif piece.answers:
                    item = replace(item, call=calls.get(piece.answers))
                items.append(item)
                spans.append(None if item.span is None else Span(span.start + item.span.start, span.start + item.span.end))
            if role == "assistant":
                turn = len(items)
        return Transcript(tuple(items), tuple(spans), turn, model, stream)

    def _remembered(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> tuple[str, tuple[Piece, ...]]:
        key = (hashlib.sha256(raw).digest(), id(kinds))
        if (hit := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return hit[0], hit[1]
        try:
            role, pieces = self.message(raw, kinds)
        except (Malformed, KeyError, TypeError) as error:
            raise Unreadable(f"a message of unknown shape: {error}") from None
        size = 2 * len(raw) + 500
        self._cache[key] = (role, pieces, size)
        self._cache_left -= size
        while self._cache_left < 0:
            self._cache_left += self._cache.popitem(last=False)[1][2]
        return role, pieces


def result_piece(raw: bytes, span: Span, answers: str, *, error: bool) -> Piece:
    """The piece for a tool result whose text is the string literal at ``span``."""
    text = json_spans.string(raw, span)
    hashed = digest("result", answers, str(error), text)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate could not be written back as it came
        return Piece(Item(ItemKind.TOOL_RESULT, hashed, text, None, is_error=error), answers)
    return Piece(Item(ItemKind.TOOL_RESULT, hashed, text, span, is_error=error), answers)


def canonical(value: object) -> str:
    """A JSON value as text, blind to the order of keys and to white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(*parts: str) -> bytes:
    """SHA-256 of the parts and of where they end."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "little"))
        hashed.update(data)
    return hashed.digest()
