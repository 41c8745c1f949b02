"""AWS's event stream as a pure state machine: bytes in, split anywhere, frames out. Nothing that it is fed makes it raise.

Source: the event stream encoding of the Smithy specification (https://smithy.io/2.0/aws/amazon-eventstream.html). All numbers are big-endian: the
frame's length, its headers' length, a CRC-32 of these two; the headers; the payload; a CRC-32 of all before it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_LENGTH = struct.Struct(">H")
_OVERHEAD = _PRELUDE.size + _CRC.size
_MAX_FRAME = 24 << 20  # bytes; what the services send is far below
_TEXT, _BYTES = 7, 6
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # of the values of other types, whose length is fixed


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Args:
        headers: those whose value is a text, by name.
        payload: its bytes.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""


class FrameParser:
    """Feed it chunks, get the frames that are complete. From the first one that is damaged on there are no more: where the next begins is unknown."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._lost = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that ``chunk`` completes, in order."""
        frames: list[Frame] = []
        if self._lost:
            return frames
        self._held += chunk
        pos = 0
        try:
            while (size := _size(self._held, pos)) and len(self._held) - pos >= size:
                frames.append(_frame(bytes(self._held[pos : pos + size])))
                pos += size
        except (_Damaged, struct.error, UnicodeDecodeError):
            self._lost = True
            self._held.clear()
        else:
            del self._held[:pos]
        return frames


class _Damaged(ValueError):
    """The bytes are no frame."""


def _size(data: bytearray, pos: int) -> int:
    """The length of the frame that begins at ``pos``, 0 while too little of it is there. Raises ``_Damaged``."""
    if len(data) - pos < _PRELUDE.size:
        return 0
    size, headers, checked = _PRELUDE.unpack_from(data, pos)
    if zlib.crc32(data[pos : pos + 8]) != checked or not _OVERHEAD + headers <= size <= _MAX_FRAME:
        raise _Damaged
    return int(size)


def _frame(data: bytes) -> Frame:
    """A whole frame. Raises ``_Damaged``, ``struct.error`` or ``UnicodeDecodeError``."""
    (checked,) = _CRC.unpack(data[-_CRC.size :])
    if zlib.crc32(data[: -_CRC.size]) != checked:
        raise _Damaged
    payload = _PRELUDE.size + _PRELUDE.unpack_from(data)[1]
    return Frame(_headers(data[_PRELUDE.size : payload]), data[payload : -_CRC.size])


def _headers(data: bytes) -> dict[str, str]:
    """The headers that are texts. Each is the length of its name, the name, a type, a value. Raises as ``_frame`` does."""
    headers = {}
    pos = 0
    while pos < len(data):
        start = pos + 1
        pos = start + data[pos]
        if pos >= len(data):
            raise _Damaged
        name, kind = data[start:pos], data[pos]
        pos += 1
        if kind not in (_TEXT, _BYTES) and kind not in _SIZES:
            raise _Damaged
        if kind in (_TEXT, _BYTES):
            size = _LENGTH.unpack_from(data, pos)[0]
            pos += _LENGTH.size
        else:
            size = _SIZES[kind]
        value = data[pos : pos + size]
        if len(value) < size:
            raise _Damaged
        pos += size
        if kind == _TEXT:
            headers[name.decode()] = value.decode()
    return headers
