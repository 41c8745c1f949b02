"""The loop closed with the real Claude Code: a mistake in the first session, a rule at its end, and no mistake in the second."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Script, text, tool
from tests.e2e import codex, gemini
from tests.e2e.conftest import Project
from tests.e2e.scripts import results
from tests.e2e.test_claude_print import messages

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PRINT = ("-p", "How many handlers are there?", "--allowedTools", "Bash")
# As long as it takes: how fast this machine is decides nothing here.
PATIENT = (
    "import sys; from headroom_wrap.learn import session_end; session_end.PATIENCE_S = 60.0; from headroom_wrap.cli.__main__ import main; main()"
)
RULE = "`tally` is not installed here; use `tally2`."


@pytest.fixture
def project(make_project: Callable[[], Project], tmp_path: Path) -> Project:
    """A project on a machine where ``tally`` is called ``tally2``."""
    project = make_project()
    _install_tally(tmp_path)
    project.env["PATH"] = os.pathsep.join([str(tmp_path), project.env["PATH"]])
    return project


def _install_tally(folder: Path) -> None:
    (folder / "tally2").write_text("#!/bin/sh\nls $1 | wc -l\n")
    (folder / "tally2").chmod(0o755)


def obedient() -> Script:
    """A model that calls a program by a name it does not have here, unless what it is told says better."""

    def first(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        told = RULE in json.dumps(request, ensure_ascii=False)
        return [tool("Bash", command=f"{'tally2' if told else 'tally'} billing", description="Count")]

    def second(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        if "not found" in results(request)[-1]:
            return [tool("Bash", command="tally2 billing", description="Count")]
        return [text("There are 30.")]

    return Script(first, second, [text("There are 30.")])


def commands(provider: AnthropicProvider) -> list[str]:
    last = messages(provider)[-1].body["messages"]
    blocks = [block for message in last if isinstance(message["content"], list) for block in message["content"]]
    return [block["input"]["command"] for block in blocks if block["type"] == "tool_use"]


def session(project: Project, *flags: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    with AnthropicProvider(obedient()) as provider:
        command = [sys.executable, "-c", PATIENT, "wrap", "claude", *flags, "--", *PRINT]
        environ = project.environ(ANTHROPIC_BASE_URL=provider.url)
        done = subprocess.run(
            command, cwd=project.path, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100, check=False
        )
        return done, commands(provider)


def test_the_mistake_of_one_session_is_not_made_in_the_next(project: Project) -> None:
    before = project.users_files()
    done, said = session(project)
    told = done.stderr
    assert (done.returncode, done.stdout) == (0, "There are 30.\n"), done.stderr
    assert said == ["tally billing", "tally2 billing"]
    assert f"headroom: learned: {RULE} (1 session)" in told
    assert "headroom: written to CLAUDE.local.md." in told
    assert told.index("this session: ") < told.index("learned: "), "the receipt comes first"

    done, said = session(project)
    assert said == ["tally2 billing"]
    assert "learned" not in done.stderr

    shown = json.loads(project.headroom("learn", "--json").stdout)
    rules = {finding["rule"]: finding for finding in shown["projects"][0]["findings"]}
    assert rules[RULE]["goes_to"] == "CLAUDE.local.md"
    assert rules[RULE]["sessions"] == 1
    assert rules[RULE]["wasted_tokens"] > 0
    assert not shown["projects"][0]["files"], "there is nothing more to write"

    removed = project.headroom("unlearn")
    assert removed.returncode == 0, removed.stderr
    assert project.users_files() == before


def test_off_and_a_shared_file(project: Project) -> None:
    before = project.users_files()
    done, _ = session(project, "--learn=off")
    assert "learn" not in done.stderr
    done, _ = session(project, "--learn=ask")
    assert "1 rule learned, not written, because --learn=ask asks on a terminal" in done.stderr
    assert project.users_files() == before


def test_claude_takes_nothing_in_a_quotation_for_an_import(project: Project) -> None:
    secret = project.path / "other.md"
    secret.write_text("IMPORTED TEXT\n")
    (project.path / "CLAUDE.local.md").write_text(f"- There is no `@{secret}`; it is `@./other.md`.\n- The tests: `npx @./other.md`.\n")
    with AnthropicProvider(Script([text("Done.")])) as provider:
        done = project.headroom("wrap", "claude", "--", "-p", "go", ANTHROPIC_BASE_URL=provider.url)
        said = json.dumps(messages(provider)[-1].body)
    assert done.returncode == 0, done.stderr
    assert "npx @./other.md" in said
    assert "IMPORTED TEXT" not in said


def test_claude_can_be_the_judge(project: Project) -> None:
    session(project, "--learn=off")

    def opinion(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked = json.dumps(request["messages"])
        found = re.search(r"id\W+([0-9a-f]{12})", asked)
        assert found is not None, asked
        return [text(json.dumps({"rules": [{"id": found[1], "text": "Call `tally2`, not `tally`."}]}))]

    with AnthropicProvider(Script(opinion)) as provider:
        done = project.headroom("learn", "--judge", ANTHROPIC_BASE_URL=provider.url)
        (request,) = messages(provider)
    assert "- Call `tally2`, not `tally`." in done.stdout, done.stderr
    assert not request.body.get("tools")
    assert len(list((project.home / ".claude" / "projects").rglob("*.jsonl"))) == 1, "the judge leaves no session to learn from"


def test_codex_learns_and_judges_without_running_anything(private_home: object, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    user = codex.make_user(tmp_path_factory)
    _install_tally(tmp_path)
    with (user.home / ".profile").open("a") as profile:
        profile.write(f'PATH="$PATH:{tmp_path}"\n')
    user.env["PATH"] += os.pathsep + str(tmp_path)
    turns: list[Any] = [[codex.run(command, codex.PLAIN)] for command in ("tally billing", "tally2 billing")]
    with OpenAIProvider(Script(*turns, [text("There are 30.")])) as provider:
        user.reach(provider.url)
        asked = ["exec", "-s", "danger-full-access", "-m", codex.PLAIN, "How many handlers are there?"]
        done = user.run([sys.executable, "-c", PATIENT, "wrap", "codex", "--", *asked], {})
    assert done.returncode == 0, done.stderr
    assert "1 rule learned, not written, because AGENTS.md is not ignored by git." in done.stderr
    assert (user.path / "AGENTS.md").read_text() == "Keep to the conventions of the code base.\n"
    with OpenAIProvider(Script([text("No.")])) as provider:
        user.reach(provider.url)
        judged = user.headroom("learn", "--agent", "codex", "--judge", "--apply", "--target", "AGENTS.md")
        (turn,) = provider.turns
    assert judged.returncode == 0, judged.stderr
    assert "The judge's answer is not the JSON that was asked for" in judged.stderr
    assert "exec_command" not in json.dumps(turn.body.get("tools", [])), "it is asked without a shell"
    assert len(user.rollouts()) == 1, "the judge leaves no session to learn from"
    assert f"- {RULE}\n" in (user.path / "AGENTS.md").read_text()
    assert user.headroom("unlearn").returncode == 0
    assert (user.path / "AGENTS.md").read_text() == "Keep to the conventions of the code base.\n"


def test_gemini_takes_nothing_in_a_quotation_for_an_import(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    user = gemini.make_user(tmp_path_factory)
    (user.path / "other.md").write_text("IMPORTED TEXT\n")
    (user.path / "GEMINI.md").write_text("- The tests: `npx @./other.md`.\n- There is no `@other.md`; it is `@./other.md`.\n")
    with GeminiProvider(Script([text("Done.")])) as provider:
        done = user.direct("--yolo", "-o", "text", "-p", "go", GOOGLE_GEMINI_BASE_URL=provider.url)
        said = json.dumps(provider.turns[-1].body)
    assert done.returncode == 0, done.stderr
    assert "npx @./other.md" in said
    assert "IMPORTED TEXT" not in said
