"""The real Claude Code and the real Codex: what they ask for again in each session is left out no more in later ones."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider, Script, custom_tool, text, tool
from pipeline import markers
from tests.e2e import codex
from tests.e2e.conftest import Project
from tests.e2e.scripts import RETRIEVE, results
from tests.e2e.test_claude_print import messages
from tests.e2e.test_codex_exec import EXEC

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PRINT = ("--output-format", "json", "--allowedTools", "Bash,mcp__headroom__headroom_retrieve")
LOG = "".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO web request {n} served in {n % 90} ms for user {n % 7}\n" for n in range(70))
ENOUGH = 5  # sessions


@pytest.fixture
def project(make_project: Callable[[], Project]) -> Project:
    project = make_project()
    (project.path / "service.log").write_text(LOG)
    (project.path / "serve.sh").write_text("cat service.log\n")
    git = ["git", "-C", str(project.path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-qm", "x", "--allow-empty"], check=True)
    return project


def asking(*, again: bool) -> Script:
    """A model that wants to see all of what a program printed, or does not."""

    def second(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        shown = results(request)[-1]
        if again and markers.elides(shown):
            return [tool(RETRIEVE, handle=markers.handles(shown)[0])]
        return [text("All is well.")]

    return Script([tool("Bash", command="bash serve.sh", description="Look")], second, [text("All is well.")])


_number = itertools.count(1)


def session(project: Project, *, again: bool) -> str:
    """What the model was shown of the program's output. It is asked something else each time: of the very same conversation the form would stand."""
    asked = f"What does the service say? This is question number {next(_number)}."
    with AnthropicProvider(asking(again=again)) as provider:
        wrapped = project.headroom("wrap", "claude", "--", "-p", asked, *PRINT, ANTHROPIC_BASE_URL=provider.url)
        shown = results(messages(provider)[-1].body)
    assert wrapped.returncode == 0, wrapped.stderr
    assert json.loads(wrapped.stdout)["result"] == "All is well."
    assert len(shown) == 1 + (again and markers.elides(shown[0]))
    assert len(shown) == 1 or LOG.strip() in shown[1]
    return shown[0]


def known(project: Project) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(project.headroom("learn", "--json").stdout)["asked_again"]
    return told


def test_what_is_asked_for_again_in_each_session_is_left_out_no_more(project: Project) -> None:
    first = session(project, again=True)
    assert [session(project, again=True) for _ in range(ENOUGH - 1)] == [first] * (ENOUGH - 1)
    assert markers.elides(first)
    ((asked),) = known(project)
    assert (asked["compressor"], asked["kind"], asked["tools"]) == ("log", "shell", ["bash"])
    assert (asked["sent"], asked["asked_again"], asked["whole"], asked["step"]) == (ENOUGH, ENOUGH, ENOUGH, "lossless")
    then = session(project, again=True)
    assert not markers.elides(then)
    assert "nothing is left out of them here since" in project.headroom("learn").stdout
    assert "gentler, because it was asked for again too often: log, output of commands (`bash`) in " in project.headroom("stats").stdout
    instructions = [path.name for path in project.path.iterdir() if path.suffix == ".md"]
    assert instructions == ["CLAUDE.md"], "no agent is told"
    assert "forgotten" in project.headroom("learn", "--forget-retrievals").stdout
    assert session(project, again=True) == first


def test_sessions_that_ask_for_nothing_stay_as_they_were(project: Project) -> None:
    shown = [session(project, again=False) for _ in range(ENOUGH + 1)]
    assert shown == [shown[0]] * len(shown)
    assert markers.elides(shown[0])
    ((asked),) = known(project)
    assert (asked["sent"], asked["asked_again"], asked["step"]) == (ENOUGH + 1, 0, "full")
    assert "asked for again" not in project.headroom("learn").stdout


def test_a_script_of_codex_that_asks_is_seen_to_ask(tmp_path_factory: pytest.TempPathFactory, private_home: object) -> None:
    user = codex.make_user(tmp_path_factory)
    (user.path / "service.log").write_text(LOG)

    def retrieves(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        (handle,) = markers.handles(json.dumps(request["input"], ensure_ascii=False))
        call = f'const r = await tools.mcp__headroom__headroom_retrieve({{handle: "{handle}"}});\ntext(r.content[0].text);'
        return [custom_tool("exec", call)]

    with OpenAIProvider(Script([codex.run("sh -c 'cat service.log | sort'", codex.CODE)], retrieves, [text("Seen.")])) as provider:
        user.reach(provider.url)
        wrapped = user.wrapped(*EXEC, "-m", codex.CODE, "What does the service say?")
    assert (wrapped.returncode, wrapped.stdout) == (0, "Seen.\n"), wrapped.stderr
    told = json.loads(user.headroom("learn", "--json").stdout)["asked_again"]
    assert [(one["compressor"], one["sent"], one["asked_again"], one["whole"]) for one in told] == [("log", 1, 1, 1)]
