"""What is done about a request that was made smaller and that its API refuses: it is sent once more, as the application gave it.

Where the API takes that, what was made of the conversation was at fault, and it is left alone from there on. An error is a refusal by the status that
it, or one of its causes, names: clients and frameworks write that down in places of their own, and none of them is imported for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

REFUSED = 400  # the HTTP status of a request that is wrong in itself
_PLACES = ("status_code", "code")
_MOST_CAUSES = 5


@dataclass(frozen=True, slots=True)
class Attempt(Generic[_T]):
    """A request that is about to be sent.

    Args:
        given: as the application gave it.
        made: as it goes out; the very same object where nothing was gained.
        refused: called when the API refused ``made`` and took ``given``.
    """

    given: _T
    made: _T
    refused: Callable[[], None]

    def send(self, send: Callable[[_T], _R]) -> _R:
        """What ``send`` returns. What it raises is its own, and of the request as it was given."""
        try:
            return send(self.made)
        except Exception as error:
            if not self._is_doubtful(error):
                raise
        answer = send(self.given)
        self.refused()
        return answer

    async def asend(self, send: Callable[[_T], Awaitable[_R]]) -> _R:
        """The same for a coroutine function."""
        try:
            return await send(self.made)
        except Exception as error:
            if not self._is_doubtful(error):
                raise
        answer = await send(self.given)
        self.refused()
        return answer

    def stream(self, send: Callable[[_T], Iterable[_R]]) -> Iterator[_R]:
        """The same for what streams: an API refuses before the first piece."""
        try:
            pieces = iter(send(self.made))
            first = next(pieces)
        except StopIteration:
            return
        except Exception as error:
            if not self._is_doubtful(error):
                raise
        else:
            yield first
            yield from pieces
            return
        begun = False
        for piece in send(self.given):
            if not begun:
                self.refused()
                begun = True
            yield piece

    async def astream(self, send: Callable[[_T], AsyncIterable[_R]]) -> AsyncIterator[_R]:
        """The same for what streams asynchronously."""
        try:
            pieces = send(self.made).__aiter__()
            first = await pieces.__anext__()
        except StopAsyncIteration:
            return
        except Exception as error:
            if not self._is_doubtful(error):
                raise
        else:
            yield first
            async for piece in pieces:
                yield piece
            return
        begun = False
        async for piece in send(self.given):
            if not begun:
                self.refused()
                begun = True
            yield piece

    def _is_doubtful(self, error: BaseException) -> bool:
        return self.made is not self.given and is_refusal(error)


def is_refusal(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, says that an API refused a request."""
    for _ in range(_MOST_CAUSES):
        if error is None:
            return False
        if any(getattr(error, place, None) == REFUSED for place in _PLACES):
            return True
        error = error.__cause__
    return False
