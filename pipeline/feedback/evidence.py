"""Evidence: what one conversation shows of elision, as money. How much it saved, how often the agent asked for it again, and what that cost.

It is made of nothing but the transcript and the decisions on its blocks. So it is the same however often it is worked out: after a restart, by
another proxy, for a request that was tried twice. A transcript that has grown shows more, and nothing less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline import markers, tokens
from pipeline.asked_again import HANDLE_DIGITS, Wanted, wanted
from pipeline.cache_aligner import author
from pipeline.command import shows
from pipeline.compressors.references import NAME as REFERENCES
from pipeline.policy import GENTLE_FLOORS, Policy, Profile, Step
from pipeline.prices import Price
from pipeline.store.api import Decision
from pipeline.transcript import Item, ItemKind, ToolCall, ToolKind

ANSWER = frozenset({ItemKind.ASSISTANT_TEXT, ItemKind.TOOL_CALL})
"""What the model says."""
_ASKED = frozenset({ItemKind.TOOL_RESULT, ItemKind.USER_TEXT})
_CALL = 80  # tokens of output that a retrieval takes
_CHARS = 4  # a token: of a prompt only its size matters
_LONGEST_NAME = 80


class Subject(NamedTuple):
    """What is counted by itself.

    Args:
        compressor: whose form it was.
        kind: of the tool.
        stays: the last step at which such a form would still be sent: what a gentler step would not change is no reason for that step.
        tool: the program or tool whose result it was: for people only.
    """

    compressor: str
    kind: ToolKind
    stays: Step
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over forms that were sent. Money is in the price of one token of new, uncached prompt.

    Args:
        sent: forms.
        asked: how many of them were asked for again, each counted once.
        whole: requests for a whole original.
        hidden: tokens by which the forms were shorter.
        fetched: tokens that came back.
        saved: what the shorter forms saved in all requests that they were part of.
        cost: what it cost to ask again: the call, its result in all later requests, and the turn where there would have been none without it.
    """

    sent: float = 0.0
    asked: float = 0.0
    whole: float = 0.0
    hidden: float = 0.0
    fetched: float = 0.0
    saved: float = 0.0
    cost: float = 0.0

    def plus(self, other: Tally, weight: float = 1.0) -> Tally:
        """Both sums, the other's by a weight."""
        return Tally(
            self.sent + weight * other.sent,
            self.asked + weight * other.asked,
            self.whole + weight * other.whole,
            self.hidden + weight * other.hidden,
            self.fetched + weight * other.fetched,
            self.saved + weight * other.saved,
            self.cost + weight * other.cost,
        )

    def joined(self, other: Tally) -> Tally:
        """What two views of the same conversation show together."""
        return Tally(
            max(self.sent, other.sent),
            max(self.asked, other.asked),
            max(self.whole, other.whole),
            max(self.hidden, other.hidden),
            max(self.fetched, other.fetched),
            max(self.saved, other.saved),
            max(self.cost, other.cost),
        )


Evidence = Mapping[Subject, Tally]


@dataclass(frozen=True, slots=True)
class Rates:
    """What tokens cost, in the price of one of new, uncached prompt.

    Args:
        new: one that is new in the prompt, written to the provider's cache.
        again: one that is read from it.
        output: one of an answer.
    """

    new: float = 1.25
    again: float = 0.1
    output: float = 5.0

    @classmethod
    def of(cls, price: Price | None) -> Rates:
        """Those of a model; where its price is not known, the ratios that are most common."""
        if price is None or price.input <= 0:
            return cls()
        return cls(price.cache_write_5m / price.input, price.cache_read / price.input, price.output / price.input)

    def kept(self, requests: int) -> float:
        """What one token costs that is part of so many requests on end."""
        return self.new + self.again * (requests - 1)


def observe(items: Sequence[Item], decisions: Mapping[int, Decision], policy: Policy, rates: Rates, charged: int = 0) -> dict[Subject, Tally]:
    """What a conversation shows whose last request has just been answered.

    Args:
        items: of the request, from the conversation's beginning on.
        decisions: what became of its blocks, by item index.
        policy: that was in force.
        rates: of the model.
        charged: tokens of the request's whole prompt, as the provider counts them; 0 where that is not known. They hold what is no part of the
            transcript: instructions and tools.
    """
    watch = _Watch(policy, rates)
    later = _requests(items)
    sizes = [_size(item, decisions.get(i)) for i, item in enumerate(items)]
    prompt = max(charged - sum(sizes), 0.0)
    for group in _groups(items):
        fetching = {i for i in group if _wants(items[i])}
        alone = len(fetching) == sum(items[i].kind in _ASKED for i in group)
        watch.turn()
        for index in group:
            item = items[index]
            decision = decisions.get(index)
            if decision is not None and decision.text is not None and item.call is not None:
                watch.sent(item.call, decision, decision.text, later[index])
            elif index in fetching:
                turn = rates.again * prompt / len(fetching) if alone else 0.0
                watch.asked(item, later[index], turn)
        prompt += sum(sizes[i] for i in group)
    return watch.tallies


