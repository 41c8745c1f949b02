"""The interface of a dialect, and the transcript that it reads.

A dialect is pure: bytes in, values or bytes out. What it does not understand it reports by raising ``Unreadable``; the proxy then forwards the
bytes as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pipeline.policy import Policy
from pipeline.transcript import Item, Span
from pipeline.usage import Usage


class Unreadable(ValueError):
    """The body is not a request of this dialect; forward it untouched."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A request's messages in order.

    Args:
        items: the pieces of all messages.
        spans: for each item the absolute span of its rewritable text in the body, or None.
        turn: index of the first item after the last assistant message: what stands from there on has not been answered yet.
        model: as requested, ``""`` if none.
        stream: a streamed answer was asked for.
        session: the conversation's own name where the body has one, ``""`` if it has none.
        tools: the model is offered some, as far as the body tells: one that goes on from another request is taken to offer what that did.
        forgets: the API may leave out earlier parts before the model sees them, so that nothing can be said by what stands above.
    """

    items: tuple[Item, ...]
    spans: tuple[Span | None, ...]
    turn: int
    model: str = ""
    stream: bool = False
    session: str = ""
    tools: bool = False
    forgets: bool = False


@dataclass(frozen=True, slots=True)
class PathInfo:
    """What a request's path says that other APIs write into the body.

    Args:
        model: as requested, ``""`` if the path names none.
        stream: a streamed answer was asked for.
    """

    model: str = ""
    stream: bool = False


class UsageParser(Protocol):
    """Reads the provider's bookkeeping beside the relay: a pure state machine that never raises, whatever it is fed."""

    message_id: str
    model: str
    stop_reason: str
    error: str

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the response body, split anywhere."""
        ...

    def close(self) -> None:
        """The body ended, complete or not."""
        ...

    @property
    def usage(self) -> Usage | None:
        """What was charged for, as far as it is known; None if the response named nothing."""
        ...


class Messages(Protocol):
    """How one API writes down a conversation."""

    name: str

    def read(self, body: bytes, policy: Policy) -> Transcript:
        """The transcript in a request body.

        Raises:
            Unreadable: it is not one.
        """
        ...

    def write(self, body: bytes, transcript: Transcript, forms: Mapping[int, str]) -> bytes:
        """The body with the texts of some items replaced (item index -> text); every other byte as it was."""
        ...


class Dialect(Messages, Protocol):
    """One API's wire format: its messages, where they are sent, and what comes back."""

    def recognises(self, method: str, path: str) -> bool:
        """Whether a request with this method and path (no query) carries a transcript of this dialect."""
        ...

    def path_info(self, path: str) -> PathInfo:
        """What the path (no query) of a recognised request says."""
        ...

    def usage_parser(self, content_type: str) -> UsageParser:
        """A parser for a response of this content type."""
        ...

    def session(self, headers: Mapping[str, str]) -> str:
        """The agent's own session id from the request's headers (names in lower case), ``""`` if it names none."""
        ...


def splice(body: bytes, replacements: list[tuple[Span, bytes]]) -> bytes:
    """``body`` with the bytes at each span replaced. Spans are disjoint; with none the very same object comes back."""
    if not replacements:
        return body
    parts = []
    pos = 0
    for span, new in sorted(replacements, key=lambda r: r[0].start):
        parts += [body[pos : span.start], new]
        pos = span.end
    parts.append(body[pos:])
    return b"".join(parts)
