"""When a file is too large to be read, and when it only says so of another."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.findings import Lesson
from headroom_wrap.learn.miners import large_files
from headroom_wrap.learn.miners.outcomes import outcomes
from headroom_wrap.learn.miners.trail import Trail
from headroom_wrap.learn.model import Session, ToolUse
from pipeline.transcript import ToolKind


def read(result: str, *, failed: bool = False, **arguments: object) -> ToolUse:
    given = {"file_path": "src/upload.py", **arguments}
    return ToolUse("r", "Read", ToolKind.READ, given, cwd="/p", path="src/upload.py", result=result, result_bytes=52_000, failed=failed)


def trail(result: str, *, failed: bool = False) -> Trail:
    return Trail(Session("claude", "s", "/p", events=(read(result, failed=failed), read("1\tx", offset=1, limit=40))))


@pytest.mark.parametrize(
    ("result", "failed"),
    [
        ("File content (31200 tokens) exceeds maximum allowed tokens (25000). Use offset and limit parameters", True),
        ("Error: File too large to read at once (74.6 KB)", True),
        ("<system-reminder>[Truncated: PARTIAL view - showing lines 1-881 of 1501 total]</system-reminder>\n1\tx", False),
        ("1\tx\n<system-reminder>[Truncated: PARTIAL view - showing lines 1-881 of 1501 total]</system-reminder>", False),
        ("\nIMPORTANT: The file content has been truncated.\nStatus: Showing lines 1-2000 of 9000 total lines.\nx", False),
        ("<file>\n00001| x\n\n(File has more lines. Use 'offset' parameter to read beyond line 2000)\n</file>", False),
    ],
)
def test_what_an_agent_says(result: str, failed: bool) -> None:
    (one,) = large_files.mine(trail(result, failed=failed))
    assert (one.lesson, one.slots) == (Lesson.READ_RANGES, {"path": "src/upload.py"})


@pytest.mark.parametrize(
    "result",
    [
        '1\tMESSAGE = "File is too large"\n2\tpass',
        "1\timport os\n2\t# exceeds maximum allowed tokens",
        "import os\nraise ValueError('File too large to be read')\nx = 1\n",
        "# File is too large\n" + "x\n" * 1000,
        "x\n" * 1000 + "1000\t(File has more lines. Use 'offset')",
        "<file>\n00001| The file content has been truncated\n</file>",
    ],
)
def test_what_a_file_says(result: str) -> None:
    session = trail(result)
    assert list(large_files.mine(session)) == []
    assert "whole:src/upload.py" in [one.key for one in outcomes(session)], "it was read whole, which speaks against it"
