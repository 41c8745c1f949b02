"""A conversation as far as retrieval looks into it: where its messages stand, which are the model's, what it said in them, and its lineage.

Everything here is of the conversation as the client has it, so it is the same whatever was put in or taken out on the way.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from headroom_wrap.proxy.retrieval.api import NAME
from pipeline import cache_aligner
from pipeline.dialects.messages import MessageList, memory_of
from pipeline.transcript import Item, ItemKind, Span, ToolKind

_REMEMBERED = 8 << 20  # bytes of memory
_INSTRUCT = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Message:
    """An element of the list of messages.

    Args:
        span: where it stands in the body.
        role: of whom it is; ``assistant`` for the model.
        items: what it holds.
    """

    span: Span
    role: str
    items: tuple[Item, ...]

    @property
    def by_model(self) -> bool:
        """The model made it."""
        return self.role == "assistant"


@dataclass(frozen=True, slots=True)
class Turn:
    """Messages that the model made one after another: what one request was answered with.

    Args:
        messages: their indices, from ``messages.start`` to before ``messages.stop``.
        key: names the turn: what stands before it and what was said in it.
    """

    messages: range
    key: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A conversation. Instructions that it begins with are part of no lineage: in some there is a time, which is another one in every request.

    Args:
        messages: all of them.
        turns: the model's, in order.
        root: the lineage of what stands before the first of them, ``""`` if nothing does.
        end: the lineage of all.
        former: the same as it was named when instructions were part of the lineages, None where that makes no difference.
    """

    messages: tuple[Message, ...]
    turns: tuple[Turn, ...]
    root: str
    end: str
    former: Outline | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in order."""
        return tuple(item for message in self.messages for item in message.items)


class Reader:
    """Reads outlines of one dialect. What a message holds is remembered by its bytes; the memory is bounded.

    Args:
        dialect: reads messages. It is not shared with anyone who reads at the same time.
        kinds: of tools, by name.
    """

    def __init__(self, dialect: MessageList, kinds: Mapping[str, ToolKind]) -> None:
        self._dialect = dialect
        self._kinds = kinds
        self._held: OrderedDict[bytes, tuple[str, tuple[Item, ...], int]] = OrderedDict()
        self._left = _REMEMBERED

    def read(self, body: bytes) -> Outline:
        """The outline of a request's conversation.

        Raises:
            Malformed, KeyError: it is not one of this dialect.
        """
        messages = []
        for span in self._dialect.envelope(body).messages:
            messages.append(Message(span, *self._message(body[span.start : span.end])))
        return outlined(messages)

    def items(self, elements: Iterable[bytes]) -> tuple[Item, ...]:
        """The items of elements of a list of messages."""
        return tuple(item for element in elements for item in self._message(element)[1])

    def _message(self, raw: bytes) -> tuple[str, tuple[Item, ...]]:
        """Whose an element is and what it holds."""
        key = hashlib.sha256(raw).digest()
        if (hit := self._held.get(key)) is not None:
            self._held.move_to_end(key)
            return hit[0], hit[1]
        role, pieces = self._dialect.any_message(raw, self._kinds)
        items = tuple(piece.item for piece in pieces)
        size = memory_of(pieces)
        self._held[key] = (role, items, size)
        self._left -= size
        while self._left < 0:
            self._left += self._held.popitem(last=False)[1][2]
        return role, items


def outlined(messages: Sequence[Message]) -> Outline:
    """The outline of messages."""
    former = _outlined(messages, 0)
    first = next((n for n, message in enumerate(messages) if message.role not in _INSTRUCT), len(messages))
    if not first or first == len(messages) or messages[first].by_model:
        return former  # or nothing would be left to tell one conversation from another
    outline = _outlined(messages, first)
    return replace(outline, former=former) if outline.root else former


def _outlined(messages: Sequence[Message], first: int) -> Outline:
    """The outline with lineages that begin with the message ``first``, before which there is no turn."""
    lineage = cache_aligner.lineage([item for message in messages[first:] for item in message.items])
    before = [""] * (first + 1)  # a message -> the lineage of all before it
    count = 0
    for message in messages[first:]:
        count += len(message.items)
        before.append(lineage[count - 1] if count else "")
    turns = []
    start = first
    while start < len(messages):
        stop = start
        while stop < len(messages) and messages[stop].by_model:
            stop += 1
        if stop > start:
            items = [item for message in messages[start:stop] for item in message.items]
            turns.append(Turn(range(start, stop), turn_key(before[start], items)))
        start = max(stop, start + 1)
    return Outline(tuple(messages), tuple(turns), before[turns[0].messages.start] if turns else before[-1], before[-1])


def turn_key(before: str, items: Iterable[Item]) -> str:
    """The name of a turn: by what clients send back of it whatever else they drop, its texts but for white space and the ids of its calls.

    Where the API gives no ids a dialect names calls by their places, which all turns have alike: there they are known by what they ask for.

    Args:
        before: lineage of what stands before it.
        items: of the turn. Calls of our tool, which the client never saw, are left out.
    """
    hashed = hashlib.sha256(before.encode())
    calls = []
    for item in items:
        if item.kind is ItemKind.ASSISTANT_TEXT:
            hashed.update("".join(item.text.split()).encode("utf-8", "surrogatepass"))
        elif item.kind is ItemKind.TOOL_CALL and item.call is not None and item.call.name != NAME:
            calls.append(item.digest if "#" in item.call.id else item.call.id.encode("utf-8", "surrogatepass"))
    for call in calls:
        hashed.update(b"\0" + call)
    return hashed.hexdigest()[:32]
