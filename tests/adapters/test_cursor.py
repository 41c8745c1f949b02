from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.cursor import RULE, Cursor
from adapters.plan import PlanError, PlanRequest, Program

HOME, PROJECT, SESSION = Path("/home/ada"), Path("/home/ada/shop"), Path("/state/sessions/1")
MCP, HOOKS, RULES = HOME / ".cursor/mcp.json", PROJECT / ".cursor/hooks.json", PROJECT / ".cursor/rules/headroom.mdc"


def plan(
    *arguments: str, program: str = "/bin/cursor-agent", files: dict[Path, str] | None = None, mcp: tuple[str, ...] = ("py", "-m", "mcp"), shell=()
):
    request = PlanRequest(
        Program(program),
        arguments,
        {"HOME": str(HOME)},
        files or {},
        "http://127.0.0.1:1/s",
        "",
        mcp,
        SESSION,
        cwd=PROJECT,
        headroom=("/x y/headroom",),
        shell=shell,
    )
    return Cursor().plan(request)


def test_a_session() -> None:
    made = plan("-p", "do it")
    assert made.argv == ("/bin/cursor-agent", "-p", "do it")
    assert not made.routed
    assert "do not pass through Headroom" in made.losses[0]
    assert set(made.edits) == {MCP, HOOKS, RULES}
    assert json.loads(made.edits[MCP]) == {"mcpServers": {"headroom": {"type": "stdio", "command": "py", "args": ["-m", "mcp"]}}}
    hook = {"command": f"'/x y/headroom' hook cursor --account {SESSION}/saved.jsonl", "timeout": 10}
    told = {event: [hook] for event in ("beforeSubmitPrompt", "postToolUse", "postToolUseFailure", "stop")}
    assert json.loads(made.edits[HOOKS]) == {"version": 1, "hooks": {"preToolUse": [{**hook, "matcher": "^Shell$"}], **told}}
    assert made.edits[RULES] == RULE
    assert not made.env


def test_the_user_s_own_stays() -> None:
    files = {MCP: '{"mcpServers": {"db": {"url": "x"}}}', HOOKS: '{"version": 1, "hooks": {"preToolUse": [{"command": "a"}], "stop": []}}'}
    made = plan(files=files)
    assert list(json.loads(made.edits[MCP])["mcpServers"]) == ["db", "headroom"]
    assert [h["command"][:3] for h in json.loads(made.edits[HOOKS])["hooks"]["preToolUse"]] == ["a", "'/x"]
    assert json.loads(made.edits[HOOKS])["hooks"]["stop"][0]["command"].startswith("'/x")


@pytest.mark.parametrize("text", ["{ // mine\n}", '{"version": 2}', '{"version": 1, "hooks": {"preToolUse": {}}}', "[]"])
def test_hooks_that_are_not_understood_are_left(text: str) -> None:
    made = plan(files={HOOKS: text})
    assert set(made.edits) == {MCP}  # without the hook no rule is needed
    assert "hook cursor" in made.notes[0]


def test_a_server_of_that_name_is_left() -> None:
    made = plan(files={MCP: '{"mcpServers": {"headroom": {"command": "mine"}}}'})
    assert MCP not in made.edits
    assert "already" in made.notes[0]


def test_two_sessions_write_one_server() -> None:
    first = plan()
    second = plan(files=dict(first.edits))
    assert second.edits[MCP] == first.edits[MCP]
    assert len(json.loads(second.edits[HOOKS])["hooks"]["preToolUse"]) == 2
    assert second.edits[RULES] == RULE


def test_a_rule_of_the_user_s_is_left() -> None:
    assert RULES not in plan(files={RULES: "mine"}).edits


@pytest.mark.parametrize(
    ("arguments", "program", "argv"),
    [
        (("."), "/bin/cursor-agent", ("cursor", "--wait", ".")),
        ((), "/bin/cursor", ("/bin/cursor", "--wait", ".")),
        (("-w", "x"), "/bin/cursor", ("/bin/cursor", "-w", "x")),
    ],
)
def test_the_editor_is_waited_for(arguments: tuple[str, ...], program: str, argv: tuple[str, ...]) -> None:
    assert plan(*arguments, program=program).argv == argv


@pytest.mark.parametrize("arguments", [("login",), ("--version",), ("mcp", "list")])
def test_what_talks_to_no_model_is_run_as_it_is(arguments: tuple[str, ...]) -> None:
    made = plan(*arguments)
    assert made.argv == ("/bin/cursor-agent", *arguments)
    assert not made.edits


def test_switched_off() -> None:
    assert not plan(mcp=()).edits


def test_what_is_read() -> None:
    assert set(Cursor().reads((), {}, HOME, PROJECT)) == {MCP, HOOKS, RULES}


def test_it_cannot_be_promised_to_run_a_command_unasked() -> None:
    with pytest.raises(PlanError, match="asks before each command") as refused:
        plan(shell=("headroom", "show"), mcp=())
    assert "--retrieve=shell" in refused.value.hint
    assert not plan("login", shell=("headroom", "show"), mcp=()).edits
