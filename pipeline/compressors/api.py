"""The interface of a compressor: content in, a rewrite or None out, no I/O, no state.

A compressor is a pure function of (content, policy): same input, same bytes, in every process and under every hash seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pipeline.forks import cached_property
from pipeline.policy import Policy
from pipeline.query import Query
from pipeline.transcript import ToolCall


@dataclass(frozen=True)
class Content:
    """What a compressor looks at.

    Args:
        text: the block's text as the tool returned it.
        query: what the user and the tool call asked for, from what stands before the block.
        call: the tool call that the block answers, if known.
        is_error: the tool reported failure.
    """

    text: str
    query: Query = field(default_factory=Query)
    call: ToolCall | None = None
    is_error: bool = False

    @cached_property
    def lines(self) -> list[str]:
        r"""Physical lines: ``text`` split at ``\n`` alone, so that ``"\n".join(lines) == text``. Line n is ``lines[n - 1]``."""
        return self.text.split("\n")


@dataclass(frozen=True, slots=True)
class Gap:
    """Units ``first`` to ``last`` (1-based, inclusive) that were left out."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a compressor made of a block.

    Args:
        text: what the model reads, with a marker (``pipeline.markers.gap``) in the place of every run that was left out, without the
            footer: that is added when the original is stored.
        total: number of units in the original.
        gaps: what was left out, ascending and disjoint; empty where everything is still there in another form.
        summary: what was checked about the units left out, for the footer, e.g. ``"no error-like line among them"``; no more than that.
        unit: the singular noun of a unit: ``"line"``, ``"record"`` …
        spans: for units that are no physical lines, the character offsets ``[start, end)`` of every unit in the original text, so that
            they can be retrieved by number; empty for lines.
        also: the name of another compressor that had a part in it, ``""`` for none.
        above: every unit left out stands earlier in the transcript, where its marker says: nothing needs to be fetched.
    """

    text: str
    total: int
    gaps: tuple[Gap, ...] = ()
    summary: str = ""
    unit: str = "line"
    spans: tuple[tuple[int, int], ...] = ()
    also: str = ""
    above: bool = False

    @property
    def left_out(self) -> int:
        """How many units were left out."""
        return sum(len(g) for g in self.gaps)


@runtime_checkable
class Compressor(Protocol):
    """One kind of content. To add one, write a file with such a class and name it in ``registry`` or in an entry point.

    One whose ``recognise`` is dear and never certain may have an attribute ``surest``, the most that it returns: it is not asked where another
    is that sure already.
    """

    name: str

    def recognise(self, content: Content) -> float:
        """How sure it is that the content is of its kind: 0 not at all, 1 certain. Must be cheap: look at a sample."""
        ...

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The rewrite, or None if there is nothing to gain. May assume nothing about what ``recognise`` returned."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A block that stands earlier in the transcript, in the form in which the model sees it.

    Args:
        ordinal: which tool result it is in the transcript, counted from 1.
        label: the call in a few words, e.g. ``Read src/parser.c``.
        text: the text as sent (rewritten where it was rewritten).
        original: the text as the tool returned it.
        path: the file it shows, ``""`` if none.
        elided: units of it were left out that do not stand elsewhere in the transcript.
    """

    ordinal: int
    label: str
    text: str
    original: str
    path: str = ""
    elided: bool = False


SeenBlocks = Sequence[Seen]
