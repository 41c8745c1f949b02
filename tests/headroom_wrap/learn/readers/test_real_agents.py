"""What the real agents write of a session that goes wrong, wrapped and with a scripted model, read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Script, custom_tool, text, tool
from headroom_wrap.learn.model import Retrieval, Session, Skipped, ToolUse, UserText
from headroom_wrap.learn.readers.registry import sessions
from pipeline.transcript import ToolKind
from tests.e2e import codex, copilot, gemini, opencode, scripts
from tests.e2e.conftest import Project, claude_program, make_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
__all__ = ["claude_program", "make_project"]  # fixtures
PROMPT = "Which invoice failed, and why?"
MISSING, FAILS, FINDS_NOTHING = "no_such_program --version", "ls nowhere; exit 3", "grep -rn no_such_word billing"
Turns = list[Any]


def only(home: Path, agent: str, project: Path) -> Session:
    """The one session that an agent has kept, found as ``headroom learn`` finds it."""
    skipped = Skipped()
    found = list(sessions({}, home, project=project, agent=agent, skipped=skipped))
    assert not skipped
    assert not list(sessions({}, home, project=project / "elsewhere", agent=agent))
    (session,) = found
    assert (session.agent, session.project, session.subagent, session.part) == (agent, str(project), "", 0)
    assert [event.text for event in session.events if isinstance(event, UserText)] == [PROMPT]
    assert isinstance(session.events[0], UserText)
    times = [event.time for event in session.events]
    assert session.started <= min(times)
    assert max(times) <= session.ended
    assert times == sorted(times)
    return session


def assert_commands(session: Session) -> None:
    """What all agents were made to do: a program that there is not, one that fails, a search in vain, a file that is read and one that is not there."""
    by_command = {use.command: use for use in session.tools if use.command}
    missing, fails, nothing, log = (by_command[command] for command in (MISSING, FAILS, FINDS_NOTHING, "cat app.log"))
    assert (missing.failed, missing.exit_status, missing.kind) == (True, 127, ToolKind.SHELL)
    assert missing.result.strip().endswith("no_such_program: command not found")
    assert (fails.failed, fails.exit_status) == (True, 3)
    assert fails.result.strip() == "ls: cannot access 'nowhere': No such file or directory"
    assert (nothing.failed, nothing.kind, nothing.result) == (False, ToolKind.SEARCH, "")
    assert (log.failed, log.kind, log.path) == (False, ToolKind.READ, "app.log")
    assert log.tokens == -(-log.result_bytes // 4) > 1000
    assert len(log.result) <= 8192 < log.result_bytes
    assert log.cwd == session.project
    assert not any(use.refused or use.interrupted for use in by_command.values())


def assert_retrieved(session: Session, count: int) -> None:
    """What was left out was fetched: over MCP, and by ``headroom show``; neither is a tool's use."""
    fetched = [event for event in session.events if isinstance(event, Retrieval)]
    assert len(fetched) == count
    assert all(event.handle and event.lines and not event.pattern for event in fetched)
    assert not [use for use in session.tools if "headroom" in use.command or "headroom" in use.name]


def named(session: Session, name: str) -> list[ToolUse]:
    return [use for use in session.tools if use.name == name]


def outcome(use: ToolUse) -> tuple[ToolKind, str, bool | None]:
    return use.kind, Path(use.path).name, use.failed


