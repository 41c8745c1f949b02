from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headroom_wrap.learn.model import Retrieval, Session, ToolUse, UserText
from headroom_wrap.learn.readers.api import Wanted
from headroom_wrap.learn.readers.registry import READERS
from pipeline.transcript import ToolKind
from pipeline.usage import Usage
from tests.headroom_wrap.learn.readers.shapes import CWD, only, read, write

FULL = "danger-full-access"


def row(kind: str, second: int = 1, **payload: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-11-22T23:45:{second:02d}.000Z", "ordinal": 1, "type": kind, "payload": payload}


def start(sandbox: str = FULL, **more: Any) -> list[dict[str, Any]]:
    meta = row("session_meta", 0, **{"session_id": "t1", "id": "t1", "cwd": CWD, "base_instructions": {"text": "long"}, **more})
    return [meta, row("turn_context", 0, cwd=CWD, model="gpt", sandbox_policy={"type": sandbox})]


def item(second: int = 3, **said: Any) -> dict[str, Any]:
    return row("event_msg", second, type="item_completed", item=said, started_at_ms=1795391101000)


def command(line: str, status: int, output: str, call: str = "call_1", **more: Any) -> dict[str, Any]:
    end = {
        "exit_code": status,
        "status": "failed" if status else "completed",
        "aggregated_output": output,
        "duration": {"secs": 1, "nanos": 500000000},
    }
    return item(type="CommandExecution", id=call, command=["/bin/bash", "-lc", line], cwd=f"file://{CWD}/a%20b", **end, **more)


def call(name: str, arguments: dict[str, Any], number: str = "call_1", **more: Any) -> dict[str, Any]:
    return row("response_item", 1, type="function_call", name=name, arguments=json.dumps(arguments), call_id=number, **more)


def output(text: Any, number: str = "call_1", kind: str = "function_call_output") -> dict[str, Any]:
    return row("response_item", 4, type=kind, call_id=number, output=text)


def script(text: str, number: str = "call_1") -> dict[str, Any]:
    return row("response_item", 1, type="custom_tool_call", name="exec", input=text, call_id=number)


def ended(*texts: str, number: str = "call_1") -> dict[str, Any]:
    return output([{"type": "input_text", "text": text} for text in texts], number, "custom_tool_call_output")


def session(tmp_path: Path, *rows: dict[str, Any], sandbox: str = FULL) -> Session:
    return only("codex", write(tmp_path / "rollout-1.jsonl", [*start(sandbox), *rows]))


def tool(tmp_path: Path, *rows: dict[str, Any], sandbox: str = FULL) -> ToolUse:
    (found,) = session(tmp_path, *rows, sandbox=sandbox).tools
    return found


def test_a_session_of_plain_tools(tmp_path: Path) -> None:
    text = "Chunk ID: 0da852\nWall time: 0.1 seconds\nProcess exited with code 127\nOriginal token count: 14\nOutput:\npython: command not found\n"
    found = session(
        tmp_path,
        row("response_item", type="message", role="user", content=[{"type": "input_text", "text": "# AGENTS.md instructions"}]),
        item(type="UserMessage", id="u", content=[{"type": "text", "text": "Which invoice failed?"}]),
        call("exec_command", {"cmd": "python x.py"}),
        command("python x.py", 127, "python: command not found\n"),
        output(text),
    )
    assert (found.agent, found.id, found.project, found.subagent, found.turns) == ("codex", "t1", CWD, "", 1)
    (one,) = found.tools
    assert (one.id, one.name, one.command, one.failed, one.exit_status) == ("call_1", "exec_command", "python x.py", True, 127)
    assert (one.result, one.cwd, one.duration) == ("python: command not found\n", f"{CWD}/a b", 0.1)


def test_what_a_script_ran_is_known_from_the_events(tmp_path: Path) -> None:
    found = session(
        tmp_path,
        script('const r = await tools.exec_command({cmd: "make"});\ntext(r.output);'),
        command("make", 2, "no rule", "exec-1"),
        ended("Script completed\nWall time 0.1 seconds\nOutput:\n", "no rule"),
        script("await tools.mcp__headroom__headroom_retrieve({})", "call_2"),
        item(
            type="McpToolCall",
            id="exec-2",
            server="headroom",
            tool="headroom_retrieve",
            arguments={"handle": "e9", "lines": "1-2"},
            status="completed",
        ),
        ended("Script completed\nOutput:\n", "text", number="call_2"),
        item(
            type="McpToolCall",
            id="exec-3",
            server="git",
            tool="log",
            arguments={"n": 1},
            status="failed",
            result={"content": [{"type": "text", "text": "no"}]},
        ),
        item(type="FileChange", id="exec-4", changes={f"{CWD}/x.py": {"type": "update"}}, status="completed", stdout="Success.\n"),
    )
    make, retrieval, log, edit = found.events
    assert isinstance(make, ToolUse)
    assert isinstance(log, ToolUse)
    assert isinstance(edit, ToolUse)
    assert (make.command, make.exit_status, make.failed, make.result, make.duration) == ("make", 2, True, "no rule", 1.5)
    assert retrieval == Retrieval("e9", "1-2", "", 1795391101.0)
    assert (log.kind, log.failed, log.result) == (ToolKind.MCP, True, "no")
    assert (edit.kind, edit.failed, edit.path, edit.result) == (ToolKind.EDIT, False, f"{CWD}/x.py", "Success.\n")


def test_a_script_that_failed_before_anything_ran(tmp_path: Path) -> None:
    text = 'text(await tools.apply_patch("*** Begin Patch\\n*** Update File: nope.py\\n@@\\n-a\\n+b\\n*** End Patch\\n"));'
    failed = ended("Script failed\nWall time 0.0 seconds\nOutput:\n", "Script error:\napply_patch verification failed: no such file")
    edit = tool(tmp_path, script(text), failed)
    assert (edit.name, edit.kind, edit.path, edit.failed, edit.result) == (
        "apply_patch",
        ToolKind.EDIT,
        "nope.py",
        True,
        "apply_patch verification failed: no such file",
    )
    refused = ended("Script failed\nOutput:\n", "Script error:\napproval policy is Never; reject command")
    run = tool(tmp_path, script('await tools.exec_command({cmd: "touch \\"a b\\"", x: 1})'), refused)
    assert (run.command, run.refused, run.failed) == ('touch "a b"', True, True)
    other = tool(tmp_path, script("text(ALL_TOOLS)"), ended("Script completed\nOutput:\n", "[]"))
    assert (other.name, other.failed, other.result) == ("exec", None, "[]")


def test_a_command_whose_event_comes_late_is_one_use(tmp_path: Path) -> None:
    found = tool(
        tmp_path,
        script('await tools.exec_command({cmd: "sleep 9"})'),
        ended("Script completed\nOutput:\n", "running"),
        command("sleep 9", -1, "", "exec-9"),
    )
    assert (found.id, found.exit_status, found.failed) == ("call_1", -1, True)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "exec_command",
            "Chunk ID: 6\nWall time: 0.5 seconds\nProcess running with session ID 74116\nOutput:\n",
            {"timed_out": True, "failed": None},
        ),
        ("exec_command", "approval policy is Never; reject command — you cannot ask", {"refused": True, "failed": True}),
        ("nope", "unsupported call: nope", {"failed": True, "refused": False}),
        ("update_plan", "Plan updated", {"failed": None, "result": "Plan updated"}),
        ("shell", '{"output":"no rule","metadata":{"exit_code":2,"duration_seconds":1.5}}', {"exit_status": 2, "result": "no rule", "duration": 1.5}),
        ("shell", "Exit code: 1\nWall time: 0.2 seconds\nOutput:\nbad", {"exit_status": 1, "result": "bad", "duration": 0.2}),
        ("shell", '{"output":"broken', {"failed": None}),
    ],
)
def test_outputs_without_an_event(tmp_path: Path, name: str, text: str, expected: dict[str, Any]) -> None:
    found = tool(tmp_path, call(name, {"cmd": "x"}), output(text))
    assert {key: getattr(found, key) for key in expected} == expected


