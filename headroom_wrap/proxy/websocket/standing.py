"""What stands on the upstream's side of a WebSocket: the items of the conversations that its responses ended, for requests that go on from them."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.transcript import Item, ItemKind, ToolCall

_OVERHEAD = 250  # bytes that an item takes besides its texts, and so does a call


@dataclass(frozen=True, slots=True)
class Standing:
    """A conversation up to and including a response.

    Args:
        items: of all its requests and answers.
        declared: o200k tokens of our tools in them.
        retrievable: what was left out of them can be retrieved, with the tools that they declare.
    """

    items: tuple[Item, ...] = ()
    declared: int = 0
    retrievable: bool = False


class Memory:
    """Conversations by the id of their last response, the least lately used given up first.

    A conversation that is given up costs savings and nothing else: its next request goes on as it came, and one that holds it all is read again.

    Args:
        limit: about how many bytes may be held. What conversations share is counted for each.
    """

    def __init__(self, limit: int = 16 << 20) -> None:
        self._held: OrderedDict[str, tuple[Standing, int]] = OrderedDict()
        self._left = limit

    def __len__(self) -> int:
        return len(self._held)

    def get(self, response: str) -> Standing | None:
        """The conversation that a response ended."""
        held = self._held.get(response)
        if held is None:
            return None
        self._held.move_to_end(response)
        return held[0]

    def put(self, response: str, standing: Standing) -> None:
        """Hold a conversation."""
        self.forget(response)
        size = sum(map(_held, standing.items))
        self._held[response] = (standing, size)
        self._left -= size
        while self._left < 0:
            self.forget(next(iter(self._held)))

    def forget(self, response: str) -> None:
        """No longer know a response."""
        held = self._held.pop(response, None)
        if held is not None:
            self._left += held[1]


def _held(item: Item) -> int:
    """Bytes of memory that an item takes. A result's call is that of another item."""
    size = _OVERHEAD + sum(sys.getsizeof(text) for text in (item.text, item.whole) if text)
    return size + (_held_by_call(item.call) if item.call is not None and item.kind is ItemKind.TOOL_CALL else 0)


def _held_by_call(call: ToolCall) -> int:
    size = _OVERHEAD
    values: list[object] = [call.command, call.path, call.arguments]
    while values:  # not by recursion: arguments may be nested deeper than that goes
        value = values.pop()
        size += sys.getsizeof(value)
        if isinstance(value, Mapping):
            values += (*value.keys(), *value.values())
        elif isinstance(value, (list, tuple)):
            values += value
    return size
