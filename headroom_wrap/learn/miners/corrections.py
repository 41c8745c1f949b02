"""What the user put right: "no, use pnpm". Only what the calls before and after bear out counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Evidence, Kind, Lesson, Observation
from headroom_wrap.learn.miners.line import basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import head, premises, purpose, related

_LOOKED_AT = 400  # characters: a correction is short, and stands first
_CORRECTING = re.compile(
    r"^\W{0,3}(?:no\b|nope\b|stop\b|wrong\b|don'?t\b|do not\b|please\b|actually\b|use\b|not\b|never\b|always\b|we use\b|wait\b|hey\b)", re.IGNORECASE
)
_PASSING = re.compile(r"\b(?:this time|for now|just (?:this )?once|today|temporar|until|just here|only here|in this case|maybe|\?)", re.IGNORECASE)
_LASTING = re.compile(r"\b(?:always|never|we use|this (?:project|repo)\w* uses?|instead of|rather than|not)\b", re.IGNORECASE)
_AFTER = 6  # tool uses after which what was asked for is no longer what is done
_BEFORE = 4


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each correction, the command that was corrected and the one that took its place, if the user's own words name it."""
    for at, said, where in trail.texts:
        text = said.text[:_LOOKED_AT]
        if not at or len(said.text) > 2 * _LOOKED_AT or not (said.interrupted or _CORRECTING.match(text)) or _PASSING.search(text):
            continue
        found = _borne_out(trail, at, text, trail.at(said.time, where))
        if found:
            yield found


def _borne_out(trail: Trail, at: int, text: str, evidence: Evidence) -> Observation | None:
    before = [s for s in trail.steps[max(at - _BEFORE, 0) : at] if s.line and s.line.words]
    after = [s for s in trail.steps[at : at + _AFTER] if s.line and s.line.words and s.worked]
    for later in after:
        right = _named(later, text)
        for earlier in reversed(before):
            wrong = _wrong(earlier, later, right) if right else ""
            if wrong and not any(_begins(s, wrong) for s in after) and not any(_begins(s, right) for s in before):
                needed = premises(trail, later, tuple(right.split()))
                if needed is None:
                    return None
                named = re.search(rf"(?<![\w./-]){re.escape(wrong)}(?![\w-])", text)
                return Observation(
                    kind=Kind.CORRECTION,
                    subject=clean(wrong),
                    lesson=Lesson.PREFERS,
                    slots={"wrong": clean(wrong), "right": clean(right)},
                    evidence=evidence,
                    premise=needed,
                    firm=bool(named and _LASTING.search(text)),
                    wasted_tokens=cost(earlier),
                )
    return None


def _named(step: Step, text: str) -> str:
    """As much of the beginning of a command as stands in the user's words: ``pnpm``, ``uv run pytest``, ``make test``."""
    words = head(step.line.words) if step.line else ()
    for length in range(len(words), 0, -1):
        named = " ".join(words[:length])
        if len(named) > 1 and re.search(rf"(?<![\w./-]){re.escape(named)}(?![\w-])", text):
            return named
    return ""


def _wrong(earlier: Step, later: Step, right: str) -> str:
    """The part of an earlier command that ``right`` took the place of."""
    one, other = (earlier.line.words if earlier.line else ()), (later.line.words if later.line else ())
    if not one or not other:
        return ""
    taken = tuple(right.split())
    if len(taken) == 1:
        return one[0] if basename(one[0]) != basename(taken[0]) and related(one[0], taken) else ""
    if related(one[0], taken) and one[1:] == other[len(taken) :]:
        return one[0]
    called = head(one)
    if purpose(one) and purpose(one) == purpose(other) and " ".join(called) != right:
        return " ".join(called)
    return ""


def _begins(step: Step, words: str) -> bool:
    return bool(step.line) and (step.line.text + " ").startswith(words + " ") if step.line else False
