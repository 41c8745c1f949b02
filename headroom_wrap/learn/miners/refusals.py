"""Commands that a rule or a sandbox does not allow, or a person in more than one session. No way round a refusal is ever taught.

Claim: a rule forbids it, or a person in every session. Refuted where it runs; who is sorry, or goes on to allow it, has not forbidden it, and where a
file may not be read it is not the reader that is forbidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners import faults
from headroom_wrap.learn.miners.difference import difference
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import called, premises, typed
from pipeline.transcript import ToolKind

_TRYING = frozenset({"--dry-run", "--check", "--diff", "--plan", "--preview", "--what-if", "--simulate", "--just-print", "-n"})
_MOST_WORDS = 10
_READING = (ToolKind.READ, ToolKind.SEARCH, ToolKind.LIST)
_BY_A_PERSON = re.compile(
    r"user (?:doesn't want|rejected|declined|denied|chose|said|cancel)|rejected by (?:the )?user|user's (?:decision|choice)|tool use was rejected",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"\b(?:mis-?click|by (?:mistake|accident)|accident\w*|go ahead"
    r"|go on|try again|you (?:may|can)\b(?! not|not)|never ?mind)|"
    r"^\W{0,3}(?:yes|ok|okay|sorry|oops)\b",
    re.IGNORECASE,
)
_RIGHTS = re.compile(r"\A\s{0,8}(sudo|doas)\s")  # the command taken apart is without them; what was refused may be just these
_BY_A_RULE = re.compile(
    r"sandbox|approval policy|[Pp]ermission (?:rule|to use)|denied by|not allowed|blocked|hook|policy"
    r"|[Rr]efusing to execute|disallowed|prohibited|security reasons|requires approval",
)
_BY_THE_SYSTEM = re.compile(
    r"[Rr]ead-only file system|[Oo]peration not permitted"
)  # as it says it to whoever asks, and to who only tests that it does


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that was refused, what it is called by, and what the refusal itself named instead if that then worked."""
    told: set[str] = set()
    for step in trail.steps:
        line = step.line
        if not step.use.refused or not line or not line.words or line.guarded:
            continue
        why = step.use.result[:2000]
        by_a_person = _BY_A_PERSON.search(why) is not None
        if step.use.kind in _READING:
            continue  # not the program that reads is refused, but what it was to read
        # A person who says no may mean this once; who says why as well does not want it the next time either.
        if not (_says_why(trail, step) if by_a_person else _by_a_rule(step, why)):
            continue
        command = clean(" ".join((*_RIGHTS.findall(step.use.command)[:1], *called(line.words, trail.folders))))
        if command in told:
            continue
        told.add(command)
        instead = "" if by_a_person else _named_instead(trail, step, line.words, why)
        tried = "" if instead else _only_tried(trail, step, line.words)
        if tried:
            yield _observation(trail, step, Lesson.REFUSED_INSTEAD, {"command": clean(typed(line.words)), "instead": tried}, firm=False)
        slots = {"command": command, "instead": instead} if instead else {"command": command}
        if not tried:
            firm = bool(instead) and step.use.exit_status is None  # what ran has said it itself, and anything may be printed
            yield _observation(trail, step, Lesson.REFUSED_INSTEAD if instead else Lesson.REFUSED, slots, firm=firm)


def _observation(trail: Trail, step: Step, lesson: Lesson, slots: dict[str, str], *, firm: bool) -> Observation:
    command = slots["command"]
    return Observation(
        kind=Kind.REFUSAL,
        subject=command,
        lesson=lesson,
        slots=slots,
        evidence=trail.evidence(step),
        firm=firm,
        refuted_by=(f"does:{command}", f"works:{command}"),
        wasted_tokens=cost(step),
    )


def _by_a_rule(step: Step, why: str) -> bool:
    """Whether a rule or a sandbox refused it: not a command that went on to test or to compile."""
    return _BY_A_RULE.search(why) is not None or (_BY_THE_SYSTEM.search(why) is not None and not faults.of_code(step))


def _only_tried(trail: Trail, step: Step, refused: tuple[str, ...]) -> str:
    """The same command as it ran soon after with one option by which it only shows what it would do: no way round, but what is left of it."""
    if len(refused) > _MOST_WORDS:
        return ""
    for later in trail.after(step, 4):
        found = difference(refused, later.line.words) if later.worked and later.line and later.line.words else None
        if found and not found.lost and found.gained[:1] and found.gained[0].split("=", 1)[0] in _TRYING and len(found.gained) == 1 and later.line:
            return clean(typed(later.line.words))
    return ""


def _says_why(trail: Trail, step: Step) -> bool:
    """Whether a person who refused a command has said something about it, other than that it may run after all."""
    said = list(trail.words(step.index + 1, step.index + 1))
    return bool(said) and not any(_ASSENT.search(text[:400]) for text in said)


def _named_instead(trail: Trail, step: Step, refused: tuple[str, ...], why: str) -> str:
    """As much of what ran soon after as stands word for word in the refusal, and is not what was refused: a refusal may repeat that."""
    why = why.replace(step.use.command, " ")
    for later in trail.after(step, 4):
        if later.worked and later.line and later.line.words and premises(trail, later, later.line.words) is not None:
            words = called(later.line.words, trail.folders)
            for length in range(len(words), 0, -1):
                right = " ".join(words[:length])
                if words[:length] != refused[:length] and re.search(rf"(?<![\w./-]){re.escape(right)}(?![\w-])", why):
                    return clean(right)
    return ""
