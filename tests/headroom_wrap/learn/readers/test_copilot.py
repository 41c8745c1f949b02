from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headroom_wrap.learn.model import Retrieval, Session, ToolUse, UserText
from headroom_wrap.learn.readers.api import Wanted
from headroom_wrap.learn.readers.registry import READERS
from pipeline.transcript import ToolKind
from pipeline.usage import Usage
from tests.headroom_wrap.learn.readers.shapes import CWD, only, write


def row(kind: str, second: int = 1, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data, "id": "e1", "timestamp": f"2026-11-22T23:46:{second:02d}.000Z", "parentId": None}


START = row("session.start", 0, sessionId="s1", context={"cwd": CWD, "branch": "main"})


def started(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return row("tool.execution_start", toolCallId="toolu_1", toolName=name, arguments=arguments, **more)


def done(content: str = "", **more: Any) -> dict[str, Any]:
    return row(
        "tool.execution_complete", 3, **{"toolCallId": "toolu_1", "success": True, "result": {"content": content, "detailedContent": "more"}, **more}
    )


def session(tmp_path: Path, *rows: dict[str, Any]) -> Session:
    return only("copilot", write(tmp_path / "folder" / "events.jsonl", [START, *rows]))


def tool(tmp_path: Path, *rows: dict[str, Any]) -> ToolUse:
    (found,) = session(tmp_path, *rows).tools
    return found


def test_a_session(tmp_path: Path) -> None:
    usage = {"model": "opus", "inputTokens": 100, "outputTokens": 7, "cacheReadTokens": 60, "cacheWriteTokens": 30, "apiCallId": "m1"}
    found = session(
        tmp_path,
        row("system.message", content="You are"),
        row("user.message", content="Which invoice failed?", transformedContent="<current_datetime>…"),
        row("user.message", content="a skill's text", source="skill-pdf"),
        row("session.usage_record", usage=usage),
        row("assistant.message", content="", toolRequests=[]),
        started("bash", {"command": "python x.py"}),
        done("python: command not found\n<shellId: 1 completed with exit code 127>", shellExecution={"exitCode": 127}),
    )
    assert (found.agent, found.id, found.project, found.turns, found.usage) == ("copilot", "s1", CWD, 1, Usage(10, 30, 0, 60, 7))
    assert found.ended - found.started == 2
    (one,) = found.tools
    assert (one.command, one.failed, one.exit_status, one.result, one.duration) == ("python x.py", True, 127, "python: command not found", 2.0)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([done("x\n<shellId: 1 completed with exit code 3>")], {"exit_status": 3, "failed": True, "result": "x"}),
        ([done("x\n<shellId: 1 is still running after 30 seconds>")], {"exit_status": None, "timed_out": True, "failed": False}),
        ([done("plain")], {"exit_status": None, "failed": False, "result": "plain"}),
        (
            [done(success=False, error={"message": "No match found", "code": "failure"})],
            {"failed": True, "refused": False, "result": "No match found"},
        ),
        ([done(success=False, error={"message": "Permission denied", "code": "denied"})], {"failed": True, "refused": True}),
        ([row("permission.completed", 2, toolCallId="toolu_1", result={"kind": "denied-interactively-by-user"})], {"failed": True, "refused": True}),
        ([row("permission.completed", 2, toolCallId="toolu_1", result={"kind": "approved"})], {"failed": None, "refused": False}),
        ([row("abort", 2, reason="user_initiated")], {"interrupted": True, "failed": None}),
    ],
)
def test_how_a_tool_ends(tmp_path: Path, rows: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    found = tool(tmp_path, started("bash", {"command": "x"}), *rows)
    assert {name: getattr(found, name) for name in expected} == expected


def test_kinds(tmp_path: Path) -> None:
    assert tool(tmp_path, started("view", {"path": "/a.py"})).path == "/a.py"
    assert tool(tmp_path, started("github-list_files", {}, mcpServerName="github")).kind is ToolKind.MCP
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-a\n+b\n*** End Patch\n"
    edit = tool(tmp_path, started("apply_patch", patch))
    assert (edit.kind, edit.path, edit.arguments) == (ToolKind.EDIT, "a.py", {"input": patch})
    assert session(tmp_path, started("headroom-headroom_retrieve", {"handle": "a7", "lines": "5-6"}, mcpServerName="headroom")).events == (
        Retrieval("a7", "5-6", "", 1795391161.0),
    )


def test_after_an_abort_the_user_corrects(tmp_path: Path) -> None:
    found = session(tmp_path, row("abort", 2, reason="user_initiated"), row("user.message", 3, content="no, ninja"))
    assert found.events == (UserText("no, ninja", 1795391163.0, interrupted=True),)


def test_the_first_row_tells_the_project(tmp_path: Path) -> None:
    reader, path = READERS["copilot"], write(tmp_path / "events.jsonl", [START])
    assert reader.concerns(path, Wanted(CWD))
    assert not reader.concerns(path, Wanted("/elsewhere"))
    assert reader.concerns(write(tmp_path / "none", [{}]), Wanted(CWD))
