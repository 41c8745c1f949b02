"""A JSON array that comes element by element, as the bytes that it came in: split anywhere, given back whole, as ``events`` does it for SSE.

Source: how Google's APIs stream where no server-sent events are asked for: one array whose elements are written as they are made (RFC 8259 for the
array; https://github.com/googleapis/googleapis, ``google.api.HttpBody`` and server streaming over REST).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pipeline.transcript import Span

_OUTSIDE = re.compile(rb'["{}\[\]]')  # what matters outside a text, and inside
_INSIDE = re.compile(rb'["\\]')
_LEAD = re.compile(rb"[ \t\r\n]*([\[,])[ \t\r\n]*(?=\{)")
_CLOSING = re.compile(rb"[ \t\r\n]*(?P<opening>(?:\[[ \t\r\n]*)?)\]")
_MAX_ELEMENT = 32 << 20  # bytes; from a longer one on nothing is looked into any more


class RawElements:
    """Feed it chunks, get the elements that are complete, each with what stands before it. Together they are what it was fed."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0  # how much of it has been looked at
        self._depth = 0
        self._in_text = False
        self._lost = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The elements that ``chunk`` completes, and what closes the array; each with all that stands before it."""
        if self._lost:
            return [chunk]
        self._held += chunk
        ends = [0, *self._ends()]
        pieces = [bytes(self._held[start:end]) for start, end in pairwise(ends)]
        del self._held[: ends[-1]]
        self._at -= ends[-1]
        if len(self._held) > _MAX_ELEMENT:
            self._lost = True
            pieces.append(self.rest())
        return pieces

    def rest(self) -> bytes:
        """What was fed and is no whole element yet; it is given back once."""
        rest = bytes(self._held)
        self._held.clear()
        return rest

    def _ends(self) -> Iterator[int]:
        """Where elements end, and the array."""
        while (found := (_INSIDE if self._in_text else _OUTSIDE).search(self._held, self._at)) is not None:
            mark = found[0]
            self._at = found.end()
            if mark == b'"':
                self._in_text = not self._in_text
            elif mark == b"\\":
                self._at += 1  # of the next chunk, where it is not there yet
            elif mark in b"[{":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth <= 1:
                    yield self._at
        self._at = max(self._at, len(self._held))


def element(piece: bytes) -> tuple[Span, dict[str, Any]] | None:
    """The JSON object in a piece and where it stands; None if there is none, or more than one."""
    lead = _LEAD.match(piece)
    if lead is None:
        return None
    at = Span(lead.end(), len(piece))
    try:
        value = json.loads(piece[at.start :])
    except (ValueError, RecursionError):
        return None
    return (at, value) if isinstance(value, dict) else None


def closes(piece: bytes) -> bool:
    """Whether a piece is the end of the array."""
    return _CLOSING.fullmatch(piece) is not None


def placed(piece: bytes, *, first: bool) -> bytes:
    """A piece as it stands in an array of which it was no part: the first element after a bracket, all others after a comma."""
    if not first and (closing := _CLOSING.fullmatch(piece)) is not None:
        return piece[: closing.start("opening")] + piece[closing.end("opening") :]
    if first and piece.lstrip()[:1] == b"]":
        return b"[" + piece
    lead = _LEAD.match(piece)
    return piece if lead is None else piece[: lead.start(1)] + (b"[" if first else b",") + piece[lead.end(1) :]
