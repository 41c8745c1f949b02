from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.learn.model import Retrieval, ToolUse, UserText
from headroom_wrap.learn.readers import building
from headroom_wrap.learn.readers.building import Builder, moment, patched, typed
from headroom_wrap.learn.readers.texts import Text
from pipeline.transcript import ToolKind
from pipeline.usage import Usage

KINDS = {"Bash": "shell", "Read": "read", "apply_patch": "edit"}


@pytest.fixture
def builder() -> Builder:
    made = Builder("claude", KINDS, "/t.jsonl", "s1")
    made.project = "/p"
    return made


def use(builder: Builder) -> ToolUse:
    (session,) = builder.end()
    (found,) = session.tools
    return found


def run(builder: Builder, command: str, call: str = "c1", time: float = 0.0) -> None:
    builder.call(call, "Bash", {"command": command}, time)


def test_a_call_meets_its_results_whatever_their_order(builder: Builder) -> None:
    run(builder, "make", "a", 10.0)
    run(builder, "cat x.py", "b", 11.0)
    builder.result("b", text=Text("text", 4), failed=False, time=12.5)
    builder.result("a", text=Text("gone", 4000), exit_status=2, time=14.0, cwd="/p/sub")
    builder.result("nobody", failed=True)
    (session,) = builder.end()
    first, second = session.tools
    assert (first.id, first.kind, first.failed, first.exit_status, first.cwd, first.duration, first.tokens) == (
        "a",
        ToolKind.SHELL,
        True,
        2,
        "/p/sub",
        4.0,
        1000,
    )
    assert (second.id, second.kind, second.path, second.failed, second.exit_status, second.cwd) == ("b", ToolKind.READ, "x.py", False, None, "/p")
    assert (session.started, session.ended, session.turns) == (10.0, 14.0, 0)


def test_a_call_without_a_result_has_not_failed_nor_worked(builder: Builder) -> None:
    run(builder, "make")
    assert use(builder).failed is None


@pytest.mark.parametrize(
    ("command", "status", "text", "failed"),
    [
        ("grep -n x a", 1, "", False),
        ("grep -n x a", 2, "", True),
        ("grep -n x a", 1, "grep: a", True),
        ("make", 1, "", True),
        ("make", 0, "Error", False),
    ],
)
def test_a_search_that_finds_nothing_has_not_failed(builder: Builder, command: str, status: int, text: str, failed: bool) -> None:
    run(builder, command)
    builder.result("c1", text=Text(text, len(text)), exit_status=status)
    assert use(builder).failed is failed


def test_what_timeout_ended_has_timed_out(builder: Builder) -> None:
    run(builder, "timeout 5 make")
    builder.result("c1", exit_status=124)
    assert use(builder).timed_out


def test_a_refusal_is_a_failure_even_where_the_agent_does_not_say_so(builder: Builder) -> None:
    run(builder, "make")
    builder.result("c1", refused=True)
    assert use(builder).failed is True


def test_what_follows_an_interruption_is_marked_and_what_ran_was_cut_off(builder: Builder) -> None:
    builder.user("do it")
    run(builder, "make")
    builder.interrupt()
    builder.user("no, use ninja")
    run(builder, "ninja", "c2")
    builder.interrupt()
    builder.response("m", "", Usage(1))
    builder.user("go on")
    (session,) = builder.end()
    assert [event.interrupted for event in session.events] == [False, True, True, True, False]


def test_what_programs_write_in_the_users_place_is_left_out(builder: Builder) -> None:
    builder.user("<system-reminder>\nx</system-reminder>")
    builder.user("  <command-name>/clear</command-name>")
    builder.user(" \n ")
    builder.user("a < b?")
    (session,) = builder.end()
    assert session.events == (UserText("a < b?"),)


