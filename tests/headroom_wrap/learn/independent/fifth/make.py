"""Write ``cases.jsonl``: ``python -m tests.headroom_wrap.learn.independent.fifth.make`` in the repository's root. The same cases give the same file."""

from __future__ import annotations

import json
from pathlib import Path

from tests.headroom_wrap.learn.independent.fifth import (
    compiled,
    habits,
    hostile,
    jvm_dotnet,
    long_days,
    node,
    on_disk,
    operations,
    python,
    scripted,
    words,
)
from tests.headroom_wrap.learn.independent.fourth.telling import row

CASES = Path(__file__).with_name("cases.jsonl")
ON_DISK = Path(__file__).with_name("on_disk.jsonl")
_PARTS = (python, node, compiled, jvm_dotnet, scripted, operations, words, habits, hostile, long_days)


def lines() -> str:
    """The cases that are scored before anything is looked up on disk."""
    return "".join(json.dumps(row(one), ensure_ascii=False) + "\n" for part in _PARTS for one in part.CASES)


def lines_on_disk() -> str:
    """The cases whose labels hold after the project's folder was looked at, each with what is in it."""
    return "".join(json.dumps({**row(one.told), "disk": one.files, "programs": one.programs}, ensure_ascii=False) + "\n" for one in on_disk.CASES)


if __name__ == "__main__":
    CASES.write_text(lines(), encoding="utf-8")
    ON_DISK.write_text(lines_on_disk(), encoding="utf-8")
