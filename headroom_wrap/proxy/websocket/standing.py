"""What stands on the upstream's side of a WebSocket: the items of the conversations that its responses ended, for requests that go on from them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from pipeline.transcript import Item

_OVERHEAD = 300  # bytes that an item takes besides its text


@dataclass(frozen=True, slots=True)
class Standing:
    """A conversation up to and including a response.

    Args:
        items: of all its requests and answers.
        declared: o200k tokens of our tools in them.
    """

    items: tuple[Item, ...] = ()
    declared: int = 0


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
        size = sum(len(item.text) + _OVERHEAD for item in standing.items)
        self._held[response] = (standing, size)
        self._left -= size
        while self._left < 0:
            self.forget(next(iter(self._held)))

    def forget(self, response: str) -> None:
        """No longer know a response."""
        held = self._held.pop(response, None)
        if held is not None:
            self._left += held[1]
