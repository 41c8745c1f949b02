"""A session: the requests that an agent sends, when, and how much is answered to each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Prompt:
    """What an agent asks, in no API's form yet.

    Args:
        model: which one.
        session: id of the conversation.
        system: instructions.
        tools, messages: in Anthropic's form.
        ttl: how long the client asks to keep prefixes, for APIs that are told: ``5m`` or ``1h``.
    """

    model: str
    session: str
    system: str
    tools: Sequence[Body]
    messages: Sequence[Body]
    ttl: str = "5m"


@dataclass(frozen=True)
class Step:
    """One request of an agent.

    Args:
        at: seconds since the session began.
        body: as it is sent direct; not to be changed.
        answer: the blocks that the model answers, in Anthropic's form: what the next request shows as said before.
    """

    at: float
    body: Body
    answer: Sequence[Body]


@dataclass(frozen=True)
class Session:
    """A session of one agent.

    Args:
        name: unique among the sessions of a run.
        kind: what is done in it; figures are given for each kind.
        wire: name of the API that it speaks, see ``wires.WIRES``.
        model: which one it asks.
        steps: makes its requests in the order of their times, the same ones every time. Long sessions are hundreds of megabytes, so they are
            never held as a whole.
        tool_heavy: most of what is sent are tool results.
    """

    name: str
    kind: str
    wire: str
    model: str
    steps: Callable[[], Iterator[Step]]
    tool_heavy: bool
