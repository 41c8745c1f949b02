from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from headroom_wrap.learn.model import Retrieval, Session, Skipped, ToolUse, UserText
from headroom_wrap.learn.readers import opencode
from headroom_wrap.learn.readers.api import Wanted
from headroom_wrap.learn.readers.lines import OUT_OF_TIME
from headroom_wrap.learn.readers.registry import READERS
from pipeline.transcript import ToolKind
from pipeline.usage import Usage
from tests.headroom_wrap.learn.readers.shapes import CWD, only, read

TOKENS = {"total": 112, "input": 40, "output": 5, "reasoning": 2, "cache": {"write": 5, "read": 60}}
Message = tuple[dict[str, Any], list[dict[str, Any]]]


def user(*texts: str, **more: Any) -> Message:
    return {"role": "user", "time": {"created": 1000}}, [{"type": "text", "text": text, **more} for text in texts]


def assistant(*parts: dict[str, Any], **more: Any) -> Message:
    return {"role": "assistant", "path": {"cwd": CWD}, "tokens": TOKENS, "modelID": "gpt", "time": {"created": 2000}, **more}, list(parts)


def part(tool: str, given: dict[str, Any], status: str = "completed", **state: Any) -> dict[str, Any]:
    state = {"status": status, "input": given, "time": {"start": 2000, "end": 3500}, **state}
    return {"type": "tool", "tool": tool, "callID": "call_1", "state": state}


def database(path: Path, sessions: Iterable[tuple[str, str | None, str, list[Message]]]) -> Path:
    made = sqlite3.connect(path)
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text, time_created integer, time_updated integer)")
    made.execute("CREATE TABLE message (id text PRIMARY KEY, session_id text, time_created integer, data text)")
    made.execute("CREATE TABLE part (id text PRIMARY KEY, message_id text, data text)")
    for number, (session, parent, folder, messages) in enumerate(sessions):
        made.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", (session, parent, folder, number, number * 1000))
        for m, (message, parts) in enumerate(messages):
            made.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (f"{session}-{m:03d}", session, m, json.dumps(message)))
            for p, one in enumerate(parts):
                made.execute("INSERT INTO part VALUES (?, ?, ?)", (f"{session}-{m:03d}-{p:03d}", f"{session}-{m:03d}", json.dumps(one)))
    made.commit()
    made.close()
    return path


def session(tmp_path: Path, *messages: Message) -> Session:
    path = tmp_path / "opencode.db"
    path.unlink(missing_ok=True)
    return only("opencode", database(path, [("s1", None, CWD, list(messages))]))


def tool(tmp_path: Path, one: dict[str, Any]) -> ToolUse:
    (found,) = session(tmp_path, assistant(one)).tools
    return found


def test_a_session(tmp_path: Path) -> None:
    failed = part("bash", {"command": "python x.py", "workdir": "src"}, output="python: command not found\n", metadata={"output": "…", "exit": 127})
    found = session(
        tmp_path, user('"Which invoice failed?"'), assistant({"type": "step-start"}, failed), user("reminder", synthetic=True), user("Thanks.")
    )
    assert (found.agent, found.id, found.project, found.subagent) == ("opencode", "s1", CWD, "")
    assert found.usage == Usage(40, 5, 0, 60, 7)
    asked, run, thanked = found.events
    assert (asked, thanked) == (UserText("Which invoice failed?", 1.0), UserText("Thanks.", 1.0))
    assert isinstance(run, ToolUse)
    assert (run.command, run.cwd, run.exit_status, run.failed, run.duration) == ("python x.py", f"{CWD}/src", 127, True, 1.5)


LATE = "(no output)\n\n<shell_metadata>\nshell tool terminated command after exceeding timeout 1000 ms. If\n</shell_metadata>"
STOPPED = "half\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (part("bash", {"command": "x"}, output=LATE, metadata={"exit": None}), {"timed_out": True, "failed": True, "result": ""}),
        (part("bash", {"command": "x"}, output=STOPPED), {"interrupted": True, "failed": True, "result": "half"}),
        (part("bash", {"command": "grep x y"}, output="(no output)", metadata={"exit": 1}), {"failed": False, "result": "", "result_bytes": 0}),
        (
            part("read", {"filePath": "/n.py"}, "error", error="File not found: /n.py"),
            {"failed": True, "result": "File not found: /n.py", "path": "/n.py"},
        ),
        (part("edit", {}, "error", error="The user rejected permission to use this specific tool call."), {"refused": True, "failed": True}),
        (part("edit", {}, "error", error="Tool execution aborted"), {"interrupted": True, "failed": True}),
        (part("invalid", {"tool": "nope", "error": "Model tried"}, output="The arguments"), {"name": "nope", "failed": True}),
        (part("bash", {"command": "x"}, "running"), {"failed": None}),
        (part("github_list_files", {}, output="x"), {"kind": ToolKind.MCP, "failed": False}),
        (part("apply_patch", {"patchText": "*** Update File: a.py\n"}, output="x"), {"kind": ToolKind.EDIT, "path": "a.py"}),
    ],
)
def test_how_a_tool_ends(tmp_path: Path, one: dict[str, Any], expected: dict[str, Any]) -> None:
    found = tool(tmp_path, one)
    assert {name: getattr(found, name) for name in expected} == expected