def test_in_a_sandbox_its_errors_are_refusals(tmp_path: Path) -> None:
    rows = (
        call("exec_command", {"cmd": "touch /etc/x"}),
        output("Process exited with code 1\nOutput:\ntouch: cannot touch '/etc/x': Read-only file system\n"),
    )
    assert tool(tmp_path, *rows, sandbox="workspace-write").refused
    assert not tool(tmp_path, *rows).refused


@pytest.mark.parametrize(
    ("output", "refused"),
    [
        ("PermissionError: [Errno 1] Operation not permitted: '/etc/x'", True),
        ("cp: cannot create 'x': Read-only file system\nmake: *** [Makefile:2: all] Error 1\n\n", True),
        ("F.\nFAILED tests/test_x.py::test_y - PermissionError: [Errno 1] Operation not permitted\n1 failed, 1 passed in 0.12s", False),
        ("E   Operation not permitted\n" + "=" * 900 + "\n1 failed", False),
        ("note: Operation not permitted is expected here\nDone with 1 error", False),
        ("Error 1\n" * 3, False),
    ],
)
def test_tests_that_meet_such_an_error_are_not_refused(tmp_path: Path, output: str, refused: bool) -> None:
    rows = [call("exec_command", {"cmd": "pytest"}), command("pytest", 1, output, "exec-1")]
    assert [use.refused for use in session(tmp_path, *rows, sandbox="workspace-write").tools][-1] is refused


