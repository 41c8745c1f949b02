from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.registry import ADAPTERS
from headroom_wrap.learn.model import Skipped
from headroom_wrap.learn.readers.lines import zstd
from headroom_wrap.learn.readers.registry import READERS, sessions
from tests.headroom_wrap.learn.readers.shapes import CWD, line, write


def claude(session: str, folder: str = CWD, stamp: str = "2026-11-22T23:45:00.000Z") -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": "Go."}, "sessionId": session, "cwd": folder, "timestamp": stamp}


def codex(session: str, folder: str = CWD) -> list[dict[str, Any]]:
    said = {"type": "user_message", "message": "Go."}
    meta = {"id": session, "cwd": folder}
    return [
        {"type": kind, "payload": payload, "timestamp": "2026-11-22T23:45:00.000Z"} for kind, payload in (("session_meta", meta), ("event_msg", said))
    ]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    projects = tmp_path / ".claude" / "projects"
    write(projects / "-home-ada-billing" / "b.jsonl", [claude("b")])
    write(projects / "-home-ada-billing" / "a.jsonl", [claude("a", f"{CWD}/src")])
    write(projects / "-home-ada-billing-old" / "c.jsonl", [claude("c", "/home/ada/billing-old")])
    folder = tmp_path / ".codex" / "sessions" / "2026" / "11" / "22"
    write(folder / "rollout-2.jsonl", codex("d"))
    (folder / "rollout-1.jsonl.zst").write_bytes(zstd.compress(b"".join(map(line, codex("e")))))
    write(
        tmp_path / "state" / "cursor" / "f.jsonl",
        [{"hook_event_name": "beforeSubmitPrompt", "prompt": "Go.", "conversation_id": "f", "workspace_roots": [CWD]}],
    )
    return tmp_path


def ids(home: Path, **wanted: Any) -> list[str]:
    return [session.id for session in sessions({}, home, **wanted)]


def test_every_agent_has_a_reader() -> None:
    assert sorted(READERS) == sorted(ADAPTERS)
    assert all(name == reader.agent for name, reader in READERS.items())


def test_sessions_come_in_an_order_that_does_not_change(home: Path) -> None:
    assert ids(home) == ["a", "b", "c", "e", "d"]
    assert ids(home, state=home / "state") == ["a", "b", "c", "e", "d", "f"]


def test_only_those_that_are_wanted(home: Path) -> None:
    assert ids(home, agent="codex") == ["e", "d"]
    assert ids(home, project=Path(CWD)) == ["a", "b", "e", "d"], "of the folder and those below, not of one with a longer name"
    assert ids(home, project=Path("/elsewhere"), state=home / "state") == []
    assert ids(home, since=1795391100.0) == ["a", "b", "c", "e", "d"]
    assert ids(home, since=1795391101.0) == []


def test_files_that_did_not_change_since_are_not_opened(home: Path) -> None:
    noise = write(home / ".claude" / "projects" / "x" / "noise.jsonl", [])
    noise.write_bytes(b"noise\n")
    os.utime(noise, (1000, 1000))
    skipped = Skipped()
    list(sessions({}, home, since=2000.0, skipped=skipped))
    assert not skipped
    list(sessions({}, home, skipped=skipped))
    assert skipped.files == {"no session": 1}


def test_agents_folders_move_with_their_variables(home: Path, tmp_path: Path) -> None:
    moved = write(tmp_path / "elsewhere" / "projects" / "p" / "z.jsonl", [claude("z")])
    assert [s.source for s in sessions({"CLAUDE_CONFIG_DIR": str(tmp_path / "elsewhere")}, home, agent="claude")] == [str(moved)]


def test_what_a_fork_has_copied_is_read_once(home: Path) -> None:
    use = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "make"}}
    folder = home / ".claude" / "projects" / "-home-ada-fork"
    for name in ("x", "y"):
        said = {**claude(name), "type": "assistant", "message": {"role": "assistant", "content": [use]}}
        write(folder / f"{name}.jsonl", [claude(name), said, *([claude(name)] if name == "y" else [])])
    found = {session.id: len(session.events) for session in sessions({}, home, agent="claude")}
    assert (found["x"], found["y"]) == (2, 1)


def test_a_home_without_agents(tmp_path: Path) -> None:
    assert ids(tmp_path) == []


WORDS = st.sampled_from(
    "type message user assistant content tool_use tool_result id name input command Bash payload item item_completed CommandExecution response_item event_msg "
    "function_call arguments output call_id exec_command data tool.execution_start tool.execution_complete toolCallId toolName arguments result success "
    "gemini toolCalls args status functionResponse response hook_event_name postToolUse tool_input tool_output tool_use_id usage tokens $set messages text "
    "timestamp 2026-11-22T23:45:00Z cwd sessionId session_meta custom_tool_call exec exit_code duration is_error shellExecution".split()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=12,
)
ROWS = st.lists(st.dictionaries(WORDS, VALUES, max_size=8).map(lambda row: json.dumps(row, separators=(",", ":")).encode()), max_size=6)


@pytest.mark.slow
@pytest.mark.parametrize("agent", sorted(READERS))
@given(data=st.one_of(st.binary(max_size=300), ROWS.map(b"\n".join), ROWS.map(b"\n".join).map(zstd.compress)))
@settings(max_examples=40)
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, agent: str, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "file.jsonl"
    path.write_bytes(data)
    first = list(READERS[agent].read(path, Skipped()))
    assert list(READERS[agent].read(path, Skipped())) == first
    assert all(session.agent == agent for session in first)


def test_a_session_belongs_to_the_repository_that_it_was_started_in(tmp_path: Path) -> None:
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    web = tmp_path / "shop" / "web"
    call = {"type": "tool_use", "id": "c", "name": "Bash", "input": {"command": "npm test"}}
    said = {**claude("w", str(web)), "type": "assistant", "message": {"role": "assistant", "content": [call]}}
    write(tmp_path / ".claude" / "projects" / "".join(c if c.isalnum() else "-" for c in str(web)) / "w.jsonl", [claude("w", str(web)), said])
    (session,) = sessions({}, tmp_path, project=tmp_path / "shop")
    assert session.project == str(tmp_path / "shop")
    assert session.tools[0].cwd == str(web)


def test_when_time_is_up_the_rest_is_left_unread(home: Path) -> None:
    skipped = Skipped()
    answers = iter([True, True])
    assert ids(home, agent="claude", skipped=skipped, goes_on=lambda: next(answers, False)) == ["a", "b"]
    assert skipped.rows == {"not read in time": 1}
