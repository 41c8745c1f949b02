"""From evidence to policy: which compressor, for which kind of tool, is to be gentler in a project's next conversations.

Of n forms that were sent k were asked for again. The rate for the next ones is estimated as ``(k + a) / (n + a + b)``, the mean of a Beta
distribution that begins at one in twenty. It is held against the rate at which asking again costs as much as was saved. Above that a gentler step is
taken: the first one at which the forms that would still be sent do not lose money. All evidence loses half of its weight in two weeks, and forms that
are no longer sent make no new evidence, so that what was given up is tried again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.feedback.evidence import Evidence, Tally
from pipeline.policy import Step
from pipeline.transcript import ToolKind

HALF_LIFE_S = 14 * 86_400.0
LEAST = 4.5  # forms, by their weight: five that are not older than two days
_PRIOR_ASKED, _PRIOR_NOT = 0.25, 4.75  # of forms that are thought of before any is sent

Part = tuple[str, ToolKind]  # a compressor and a kind of tool


@dataclass(frozen=True, slots=True)
class Seen:
    """What one conversation showed.

    Args:
        time: when it went on last, Unix time in seconds.
        conversation: its name, unique in its project.
        evidence: what it showed.
    """

    time: float
    conversation: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rate:
    """How often forms are asked for again, and how often they may be.

    Args:
        asked: the share that is expected to be.
        bearable: the share at which nothing is gained any more.
    """

    asked: float
    bearable: float

    @property
    def loses(self) -> bool:
        """Whether the forms cost more than they save."""
        return self.asked > self.bearable


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one compressor and one kind of tool.

    Args:
        compressor, kind: which.
        step: how gently its results are to be treated.
        sent, asked: forms with something left out, and how many of them were asked for again: of all conversations, however old.
        whole: how often all of an original was asked for.
        fetched: tokens that came back.
        tools: programs or tools whose results were asked for again, the most frequent first.
        rate: of those forms, by today's weight; None where there are too few.
        since: Unix time of the conversation after which it was at a gentler step without a break; 0 where it is not.
    """

    compressor: str
    kind: ToolKind
    step: Step
    sent: int
    asked: int
    whole: int
    fetched: int
    tools: tuple[str, ...]
    rate: Rate | None
    since: float = 0.0


def rate(tally: Tally) -> Rate | None:
    """The rates of forms, None where too few of them are known to say.

    What a form of the prior would cost that is asked for again is what a form saves; with that, more retrievals never make elision look better.
    """
    if tally.sent < LEAST or tally.saved <= 0:
        return None
    each = tally.saved / tally.sent
    asked = (tally.asked + _PRIOR_ASKED) / (tally.sent + _PRIOR_ASKED + _PRIOR_NOT)
    one = (tally.cost + _PRIOR_ASKED * each) / (tally.asked + _PRIOR_ASKED)
    return Rate(asked, each / one if one > 0 else float("inf"))


def step(tallies: Mapping[Step, Tally]) -> Step:
    """How gently a compressor is to treat a kind of tool.

    Args:
        tallies: of its forms, by the last step at which they would still be sent.
    """
    hiding = _hiding(tallies)
    if not _loses(hiding):
        return Step.FULL
    if not _loses(tallies.get(Step.LARGE, Tally())):
        return Step.LARGE
    return Step.OFF if _loses(tallies.get(Step.LOSSLESS, Tally())) else Step.LOSSLESS


def steps(seen: Iterable[Seen], now: float) -> dict[Part, Step]:
    """What the policy of a conversation that begins now is told; what is not in it is as the profile says."""
    found = {part: step(tallies) for part, tallies in _weighed(_in_order(seen), now).items()}
    return {part: taken for part, taken in sorted(found.items()) if taken > Step.FULL}


def verdicts(seen: Iterable[Seen], now: float) -> tuple[Verdict, ...]:
    """What is found, for each compressor and kind of tool of which anything is known, in order of their names.

    Args:
        seen: the conversations, in any order.
        now: Unix time in seconds.
    """
    ordered = _in_order(seen)
    return tuple(_verdict(part, tallies, ordered, now) for part, tallies in sorted(_weighed(ordered, now).items()))


def _verdict(part: Part, tallies: Mapping[Step, Tally], ordered: Sequence[Seen], now: float) -> Verdict:
    sent = Tally()
    tools: dict[str, float] = {}
    for one in ordered:
        for subject, tally in one.evidence.items():
            if subject[:2] != part or subject.stays is Step.LOSSLESS:
                continue
            sent = sent.plus(tally)
            if tally.asked:
                tools[subject.tool] = tools.get(subject.tool, 0.0) + tally.asked
    taken = step(tallies)
    return Verdict(
        *part,
        taken,
        round(sent.sent),
        round(sent.asked),
        round(sent.whole),
        round(sent.fetched),
        tuple(sorted(tools, key=lambda tool: (-tools[tool], tool))),
        rate(_hiding(tallies)),
        _since(part, ordered, now) if taken > Step.FULL else 0.0,
    )


def _since(part: Part, ordered: Iterable[Seen], now: float) -> float:
    """After which conversation a gentler step was taken that is taken still."""
    since = last = 0.0
    known: dict[Step, Tally] = {}
    for one in ordered:
        own = {subject: tally for subject, tally in one.evidence.items() if subject[:2] == part}
        time = min(one.time, now)
        known = {stays: Tally().plus(tally, _weight(time - last)) for stays, tally in known.items()}
        if step(known) is Step.FULL:  # what was known had faded by then
            since = 0.0
        for subject, tally in own.items():
            known[subject.stays] = known.get(subject.stays, Tally()).plus(tally)
        since = (since or time) if step(known) > Step.FULL else 0.0
        last = time
    return since or now


def _weight(age: float) -> float:
    return math.pow(0.5, max(age, 0.0) / HALF_LIFE_S)


def _in_order(seen: Iterable[Seen]) -> list[Seen]:
    return sorted(seen, key=lambda one: (one.time, one.conversation))


def _weighed(ordered: Iterable[Seen], now: float) -> dict[Part, dict[Step, Tally]]:
    """The sums over forms by their weight at a time, by the last step at which they would still be sent."""
    found: dict[Part, dict[Step, Tally]] = {}
    for one in ordered:
        weight = _weight(now - one.time)
        for subject, tally in one.evidence.items():
            tallies = found.setdefault(subject[:2], {})
            tallies[subject.stays] = tallies.get(subject.stays, Tally()).plus(tally, weight)
    return found


def _hiding(tallies: Mapping[Step, Tally]) -> Tally:
    """Forms that something was left out of."""
    return tallies.get(Step.FULL, Tally()).plus(tallies.get(Step.LARGE, Tally()))


def _loses(tally: Tally) -> bool:
    found = rate(tally)
    return found is not None and found.loses
