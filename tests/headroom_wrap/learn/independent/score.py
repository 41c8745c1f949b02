"""How many of the rules that are written are right, and how many of the right ones are written.

``python -m tests.headroom_wrap.learn.independent.score`` in the repository's root prints the figures and what is wrong and missed; of another set
with the path of its ``cases.jsonl``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headroom_wrap.learn.evidence import findings
from headroom_wrap.learn.findings import Finding
from headroom_wrap.learn.miners import mine
from headroom_wrap.learn.rules import Rule, rule_of
from tests.headroom_wrap.learn.independent.sessions import CASES, NOW, Case, cases


@dataclass
class Score:
    """What came of the cases.

    Args:
        right: rules written that should be.
        fine: rules written that may be; they count neither way.
        wrong: rules written that are neither, each with the name of its case.
        missed: rules that should have been written, each with the name of its case.
        wanted: how many should be written.
    """

    right: int = 0
    fine: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    missed: list[tuple[str, str]] = field(default_factory=list)
    wanted: int = 0

    @property
    def precision(self) -> float:
        written = self.right + len(self.wrong)
        return self.right / written if written else 1.0

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.wanted if self.wanted else 1.0

    def __str__(self) -> str:
        told = [
            f"precision {self.precision:.1%} ({self.right} right, {len(self.wrong)} wrong, {self.fine} neither), recall {self.recall:.1%} of {self.wanted}"
        ]
        told += [f"wrong   {name}: {text}" for name, text in self.wrong]
        told += [f"missed  {name}: {text}" for name, text in self.missed]
        return "\n".join(told)


def rules(case: Case) -> list[Rule]:
    """What is written of a case, before its premises are looked at on disk."""
    found = findings([mine(session) for session in case.sessions], NOW, case.project)
    return [rule for finding in found if (rule := rule_of(finding)) is not None]


def score(of: Iterable[Case]) -> Score:
    total = Score()
    for case in of:
        written = rules(case)
        total.wanted += len(case.right)
        for label in case.right:
            if not any(fits(rule.finding, label) for rule in written):
                total.missed.append((case.name, f"{label[0]} {label[1]}"))
        for rule in written:
            if any(fits(rule.finding, label) for label in case.right):
                total.right += 1
            elif any(fits(rule.finding, label) for label in case.fine):
                total.fine += 1
            else:
                total.wrong.append((case.name, f"{rule.finding.lesson.value} {rule.finding.slots}"))
    return total


def fits(finding: Finding, label: tuple[str, Mapping[str, object]]) -> bool:
    """Whether a finding is what a label asks for: the same lesson, and in each slot one of the values that it names."""
    lesson, slots = label
    return finding.lesson.value == lesson and all(_fits(finding.slots[slot], value) for slot, value in slots.items())


def _fits(given: str, wanted: object) -> bool:
    return given in wanted if isinstance(wanted, list) else given == wanted


if __name__ == "__main__":
    print(score(cases(Path(sys.argv[1]) if len(sys.argv) > 1 else CASES)))
