"""What answers have in common, whichever API they are of: streamed ones as events, whole ones as a document."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from headroom_wrap.proxy.retrieval.api import NAME_BYTES, Made, Unclear, added
from headroom_wrap.proxy.retrieval.events import RawEvents, document
from pipeline.dialects.json_spans import Malformed
from pipeline.transcript import Span

_KEPT = 32 << 20  # bytes; a response beyond is relayed, but not answered
_SHAPELESS = (Malformed, LookupError, TypeError, ValueError, AttributeError, RecursionError)  # what reading JSON of another shape raises
_CALLED = b'"' + NAME_BYTES + b'"'  # in JSON a name stands by itself, and within a text these quotes would have backslashes


class Splitter(Protocol):
    """Splits a response into events; together they are what it was fed."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that are complete now."""
        ...

    def rest(self) -> bytes:
        """What is no whole event; given back once."""
        ...


class Streamed(abc.ABC):
    """An answer in server-sent events. Until our tool is called, every event goes on as it came.

    Subclasses say what becomes of one event (``event``), what a response's events amount to (``heard``) and how the last ones are worded for all
    responses together (``ending``); one whose events are no server-sent ones says what they are (``splitter``, ``document``, ``placed``, ``shuts``).

    Args:
        marks: an event without any of these is nothing to us until our tool has been called.
    """

    def __init__(self, *marks: bytes) -> None:
        self.over = False
        self.called = False  # our tool was, in the response at hand
        self.later = False  # the response at hand is not the first one
        self.closing = False  # the message is at its end: the client hears of it when that is known to be the end of all
        self.held: list[bytes] = []
        self.made: list[Made] = []
        self._marks = (NAME_BYTES, *marks)
        self._events = self.splitter()
        self._kept: list[bytes] = []
        self._left = _KEPT
        self._unread = False

    @property
    def touched(self) -> bool:
        """Something was withheld: numbers are no more those of the upstream."""
        return self.called or self.later

    def feed(self, chunk: bytes) -> bytes:
        """What the client gets for the next bytes of the response at hand."""
        return b"".join([self.placed(self._relayed(event)) for event in self._events.feed(chunk)])

    def end(self) -> Made | None:
        """The response at hand ended. None if nothing in it concerns us, or nothing that can be read. Raises ``Unclear``."""
        if not self.touched and not self.closing:
            return None
        try:
            if self.touched and self._left < 0:
                raise Unclear("a response too long to be answered")
            made = self.heard(self._kept if self.touched else self.held)  # where nothing was called the end says enough
            self.made.append(replace(made, whole=self.closing))
        except _SHAPELESS as error:
            if self.called:
                raise Unclear(str(error)) from None
            self._unread = True  # and paid for, and with the client already
            return None
        return self.made[-1]

    def resume(self) -> None:
        """Another response follows."""
        self._events, self._kept, self._left = self.splitter(), [], _KEPT
        self.held = []
        self.over = self.closing = self.called = self._unread = False
        self.later = True
        self.again()

    def finish(self) -> bytes:
        """What the client gets at last."""
        ends = [self._ended(event) for event in self.held] if self.touched and self.made and not self._unread else self.held
        return b"".join([self.placed(event) for event in (*ends, self._events.rest())])

    @abc.abstractmethod
    def event(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        """What the client gets for an event; ``value`` is its data, which stands at ``at``. May raise what JSON of another shape raises."""

    @abc.abstractmethod
    def ending(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        """An event that was held, as it is at the end of all responses."""

    @abc.abstractmethod
    def heard(self, events: Sequence[bytes]) -> Made:
        """What a response's events amount to. May raise what JSON of another shape raises, and ``Unclear``."""

    @abc.abstractmethod
    def failed(self, message: str) -> bytes:
        """What the client gets at last where the answer cannot go on."""

    def splitter(self) -> Splitter:
        """What splits a response into events."""
        return RawEvents()

    def document(self, event: bytes) -> tuple[Span, dict[str, Any]] | None:
        """The object that is an event's data and where it stands; None if its data is anything else."""
        return document(event)

    def placed(self, event: bytes) -> bytes:
        """An event, or none, as it stands behind those that the client has got."""
        return event

    def again(self) -> None:  # noqa: B027 - a hook: most have nothing to forget
        """Another response follows: what was noted of the last one is forgotten."""

    def _relayed(self, event: bytes) -> bytes:
        self._left -= len(event)
        if self._left >= 0:
            self._kept.append(event)
        if self.closing or self.shuts(event):
            self.held.append(event)
            self.over = self.over or self.last(event)
            return b""
        if not self.touched and not any(mark in event for mark in self._marks):
            return event
        found = self.document(event)
        if found is None:
            return event
        try:
            return self.event(event, *found)
        except _SHAPELESS:
            return event  # whatever it is, the client may know

    def _ended(self, event: bytes) -> bytes:
        found = self.document(event)
        try:
            return event if found is None else self.ending(event, *found)
        except _SHAPELESS:
            return event

    def last(self, event: bytes) -> bool:
        """Whether an event says that no other follows."""
        return False

    def shuts(self, event: bytes) -> bool:
        """Whether nothing could be put behind an event, so that it waits until nothing else follows."""
        return False

    def close_with(self, event: bytes) -> bytes:
        """Hold an event, and all after it, until it is known that nothing else follows."""
        self.closing = True
        self.held.append(event)
        self.over = self.last(event)
        return b""


class Whole:
    """An answer in one document, which the client gets when it is complete.

    Args:
        read: what a document amounts to; may raise what JSON of another shape raises.
        merged: one document for several: the last one, and what was made in all.
        always: documents concern us even where our tool is not called.
    """

    def __init__(self, read: Callable[[bytes], Made], merged: Callable[[bytes, Sequence[Made]], bytes], *, always: bool = False) -> None:
        self.over = False
        self._read = read
        self._merged = merged
        self._always = always
        self._pieces: list[bytes] = []
        self._made: list[Made] = []
        self._unread = False

    def feed(self, chunk: bytes) -> bytes:
        """Nothing yet."""
        self._pieces.append(chunk)
        return b""

    def end(self) -> Made | None:
        """The document is complete. None if nothing in it concerns us, or nothing that can be read. Raises ``Unclear``."""
        body = self._body()
        called = _CALLED in body
        if not called and not self._made and not self._always:
            return None
        try:
            self._made.append(self._read(body))
        except _SHAPELESS as error:
            if called:
                raise Unclear(str(error)) from None
            self._unread = True
            return None
        return self._made[-1]

    def resume(self) -> None:
        """Another document follows."""
        self._pieces = []
        self._unread = False

    def finish(self) -> bytes:
        """The document for the client."""
        body = self._body()
        if self._unread or (len(self._made) < 2 and not any(made.calls for made in self._made)):
            return body
        try:
            return self._merged(body, self._made)
        except _SHAPELESS:
            return body

    def failed(self, message: str) -> bytes:
        """Nothing: the client has got nothing, so the response that stands in the way is handed on instead."""
        return b""

    def _body(self) -> bytes:
        if len(self._pieces) > 1:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0] if self._pieces else b""


def total(made: Sequence[Made]) -> dict[str, Any]:
    """What several responses together were charged for."""
    usage: dict[str, Any] = {}
    for one in made:
        usage = added(usage, one.usage)
    return usage
