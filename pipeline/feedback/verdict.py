"""From evidence to policy: which compressor, for which kind of tool, is to be gentler in a project's next conversations.

Of n forms that were sent k were asked for again. The rate for the next ones is estimated as ``(k + a) / (n + a + b)``, the mean of a Beta
distribution that begins at one in twenty. It is held against the rate at which asking again costs as much as was saved. Above that a gentler step is
taken: the first one at which the forms that would still be sent do not lose money. All evidence loses half of its weight in two weeks, and forms that
are no longer sent make no new evidence, so that what was given up is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.feedback.evidence import Evidence, Subject, Tally
from pipeline.policy import Step
from pipeline.transcript import ToolKind

HALF_LIFE_S = 14 * 86_400.0
LEAST = 4.5  # forms, by their weight: five that are not older than two days
_PRIOR_ASKED, _PRIOR_NOT = 0.25, 4.75  # of forms that are thought of before any is sent
_NEGLIGIBLE = 1e-3  # of a form

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
    hiding = tallies.get(Step.FULL, Tally()) + tallies.get(Step.LARGE, Tally())
    if not _loses(hiding):
        return Step.FULL
    if not _loses(tallies.get(Step.LARGE, Tally())):
        return Step.LARGE
    return Step.OFF if _loses(tallies.get(Step.LOSSLESS, Tally())) else Step.LOSSLESS


def steps(seen: Iterable[Seen], now: float) -> dict[Part, Step]:
    """What the policy of a conversation that begins now is told; what is not in it is as the profile says."""
    return {(v.compressor, v.kind): v.step for v in verdicts(seen, now) if v.step > Step.FULL}


def verdicts(seen: Iterable[Seen], now: float) -> tuple[Verdict, ...]:
    """What is found, for each compressor and kind of tool of which anything is known, in order of their names.

    Args:
        seen: the conversations, in any order.
        now: Unix time in seconds.
    """
    parts: dict[Part, _Part] = {}
    for one in sorted(seen, key=lambda s: (s.time, s.conversation)):
        for part, evidence in _by_part(one.evidence).items():
            parts.setdefault(part, _Part()).add(min(one.time, now), evidence)
    return tuple(found.verdict(*part, now) for part, found in sorted(parts.items()))


@dataclass(slots=True)
class _Part:
    """The evidence on one compressor and kind of tool, as it comes."""

    time: float = 0.0
    since: float = 0.0
    weighed: dict[Step, Tally] = field(default_factory=dict)  # as of ``time``
    hiding: Tally = field(default_factory=Tally)
    tools: dict[str, float] = field(default_factory=dict)

    def add(self, time: float, evidence: Sequence[tuple[Subject, Tally]]) -> None:
        """Evidence of a conversation, which is no older than those before."""
        self._age(time)
        for subject, tally in evidence:
            self.weighed[subject.stays] = self.weighed.get(subject.stays, Tally()) + tally
            if subject.stays < Step.LOSSLESS:
                self.hiding += tally
            if tally.asked:
                self.tools[subject.tool] = self.tools.get(subject.tool, 0.0) + tally.asked
        gentler = step(self.weighed) > Step.FULL
        self.since = (self.since or time) if gentler else 0.0

    def verdict(self, compressor: str, kind: ToolKind, now: float) -> Verdict:
        """What all of it comes to."""
        self._age(max(now, self.time))
        tools = sorted(self.tools, key=lambda tool: (-self.tools[tool], tool))
        hiding = self.weighed.get(Step.FULL, Tally()) + self.weighed.get(Step.LARGE, Tally())
        whole, fetched = round(self.hiding.whole), round(self.hiding.fetched)
        sent, asked = round(self.hiding.sent), round(self.hiding.asked)
        return Verdict(compressor, kind, step(self.weighed), sent, asked, whole, fetched, tuple(tools), rate(hiding), self.since)

    def _age(self, time: float) -> None:
        weight = 0.5 ** ((time - self.time) / HALF_LIFE_S) if self.time else 1.0
        self.time = time
        aged = {stays: tally.scaled(weight) for stays, tally in self.weighed.items()}
        self.weighed = {stays: tally for stays, tally in aged.items() if tally.sent > _NEGLIGIBLE}
        if step(self.weighed) is Step.FULL:
            self.since = 0.0


def _by_part(evidence: Evidence) -> dict[Part, list[tuple[Subject, Tally]]]:
    found: dict[Part, list[tuple[Subject, Tally]]] = {}
    for subject, tally in sorted(evidence.items()):
        found.setdefault((subject.compressor, subject.kind), []).append((subject, tally))
    return found


def _loses(tally: Tally) -> bool:
    found = rate(tally)
    return found is not None and found.loses
