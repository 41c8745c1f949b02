"""A request's body as it goes on, and what was done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from headroom_wrap.events import Began, Block
from headroom_wrap.proxy.heads import Front
from pipeline.cache_misses import Head
from pipeline.dialects.api import Transcript
from pipeline.outcome import REWRITTEN
from pipeline.store.api import Decision
from pipeline.transcript import ItemKind

_MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Prepared:
    """A body and the decisions in it.

    Args:
        original: the body as it came.
        body: as it goes on; the very same object where nothing was changed.
        known: what became of the blocks that were on record, in order.
        fresh: what became of the others, in order.
        labels: what each of ``fresh`` is, in a few words.
        transcript: what was read, None if nothing was.
        front: what stands in front of its messages.
        dialect: name of the API, ``""`` if nothing was read.
        carried: decisions that are in force in it and were booked with the request that it follows on.
        places: where in the transcript the blocks of ``known`` stand: their items' indices.
        untouched: in a word why nothing was read (``signed``), ``""`` where nothing stood in the way.
        retrievable: what was left out of it can be retrieved.
        firsts: in a later generation of the conversation the key that each block had in the first one, by its own.
    """

    original: bytes
    body: bytes
    known: tuple[Decision, ...] = ()
    fresh: tuple[Decision, ...] = ()
    labels: tuple[str, ...] = ()
    transcript: Transcript | None = None
    front: Front = field(default_factory=Front)
    dialect: str = ""
    carried: tuple[Decision, ...] = ()
    places: tuple[int, ...] = ()
    untouched: str = ""
    firsts: Mapping[str, str] = field(default_factory=dict)
    retrievable: bool = False

    @property
    def head(self) -> Head:
        """What stands in front of its messages."""
        return self.front.read()[0]

    @property
    def declared(self) -> int:
        """o200k tokens of our tools and their instructions in it (estimated), 0 where the model is not offered them."""
        return self.front.read()[1]

    @property
    def changed(self) -> bool:
        """Whether other bytes go on than came."""
        return self.body is not self.original

    @property
    def forms(self) -> dict[str, int]:
        """What stands for the texts that were put in the place of blocks, by their keys in the first generation. It holds within this process."""
        return {self.firsts.get(d.key, d.key): hash(d.text) for d in rewritten((*self.carried, *self.known, *self.fresh))}

    @property
    def reasons(self) -> tuple[tuple[str, int], ...]:
        """New blocks by what became of them; for a request that was not read, why."""
        return ((self.untouched, 1),) if self.untouched else tuple(sorted(Counter(d.reason for d in self.fresh).items()))

    @property
    def sent_before(self) -> tuple[Decision, ...]:
        """Those of ``known`` that the model has answered already: their savings were new with an earlier request."""
        turn = self.transcript.turn if self.transcript is not None else 0
        return tuple(d for place, d in zip(self.places, self.known, strict=True) if place < turn)

    @property
    def sent_again(self) -> tuple[Decision, ...]:
        """Those of ``known`` that have no answer yet: a request that was retried, or whose first proxy is gone."""
        turn = self.transcript.turn if self.transcript is not None else 0
        return tuple(d for place, d in zip(self.places, self.known, strict=True) if place >= turn)

    def began(self, path: str) -> Began:
        """The event that tells of the request."""
        read = self.transcript
        return Began(
            model=read.model if read is not None else "",
            path=path,
            understood=read is not None,
            blocks=sum(item.kind is ItemKind.TOOL_RESULT for item in read.items) if read is not None else 0,
            compressed=len(rewritten((*self.known, *self.fresh))),
            new_reasons=dict(self.reasons),
            last=_told(self.fresh[-1], self.labels[-1]) if self.fresh else "",
            decided=tuple(_block(d, label) for d, label in zip(self.fresh[-_MOST_TOLD:], self.labels[-_MOST_TOLD:], strict=True)),
        )


def rewritten(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Those that put another text in a block's place."""
    return tuple(d for d in decisions if d.text is not None)


def _block(decision: Decision, label: str) -> Block:
    return Block(label, decision.reason, decision.compressor, decision.handle, decision.key, decision.tokens_before, decision.tokens_after)


def _told(decision: Decision, label: str) -> str:
    """A decision in a few words: ``Bash: make test 12.4k → 1.1k (log)``."""
    if decision.reason in REWRITTEN:
        return f"{label} {_short(decision.tokens_before)} → {_short(decision.tokens_after)} ({decision.compressor})"
    size = f" {_short(decision.tokens_before)}" if decision.tokens_before else ""
    return f"{label}{size} ({decision.reason})"


def _short(tokens: int) -> str:
    return str(tokens) if tokens < 1000 else f"{tokens / 1000:.1f}k"
