"""Evidence and steps on record, through the store's own interface: a row for each conversation, on a shelf beside the project's memory.

The shelf's name is no project's, so nothing on it is taken for a file that was read. What steps a conversation began with is a decision like any
other: who asks later, or elsewhere, is told the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pipeline.feedback.evidence import ANSWER, Evidence, Subject, Tally
from pipeline.feedback.verdict import Part, Seen
from pipeline.outcome import Reason
from pipeline.policy import Step
from pipeline.store.api import Decision, Memory
from pipeline.transcript import Item, ToolKind

MOST = 200
"""Conversations of a project that are looked at, the newest; 2 to 4 ms of work, beside a conversation's first request."""
_SHELF = "retrievals of "
_KIND = "retrievals"
_KEY = "conversation"
_MOST_SUBJECTS = 100
_DIGITS = 32


class _Row(msgspec.Struct, array_like=True, frozen=True):
    """A subject and its tally."""

    compressor: str
    kind: ToolKind
    stays: int
    tool: str
    sums: tuple[float, float, float, float, float, float, float]


class _Step(msgspec.Struct, array_like=True, frozen=True):
    """A part of a policy and its step."""

    compressor: str
    kind: ToolKind
    step: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose conversations they are.

    Args:
        project: identity of the repository.
        agent: its name.
        folder: where it runs, for people.
    """

    project: str
    agent: str
    folder: str


def shelf(project: str) -> str:
    """What the store calls the place of a project's evidence."""
    return _SHELF + project


def is_shelf(name: str) -> bool:
    """Whether what the store calls a project is a place of evidence."""
    return name.startswith(_SHELF)


def project_of(name: str) -> str:
    """The identity of the project whose shelf has this name in the store, ``""`` if it is the name of none."""
    return name.removeprefix(_SHELF) if is_shelf(name) else ""


def conversation(session: str, items: Sequence[Item], keys: Sequence[str]) -> str:
    """A conversation's name: that of its session and all that stands before the first answer; ``""`` where an answer stands first.

    Args:
        session: the agent's own name, ``""`` if it has none.
        items: of the transcript.
        keys: its lineage.
    """
    opening = next((i for i, item in enumerate(items) if item.kind in ANSWER), len(items))
    return _digest(session, keys[opening - 1]) if opening else ""


def begins(items: Sequence[Item]) -> bool:
    """Whether a conversation begins with this request: nothing in it has been answered."""
    return not any(item.kind in ANSWER for item in items)


def row(origin: Origin, session: str, name: str, evidence: Evidence, time: float) -> Memory:
    """What a conversation has shown so far, as the store keeps it.

    Args:
        origin: whose it is.
        session: of the agent, that it is part of.
        name: of the conversation.
        evidence: what it shows.
        time: now, Unix time in seconds.
    """
    most = sorted(evidence.items(), key=lambda item: (-item[1].asked, -item[1].sent, item[0]))[:_MOST_SUBJECTS]
    rows = [_Row(s.compressor, s.kind, int(s.stays), s.tool, _sums(tally)) for s, tally in sorted(most, key=lambda item: item[0])]
    stamp = msgspec.json.encode(rows).decode()
    return Memory(shelf(origin.project), _KEY, name, "", _KIND, origin.agent, session, time, 0, stamp, origin.folder)


def seen(memory: Memory) -> Seen | None:
    """What a row says; None where it is of a version that wrote others."""
    try:
        rows = msgspec.json.decode(memory.stamp, type=list[_Row])
        evidence = {Subject(r.compressor, r.kind, Step(r.stays), r.tool): Tally(*r.sums) for r in rows}
    except (ValueError, UnicodeError):  # msgspec's own errors among them
        return None
    return Seen(memory.time, f"{memory.digest} {memory.agent}", evidence)


def begun(project: str, name: str, steps: Mapping[Part, Step]) -> Decision:
    """That a conversation of a project has begun with these steps."""
    rows = [_Step(*part, int(step)) for part, step in sorted(steps.items())]
    return Decision(begun_key(project, name), msgspec.json.encode(rows).decode(), Reason.OFF.value)


def begun_key(project: str, name: str) -> str:
    """The key under which that is on record."""
    return f"begun:{_digest(project, name)}"


def steps(decision: Decision | None) -> dict[Part, Step]:
    """The steps that a conversation began with: none where nothing is on record."""
    try:
        rows = msgspec.json.decode(decision.text or "[]", type=list[_Step]) if decision is not None else []
        return {(r.compressor, r.kind): Step(r.step) for r in rows}
    except (ValueError, UnicodeError):
        return {}


def _digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _sums(tally: Tally) -> tuple[float, float, float, float, float, float, float]:
    return (
        tally.sent,
        tally.asked,
        tally.whole,
        round(tally.hidden, 1),
        round(tally.fetched, 1),
        round(tally.saved, 1),
        round(tally.cost, 1),
    )
