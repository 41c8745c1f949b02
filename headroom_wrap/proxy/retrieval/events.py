"""Server-sent events as the bytes that they came in: split anywhere, given back whole, so that what is not ours goes on byte for byte.

Source: the event stream format of the WHATWG HTML standard, section 9.2.6: an event ends with an empty line, a line with LF, CR LF or CR.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pipeline.dialects.api import splice
from pipeline.transcript import Span

_LINE = rb"(?:\r\n|\n|\r(?!\n))"
# Where lines end with CR LF, of a CR that nothing follows yet it cannot be told whether it is half of one.
_END = re.compile(rb"\r\n(?:\r\n|\n|\r(?=[^\n]))|(?:(?<!\r)\n|\r(?!\n))" + _LINE)
_LONGEST_END = 4
_DATA = re.compile(rb"(?:^|[\r\n])data: ?([^\r\n]*)")
_MAX_EVENT = 32 << 20  # bytes; from a longer one on nothing is looked into any more


class RawEvents:
    """Feed it chunks, get the events that are complete. Together they are what it was fed."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._lost = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that ``chunk`` completes, each with the empty line that ends it."""
        if self._lost:
            return [chunk]
        searched = max(len(self._held) - _LONGEST_END + 1, 0)
        self._held += chunk
        events = []
        pos = 0
        for end in [found.end() for found in _END.finditer(self._held, searched)]:
            events.append(bytes(self._held[pos:end]))
            pos = end
        del self._held[:pos]
        if len(self._held) > _MAX_EVENT:
            self._lost = True
            events.append(self.rest())
        return events

    def rest(self) -> bytes:
        """What was fed and is no whole event yet; it is given back once."""
        rest = bytes(self._held)
        self._held.clear()
        return rest


def document(event: bytes) -> tuple[Span, dict[str, Any]] | None:
    """The JSON object that is an event's data and where it stands; None if the data is anything else."""
    lines = [found.span(1) for found in _DATA.finditer(event)]
    if len(lines) != 1:
        return None
    at = Span(*lines[0])
    try:
        value = json.loads(event[at.start : at.end])
    except (ValueError, RecursionError):
        return None
    return (at, value) if isinstance(value, dict) else None


def encode(value: object) -> bytes:
    """JSON as the APIs write it; a lone surrogate as its escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def with_data(event: bytes, at: Span, value: object) -> bytes:
    """The event with other data; its name and its line ends stay."""
    return splice(event, [(at, encode(value))])
