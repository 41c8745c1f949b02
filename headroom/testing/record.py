"""What the scripted provider remembers of each request, and the names it gives to things."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headroom.testing.charge import Charge
from pipeline.usage import Usage


@dataclass(slots=True)
class Recorded:
    """A request that reached the provider. Fields that are not known yet hold their defaults.

    Args:
        method: of HTTP; ``WEBSOCKET`` for a request that came as a frame of one.
        path: with the query string, as it was sent.
        headers: with lower-case names.
        raw: the body's bytes as they came, compressed if they were.
        body: the parsed body, or None if there was none that parses.
        time: when it arrived, on the provider's clock.
        conversation: the session it belongs to, or its first user text.
        aside: it was answered beside the script.
        status: of the response.
        charge: what it was billed for; None if it was not.
        complete: the whole response was handed to the network.
        socket: number of the WebSocket that it came by or opened, counted from 1; 0 for plain HTTP.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    time: float
    body: Any = None
    conversation: str = ""
    aside: bool = False
    status: int = 0
    charge: Charge | None = None
    complete: bool = False
    socket: int = 0

    @property
    def usage(self) -> Usage:
        """What it was billed for."""
        return self.charge.usage if self.charge else Usage()


class Log:
    """The requests in the order of their arrival, and a way to wait for them from another thread."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self._arrived = threading.Condition()

    def add(self, request: Recorded) -> None:
        """Notes an arrival."""
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()

    def wait(self, number: int, timeout: float) -> None:
        """Blocks until so many requests have arrived.

        Raises:
            TimeoutError: they did not in ``timeout`` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= number, timeout):
                raise TimeoutError(f"{len(self.requests)} of {number} requests arrived within {timeout} s")


class Names:
    """Ids in the API's forms, the same in every run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self, prefix: str) -> str:
        """The next id, e.g. ``toolu_01…`` for the prefix ``toolu``."""
        seal = hashlib.blake2b(f"{prefix} {next(self._numbers)}".encode(), digest_size=11).hexdigest()
        return f"{prefix}_01{seal}"
