"""What many sessions show together: which observations are sure enough to be told, which are contradicted, ambiguous or stale.

A wrong rule costs more than a missed one, so doubt drops. A firm observation (a program that is not installed) may stand alone; a soft one
needs a second session. What spoke against one of them later counts more than what spoke for it before. Where two answers to the same
mistake were seen, the one that more sessions bear out stays; of two paths that are borne out alike, none. What sessions do of themselves, and not to
mend a mistake, is told if most of them do it: else it only goes with what they are about.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from headroom_wrap.learn.findings import Evidence, Finding, Kind, Lesson, Mined, Observation, distinct

DAY = 86_400.0
HALF_LIFE = 30 * DAY  # of a finding's weight
KEEPS_FIRM = 180 * DAY  # after its last evidence a finding is stale, and no longer told
KEEPS_SOFT = 60 * DAY
_SOFT = 2  # sessions
# A path that was guessed once may have been a chance; guessed twice, it is what agents expect there.
_NEEDED: Mapping[Lesson, int] = MappingProxyType({Lesson.ENTRY_POINT: 5, Lesson.PATH_IS_AT: 2})
_SHARE: Mapping[Lesson, float] = MappingProxyType({Lesson.ENTRY_POINT: 0.5})  # of a project's sessions since it was first seen
_WORTH: Mapping[Kind, float] = MappingProxyType(
    {
        Kind.CORRECTION: 2.0,
        Kind.COMMAND: 1.5,
        Kind.HANG: 1.5,
        Kind.REFUSAL: 1.2,
        Kind.FACT: 0.9,
        Kind.EDIT: 0.8,
        Kind.LARGE_FILE: 0.7,
        Kind.PATH: 0.6,
        Kind.SEARCH: 0.6,
        Kind.LOOP: 0.3,
        Kind.RETRIEVAL: 0.1,
    }
)
# The slot that answers the mistake; the others name it. Facts have no mistake: one of a kind is told.
_ANSWER: Mapping[Lesson, str] = MappingProxyType(
    {
        Lesson.USE_PROGRAM: "right",
        Lesson.USE_ENVIRONMENT: "right",
        Lesson.USE_TASK: "right",
        Lesson.RUN_IN_FOLDER: "folder",
        Lesson.REPLACE_OPTION: "right",
        Lesson.PATH_IS_AT: "right",
        Lesson.SEARCH_IN_FOLDER: "right",
        Lesson.EDIT_INDENTATION: "indentation",
        Lesson.REFUSED_INSTEAD: "instead",
        Lesson.HANGS_INSTEAD: "instead",
        Lesson.PREFERS: "right",
        Lesson.TEST_COMMAND: "command",
        Lesson.BUILD_COMMAND: "command",
        Lesson.LINT_COMMAND: "command",
        Lesson.ENTRY_POINT: "path",
    }
)
# Lessons of which one that is about more commands takes in those about some of them.
_OF_A_COMMAND = frozenset({Lesson.ADD_OPTION, Lesson.REPLACE_OPTION, Lesson.DROP_OPTION, Lesson.SET_VARIABLE, Lesson.RUN_IN_FOLDER})
_AMBIGUOUS = frozenset({Lesson.PATH_IS_AT, Lesson.RUN_IN_FOLDER, Lesson.EDIT_INDENTATION, Lesson.SEARCH_IN_FOLDER})
# Told only where the lesson beside it, about the same thing, is not.
_LESSER: Mapping[Lesson, Lesson] = MappingProxyType(
    {Lesson.HANGS: Lesson.HANGS_INSTEAD, Lesson.REFUSED: Lesson.REFUSED_INSTEAD, Lesson.SEARCH_FILE: Lesson.READ_RANGES}
)


@dataclass(slots=True)
class _Claim:
    """One lesson with all that speaks for it and against it."""

    scope: str
    sample: Observation
    evidence: list[Evidence] = field(default_factory=list)
    against: list[Evidence] = field(default_factory=list)
    refuted_by: dict[str, None] = field(default_factory=dict)
    standing: int = 0  # sessions that show it since it was last contradicted
    wasted: int = 0


def findings(mined: Iterable[Mined], now: float, project: str | None = None) -> tuple[Finding, ...]:
    """What is sure enough, the best first.

    Args:
        mined: of all the sessions that count, in any order. Of several with one key the last counts.
        now: Unix time in seconds, for what is stale.
        project: absolute path: only what is true of it or of the whole machine, and nothing of the machine that the project has its own word on.
    """
    sessions = distinct(mined)
    claims = _claims(sessions)
    _contradict(claims, sessions)
    since = _ends(sessions)
    sure = [claim for claim in claims if _sure(claim, now) and _usual(claim, since)]
    if project is not None:
        own = {_mistake(c) for c in sure if c.scope == project}
        sure = [c for c in sure if c.scope == project or (not c.scope and _mistake(c) not in own)]
    told = [_finding(claim, now) for claim in _best(_fitting(sure), project or "")]
    return tuple(sorted(told, key=lambda f: (-f.weight, f.id, f.project)))


def _claims(sessions: Sequence[Mined]) -> list[_Claim]:
    claims: dict[tuple[str, ...], _Claim] = {}
    for one in sessions:
        for seen in one.observations:
            scope = "" if seen.machine else seen.evidence.project
            key = (scope, seen.kind.value, seen.subject, seen.lesson.value, *(part for slot in sorted(seen.slots.items()) for part in slot))
            claim = claims.setdefault(key, _Claim(scope, seen))
            claim.evidence.append(seen.evidence)
            claim.wasted += seen.wasted_tokens
            claim.refuted_by.update(dict.fromkeys(seen.refuted_by))
            if seen.evidence > claim.sample.evidence:
                claim.sample = seen  # what was last needed on disk is what is needed now
    for claim in claims.values():
        claim.evidence.sort()
    return list(claims.values())


def _contradict(claims: list[_Claim], sessions: Sequence[Mined]) -> None:
    """Fill in what speaks against each claim, and how many sessions show it since."""
    turned_out: dict[str, list[Evidence]] = {key: [] for claim in claims for key in claim.refuted_by}
    for one in sessions:
        for outcome in one.outcomes:
            if outcome.key in turned_out:
                turned_out[outcome.key].append(outcome.evidence)
    opposite = {(c.scope, c.sample.slots["wrong"], c.sample.slots["right"]): c.evidence for c in claims if c.sample.lesson is Lesson.PREFERS}
    for claim in claims:
        seen = [e for key in claim.refuted_by for e in turned_out[key] if not claim.scope or e.project == claim.scope]
        if claim.sample.lesson is Lesson.PREFERS:
            seen += opposite.get((claim.scope, claim.sample.slots["right"], claim.sample.slots["wrong"]), [])
        # The world changes: what was so before a firm failure was first seen says nothing against it.
        since = claim.evidence[0].time if claim.sample.firm else -math.inf
        claim.against = sorted({e for e in seen if e.time > since})
        last = claim.against[-1].time if claim.against else -math.inf
        claim.standing = len({(e.agent, e.session) for e in claim.evidence if e.time > last})


def _sure(claim: _Claim, now: float) -> bool:
    sample = claim.sample
    keeps = KEEPS_FIRM if sample.firm else KEEPS_SOFT
    last = claim.evidence[-1].time
    if last and now - last > keeps:
        return False
    needed = _NEEDED.get(sample.lesson, 1 if sample.firm else _SOFT)
    if claim.against:
        needed = max(needed + 1, len({(e.agent, e.session) for e in claim.against}) + 1)
    return claim.standing >= needed


def _ends(sessions: Sequence[Mined]) -> dict[str, dict[tuple[str, str], float]]:
    """When each session of a project last showed anything."""
    ends: dict[str, dict[tuple[str, str], float]] = {}
    for one in sessions:
        for seen in (*(observation.evidence for observation in one.observations), *(outcome.evidence for outcome in one.outcomes)):
            of_project, session = ends.setdefault(seen.project, {}), (seen.agent, seen.session)
            of_project[session] = max(of_project.get(session, 0.0), seen.time)
    return ends


def _usual(claim: _Claim, ends: Mapping[str, Mapping[tuple[str, str], float]]) -> bool:
    """Whether as many sessions show it as have to, of those that could."""
    share = _SHARE.get(claim.sample.lesson)
    if share is None:
        return True
    could = sum(end >= claim.evidence[0].time for end in ends.get(claim.scope, {}).values())
    return claim.standing >= share * could


def _fitting(claims: list[_Claim]) -> list[_Claim]:
    """Of a lesson about a command and the same about its beginning (``cargo run --example viewer`` and ``cargo run``) the one that the sessions show:

    the longer where all of them ran it, else the shorter.
    """
    of: dict[tuple[str, ...], _Claim] = {}
    for claim in claims:
        if claim.sample.lesson in _OF_A_COMMAND:
            of[_about(claim, claim.sample.slots["command"])] = claim
    dropped: set[int] = set()
    for claim in claims:
        if claim.sample.lesson in _OF_A_COMMAND:
            words = claim.sample.slots["command"].split()
            for length in range(1, len(words)):
                shorter = of.get(_about(claim, " ".join(words[:length])))
                if shorter is not None:
                    dropped.add(id(shorter if shorter.standing <= claim.standing else claim))
    return [claim for claim in claims if id(claim) not in dropped]


def _about(claim: _Claim, command: str) -> tuple[str, ...]:
    slots = claim.sample.slots
    return (claim.scope, claim.sample.lesson.value, command, *(slots[slot] for slot in sorted(slots) if slot != "command"))


def _mistake(claim: _Claim) -> tuple[str, ...]:
    """What the lesson is about, without its answer."""
    sample = claim.sample
    answer = _ANSWER.get(sample.lesson, "")
    return (sample.lesson.value, *(part for slot in sorted(sample.slots.items()) if slot[0] != answer for part in slot))


def _best(claims: list[_Claim], project: str) -> list[_Claim]:
    """One answer to each mistake, and nothing that another claim says better or speaks against, in its scope or in ``project``."""
    rivals: dict[tuple[str, ...], list[_Claim]] = {}
    for claim in claims:
        rivals.setdefault((claim.scope, *_mistake(claim)), []).append(claim)
    kept: list[_Claim] = []
    for group in rivals.values():
        group.sort(key=lambda c: (-c.standing, -c.evidence[-1].time, sorted(c.sample.slots.items())))
        if len(group) == 1 or group[0].sample.lesson not in _AMBIGUOUS or group[0].standing > group[1].standing:
            kept.append(group[0])
    lessons = {(c.scope, c.sample.lesson, c.sample.slots.get("command", c.sample.slots.get("path", ""))) for c in kept}
    mistakes = {(c.scope, c.sample.slots.get("wrong", c.sample.slots["command"] if c.sample.kind in (Kind.HANG, Kind.REFUSAL) else "")) for c in kept}
    disliked = {(c.scope, c.sample.slots["wrong"]) for c in kept if c.sample.lesson is Lesson.PREFERS}
    return [c for c in kept if not _outdone(c, lessons) and not _mistaken(c, mistakes if c.sample.kind is Kind.FACT else disliked, project)]


def _outdone(claim: _Claim, lessons: set[tuple[str, Lesson, str]]) -> bool:
    better = _LESSER.get(claim.sample.lesson)
    slots = claim.sample.slots
    return better is not None and (claim.scope, better, slots.get("command", slots.get("path", ""))) in lessons


def _mistaken(claim: _Claim, mistakes: set[tuple[str, str]], project: str) -> bool:
    """Whether what a finding tells to do begins as what another one says is a mistake."""
    words = claim.sample.slots.get(_ANSWER.get(claim.sample.lesson, ""), "").split()
    return any((scope, " ".join(words[:length])) in mistakes for length in range(1, len(words) + 1) for scope in (claim.scope, "", project))


def _finding(claim: _Claim, now: float) -> Finding:
    sample = claim.sample
    age = max(now - claim.evidence[-1].time, 0.0) if claim.evidence[-1].time else HALF_LIFE
    weight = _WORTH[sample.kind] * (1 + math.log2(claim.standing)) * (1 + math.log10(1 + claim.wasted / 100)) * 0.5 ** (age / HALF_LIFE)
    return Finding(
        kind=sample.kind,
        subject=sample.subject,
        lesson=sample.lesson,
        slots=sample.slots,
        premise=sample.premise,
        evidence=tuple(claim.evidence),
        contradicted=tuple(claim.against),
        wasted_tokens=claim.wasted,
        project=claim.scope,
        weight=round(weight, 6),
    )
