"""Messages between the proxy and its workers: a length, then a pickle. Both ends are ours, on pipes that nobody else holds."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:  # the worker starts without them
    import asyncio

    from pipeline.outcome import Outcome

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Warm:
    """The worker is ready for its first job."""


@dataclass(frozen=True, slots=True)
class Part:
    """The next outcome of the job in hand."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """The job is finished.

    Args:
        rss: bytes of memory that the worker holds now, 0 where that is not known.
    """

    rss: int


def pack(message: object) -> bytes:
    """A frame."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


def read(file: IO[bytes]) -> Any:
    """The next message.

    Raises:
        EOFError: there is none any more.
    """
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 - from our own process


async def receive(reader: asyncio.StreamReader) -> Any:
    """The next message.

    Raises:
        EOFError: there is none any more.
    """
    (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return pickle.loads(await reader.readexactly(size))  # noqa: S301 - from our own process