def test_usage_is_counted_once_for_a_message_with_its_last_count(builder: Builder) -> None:
    builder.response("m1", "opus", Usage(input=5, output=1), 1.0)
    run(builder, "make")
    builder.response("m1", "opus", Usage(input=5, output=80), 2.0)
    builder.response("m1", "opus", Usage(input=5, output=3), 3.0)
    builder.response("", "opus", Usage(output=1))
    builder.response("", "opus", Usage(output=1))
    (session,) = builder.end()
    assert session.usage == Usage(input=5, output=82)
    assert (session.responses[0].time, session.responses[0].before) == (1.0, 0)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("mcp__headroom__headroom_retrieve", {"handle": "3f9a", "lines": "1-5"}, ("3f9a", "1-5", "")),
        ("headroom-headroom_retrieve", {"handle": "3f9a", "pattern": "ERROR"}, ("3f9a", "", "ERROR")),
        ("Bash", {"command": "headroom show 3f9a --lines 1-5"}, ("3f9a", "1-5", "")),
        ("Bash", {"command": "cd /x && /opt/bin/headroom show --grep='a b' 3f9a | head -3"}, ("3f9a", "", "a b")),
    ],
)
def test_calls_for_what_was_left_out_are_retrievals(
    builder: Builder, name: str, arguments: dict[str, object], expected: tuple[str, str, str]
) -> None:
    builder.call("c1", name, arguments, 3.0)
    builder.result("c1", text=Text("much", 4))
    (session,) = builder.end()
    assert session.events == (Retrieval(*expected, 3.0),)


@pytest.mark.parametrize(
    "command", ["headroom show", "headroom stats", "echo headroom show x", "headroom show x && make test", "git log --grep 'headroom show'"]
)
def test_other_commands_are_none(builder: Builder, command: str) -> None:
    run(builder, command)
    assert use(builder).command == command


def test_a_repeated_call_is_the_first_one(builder: Builder) -> None:
    run(builder, "make")
    run(builder, "headroom run -- sh -c make")
    assert use(builder).command == "make"


def test_calls_without_an_id_are_kept_apart(builder: Builder) -> None:
    run(builder, "a", "")
    run(builder, "b", "")
    (session,) = builder.end()
    assert len({tool.id for tool in session.tools}) == 2


def test_tools_of_mcp_servers_are_mcp_whatever_they_are_called(builder: Builder) -> None:
    builder.call("c1", "github-search_code", {"q": "x"}, mcp=True)
    assert use(builder).kind is ToolKind.MCP


def test_a_long_session_comes_in_parts(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MOST_EVENTS", 4)
    parts = []
    for n in range(10):
        run(builder, f"make {n}", f"c{n}", 1.0 + n)
        parts += builder.full()
        builder.result(f"c{n}", exit_status=0, time=1.5 + n)
        builder.response(f"m{n // 2}", "", Usage(output=1))
        parts += builder.full()
    parts += builder.end()
    assert [len(part.events) for part in parts] == [4, 4, 2]
    assert [part.part for part in parts] == [0, 1, 2]
    assert all(tool.failed is False for part in parts for tool in part.tools)
    assert len({(part.id, part.project, part.agent) for part in parts}) == 1
    assert sum(part.usage.output for part in parts) == 5
    assert parts[1].started == 5.0


def test_a_call_that_never_ends_does_not_hold_the_rest(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MOST_EVENTS", 4)
    run(builder, "sleep 9999", "hangs")
    parts = []
    for n in range(8):
        run(builder, "x", f"c{n}")
        builder.result(f"c{n}", exit_status=0)
        parts += builder.full()
    assert parts
    run(builder, "again", "hangs")
    builder.result("hangs", exit_status=1)
    parts += builder.end()
    assert [tool.id for part in parts for tool in part.tools].count("hangs") == 1


def test_large_results_make_parts_too(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MOST_HELD", 100)
    run(builder, "x")
    assert not list(builder.full())
    builder.result("c1", text=Text("y" * 200, 200))
    assert len(list(builder.full())) == 1
    assert not list(builder.end())


def test_times_and_patches() -> None:
    assert moment("2026-11-22T23:45:24.254Z") == moment("2026-11-23T00:45:24.254+01:00") == 1795391124.254
    assert moment("") == moment(None) == moment("yesterday") == moment("0001-01-01T00:00:00+23:59") == 0.0
    assert patched("*** Begin Patch\n*** Update File: a/b.py\n@@\n-x\n+y\n*** End Patch") == "a/b.py"
    assert patched('"*** Begin Patch\\n*** Add File: c.py\\n+x"') == "c.py"
    assert patched("*** Update File: a\n*** Update File: b\n") == patched("") == ""


@given(st.text(max_size=100), st.text(max_size=200))
def test_no_text_raises(name: str, text: str) -> None:
    made = Builder("codex", KINDS, "")
    made.user(text, 1.0)
    made.call(name, name, {"command": text, "path": text})
    made.call("b", "Bash", {"command": f"headroom show {text}"})
    made.result(name, text=Text(text, 1))
    moment(text)
    patched(text)
    assert text.find(typed(text)) >= 0
    (session,) = made.end()
    assert dataclasses.replace(session) == session
