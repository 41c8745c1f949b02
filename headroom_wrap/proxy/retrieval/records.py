"""What is remembered of a conversation in the store, as decisions of a kind of their own: whether the tool is part of it, what stood in its turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from headroom_wrap.proxy.retrieval.api import Wire
from headroom_wrap.proxy.retrieval.outline import Outline
from pipeline.dialects.api import splice
from pipeline.store.api import Decision
from pipeline.transcript import Span

OFFERED, LOSSLESS, WOVEN, ABSENT = "retrieval offered", "retrieval not offered", "retrieval woven in", "no retrieval"


class Woven(msgspec.Struct, frozen=True):
    """A turn as the upstream knows it.

    Args:
        elements: all of it, with our calls and their results, for the list of messages.
        ahead: results that stand first in the message after it, beside those of the client.
    """

    elements: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()


class Answered(msgspec.Struct, frozen=True):
    """A response that the API keeps.

    Args:
        response: id of the last response of the same answer: that is where the conversation goes on.
        declaration: of the tool in this conversation.
        ahead: results that the API still waits for.
    """

    response: str
    declaration: str
    ahead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keys:
    """The two names of a conversation's root: requests with tools of their own are not the same conversation as those without.

    Args:
        own: of requests like the one at hand.
        other: of the others.
    """

    own: str
    other: str


def root_keys(dialect: str, root: str, *, tools: bool) -> Keys:
    """The names under which it is recorded whether the tool is part of a conversation."""
    with_tools, bare = f"retrieve:{dialect}:tools:{root}", f"retrieve:{dialect}:bare:{root}"
    return Keys(with_tools, bare) if tools else Keys(bare, with_tools)


def refusal_record(root: str) -> str:
    """The name under which it is recorded that an upstream did not take the tool in a conversation, which has this name itself."""
    return f"{root}:refused"


def turn_record(dialect: str, key: str) -> str:
    """The name under which a turn is recorded."""
    return f"retrieve:{dialect}:turn:{key}"


def response_record(response: str) -> str:
    """The name under which a response is recorded that the API keeps."""
    return f"retrieve:response:{response[:200]}"


def encode(value: Woven | Answered) -> str:
    """A record's text."""
    return msgspec.json.encode(value).decode()


def woven(decision: Decision | None) -> Woven | None:
    """The turn in a record."""
    return None if decision is None or decision.text is None else msgspec.json.decode(decision.text, type=Woven)


def answered(decision: Decision | None) -> Answered | None:
    """The response in a record."""
    return None if decision is None or decision.text is None else msgspec.json.decode(decision.text, type=Answered)


def weave(body: bytes, outline: Outline, wire: Wire, found: Mapping[int, Woven]) -> bytes:
    """The body with turns as the upstream knows them. Pure.

    Args:
        body: of the client.
        outline: of it.
        wire: of its API.
        found: index of a turn -> what stands there.

    Raises:
        Malformed, KeyError: it is not of the API.
    """
    replaced: list[tuple[Span, bytes]] = []
    for number, record in found.items():
        places = outline.turns[number].messages
        spans = [outline.messages[place].span for place in places]
        elements = list(wire.marked(body, spans, [element.encode() for element in record.elements]))
        ahead = [result.encode() for result in record.ahead]
        if ahead:
            after = outline.messages[places.stop].span if places.stop < len(outline.messages) else None
            placed = None if after is None else wire.ahead(body, after, ahead)
            if placed is None:
                elements += wire.message(ahead)
            else:
                replaced.append(placed)
        replaced.append((Span(spans[0].start, spans[-1].end), b",".join(elements)))
    return splice(body, replaced)
