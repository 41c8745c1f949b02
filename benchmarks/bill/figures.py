"""What the rows of a run amount to: costs as ratios to the direct path, with how sure they are. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.usage import Usage

LONG = 50_000
"""Tokens of the largest prompt from which a session counts as long."""

_RESAMPLES = 4000
_CENTRAL = 0.95


@dataclass(frozen=True)
class Bill:
    """A session through a target.

    Args:
        session, kind, wire, target: which.
        tool_heavy: most of what is sent are tool results.
        largest: tokens of the session's largest prompt, sent direct.
        usage: of all its requests.
        first: tokens of its first prompt.
        dollars: at list price.
        broken: tokens not read from the cache that are read direct.
        requests, extra: how many reached the provider; those among them that the agent sent because of us.
        seconds: of all requests on the wall.
    """

    session: str
    kind: str
    wire: str
    target: str
    tool_heavy: bool
    largest: int
    usage: Usage
    first: int
    dollars: float
    broken: int
    requests: int
    extra: int
    seconds: float


@dataclass(frozen=True)
class Ratio:
    """How a target's cost compares with the direct path over some sessions.

    Args:
        sessions: how many.
        mean: geometric mean of the sessions' ratios.
        low, high: in which it lies with 95 % confidence, by resampling the sessions.
        worst: the greatest ratio and its session.
        dearer: sessions that cost more than direct by over 0.1 %.
    """

    sessions: int
    mean: float
    low: float
    high: float
    worst: tuple[float, str]
    dearer: int


def ratio(pairs: Sequence[tuple[Bill, Bill]], seed: int = 0) -> Ratio:
    """The comparison over (direct, through the target), at least one pair."""
    logs = [math.log(ours.dollars / direct.dollars) for direct, ours in pairs]
    rng = random.Random(seed)
    means = sorted(math.fsum(rng.choices(logs, k=len(logs))) / len(logs) for _ in range(_RESAMPLES))
    edge = int((1 - _CENTRAL) / 2 * _RESAMPLES)
    worst = max((math.exp(log), ours.session) for log, (_, ours) in zip(logs, pairs, strict=True))
    return Ratio(
        sessions=len(pairs),
        mean=math.exp(math.fsum(logs) / len(logs)),
        low=math.exp(means[edge]),
        high=math.exp(means[-1 - edge]),
        worst=worst,
        dearer=sum(log > math.log(1.001) for log in logs),
    )


Chosen = Callable[[Bill], bool]
GROUPS: tuple[tuple[str, Chosen], ...] = (
    ("all", lambda _: True),
    ("tool-heavy", lambda b: b.tool_heavy),
    ("short (under 50k)", lambda b: b.largest < LONG),
    ("long", lambda b: b.largest >= LONG),
)


def groups(bills: Iterable[Bill]) -> list[tuple[str, Chosen]]:
    """The groups that figures are given for: those of ``GROUPS``, then each kind, then each API."""
    found = list(bills)
    kinds = dict.fromkeys(b.kind for b in found)
    wires = dict.fromkeys(b.wire for b in found)
    return [
        *GROUPS,
        *((kind, lambda b, kind=kind: b.kind == kind) for kind in kinds),
        *((wire, lambda b, wire=wire: b.wire == wire) for wire in wires),
    ]


def against_direct(bills: Iterable[Bill], target: str) -> list[tuple[Bill, Bill]]:
    """(direct, through the target) for each session that has both."""
    found = list(bills)
    direct = {b.session: b for b in found if b.target == "direct"}
    return [(direct[b.session], b) for b in found if b.target == target and b.session in direct]
