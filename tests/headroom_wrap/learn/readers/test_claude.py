from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headroom_wrap.learn.model import ToolUse, UserText
from headroom_wrap.learn.readers.api import Wanted
from headroom_wrap.learn.readers.registry import READERS
from pipeline.transcript import ToolKind
from pipeline.usage import Usage
from tests.headroom_wrap.learn.readers.shapes import CWD, only, read, write

STAMP = "2026-11-22T23:45:2{}.000Z"
USAGE = {"input_tokens": 4, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 20, "output_tokens": 10}


def row(kind: str, content: Any, second: int = 0, **more: Any) -> dict[str, Any]:
    message = {"role": kind, "content": content, **more.pop("message", {})}
    base = {"parentUuid": None, "isSidechain": False, "type": kind, "message": message, "timestamp": STAMP.format(second)}
    return {**base, "cwd": CWD, "sessionId": "s1", "version": "2.1.197", **more}


def use(name: str, call: str = "toolu_1", second: int = 1, **arguments: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": call, "name": name, "input": arguments}
    return row("assistant", [block], second, message={"id": f"msg_{call}", "model": "opus", "usage": USAGE})


def result(content: Any, *, error: bool = False, call: str = "toolu_1", second: int = 2, **more: Any) -> dict[str, Any]:
    return row("user", [{"type": "tool_result", "content": content, "is_error": error, "tool_use_id": call}], second, **more)


def tool(tmp_path: Path, *rows: dict[str, Any]) -> ToolUse:
    (found,) = only("claude", write(tmp_path / "s1.jsonl", rows)).tools
    return found


def test_a_session(tmp_path: Path) -> None:
    rows = [
        {"type": "queue-operation", "operation": "enqueue", "sessionId": "s1"},
        row("user", "Which invoice failed?"),
        {"type": "attachment", "attachment": {"type": "skill_listing"}, "sessionId": "s1"},
        row("assistant", [{"type": "text", "text": "Let me see."}], 1, message={"id": "msg_toolu_1", "model": "opus", "usage": USAGE}),
        use("Bash", command="python x.py", description="Run"),
        result("Exit code 127\n/bin/bash: line 1: python: command not found", error=True, toolUseResult="Error: Exit code 127"),
        use("Bash", "toolu_2", 3, command="python3 x.py"),
        result("ok", call="toolu_2", second=4, cwd=f"{CWD}/src"),
        row("user", [{"type": "text", "text": "Thanks."}], 5),
    ]
    session = only("claude", write(tmp_path / "s1.jsonl", rows))
    assert (session.agent, session.id, session.project, session.subagent, session.turns) == ("claude", "s1", CWD, "", 2)
    assert session.ended - session.started == 5
    asked, failed, worked, thanked = session.events
    assert (asked, thanked) == (UserText("Which invoice failed?", session.started), UserText("Thanks.", session.ended))
    assert isinstance(failed, ToolUse)
    assert (failed.command, failed.failed, failed.exit_status, failed.result) == (
        "python x.py",
        True,
        127,
        "/bin/bash: line 1: python: command not found",
    )
    assert (failed.cwd, failed.time, failed.duration, failed.result_bytes) == (CWD, session.started + 1, 1.0, 44)
    assert isinstance(worked, ToolUse)
    assert (worked.command, worked.failed, worked.result) == ("python3 x.py", False, "ok")
    assert session.usage == Usage(8, 60, 0, 40, 20), "repeated on each row of a message"
    assert [response.before for response in session.responses] == [1, 2]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Exit code 143\nCommand timed out after 2m 0.0s", {"exit_status": 143, "timed_out": True, "result": "Command timed out after 2m 0.0s"}),
        ("Claude requested permissions to use WebFetch, but you haven't granted it yet.", {"refused": True}),
        ("Permission to use Bash with command rm -rf / has been denied.", {"refused": True}),
        (
            "<tool_use_error>String to replace not found in file.\nString: x</tool_use_error>",
            {"result": "String to replace not found in file.\nString: x"},
        ),
        ("File does not exist.", {"exit_status": None, "refused": False}),
    ],
)
def test_failures(tmp_path: Path, content: str, expected: dict[str, Any]) -> None:
    found = tool(tmp_path, use("Bash", command="x"), result(content, error=True))
    assert found.failed is True
    assert {name: getattr(found, name) for name in expected} == expected


