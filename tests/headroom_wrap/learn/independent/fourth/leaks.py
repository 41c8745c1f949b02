"""Texts of this set's sessions that no rule may hold, and the rules that hold one.

``python -m tests.headroom_wrap.learn.independent.fourth.leaks`` in the repository's root prints them.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.headroom_wrap.learn.independent.fourth.make import CASES
from tests.headroom_wrap.learn.independent.score import rules
from tests.headroom_wrap.learn.independent.sessions import cases


def leaked(path: Path = CASES) -> list[tuple[str, str]]:
    """The names of cases with a rule that holds what it may not, each with the rule."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        (case.name, rule.text)
        for row, case in zip(rows, cases(path), strict=True)
        for rule in rules(case)
        if any(text in rule.text for text in row.get("never", ()))
    ]


if __name__ == "__main__":
    for name, text in leaked():
        print(f"{name}: {text}")
