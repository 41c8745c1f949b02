"""Write ``cases.jsonl``: ``python -m tests.headroom_wrap.learn.independent.third.make`` in the repository's root. The same cases give the same file."""

from __future__ import annotations

from pathlib import Path

from tests.headroom_wrap.learn.independent.second.telling import lines as lines_of
from tests.headroom_wrap.learn.independent.third.commands import COMMANDS
from tests.headroom_wrap.learn.independent.third.near_misses import NEAR_MISSES
from tests.headroom_wrap.learn.independent.third.other_lessons import OTHER_LESSONS

CASES = Path(__file__).with_name("cases.jsonl")


def lines() -> str:
    return lines_of((*COMMANDS, *OTHER_LESSONS, *NEAR_MISSES))


if __name__ == "__main__":
    CASES.write_text(lines(), encoding="utf-8")