def test_claude(make_project: Callable[[], Project]) -> None:
    user = make_project()
    ledger = str(user.path / "billing" / "ledger.py")
    turns: Turns = [[text("First the log."), tool("Bash", command="cat app.log")], scripts._retrieve, scripts._show]
    turns += [[tool("Bash", command=MISSING)], [tool("Bash", command=FAILS), tool("Bash", command=FINDS_NOTHING)]]
    turns += [
        [tool("Bash", command="cd billing && pwd")],
        [tool("Bash", command="sleep 30", timeout=1000)],
        [tool("Read", file_path=f"{ledger}x")],
        [tool("Read", file_path=ledger)],
    ]
    turns += [[tool("Edit", file_path=ledger, old_string="no such text", new_string="y")], [tool("WebFetch", url="http://127.0.0.1:9/", prompt="x")]]
    allowed = ("--allowedTools", "Bash,Read,Edit")
    with AnthropicProvider(Script(*turns, [text("Done.")])) as provider:
        done = user.headroom("wrap", "claude", "--", "-p", PROMPT, *allowed, ANTHROPIC_BASE_URL=provider.url)
        usage = provider.total_usage()
    assert done.returncode == 0, done.stderr
    session = only(user.home, "claude", user.path)
    assert_commands(session)
    assert_retrieved(session, 2)
    assert session.usage == usage, "what was charged, although each row of a message repeats it"
    late = next(use for use in session.tools if use.command == "sleep 30")
    assert (late.timed_out, late.failed, late.cwd) == (True, True, str(user.path / "billing"))
    assert [outcome(use) for use in named(session, "Read")] == [(ToolKind.READ, "ledger.pyx", True), (ToolKind.READ, "ledger.py", False)]
    assert [outcome(use) for use in named(session, "Edit")] == [(ToolKind.EDIT, "ledger.py", True)]
    assert [(use.refused, use.failed) for use in named(session, "WebFetch")] == [(True, True)]


