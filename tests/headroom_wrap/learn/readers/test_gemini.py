from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headroom_wrap.learn.model import Session, ToolUse, UserText
from headroom_wrap.learn.readers.api import Wanted
from headroom_wrap.learn.readers.registry import READERS
from pipeline.transcript import ToolKind
from pipeline.usage import Usage
from tests.headroom_wrap.learn.readers.shapes import CWD, only, write

HEADER = {"sessionId": "s1", "projectHash": "f8", "startTime": "2026-11-22T23:45:44.550Z", "kind": "main"}
TOKENS = {"input": 100, "output": 5, "cached": 60, "thoughts": 2, "tool": 0, "total": 107}


def message(kind: str, content: Any, number: str = "m1", second: int = 45, **more: Any) -> dict[str, Any]:
    return {"id": number, "timestamp": f"2026-11-22T23:45:{second}.000Z", "type": kind, "content": content, **more}


def answer(call: str, **response: str) -> dict[str, Any]:
    return {"functionResponse": {"id": call, "name": "x", "response": response}}


def called(name: str, args: dict[str, Any], status: str = "success", **response: str) -> dict[str, Any]:
    call = {"id": "c1", "name": name, "args": args, "result": [answer("c1", **response)], "status": status, "timestamp": "2026-11-22T23:45:47.000Z"}
    return message("gemini", "", tokens=TOKENS, model="flash", toolCalls=[{**call, "resultDisplay": "shown"}])


def shell(body: str, end: str = "") -> str:
    return f"<untrusted_context>\nOutput: {body}\n{end}Process Group PGID: 30079\n</untrusted_context>"


def session(tmp_path: Path, *rows: dict[str, Any]) -> Session:
    folder = tmp_path / ".gemini" / "tmp" / "billing"
    path = write(folder / "chats" / "session-1.jsonl", [HEADER, *rows])
    (folder / ".project_root").write_text(CWD)
    return only("gemini", path)


def tool(tmp_path: Path, *rows: dict[str, Any]) -> ToolUse:
    (found,) = session(tmp_path, *rows).tools
    return found


def test_a_session(tmp_path: Path) -> None:
    context = message("user", [{"text": "<session_context>\nThis is the Gemini CLI."}], "m0")
    found = session(
        tmp_path,
        {"$set": {"messages": [context], "lastUpdated": "x"}},
        message("user", [{"text": "Which invoice failed?"}], "u1"),
        message("user", [{"text": "Which invoice failed?"}], "u1"),
        message("gemini", "", tokens=TOKENS, model="flash"),
        called("run_shell_command", {"command": "python x.py"}, output=shell("python: command not found", "Exit Code: 127\n")),
        message("user", [answer("c1", output="again")], "u2"),
        {"$set": {"lastUpdated": "x"}},
    )
    assert (found.agent, found.id, found.project, found.turns, found.subagent) == ("gemini", "s1", CWD, 1, "")
    assert found.usage == Usage(40, 0, 0, 60, 7), "a message that is written again is charged once"
    (one,) = found.tools
    assert (one.command, one.failed, one.exit_status, one.result, one.duration) == ("python x.py", True, 127, "python: command not found", 2.0)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (shell("x"), (0, False, "x")),
        (shell("(empty)", "Signal: 9\n"), (-9, True, "")),
        (shell("(empty)", "Signal: SIGKILL\n"), (-1, True, "")),
        (shell("Exit Code: 4", "Exit Code: 2\n"), (2, True, "Exit Code: 4")),
        ("something else", (None, False, "something else")),
    ],
)
def test_ends_of_commands(tmp_path: Path, output: str, expected: tuple[object, ...]) -> None:
    found = tool(tmp_path, called("run_shell_command", {"command": "x", "dir_path": "src"}, output=output))
    assert (found.exit_status, found.failed, found.result, found.cwd) == (*expected, f"{CWD}/src")


def test_failures_refusals_and_time(tmp_path: Path) -> None:
    missing = tool(tmp_path, called("read_file", {"file_path": "nope.py"}, "error", error="File not found: /x/nope.py"))
    assert (missing.kind, missing.path, missing.failed, missing.result) == (ToolKind.READ, "nope.py", True, "File not found: /x/nope.py")
    denied = tool(tmp_path, called("replace", {"file_path": "a"}, "error", error='Tool execution for "replace" denied by policy.'))
    assert (denied.refused, denied.failed) == (True, True)
    cancelled = tool(tmp_path, called("replace", {"file_path": "a"}, "cancelled", error="[Operation Cancelled] Reason: User cancelled"))
    assert (cancelled.refused, cancelled.failed) == (True, True)
    slow = tool(
        tmp_path, called("run_shell_command", {"command": "x"}, output="Command was automatically cancelled because it exceeded the timeout of 5 min")
    )
    assert slow.timed_out


def test_a_call_whose_result_comes_later(tmp_path: Path) -> None:
    running = called("run_shell_command", {"command": "make"})
    running["toolCalls"][0] |= {"status": None, "result": None}
    assert tool(tmp_path, running).failed is None
    assert tool(tmp_path, running, called("run_shell_command", {"command": "make"}, output=shell("done"))).failed is False


def test_a_request_that_was_cancelled(tmp_path: Path) -> None:
    found = session(tmp_path, message("info", "Request cancelled.", "i1"), message("user", "no, ninja", "u1"))
    assert found.events == (UserText("no, ninja", 1795391145.0, interrupted=True),)


def test_the_project_stands_beside_the_chats(tmp_path: Path) -> None:
    reader = READERS["gemini"]
    session(tmp_path, message("user", "x"))
    path = tmp_path / ".gemini" / "tmp" / "billing" / "chats" / "session-1.jsonl"
    assert reader.concerns(path, Wanted("/home/ada"))
    assert not reader.concerns(path, Wanted("/elsewhere"))
    (path.parent.parent / ".project_root").unlink()
    assert reader.concerns(path, Wanted("/elsewhere")), "not known"
    (tmp_path / ".gemini" / "projects.json").write_text(json.dumps({"projects": {"/other": "other", CWD: "billing"}}))
    assert not reader.concerns(path, Wanted("/elsewhere"))
    assert only("gemini", path).project == CWD
    (tmp_path / ".gemini" / "projects.json").write_text("[" * 10_000)
    assert only("gemini", path).project == ""
