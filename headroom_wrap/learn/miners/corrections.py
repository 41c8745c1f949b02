"""What the user put right: "no, use pnpm". Only what the calls before and after bear out counts.

Claim: the user wants it so from now on. Refuted where the user goes back or the agent does, unreproved; what is said of the product, of one place,
of what would be, or in somebody else's words is no such wish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Evidence, Kind, Lesson, Observation
from headroom_wrap.learn.miners import preferences
from headroom_wrap.learn.miners.line import basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import head, premises, purpose, related
from pipeline.transcript import ToolKind

_LOOKED_AT = 400  # characters: a correction is short, and stands first
_CORRECTING = re.compile(
    r"^\W{0,3}(?:no\b|nope\b|stop\b|wrong\b|don'?t\b|do not\b|please\b|actually\b|use\b|not\b|never\b|always\b|we use\b|wait\b|hey\b)", re.IGNORECASE
)
_BACK = re.compile(r"\b(?:back to|go back|sorry|other project|never ?mind|forget|is (?:right|fine|ok)|after all|keep)\b", re.IGNORECASE)
_FOR_ALL = re.compile(
    r"\b(?:always|never|everywhere|anywhere|we (?:all )?(?:use|want|write|run)|this (?:project|repo)\w*|company|team|told you|from now on)\b",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"\b(?:this time|for now|just (?:this )?once|today|temporar|until|just here|only here|in this case|maybe|\?"
    r"|this (?:file|function|test|case|page|one|line|class|method|module|ticket|pr|branch|change|commit)\b"
    r"|\b(?:for|in|on|at) this (?!project|repo\w*|codebase|code base|company|team|workspace|monorepo|house|machine)\w+)",
    re.IGNORECASE,
)
_ASKED = re.compile(r"^\W{0,3}(?:should|could|would|can|may|might|do|does|is|are|why|what|how|when|where|who|which)\b(?! not)", re.IGNORECASE)
_LASTING = re.compile(r"\b(?:always|never|we use|this (?:project|repo)\w* uses?|instead of|rather than|not)\b", re.IGNORECASE)
_PRESENTS = re.compile(r"\.(?:css|scss|sass|less|x?html?|svg|mdx?|rst|txt|adoc|pot?|properties|strings|arb|ftl|csv)\Z", re.IGNORECASE)
_DECLARES = re.compile(
    r"\b(?:import|from|require\w*|use|using|include|gem|library|package\w*|depend\w*|\w*[iI]mplementation|plugins?|add|extends|alias)\b|%%|[~^]\s?>?\s?\d|\d\.\d"
)
_VALUES = re.compile(r"\"[^\"\n/]{0,300}\"|'[^'\n/]{0,300}'|>[^<>\n]{1,300}<")
_AFTER = 6  # tool uses after which what was asked for is no longer what is done
_BEFORE = 4
_BEFORE_WRITING = 8
_MOST = 8000  # characters of what was written that are looked at
_OLD = frozenset({"old_string", "old_str", "oldString", "old_text", "search"})  # what an edit takes out


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each correction, the command that was corrected and the one that took its place, if the user's own words name it."""
    for at, said, where in trail.texts:
        text = said.text[:_LOOKED_AT]
        if not at or len(said.text) > 2 * _LOOKED_AT or _PASSING.search(text) or _ASKED.match(text):
            continue
        evidence = trail.at(said.time, where)
        corrects = said.interrupted or _CORRECTING.match(text)
        found = (_borne_out(trail, at, text, evidence) if corrects else None) or _named_both(trail, at, said.text, evidence)
        if found:
            yield found


def _named_both(trail: Trail, at: int, text: str, evidence: Evidence) -> Observation | None:
    """What the user named beside what it is to take the place of, if the agent then used the one, and no more the other.

    It need be no command: libraries and frameworks stand in what is written. Said once it may be about one place only.
    """
    before, after = trail.steps[max(at - _BEFORE_WRITING, 0) : at], trail.steps[at : at + _AFTER]
    for right, wrong in preferences.said(text):
        is_right, is_wrong = _word(right), _word(wrong)
        done = [step for step in after if not step.failed]
        chosen = any(uses(step, is_right) or _took_out(step, is_wrong) for step in done)
        if not chosen or any(_begins(step, wrong) for step in done) or _taken_back(trail, at, wrong):
            continue
        made = [step for step in before if is_wrong.search(_made(step))]
        return Observation(
            kind=Kind.CORRECTION,
            subject=clean(wrong),
            lesson=Lesson.PREFERS,
            slots={"wrong": clean(wrong), "right": clean(right)},
            evidence=evidence,
            firm=bool(made) and bool(_FOR_ALL.search(text[:_LOOKED_AT])),
            wasted_tokens=cost(*made[-1:]),
        )
    return None


def _taken_back(trail: Trail, at: int, wrong: str) -> bool:
    """Whether the user later goes back to what was wrong."""
    name = _word(wrong)
    return any(_BACK.search(text[:_LOOKED_AT]) and name.search(text[:_LOOKED_AT]) for text in trail.words(at + 1, len(trail.steps)))


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![a-z0-9])", re.IGNORECASE)


def _took_out(step: Step, name: re.Pattern[str]) -> bool:
    """Whether an edit removed a name."""
    old = "\n".join(value[:_MOST] for key, value in step.use.arguments.items() if isinstance(value, str) and key in _OLD)
    return bool(old) and not _PRESENTS.search(step.use.path) and name.search(_code(old)) is not None and name.search(_made(step)) is None


def uses(step: Step, name: re.Pattern[str]) -> bool:
    """Whether a step runs something of a name, or writes it where programs are made: not in what people read, nor as a mere value."""
    made = _made(step)
    if step.use.command:
        return name.search(made) is not None
    return not _PRESENTS.search(step.use.path) and name.search(_code(made)) is not None


def _code(text: str) -> str:
    """A text without the strings in it and what stands between tags, but for lines that say what is used: imports, manifests."""
    return "\n".join(line if _DECLARES.search(line) else _VALUES.sub(" ", line) for line in text.split("\n"))


def _made(step: Step) -> str:
    """What a step ran, or wrote into a file."""
    if step.use.command:
        return step.use.command[:_MOST]
    if step.use.kind is not ToolKind.EDIT:
        return ""
    written = "\n".join(value[:_MOST] for key, value in step.use.arguments.items() if isinstance(value, str) and key not in _OLD)
    return "\n".join(line for line in written.split("\n") if not line.startswith("-")) if "*** Begin Patch" in written else written


def _borne_out(trail: Trail, at: int, text: str, evidence: Evidence) -> Observation | None:
    before = [s for s in trail.steps[max(at - _BEFORE, 0) : at] if s.line and s.line.words]
    after = [s for s in trail.steps[at : at + _AFTER] if s.line and s.line.words and s.worked]
    for later in after:
        right = _named(later, text)
        for earlier in reversed(before):
            wrong = _wrong(earlier, later, right) if right else ""
            if (
                wrong
                and not any(_begins(s, wrong) for s in after)
                and not _taken_back(trail, at, wrong)
                and not any(_begins(s, right) for s in before)
            ):
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
