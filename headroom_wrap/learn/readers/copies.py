"""What a session has in common with another because it was forked from it or resumed under a new id: its copied beginning is cut off."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from headroom_wrap.learn.model import Event, Session, ToolUse


class Copies:
    """Remembers the calls of the sessions that it has seen, in about 100 bytes each."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}  # a call -> the session that had it first

    def cut(self, session: Session) -> Session | None:
        """A session without what stands in one seen before, None if nothing is left. A call is the same by its id and its time."""
        owner = _number(f"{session.agent}\0{session.id}")
        copied = 0
        for place, event in enumerate(session.events, 1):
            if isinstance(event, ToolUse) and self._calls.setdefault(_call(session.agent, event), owner) != owner:
                copied = place
        if not copied:
            return session
        own = session.events[copied:]
        if not own:
            return None
        responses = tuple(replace(response, before=response.before - copied) for response in session.responses if response.before >= copied)
        return replace(session, events=own, responses=responses, started=_first(own, session.started))


def _call(agent: str, use: ToolUse) -> int:
    return _number(f"{agent}\0{use.id}\0{use.time}\0{use.command}")


def _first(events: tuple[Event, ...], other: float) -> float:
    return next((event.time for event in events if event.time), other)


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