def test_patches_by_their_own_tool(tmp_path: Path) -> None:
    patch = "*** Begin Patch\n*** Update File: billing/x.py\n@@\n-a\n+b\n*** End Patch\n"
    made = row("response_item", type="custom_tool_call", name="apply_patch", input=patch, call_id="call_1")
    found = tool(tmp_path, made, output("apply_patch verification failed: x", kind="custom_tool_call_output"))
    assert (found.kind, found.path, found.failed, found.arguments) == (ToolKind.EDIT, "billing/x.py", True, {"input": patch})


def test_usage_from_records_else_from_counts(tmp_path: Path) -> None:
    tokens = {"input_tokens": 100, "cached_input_tokens": 60, "cache_write_input_tokens": 30, "output_tokens": 7, "total_tokens": 107}
    count = row("event_msg", type="token_count", info={"total_token_usage": tokens, "last_token_usage": tokens})
    record = row("token_usage_record", response_id="r1", usage=tokens)
    assert session(tmp_path, record, count, record).usage == Usage(10, 30, 0, 60, 7)
    assert session(tmp_path, count, count, row("event_msg", type="token_count", info=None)).usage == Usage(10, 30, 0, 60, 7)


def test_users_words_once_and_interruptions(tmp_path: Path) -> None:
    found = session(
        tmp_path,
        row("event_msg", type="user_message", message="Go."),
        item(type="UserMessage", id="u", content=[{"type": "text", "text": "Go."}]),
        call("exec_command", {"cmd": "make"}),
        row("event_msg", 5, type="turn_aborted", reason="interrupted"),
        row("event_msg", 6, type="user_message", message="no, ninja"),
    )
    _, make, correction = found.events
    assert isinstance(make, ToolUse)
    assert make.interrupted
    assert correction == UserText("no, ninja", 1795391106.0, interrupted=True)


def test_threads_of_subagents_belong_to_their_session(tmp_path: Path) -> None:
    rows = [
        *start(id="t2"),
        item(type="UserMessage", id="u", content=[{"type": "text", "text": "from an agent"}]),
        call("exec_command", {"cmd": "x"}),
    ]
    found = only("codex", write(tmp_path / "rollout-2.jsonl", rows))
    assert (found.id, found.subagent, found.turns) == ("t1", "t2", 0)


def test_the_first_row_tells_the_project(tmp_path: Path) -> None:
    reader = READERS["codex"]
    path = write(tmp_path / "rollout-1.jsonl", start())
    assert reader.concerns(path, Wanted())
    assert reader.concerns(path, Wanted(CWD))
    assert reader.concerns(path, Wanted("/home/ada"))
    assert not reader.concerns(path, Wanted(f"{CWD}/src"))
    assert reader.concerns(write(tmp_path / "other", [{"x": 1}]), Wanted(CWD)), "not known"


def test_rows_that_mean_nothing(tmp_path: Path) -> None:
    sessions, skipped = read(
        "codex",
        write(tmp_path / "rollout-1.jsonl", [*start(), {"type": "event_msg", "payload": 7}, row("event_msg", type="item_completed", item=None)]),
    )
    assert sessions == []
    assert (skipped.files, skipped.rows) == ({"no session": 1}, {"unknown shape": 1})
