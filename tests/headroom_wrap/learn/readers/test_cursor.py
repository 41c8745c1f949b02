from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headroom_wrap.learn.model import ToolUse, UserText
from headroom_wrap.learn.readers.api import Wanted
from headroom_wrap.learn.readers.registry import READERS
from pipeline.transcript import ToolKind
from tests.headroom_wrap.learn.readers.shapes import CWD, only, read, write


def row(event: str, time: float = 100.0, **more: Any) -> dict[str, Any]:
    return {"time": time, "hook_event_name": event, "conversation_id": "c1", "workspace_roots": [CWD], "cursor_version": "3", **more}


def used(event: str, command: str = "make", time: float = 101.0, **more: Any) -> dict[str, Any]:
    return row(event, time, **{"tool_name": "Shell", "tool_use_id": "t1", "tool_input": {"command": command}, "cwd": f"{CWD}/src", **more})


def tool(tmp_path: Path, *rows: dict[str, Any]) -> ToolUse:
    (found,) = only("cursor", write(tmp_path / "c1.jsonl", rows)).tools
    return found


def test_a_conversation(tmp_path: Path) -> None:
    rows = [
        row("beforeSubmitPrompt", prompt="Which invoice failed?"),
        used("preToolUse"),
        used("postToolUse", "headroom run -- sh -c make", 103.0, tool_output=json.dumps({"output": "done", "exitCode": 0}), duration=1500),
        row("stop", 104.0, status="aborted"),
        row("beforeSubmitPrompt", 105.0, prompt="no, ninja"),
    ]
    session = only("cursor", write(tmp_path / "c1.jsonl", rows))
    assert (session.agent, session.id, session.project, session.turns, session.started, session.ended) == ("cursor", "c1", CWD, 2, 100.0, 105.0)
    _, make, correction = session.events
    assert isinstance(make, ToolUse)
    assert (make.command, make.result, make.exit_status, make.failed, make.duration, make.cwd) == ("make", "done", 0, False, 1.5, f"{CWD}/src")
    assert correction == UserText("no, ninja", 105.0, interrupted=True)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"error_message": "Command failed with exit code 2", "failure_type": "error"}, {"exit_status": 2, "refused": False, "timed_out": False}),
        ({"error_message": "timeout", "failure_type": "timeout"}, {"timed_out": True, "exit_status": None}),
        ({"error_message": "no", "failure_type": "permission_denied"}, {"refused": True}),
        ({"error_message": "stopped", "is_interrupt": True}, {"interrupted": True}),
    ],
)
def test_failures(tmp_path: Path, more: dict[str, Any], expected: dict[str, Any]) -> None:
    found = tool(tmp_path, used("preToolUse"), used("postToolUseFailure", **more))
    assert found.failed is True
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("output", ["text", {"contents": "text"}, '{"stdout":"text"}', [{"type": "text", "text": "text"}]])
def test_outputs_of_any_shape(tmp_path: Path, output: Any) -> None:
    found = tool(tmp_path, used("postToolUse", tool_name="MCP:search", tool_output=output))
    assert (found.result, found.kind, found.name, found.failed) == ("text", ToolKind.MCP, "search", False)


def test_the_first_row_tells_the_project(tmp_path: Path) -> None:
    reader, path = READERS["cursor"], write(tmp_path / "c1.jsonl", [used("preToolUse")])
    assert reader.concerns(path, Wanted(CWD))
    assert not reader.concerns(path, Wanted("/elsewhere"))


def test_rows_of_something_else_are_counted(tmp_path: Path) -> None:
    sessions, skipped = read("cursor", write(tmp_path / "saved.jsonl", [{"before": 1, "after": 2}] * 3))
    assert (sessions, skipped.files, skipped.rows) == ([], {"foreign": 1}, {"unknown shape": 3})