@pytest.mark.parametrize("model", [codex.CODE, codex.PLAIN])
def test_codex(model: str, private_home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    user = codex.make_user(tmp_path_factory)
    gap: list[tuple[str, int]] = []

    def fetch(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        gap.append(codex.left_out(codex.outputs_of(request)))
        return [codex.retrieve(gap[0][0], f"{gap[0][1]}-{gap[0][1] + 1}", model)]

    def show(_: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [codex.run(f"headroom show {gap[0][0]} --lines {gap[0][1]}", model)]

    wrong = "*** Begin Patch\n*** Update File: nope.py\n@@\n-a\n+b\n*** End Patch\n"
    edit = custom_tool("apply_patch", wrong) if model == codex.PLAIN else custom_tool("exec", f"text(await tools.apply_patch({wrong!r}));")
    commands = [MISSING, FAILS, FINDS_NOTHING]
    turns: Turns = [
        [codex.run("cat app.log", model)],
        fetch,
        show,
        *([codex.run(command, model)] for command in commands),
        [codex.patch(model)],
        [edit],
    ]
    with OpenAIProvider(Script(*turns, [text("Done.")])) as provider:
        user.reach(provider.url)
        done = user.wrapped("exec", "-s", "danger-full-access", "-m", model, PROMPT)
        usage = [turn.usage for turn in provider.turns]
    assert done.returncode == 0, done.stderr
    session = only(user.home, "codex", user.path)
    assert_commands(session)
    assert_retrieved(session, 2)
    assert (session.usage.prompt, session.usage.output) == (sum(u.prompt for u in usage), sum(u.output for u in usage))
    assert [outcome(use) for use in named(session, "apply_patch")] == [(ToolKind.EDIT, "ledger.py", False), (ToolKind.EDIT, "nope.py", True)]


@pytest.mark.parametrize("way", [copilot.OWN_ANTHROPIC, copilot.OWN_CHAT], ids=lambda way: way.name)
def test_copilot(way: copilot.Way, private_home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    user = copilot.make_user(tmp_path_factory)
    ledger = str(user.path / "billing" / "ledger.py")

    def fetch(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        handle, first = copilot.left_out(copilot.results(request))
        return [tool(copilot.RETRIEVE, handle=handle, lines=f"{first}")]

    def show(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        handle, first = copilot.left_out(copilot.results(request))
        return [copilot.run(f"headroom show {handle} --lines {first}")]

    commands = ["cat app.log", MISSING, FAILS, FINDS_NOTHING]
    turns: Turns = [*([copilot.run(command)] for command in commands), fetch, show, [tool("view", path=ledger)], [tool("view", path=f"{ledger}x")]]
    with way.over(Script(*turns, [text("Done.")])) as provider:
        done = user.wrapped(way, "--allow-all", "-p", PROMPT, **way.environ(provider.url, wrapped=True))
        usage = provider.total_usage()
    assert done.returncode == 0, done.stderr
    session = only(user.home, "copilot", user.path)
    assert_commands(session)
    assert_retrieved(session, 2)
    assert (session.usage.prompt, session.usage.output) == (usage.prompt, usage.output)
    assert [outcome(use) for use in named(session, "view")] == [(ToolKind.READ, "ledger.py", False), (ToolKind.READ, "ledger.pyx", True)]


def test_copilot_without_leave(private_home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    user, way = copilot.make_user(tmp_path_factory), copilot.OWN_ANTHROPIC
    with way.over(Script([copilot.run("touch x")], [text("Done.")])) as provider:
        done = user.wrapped(way, "-p", PROMPT, **way.environ(provider.url, wrapped=True))
    assert done.returncode == 0, done.stderr
    (touch,) = only(user.home, "copilot", user.path).tools
    assert (touch.command, touch.refused, touch.failed) == ("touch x", True, True)


def test_gemini(private_home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    user = gemini.make_user(tmp_path_factory)
    commands = ["cat app.log", MISSING, FAILS, FINDS_NOTHING]
    turns: Turns = [*([gemini.run(command)] for command in commands), gemini._show, [tool("run_shell_command", command="pwd", dir_path="billing")]]
    turns += [[tool("read_file", file_path="billing/ledger.py")], [tool("read_file", file_path="nope.py")]]
    turns += [[tool("replace", file_path="billing/ledger.py", instruction="x", old_string="no such text", new_string="y")]]
    with GeminiProvider(Script(*turns, [text("Done.")])) as provider:
        done = user.wrapped("--yolo", "-o", "text", "-p", PROMPT, GOOGLE_GEMINI_BASE_URL=provider.url)
        usage = [turn.usage for turn in provider.turns]
    assert done.returncode == 0, done.stderr
    session = only(user.home, "gemini", user.path)
    assert_commands(session)
    assert_retrieved(session, 1)
    assert (session.usage.prompt, session.usage.output) == (sum(u.prompt for u in usage), sum(u.output for u in usage))
    assert next(use for use in session.tools if use.command == "pwd").cwd == str(user.path / "billing")
    assert [outcome(use) for use in named(session, "read_file")] == [(ToolKind.READ, "ledger.py", False), (ToolKind.READ, "nope.py", True)]
    assert [outcome(use) for use in named(session, "replace")] == [(ToolKind.EDIT, "ledger.py", True)]


def test_opencode(private_home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    user = opencode.make_user(tmp_path_factory)
    ledger = str(user.path / "billing" / "ledger.py")

    def run(command: str, **more: Any) -> dict[str, Any]:
        return tool("bash", command=command, description="x", **more)

    turns: Turns = [[run("cat app.log")], opencode._retrieve, opencode._show, [run(MISSING)], [run(FAILS)], [run(FINDS_NOTHING)]]
    turns += [
        [run("sleep 30", timeout=1000)],
        [run("pwd", workdir=str(user.path / "billing"))],
        [tool("read", filePath=ledger)],
        [tool("read", filePath=f"{ledger}x")],
    ]
    turns += [[tool("edit", filePath=ledger, oldString="no such text", newString="y")]]
    with OpenAIProvider(Script(*turns, [text("Done.")])) as provider:
        user.reach(provider.url)
        done = user.wrapped("run", "-m", opencode.CHAT, PROMPT)
        usage = [turn.usage for turn in provider.turns]
    assert done.returncode == 0, done.stderr
    session = only(user.home, "opencode", user.path)
    assert_commands(session)
    assert_retrieved(session, 2)
    assert (session.usage.prompt, session.usage.output) == (sum(u.prompt for u in usage), sum(u.output for u in usage))
    late, where = (next(use for use in session.tools if use.command == command) for command in ("sleep 30", "pwd"))
    assert (late.timed_out, late.failed, where.cwd) == (True, True, str(user.path / "billing"))
    assert [outcome(use) for use in named(session, "read")] == [(ToolKind.READ, "ledger.py", False), (ToolKind.READ, "ledger.pyx", True)]
    assert [outcome(use) for use in named(session, "edit")] == [(ToolKind.EDIT, "ledger.py", True)]