def test_retrievals_and_interruptions(tmp_path: Path) -> None:
    retrieve = part("headroom_headroom_retrieve", {"handle": "a7", "lines": "1-2"}, output="x")
    found = session(tmp_path, assistant(retrieve), assistant(error={"name": "MessageAbortedError"}), user("no, ninja"))
    assert found.events == (Retrieval("a7", "1-2", "", 2.0), UserText("no, ninja", 1.0, interrupted=True))
    assert len(found.responses) == 1, "an answer that failed was not charged"


def test_only_wanted_sessions_are_read(tmp_path: Path) -> None:
    rows = [
        ("s0", None, "/other", [user("a")]),
        ("s1", None, f"{CWD}/src", [user("b")]),
        ("s2", "s1", CWD, [user("c"), assistant()]),
        ("s3", None, CWD, [user("d")]),
    ]
    path = database(tmp_path / "opencode.db", rows)
    assert [s.id for s in read("opencode", path)[0]] == ["s0", "s1", "s1", "s3"]
    found = list(READERS["opencode"].read(path, Skipped(), Wanted(CWD, since=2.0)))
    assert [(s.id, s.subagent, s.turns) for s in found] == [("s1", "s2", 0), ("s3", "", 1)]


@pytest.mark.parametrize(("answers", "turns"), [(0, []), (1, []), (2, [1]), (3, [2]), (4, [3]), (5, [3]), (6, [3, 1])])
def test_what_is_not_read_in_time_is_counted(tmp_path: Path, answers: int, turns: list[int]) -> None:
    path = database(tmp_path / "opencode.db", [("s1", None, CWD, [user("a"), user("b"), user("c")]), ("s2", None, CWD, [user("d")])])
    goes_on, skipped = iter([True] * answers), Skipped()
    found = list(READERS["opencode"].read(path, skipped, Wanted(goes_on=lambda: next(goes_on, False))))
    assert [one.turns for one in found] == turns
    assert skipped.rows == ({} if turns == [3, 1] else {OUT_OF_TIME: 1})


def test_the_database_is_left_as_it_is_and_may_be_in_use(tmp_path: Path) -> None:
    path = database(tmp_path / "opencode.db", [("s1", None, CWD, [user("Go.")])])
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE message SET data = '{}'")
    before = path.read_bytes()
    assert only("opencode", path).turns == 1
    assert path.read_bytes() == before
    writer.execute("ROLLBACK")
    writer.close()


def test_rows_and_files_that_mean_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(tmp_path / "opencode.db", [("s1", None, CWD, [user("Go."), assistant({"type": 7}), user("x" * 3000)])])
    broken = sqlite3.connect(path)
    broken.execute("INSERT INTO message VALUES ('s1-9', 's1', 9, '{')")
    broken.execute("INSERT INTO message VALUES ('s1-8', 's1', 8, x'ff')")
    broken.commit()
    broken.close()
    monkeypatch.setattr(opencode, "LONGEST", 2000)
    sessions, skipped = read("opencode", path)
    assert [s.turns for s in sessions] == [1]
    assert skipped.rows == {"unknown shape": 1, "malformed": 2, "too large": 1}
    (tmp_path / "noise.db").write_bytes(b"noise" * 1000)
    sqlite3.connect(tmp_path / "empty.db").close()
    assert read("opencode", tmp_path / "noise.db")[1].files == {"foreign": 1}
    assert read("opencode", tmp_path / "empty.db")[1].files == {"foreign": 1}
    assert read("opencode", tmp_path / "none.db")[1].files == {"unreadable": 1}
    assert not (tmp_path / "none.db").exists()
