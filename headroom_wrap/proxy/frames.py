"""Messages between the proxy and its workers: a length, then a pickle. Both ends are ours, on pipes that nobody else holds."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:  # the worker starts without it
    from pipeline.outcome import Outcome

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Warm:
    """The worker is ready for its first job."""


@dataclass(frozen=True, slots=True)
class Part:
    """The next outcome of the job in hand, when others follow it."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """The job is finished.

    Args:
        rss: bytes of memory that the worker holds now, 0 where that is not known.
        outcome: the last one; None where there is none that was not told.
    """

    rss: int
    outcome: Outcome | None = None


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
    return load(data)


def split(buffer: bytearray) -> list[bytes]:
    """Take the whole frames off the start of a buffer; each is for ``load``."""
    found: list[bytes] = []
    at = 0
    while len(buffer) - at >= _LENGTH.size:
        start = at + _LENGTH.size
        end = start + _LENGTH.unpack_from(buffer, at)[0]
        if end > len(buffer):
            break
        found.append(bytes(buffer[start:end]))
        at = end
    del buffer[:at]
    return found


def load(data: bytes) -> Any:
    """The message in a frame."""
    return pickle.loads(data)  # noqa: S301 - from our own process