def test_results_that_are_lists_empty_or_gone_to_the_background(tmp_path: Path) -> None:
    assert tool(tmp_path, use("mcp__git__log", n=3), result([{"type": "text", "text": "one"}])).result == "one"
    assert tool(tmp_path, use("mcp__git__log", n=3)).kind is ToolKind.MCP
    empty = tool(tmp_path, use("Bash", command="touch x"), result("(Bash completed with no output)"))
    assert (empty.result, empty.result_bytes, empty.failed) == ("", 0, False)
    left = tool(tmp_path, use("Bash", command="npm start"), result("Command running in background with ID: b1. Output is being written to: /tmp/x"))
    assert left.timed_out


def test_the_users_own_words_are_told_from_the_programs(tmp_path: Path) -> None:
    rows = [
        row("user", "<command-name>/model</command-name>"),
        row("user", "<local-command-stdout>Set</local-command-stdout>"),
        row("user", "Caveat: generated", isMeta=True),
        row("user", "This session is being continued", isCompactSummary=True),
        row("user", "Mend it."),
    ]
    assert only("claude", write(tmp_path / "s1.jsonl", rows)).events == (UserText("Mend it.", 1795391120.0),)


def test_interruptions_and_refusals_with_a_reason(tmp_path: Path) -> None:
    rejected = (
        "The user doesn't want to proceed with this tool use. The tool use was rejected. To tell you how to proceed, the user said:\nUse ninja."
    )
    rows = [
        use("Bash", command="make"),
        result(rejected, error=True),
        use("Bash", "toolu_2", 3, command="ninja -j99"),
        row("user", [{"type": "text", "text": "[Request interrupted by user for tool use]"}], 4),
        row("user", "no, use -j2", 5),
        use("Bash", "toolu_3", 6, command="ninja -j2"),
    ]
    session = only("claude", write(tmp_path / "s1.jsonl", rows))
    make, reason, stopped, correction, _ = session.events
    assert isinstance(make, ToolUse)
    assert isinstance(stopped, ToolUse)
    assert (make.refused, make.failed, stopped.interrupted, stopped.failed) == (True, True, True, None)
    assert reason == UserText("Use ninja.", make.time + 1, interrupted=True)
    assert correction == UserText("no, use -j2", make.time + 4, interrupted=True)


def test_subagents_have_sessions_of_their_own(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s1" / "subagents" / "agent-a7.jsonl",
        [row("user", "Explore.", isSidechain=True, agentId="a7"), {**use("Read", file_path="x"), "agentId": "a7"}],
    )
    session = only("claude", path)
    assert (session.id, session.subagent, session.turns, len(session.tools)) == ("s1", "a7", 0, 1)
    mixed = write(
        tmp_path / "old.jsonl", [row("user", "Go."), {**use("Read", file_path="x"), "isSidechain": True}, use("Read", "toolu_2", file_path="y")]
    )
    sessions, _ = read("claude", mixed)
    assert [(s.subagent, [t.path for t in s.tools]) for s in sessions] == [("", ["y"]), ("sidechain", ["x"])]


def test_an_hour_of_cache_and_answers_that_cost_nothing(tmp_path: Path) -> None:
    hour = {**USAGE, "cache_creation": {"ephemeral_1h_input_tokens": 30, "ephemeral_5m_input_tokens": 0}}
    rows = [
        row("assistant", [], message={"id": "m1", "model": "opus", "usage": hour}),
        row("assistant", [{"type": "text", "text": "API Error"}], message={"id": "m2", "model": "<synthetic>", "usage": USAGE}),
    ]
    assert only("claude", write(tmp_path / "s1.jsonl", rows)).usage == Usage(4, 0, 30, 20, 10)


def test_many_conversations_in_one_file_do_not_pile_up(tmp_path: Path) -> None:
    sessions, skipped = read("claude", write(tmp_path / "s.jsonl", [row("user", f"Go {n}.", sessionId=f"s{n}") for n in range(100)]))
    assert [s.id for s in sessions] == [f"s{n}" for n in range(100)]
    assert not skipped


def test_the_folder_tells_the_project() -> None:
    reader = READERS["claude"]
    file = Path("/home/ada/.claude/projects/-home-ada-my-app/s1/subagents/agent-1.jsonl")
    assert reader.concerns(file, Wanted())
    assert reader.concerns(file, Wanted("/home/ada/my.app"))
    assert reader.concerns(file, Wanted("/home/ada/my")), "may be a folder below it: what the rows say counts"
    assert not reader.concerns(file, Wanted("/home/ada/my.ap"))
    assert not reader.concerns(file, Wanted("/home/bob"))


def test_a_file_without_a_session_is_counted(tmp_path: Path) -> None:
    assert read("claude", write(tmp_path / "s.jsonl", [{"type": "summary", "summary": "x"}]))[1].files == {"no session": 1}
