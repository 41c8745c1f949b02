"""Write ``cases.jsonl``: ``python -m tests.headroom_wrap.learn.independent.fifth.make`` in the repository's root. The same cases give the same file."""

from __future__ import annotations

import json
from pathlib import Path

from tests.headroom_wrap.learn.independent.fifth import compiled, jvm_dotnet, node, operations, python, scripted
from tests.headroom_wrap.learn.independent.fourth.telling import row

CASES = Path(__file__).with_name("cases.jsonl")
_PARTS = (python, node, compiled, jvm_dotnet, scripted, operations)


def lines() -> str:
    """The cases that are scored before anything is looked up on disk."""
    return "".join(json.dumps(row(one), ensure_ascii=False) + "\n" for part in _PARTS for one in part.CASES)


if __name__ == "__main__":
    CASES.write_text(lines(), encoding="utf-8")
