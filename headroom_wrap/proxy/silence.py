"""Ends a response whose upstream has fallen silent, with one timer: the client library sets its own anew with every chunk, a tenth of a relay."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from typing_extensions import Self


class Silence:
    """Watches a response while its body is read; after too long a wait the read raises ``aiohttp.SocketTimeoutError``.

    Args:
        answer: the response; how long its upstream may be silent is what it was asked with, and nothing is watched where that is for ever.
        loop: of the reader.
    """

    def __init__(self, answer: aiohttp.ClientResponse, loop: asyncio.AbstractEventLoop) -> None:
        self._content = answer.content
        self._clock = loop.time
        self._call_later = loop.call_later
        self._since = -1.0  # when the wait at hand began, none while nothing is waited for
        self._timer: asyncio.TimerHandle | None = None
        protocol = answer.connection.protocol if answer.connection is not None else None  # none: all of the body is here
        self._seconds = (protocol.read_timeout or 0.0) if protocol is not None else 0.0
        if protocol is not None:
            protocol.read_timeout = None  # what was set by the last chunk is called off by the next

    def __enter__(self) -> Self:
        if self._seconds:
            self._timer = self._call_later(self._seconds, self._look)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def begins(self) -> None:
        """From now on the upstream is waited for."""
        self._since = self._clock()

    def ends(self) -> None:
        """It was heard: what takes time now is not its fault."""
        self._since = -1.0

    def _look(self) -> None:
        quiet = self._clock() - self._since if self._since >= 0 else 0.0
        if quiet >= self._seconds:
            self._content.set_exception(aiohttp.SocketTimeoutError("the upstream is silent"))
        else:
            self._timer = self._call_later(self._seconds - quiet, self._look)
