"""The real Claude Code without our tools: what was left out comes back through its own shell, and its first request is that of a run without us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, Recorded, Script, text, tool
from tests.e2e import by_shell, scripts
from tests.e2e.conftest import Project
from tests.e2e.test_claude_print import assert_prefixes_stand, messages

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PRINT = ("-p", "Which invoice failed, and why?", "--allowedTools", "Read,Bash(cat:*)")
READS = [text("First the log."), tool("Bash", command="cat app.log", description="Read the log")]


def fetches(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [tool("Bash", command=by_shell.command(scripts.results(request)), description="Show what was left out")]


def session(project: Project, provider: AnthropicProvider, *flags: str) -> list[Recorded]:
    wrapped = project.headroom("wrap", "claude", "--retrieve=shell", "--", *PRINT, *flags, ANTHROPIC_BASE_URL=provider.url)
    assert wrapped.returncode == 0, wrapped.stderr
    return messages(provider)


def test_what_was_left_out_comes_back_unasked_and_nothing_is_declared(make_project: Callable[[], Project]) -> None:
    alone, ours = make_project(), make_project()
    before = ours.users_files()
    with AnthropicProvider(Script([text("Invoice 48213.")])) as provider:
        alone.direct(*PRINT, ANTHROPIC_BASE_URL=provider.url)
        direct = messages(provider)[0].body
    with AnthropicProvider(Script(READS, fetches, [text("Invoice 48213.")])) as provider:
        requests = session(ours, provider)
    first = requests[0].body
    assert first["tools"] == direct["tools"]
    for part in ("system", "messages"):
        assert by_shell.plainly(first[part], ours.path, ours.home) == by_shell.plainly(direct[part], alone.path, alone.home)
    assert len(requests) == 3
    assert_prefixes_stand(requests)
    by_shell.assert_came_back(*scripts.results(requests[-1].body), lambda handle: ours.headroom("show", handle).stdout)
    assert ours.users_files() == before


def test_other_commands_are_asked_for_as_ever(project: Project) -> None:
    outside = [tool("Bash", command="headroom undo; touch /nowhere/x", description="Not what was allowed")]
    with AnthropicProvider(Script(READS, outside, [text("Done.")])) as provider:
        requests = session(project, provider)
    assert "require approval: headroom undo" in scripts.results(requests[-1].body)[1]


def test_a_conversation_without_a_shell_loses_nothing(project: Project) -> None:
    log = str(project.path / "app.log")
    with AnthropicProvider(Script([tool("Read", file_path=log)], [text("Done.")])) as provider:
        requests = session(project, provider, "--disallowedTools", "Bash")
    assert "Bash" not in [t["name"] for t in requests[0].body["tools"]]
    result = scripts.results(requests[-1].body)[0]
    assert "left out" not in result
    assert len(result) > len((project.path / "app.log").read_text()) / 2