def joined(one: Evidence, other: Evidence) -> dict[Subject, Tally]:
    """What two views of one conversation show together; in any order, however often."""
    return {subject: one.get(subject, Tally()).joined(other.get(subject, Tally())) for subject in sorted({*one, *other})}


@dataclass(slots=True)
class _Watch:
    """Walks a conversation."""

    policy: Policy
    rates: Rates
    tallies: dict[Subject, Tally] = field(default_factory=dict)
    _forms: dict[str, Subject] = field(default_factory=dict)  # by handle: the last form of it that was sent
    _known: set[str] = field(default_factory=set)  # handles whose last form was asked for
    _calls: set[tuple[str, tuple[Wanted, ...]]] = field(default_factory=set)  # of this turn
    _before: dict[ToolKind, int] = field(default_factory=dict)  # how often results of a kind were asked for again

    def turn(self) -> None:
        """The next request begins."""
        self._calls.clear()

    def sent(self, call: ToolCall, decision: Decision, text: str, requests: int) -> None:
        """A form went out, and was part of so many requests."""
        compressor = author(decision.compressor)
        less = decision.tokens_before - decision.tokens_after
        if compressor == REFERENCES or less <= 0:  # what is referred to stands in the transcript
            return
        subject = Subject(compressor, call.kind, self._stays(compressor, call.kind, decision, text), _tool(call))
        handle = decision.handle[:HANDLE_DIGITS]
        self._forms[handle] = subject
        self._known.discard(handle)
        self._add(subject, Tally(sent=1, hidden=less, saved=less * self.rates.kept(requests)))

    def asked(self, item: Item, requests: int, turn: float) -> None:
        """Originals came back, and their texts were part of so many requests; ``turn`` is what the turn cost that there was for that alone."""
        call = item.call
        wants = tuple(wanted(call)) if call is not None else ()
        found = [(one, self._forms[one.handle]) for one in wants if one.handle in self._forms]
        if call is None or not found:
            return
        new = (call.id, wants) not in self._calls  # some calls are answered by several results
        self._calls.add((call.id, wants))
        size = tokens.estimate(item.text)
        cost = size * self.rates.kept(requests) + turn + _CALL * self.rates.output * new
        for one, subject in found:
            first = one.handle not in self._known
            self._known.add(one.handle)
            self._before[subject.kind] = self._before.get(subject.kind, 0) + 1
            self._add(subject, Tally(asked=float(first), whole=float(one.whole and new), fetched=size / len(found), cost=cost / len(found)))

    def _stays(self, compressor: str, kind: ToolKind, decision: Decision, text: str) -> Step:
        if not markers.elides(text):
            return Step.LOSSLESS
        balanced = self.policy.profile is not Profile.AGGRESSIVE or self._before.get(kind, 0) > 0 or self.policy.step(compressor, kind) > Step.FULL
        large = decision.tokens_before >= GENTLE_FLOORS * self.policy.floor_tokens
        return Step.LARGE if balanced and large else Step.FULL

    def _add(self, subject: Subject, more: Tally) -> None:
        self.tallies[subject] = self.tallies[subject].plus(more) if subject in self.tallies else more


def _groups(items: Sequence[Item]) -> Iterator[list[int]]:
    """The items that each request added, with the answer before it."""
    group: list[int] = []
    asked = False
    for index, item in enumerate(items):
        if item.kind in ANSWER and asked:
            yield group
            group, asked = [], False
        asked |= item.kind in _ASKED
        group.append(index)
    yield group


def _requests(items: Sequence[Item]) -> list[int]:
    """For each item how many requests it has been part of."""
    groups = list(_groups(items))
    return [len(groups) - number for number, group in enumerate(groups) for _ in group]


def _wants(item: Item) -> bool:
    return item.kind is ItemKind.TOOL_RESULT and item.call is not None and bool(wanted(item.call))


def _size(item: Item, decision: Decision | None) -> float:
    """About how many tokens of the prompt it is."""
    return len(item.text if decision is None or decision.text is None else decision.text) / _CHARS


def _tool(call: ToolCall) -> str:
    name = shows(call.command).program if call.command else call.name
    return name[:_LONGEST_NAME]
