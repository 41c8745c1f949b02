"""How right the rules are on the labelled set: ``python -m tests.headroom_wrap.learn.labelled.score`` prints it case by case."""

from __future__ import annotations

from dataclasses import dataclass, field

from headroom_wrap.learn.evidence import findings
from headroom_wrap.learn.miners import mine
from tests.headroom_wrap.learn.labelled.sessions import cases


@dataclass
class Score:
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    sessions: int = 0
    cases: int = 0
    with_rules: int = 0

    @property
    def precision(self) -> float:
        return self.right / ((self.right + len(self.wrong)) or 1)

    @property
    def recall(self) -> float:
        return self.right / ((self.right + len(self.missed)) or 1)


def score() -> Score:
    total = Score()
    for name, _, sessions, right in cases():
        found = [(f.lesson, f.slots) for f in findings([mine(s) for s in sessions], sessions[-1].ended, sessions[0].project) if f.for_agents]
        total.right += sum(rule in right for rule in found)
        total.wrong += [f"{name}: {lesson.value} {slots}" for lesson, slots in found if (lesson, slots) not in right]
        total.missed += [f"{name}: {lesson.value} {slots}" for lesson, slots in right if (lesson, slots) not in found]
        total.sessions += len(sessions)
        total.cases += 1
        total.with_rules += bool(right)
    return total


def report(total: Score) -> str:
    head = (
        f"{total.cases} cases, {total.sessions} sessions, {total.with_rules} cases with rules; "
        f"precision {total.precision:.1%} ({total.right} right, {len(total.wrong)} wrong), recall {total.recall:.1%}"
    )
    return "\n".join([head, *(f"wrong:  {line}" for line in total.wrong), *(f"missed: {line}" for line in total.missed)])


if __name__ == "__main__":
    print(report(score()))
