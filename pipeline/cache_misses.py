"""Why a response wrote to the provider's prompt cache: every write has one cause, and whether that is ours is proved, not guessed. Pure.

A request is held against those of its conversation that were answered before it was sent. If it read nearly all that the one it goes on from had
left in the cache, what it wrote is new text. Otherwise something in front of the old text changed, or time passed. It is *ours* where the agent sent
the same again and we did not: another form of a block with the same lineage, or other tools of ours.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pipeline import cache_clock
from pipeline.cache_clock import Entry
from pipeline.usage import Usage

_T = TypeVar("_T")
_CONVERSATIONS = 500  # that are remembered
_BRANCHES = 4  # of each
_ENOUGH = 0.9  # the last cached block may be cut off; what is less than this share of the expected is a miss
_LEAST = 1024  # tokens: shorter prompts no provider caches


class Cause(str, enum.Enum):
    """Why something was written to the cache, or had to be paid for again."""

    FIRST = "first write"
    GROWTH = "growth"
    EXPIRED = "expired"
    MODEL = "model changed"
    TOOLS = "tools changed"
    SYSTEM = "instructions changed"
    HISTORY = "history changed"
    OURS = "ours"
    PROVIDER = "not explained"


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in front of a request's messages, as digests; ``b""`` where it could not be read.

    Args:
        tools: the agent's own tools.
        system: its instructions.
        ours: our tools.
    """

    tools: bytes = b""
    system: bytes = b""
    ours: bytes = b""


NO_HEAD = Head()


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went upstream.

    Args:
        at: when, in seconds of any one clock.
        keys: lineage of its transcript, as the agent sent it.
        model: which one answered.
        head: what stands in front of the transcript.
        forms: block key -> what stands for the text that we put in its place.
    """

    at: float
    keys: Sequence[str]
    model: str = ""
    head: Head = NO_HEAD
    forms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a response's use of the cache.

    Args:
        cause: of what it wrote, or of its miss; None where there was neither.
        again: tokens that the cache had held and that were charged for as new once more.
        said: the miss as a sentence, ``""`` if it is none.
        entry: what the cache holds now.
    """

    cause: Cause | None = None
    again: int = 0
    said: str = ""
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class _Answered:
    """A request that was answered: what of `Sent` a later one is held against."""

    items: int
    last: str
    model: str
    head: Head
    forms: Mapping[str, int]
    entry: Entry

    def begins(self, sent: Sent) -> bool:
        """Whether the other request goes on from this one."""
        return self.items <= len(sent.keys) and sent.keys[self.items - 1] == self.last


class Watch:
    """Remembers what conversations left in the cache: those with the same beginning in the same session, with a few branches each."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], list[_Answered]] = OrderedDict()
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()

    def answered(self, session: str, dialect: str, sent: Sent, usage: Usage, began: float) -> Verdict:
        """Judge a response and remember it.

        Args:
            session: whose it was.
            dialect: the API's name.
            sent: its request.
            usage: what was charged for.
            began: when it began, by the clock of ``sent.at``.
        """
        name = session, sent.keys[0] if sent.keys else ""
        entry = cache_clock.after(self._entries.get(name), dialect, usage, began)
        if entry is not None:
            _remember(self._entries, name, entry)
        if not sent.keys:
            return Verdict(entry=entry)
        # What was still on its way when this request was sent could not be read by it.
        branches = [b for b in self._known.get(name, ()) if b.entry.used <= sent.at]
        verdict = _judge(branches, sent, usage)
        if entry is not None:
            now = _Answered(len(sent.keys), sent.keys[-1], sent.model, sent.head, dict(sent.forms), entry)
            _remember(self._known, name, [*self._known.get(name, [])[1 - _BRANCHES :], now])
        return replace(verdict, entry=entry)


def _remember(where: OrderedDict[tuple[str, str], _T], name: tuple[str, str], value: _T) -> None:
    where[name] = value
    where.move_to_end(name)
    if len(where) > _CONVERSATIONS:
        where.popitem(last=False)


def _judge(branches: Sequence[_Answered], sent: Sent, usage: Usage) -> Verdict:
    wrote = usage.cache_write_5m + usage.cache_write_1h
    if not branches:
        return Verdict(Cause.FIRST if wrote else None)
    before = _origin(branches, sent)
    held = before.entry.tokens
    if held < _LEAST or usage.cache_read >= _ENOUGH * held:
        return Verdict(Cause.GROWTH if wrote else None)
    cause, said = _because(before, sent)
    return Verdict(cause, min(held - usage.cache_read, usage.input + wrote), said)


def _origin(branches: Sequence[_Answered], sent: Sent) -> _Answered:
    """The request that this one goes on from: the longest that it begins with, of its own model if there is one; else the latest."""
    alike = [b for b in branches if b.model == sent.model] or branches
    return max([b for b in alike if b.begins(sent)], key=lambda b: (b.items, b.entry.used), default=alike[-1])


def _because(before: _Answered, sent: Sent) -> tuple[Cause, str]:
    """The first that holds of what would have broken the cache by itself: so what is ours is never blamed on it where it was broken anyway."""
    head, old = sent.head, before.head
    idle = sent.at - before.entry.used
    passed = f"nothing was asked for {_minutes(idle)}, and the cache lives {_minutes(before.entry.life.least)}"
    if sent.model != before.model:
        return Cause.MODEL, f"the model changed from {before.model} to {sent.model}, and each has a cache of its own"
    if before.entry.gone(sent.at):
        return Cause.EXPIRED, passed
    if _differ(head.tools, old.tools):
        return Cause.TOOLS, "the agent changed its tools"
    if _differ(head.system, old.system):
        return Cause.SYSTEM, "the agent changed its instructions"
    if _differ(head.ours, old.ours):
        return Cause.OURS, "Headroom's own tools are not those of the request before"
    if _reformed(before, sent):
        return Cause.OURS, "Headroom sent a tool result in another form than before"
    if not before.begins(sent):
        return Cause.HISTORY, "the agent rewrote earlier parts of the conversation"
    if not before.entry.fresh(sent.at):
        return Cause.EXPIRED, passed
    return Cause.PROVIDER, "the request began like the one before, so the provider let its cache go or answered from elsewhere"


def _differ(one: bytes, other: bytes) -> bool:
    return bool(one and other) and one != other


def _reformed(before: _Answered, sent: Sent) -> bool:
    """Whether a block of the shared beginning went upstream in two forms."""
    if before.begins(sent):
        shared = sent.keys[: before.items]
    elif before.forms:
        shared = [key for key in sent.keys if key in before.forms]  # a lineage that both have is of the beginning that they share
    else:
        return False
    return any(before.forms.get(key) != sent.forms.get(key) for key in shared)


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes else f"{round(seconds)} s"
