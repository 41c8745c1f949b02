"""The interface of a wire, which is what retrieval knows of one API, and the values that pass through it. All of it is pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline.transcript import Span

NAME = "headroom_retrieve"
NAME_BYTES = NAME.encode()


class Unclear(ValueError):
    """The bytes are not what the API is known to send. Whoever asked goes on without them."""


class Form(enum.Enum):
    """How an answer comes."""

    WHOLE = "in one document"
    EVENTS = "in server-sent events"
    ARRAY = "in the elements of one array"


@dataclass(frozen=True, slots=True)
class Call:
    """The model asks for an original.

    Args:
        id: of the call, ``""`` where the API gives none.
        arguments: decoded; none if they are no object.
    """

    id: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a call is answered with.

    Args:
        call: the call.
        text: for the model.
        failed: it says why there is nothing.
    """

    call: Call
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What the model made in one response of the upstream.

    Args:
        elements: the response as elements of a request's list of messages, as it was received.
        visible: the pieces of it that the client gets, in the API's own units.
        calls: of our tool.
        others: the client's tools were called too.
        answerable: it ended so that its calls can be answered.
        usage: as the API words it.
        id: of the response.
        whole: it came to its end.
    """

    elements: tuple[bytes, ...] = ()
    visible: tuple[bytes, ...] = ()
    calls: tuple[Call, ...] = ()
    others: bool = False
    answerable: bool = False
    usage: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    whole: bool = True

    @property
    def ours(self) -> bool:
        """It is for us alone to go on: calls of our tool and of no other can be answered."""
        return self.answerable and bool(self.calls) and not self.others


class Answer(Protocol):
    """The answer that the client gets, made of one or more responses of the upstream: a state machine that never raises but in ``end``."""

    over: bool
    """The response at hand has said all that it had to say, whether its connection ends or not."""

    def feed(self, chunk: bytes) -> bytes:
        """What the client gets for the next bytes of the response at hand."""
        ...

    def end(self) -> Made | None:
        """The response at hand ended. None if nothing in it concerns us, or if it cannot be read and did not call our tool.

        Raises:
            Unclear: it called our tool, and cannot be read.
        """
        ...

    def resume(self) -> None:
        """Another response follows, of which the client is to think as the same."""
        ...

    def finish(self) -> bytes:
        """What the client gets at last, all responses taken together."""
        ...

    def failed(self, message: str) -> bytes:
        """What the client gets at last where a stream cannot go on."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client's request says besides its messages.

    Args:
        tools: the client's own as they stand in the body, ``b""`` if there are none.
        fits: the tool could be part of a conversation that begins with it.
        previous: id of the response that it goes on from, ``""`` where it lists the whole conversation.
        kept: the API keeps the response, so that later requests may go on from it.
    """

    tools: bytes
    fits: bool
    previous: str = ""
    kept: bool = False


class Wire(Protocol):
    """One API."""

    joins: bool
    """Results of calls made together stand in one message."""

    def asked(self, body: bytes, target: str) -> Asked:
        """What a request says, which has this path and query. Raises ``Malformed`` or ``KeyError``."""
        ...

    def declaration(self) -> bytes:
        """The tool as this API has it declared."""
        ...

    def with_tool(self, body: bytes, declaration: bytes) -> bytes:
        """The body with one more tool, after all others. Raises ``Malformed`` or ``KeyError``."""
        ...

    def reads(self, content_type: str) -> bool:
        """Whether a response of this type can be read."""
        ...

    def form(self, target: str, content_type: str) -> Form:
        """How a response of this type to a request with this path and query comes."""
        ...

    def answer(self, body: bytes, form: Form) -> Answer:
        """What makes the client's answer to the request ``body``."""
        ...

    def onward(self, body: bytes, elements: Sequence[bytes]) -> bytes:
        """The body with more elements at the end of its list of messages. Raises ``Malformed`` or ``KeyError``."""
        ...

    def results(self, results: Sequence[Result]) -> tuple[bytes, ...]:
        """Results as they stand in a message or, where each is an element by itself, in the list."""
        ...

    def message(self, results: Sequence[bytes]) -> tuple[bytes, ...]:
        """Elements for the list of messages that hold these results."""
        ...

    def ahead(self, body: bytes, message: Span, results: Sequence[bytes]) -> tuple[Span, bytes] | None:
        """Where and how the results stand first in the message; None if they cannot."""
        ...

    def marked(self, body: bytes, turn: Sequence[Span], elements: Sequence[bytes]) -> Sequence[bytes]:
        """The elements with the cache breakpoint that stood at the end of the messages that they stand for."""
        ...

    def going_on(self, body: bytes, response: str, results: Sequence[bytes]) -> bytes:
        """The body as it goes on from another response, with results before what it lists. Raises ``Malformed`` or ``KeyError``."""
        ...


def added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two usages of the same form as one: numbers added, all else as the later one has it."""
    total = dict(one)
    for name, value in other.items():
        before = total.get(name)
        if isinstance(value, dict):
            total[name] = added(before if isinstance(before, dict) else {}, value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            total[name] = value + before if isinstance(before, (int, float)) and not isinstance(before, bool) else value
        elif value is not None or name not in total:
            total[name] = value
    return total
