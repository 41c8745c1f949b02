"""Frames of AWS's event stream, written as the specification has it."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any


def header(name: str, value: str) -> bytes:
    """A header whose value is a text."""
    said = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(said)) + said


def frame(payload: bytes = b"", headers: bytes = b"") -> bytes:
    """A frame."""
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    checked = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return checked + struct.pack(">I", zlib.crc32(checked))


def event(kind: str, value: Any) -> bytes:
    """An event."""
    named = header(":event-type", kind) + header(":content-type", "application/json") + header(":message-type", "event")
    return frame(json.dumps(value).encode(), named)


def exception(kind: str, message: str) -> bytes:
    """An error in the middle of a stream."""
    return frame(json.dumps({"message": message}).encode(), header(":exception-type", kind) + header(":message-type", "exception"))


def invoked(*values: dict[str, Any]) -> bytes:
    """The events of a model, as ``invoke-with-response-stream`` frames them."""
    return b"".join(event("chunk", {"bytes": base64.b64encode(json.dumps(v).encode()).decode(), "p": "abcd"}) for v in values)
