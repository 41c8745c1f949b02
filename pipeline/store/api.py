"""The interface of a store. All methods but one block; callers on an event loop use a thread.

Everything is append-only: an original is never deleted unasked, a decision never changes once written (the first writer wins). What is on record
under a key is the same for all that share the store, whichever process or machine asks.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.usage import Usage


class StoreError(Exception):
    """The store cannot do what was asked: locked, full, corrupt, unreachable. The message says which and what to do."""


class Unreachable(StoreError):
    """The store's server does not answer, or not in time. It is asked again after a moment; nothing needs to be started anew."""


@dataclass(frozen=True, slots=True)
class Original:
    """A text as a tool returned it.

    Args:
        handle: its id, 8 hex digits or more of the SHA-256 of its text; 8 more where the same text was kept in other units first.
        text: the text.
        unit: singular noun of the units it is retrieved by.
        spans: character offsets of the units; empty for physical lines.
        label: where it came from in a few words, e.g. ``Bash: make test``.
        created: Unix time in seconds.
    """

    handle: str
    text: str
    unit: str = "line"
    spans: tuple[tuple[int, int], ...] = ()
    label: str = ""
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a block when it was first sent.

    Args:
        key: hex of the lineage (hash chain) up to and including the block.
        text: the text that was sent in the block's place, or None: the original was sent.
        reason: one of ``pipeline.router.Reason``.
        compressor: its name, ``""`` if none.
        handle: the original's handle, ``""`` if the original was sent.
        tokens_before: o200k tokens of the original.
        tokens_after: o200k tokens of what was sent.
    """

    key: str
    text: str | None
    reason: str
    compressor: str = ""
    handle: str = ""
    tokens_before: int = 0
    tokens_after: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one response cost and saved. Money in US dollars, tokens as the provider counts them unless said otherwise.

    Args:
        message_id: the provider's id of the response.
        session: the agent's session, or ours where it names none.
        time: Unix time in seconds.
        agent, model, project: who, which model, which working directory.
        usage: what the provider charged for.
        cost: what that costs; None where the model's price is unknown.
        cost_without: what the untouched request would have cost; None likewise.
        removed_new, removed_old: estimated tokens left out of blocks first sent in this request, and of blocks sent before.
        overhead: estimated dollars that our own presence cost (tool schemas, retrievals), already taken off the saving.
        ttfb_ms: time to the upstream's first byte in milliseconds.
        added_ms: the part of it that was ours.
        compressors: tokens removed in this request by compressor.
        reasons: blocks of this request by reason.
        cause: why it wrote to the provider's cache or missed it; one of ``pipeline.cache_misses.Cause``, ``""`` where it did neither.
        again: tokens that the cache had held and that were charged for as new once more.
        again_cost: dollars that these cost more than if they had been read from it.
    """

    message_id: str
    session: str
    time: float
    agent: str
    model: str
    project: str
    usage: Usage
    cost: float | None
    cost_without: float | None
    removed_new: int = 0
    removed_old: int = 0
    overhead: float = 0.0
    ttfb_ms: float = 0.0
    added_ms: float = 0.0
    compressors: tuple[tuple[str, int], ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    cause: str = ""
    again: int = 0
    again_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """That an agent has seen something: what it was, where it came from, and where its text is kept.

    Args:
        project: identity of a repository, opaque.
        key: a path within it, or a name.
        digest: hex SHA-256 of the content.
        handle: the original's.
        kind: ``file`` or ``note``.
        agent, session: who saw it, and when it did so last.
        time: Unix time in seconds, of the last time.
        tokens: o200k tokens of the content.
        stamp: what the file looked like (size and modification time), opaque.
        label: where it came from in a few words.
    """

    project: str
    key: str
    digest: str
    handle: str
    kind: str
    agent: str
    session: str
    time: float
    tokens: int
    stamp: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over some receipts. Dollars are over those whose price is known.

    Args:
        name: of the group: a model, an agent, a project, a day; ``""`` for all.
        responses: how many.
        unpriced: how many of them have no price.
        usage: what was charged for.
        cost, cost_without: dollars with and without us.
        overhead: dollars that our own presence cost, already taken off the saving.
        removed: tokens less in all prompts together than without us (estimated).
        again: tokens that the provider's cache had held and that were charged for as new once more.
        again_cost: dollars that these cost more than if they had been read from it.
    """

    name: str = ""
    responses: int = 0
    unpriced: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    cost_without: float = 0.0
    overhead: float = 0.0
    removed: int = 0
    again: int = 0
    again_cost: float = 0.0

    @property
    def saved(self) -> float:
        """Dollars saved (estimated); negative where we cost more than we saved."""
        return self.cost_without - self.cost

    @property
    def saved_share(self) -> float:
        """The saving as a share of the whole bill without us; 0 where there is no bill."""
        return self.saved / self.cost_without if self.cost_without > 0 else 0.0

    @property
    def cache_hit(self) -> float:
        """The share of all prompt tokens that was read from the provider's cache."""
        return self.usage.cache_read / self.usage.prompt if self.usage.prompt else 0.0


@dataclass(frozen=True, slots=True)
class Stock:
    """How much of one thing a store holds.

    Args:
        name: of the thing: originals, decisions, receipts, memories.
        entries: how many.
        size: bytes of their contents as they are kept, indexes and free pages not counted.
    """

    name: str
    entries: int
    size: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep removed: how many originals and decisions, and the bytes of their contents."""

    originals: int = 0
    decisions: int = 0
    size: int = 0


class Group(str, enum.Enum):
    """What receipts are added up by. Days and weeks are those of this machine's clock; a week is named by its Monday."""

    ALL = "all"
    DAY = "day"
    WEEK = "week"
    AGENT = "agent"
    MODEL = "model"
    PROJECT = "project"
    SESSION = "session"
    CAUSE = "cause"


class Keeper(Protocol):
    """The part of a store that a decision needs."""

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        """Keep a text and return its handle. The text is durable when this returns.

        The same text in the same units has the same handle. In other units it has another one, so that the numbers in every marker that was
        sent go on meaning what they meant.

        Raises:
            StoreError: it could not be written.
        """
        ...

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        """Record decisions; where one is on record already, that one stands. Returns those in force, for every key given."""
        ...


class Store(Keeper, Protocol):
    """Originals, decisions, receipts and memories.

    Any method raises StoreError where the store cannot do what is asked, and its subclass Unreachable where that is likely to pass by itself.
    """

    def original(self, handle: str) -> Original | None:
        """The original with this handle or with an unambiguous beginning of one (8 digits at least)."""
        ...

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        """The decisions on record for these keys."""
        ...

    def glance(self, keys: Sequence[str]) -> dict[str, Decision] | None:
        """What ``decisions`` says, where that is to be had without waiting for a lock or for a server; else None. It raises nothing.

        For callers on an event loop, to which a thread costs more than a few rows of a file that is in memory anyway.
        """
        return None

    def flush(self) -> None:
        """See to it that what was written survives a loss of power too, where that takes more than writing it. It raises nothing.

        A server makes durable what its own settings say, when it acknowledges it or soon after; there is nothing to be done then.
        """

    def add_receipt(self, receipt: Receipt) -> None:
        """Record a receipt; a second one with the same message id replaces the first."""
        ...

    def receipts(self, *, session: str = "", since: float = 0.0, project: str = "") -> list[Receipt]:
        """Receipts in order of time, filtered by what is given."""
        ...

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        """Sums over the same receipts, in order of their names; none of no receipts."""
        ...

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        """Sums of the pairs in ``compressors`` or ``reasons`` over the same receipts, most first."""
        ...

    def remember(self, memories: Sequence[Memory]) -> None:
        """Record memories. Where one of the same project, key, digest and agent is on record, its time, session and stamp are renewed."""
        ...

    def memories(self, project: str, *, key: str = "", digest: str = "", limit: int = 0) -> list[Memory]:
        """What was seen in a project, newest first, filtered by what is given; at most ``limit`` of them, all where it is 0."""
        ...

    def projects(self) -> list[tuple[str, int]]:
        """The projects of which there are memories and how many, in order of their names."""
        ...

    def forget(self, project: str, key: str = "", *, kind: str = "", before: float = math.inf) -> int:
        """Remove a project's memories, or those under one key, of one kind, last seen before a Unix time; originals stay. Returns how many went."""
        ...

    def stock(self) -> list[Stock]:
        """How much there is of originals, decisions, receipts and memories, in this order."""
        ...

    def verify(self) -> list[str]:
        """Read everything and say what is wrong, a sentence each; empty where all is well."""
        ...

    def cutoff(self, size: int) -> float:
        """The Unix time before which originals were last put that make them more than ``size`` bytes; 0 where they are not."""
        ...

    def sweep(self, before: float) -> Swept:
        """Remove decisions made before a Unix time, and originals last put before it that no remaining decision or memory names.

        Only on demand: a conversation whose decisions are gone is compressed anew, and markers in it may name what is no longer kept. What is
        younger than a day stays in any case. Receipts and memories stay.
        """
        ...

    def compact(self) -> None:
        """Give space that was freed back to the disk, where the database does not do so by itself."""
        ...

    def close(self) -> None:
        """Give back what is held. The store may not be used afterwards."""
        ...
