"""Server-sent events as a pure state machine: bytes in, split anywhere, events out.

Source: the event stream format of the WHATWG HTML standard, section 9.2.6. Lines end in LF, CR LF or CR; a line that starts with a colon is a
comment; an event ends with an empty line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MAX_EVENT = 32 * 1024 * 1024  # a stream without line ends must not fill the memory: past this the rest of the event is dropped


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name (``message`` where none was given) and its data."""

    name: str
    data: bytes


class SseParser:
    """Feed it chunks, get the events that are complete."""

    def __init__(self) -> None:
        self._tail: list[bytes] = []  # pieces of a line whose end has not come; joined once, so that a long line costs its length
        self._tail_size = 0
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes, in order."""
        events: list[Event] = []
        held_cr = bool(self._tail) and self._tail[-1].endswith(b"\r")
        if not held_cr and _LINE_END.search(chunk) is None:
            self._hold(chunk)
            return events
        text = b"".join([*self._tail, chunk])
        self._tail, self._tail_size = [], 0
        if b"\r" not in text:  # as most APIs write it, and found in half the time
            *lines, rest = text.split(b"\n")
            for line in lines:
                self._line(line, events)
            self._hold(rest)
            return events
        pos = 0
        for end in _LINE_END.finditer(text):
            if end[0] == b"\r" and end.end() == len(text):
                break  # the LF of this CR may be in the next chunk
            self._line(text[pos : end.start()], events)
            pos = end.end()
        self._hold(text[pos:])
        return events

    def _hold(self, piece: bytes) -> None:
        self._tail_size += len(piece)
        if self._tail_size > _MAX_EVENT:
            self._tail, self._tail_size = [], 0
        elif piece:
            self._tail.append(piece)

    def _line(self, line: bytes, events: list[Event]) -> None:
        if not line:
            if self._data:
                events.append(Event(self._name or "message", b"\n".join(self._data)))
            self._name, self._data, self._size = "", [], 0
            return
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"data":
            self._size += len(value)
            if self._size <= _MAX_EVENT:
                self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
