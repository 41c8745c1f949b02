"""A model in another process, as a scorer of words that never makes anybody wait long: no answer in time is no answer."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Sequence

from headroom_wrap.models.wire import Answer, Channel, Closed, Ready, Request

log = logging.getLogger(__name__)

_MOST_LATE = 3  # on end: then it is asked no more
_NOW = 1e-6  # seconds: a timeout of 0 would mean something else


class RemoteWords:
    """A worker's end of a model.

    Args:
        sock: the channel.
        seconds: how long all questions of one job may take together.
    """

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._channel: Channel | None = Channel(sock)
        self._seconds = seconds
        self._until = 0.0
        self._ready = False
        self._number = 0
        self._late = 0
        self.begin()

    def begin(self) -> None:
        """A new job: there is time again."""
        self._until = time.monotonic() + self._seconds

    def wait(self, seconds: float) -> bool:
        """Wait until the model is loaded. False if it is not by then, or will never be."""
        until = time.monotonic() + seconds
        while not self._ready and self._channel is not None and time.monotonic() < until:
            self._hear(until)
        return self._ready

    def score_words(self, words: Sequence[str]) -> list[int] | None:
        """See ``plugged.WordScorer``. None while the model is not loaded yet, without waiting for it."""
        if not self._ready and self._channel is not None:
            self._hear(0.0)
        left = self._until - time.monotonic()
        if self._channel is None or not self._ready or left <= 0 or not words:
            return None
        self._number += 1
        try:
            self._channel.socket.settimeout(left)
            self._channel.send(Request(self._number, left, list(words)))
        except OSError:
            self._give_up("does not take what it is asked")
            return None
        while self._channel is not None and time.monotonic() < self._until:
            answer = self._hear(self._until)
            if answer is not None and answer.number == self._number:
                scores = answer.scores
                if scores is not None and len(scores) == len(words):
                    self._late = 0
                    return scores
                break
        self._late += 1
        if self._late >= _MOST_LATE and self._channel is not None:
            self._give_up(f"was too late {_MOST_LATE} times on end")
        return None

    def _hear(self, until: float) -> Answer | None:
        """The next message, if it comes before then; answers that come too late to anything are heard too."""
        channel = self._channel
        assert channel is not None
        try:
            channel.socket.settimeout(max(_NOW, until - time.monotonic()))
            message = channel.receive()
        except (TimeoutError, BlockingIOError):
            return None
        except (Closed, OSError):
            self._give_up("is gone")
            return None
        self._ready = self._ready or isinstance(message, Ready)
        return message if isinstance(message, Answer) else None

    def _give_up(self, why: str) -> None:
        log.warning("The text model %s; the embedded one is used alone.", why)
        if self._channel is not None:
            self._channel.close()
        self._channel = None
