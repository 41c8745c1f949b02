"""Commands that a rule or a sandbox does not allow. What a person declined once is no rule, and no way round a refusal is ever taught."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import head, premises

_BY_A_PERSON = re.compile(
    r"user (?:doesn't want|rejected|declined|denied|chose|said|cancel)|rejected by (?:the )?user|user's (?:decision|choice)|tool use was rejected",
    re.IGNORECASE,
)
_BY_A_RULE = re.compile(
    r"sandbox|[Rr]ead-only file system|approval policy|[Pp]ermission (?:rule|to use)|denied by|not allowed|blocked by|hook|policy"
    r"|[Rr]efusing to execute|"
    r"[Oo]peration not permitted|disallowed|prohibited|security reasons|requires approval",
)


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that a rule refused, what it is called by, and what the refusal itself named instead if that then worked."""
    told: set[str] = set()
    for step in trail.steps:
        line = step.line
        if not step.use.refused or not line or not line.words or line.guarded:
            continue
        why = step.use.result[:2000]
        if _BY_A_PERSON.search(why) or not _BY_A_RULE.search(why):
            continue
        command = clean(" ".join(head(line.words)))
        if command in told:
            continue
        told.add(command)
        instead = _named_instead(trail, step, command, why)
        slots = {"command": command, "instead": instead} if instead else {"command": command}
        yield Observation(
            kind=Kind.REFUSAL,
            subject=command,
            lesson=Lesson.REFUSED_INSTEAD if instead else Lesson.REFUSED,
            slots=slots,
            evidence=trail.evidence(step),
            firm=bool(instead),
            refuted_by=(f"does:{command}",),
            wasted_tokens=cost(step),
        )


def _named_instead(trail: Trail, step: Step, command: str, why: str) -> str:
    """What ran soon after and stands word for word in the refusal."""
    for later in trail.after(step, 4):
        if later.worked and later.line and later.line.words:
            right = " ".join(head(later.line.words))
            if (
                right != command
                and re.search(rf"(?<![\w-]){re.escape(right)}(?![\w-])", why)
                and premises(trail, later, later.line.words) is not None
            ):
                return clean(right)
    return ""
