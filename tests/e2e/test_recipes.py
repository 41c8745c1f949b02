"""Programs that are wrapped by a recipe: the real ones, alone and through ``headroom wrap``, over the same files and the same script.

qwen is one of the agents from npm, aider lives in a virtual environment of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider, Script, text, tool
from headroom_wrap.demo import samples
from tests.e2e import copilot
from tests.e2e.conftest import ROOT, _write_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ANSWER = "Invoice 48213 was rounded per line; ledger.py is mended."
PROMPT = "Which invoice failed, and why? Mend it."
RETRIEVE = "mcp__headroom__headroom_retrieve"
QWEN = ("--auth-type", "openai", "-m", "gpt-5.5", "-y")
AIDER = tuple(
    "--yes-always --no-show-model-warnings --no-check-update --no-analytics --no-auto-commits --no-show-release-notes --no-pretty --no-stream"
    " --no-gitignore --map-tokens 0".split()
)


@dataclass
class User:
    """Somebody with one of these programs and a project."""

    home: Path
    path: Path
    program: Path
    env: dict[str, str] = field(default_factory=dict)

    def direct(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self._run([str(self.program), *arguments], more)

    def wrapped(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-m", "headroom_wrap.cli.__main__", "wrap", self.program.name, "--", *arguments], more)

    def _run(self, command: list[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.path, env={**self.env, **more}, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100, check=False
        )


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    homes = {
        "qwen": Path(os.environ.get("HEADROOM_TEST_AGENTS", ROOT / ".dev" / "agents"), "node_modules", ".bin"),
        "aider": Path(os.environ.get("HEADROOM_TEST_ENVIRONMENTS", ROOT / ".dev" / "environments"), "aider", "bin"),
    }

    def make(program: str) -> User:
        found = homes[program] / program
        if not found.exists():
            pytest.skip(f"the real {found.name} is not installed: it is looked for at {found}")
        home, path = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("project")
        _write_project(path)
        subprocess.run(["git", "init", "-q", str(path)], check=True)
        search = os.pathsep.join([str(found.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
        # In a terminal of its own Qwen Code's shell tool may lose the end of what a command prints, if the machine is busy.
        (home / ".qwen").mkdir()
        (home / ".qwen" / "settings.json").write_text('{"tools": {"shell": {"enableInteractiveShell": false}}}')
        env = {"HOME": str(home), "PATH": search, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "k"}
        return User(home, path, found, env)

    return make


def shell(command: str) -> dict[str, Any]:
    return tool("run_shell_command", command=command, description="Look", is_background=False)


def qwen_session(project: Path, *, retrieves: bool = False) -> Script:
    """Eight tool calls over real files; with ``retrieves`` three more: our tool is looked for and called, and ``headroom show``."""
    ledger = str(project / "billing" / "ledger.py")
    turns: list[Any] = [
        [text("First the log."), shell("cat app.log")],
        [shell("grep -rn round_amount billing")],
        [shell("head -c 28000 issues.json")],
        [tool("read_file", file_path=ledger)],
        [shell("bash run_tests.sh")],
        [tool("edit", file_path=ledger, old_string="return amount * 7\n", new_string="return round(amount * 7, 2)\n")],
        [shell("cat app.log")],
        [shell("grep -n 'amount \\* 7' billing/ledger.py")],
    ]
    if retrieves:
        gaps: list[tuple[str, int]] = []

        def fetch(request: Mapping[str, Any]) -> list[dict[str, Any]]:
            gaps.append(copilot.left_out(copilot.results(request)))
            return [tool(RETRIEVE, handle=gaps[0][0], lines=f"{gaps[0][1]}-{gaps[0][1] + 1}")]

        def show(_: Mapping[str, Any]) -> list[dict[str, Any]]:
            return [shell(f"headroom show {gaps[0][0]} --lines {gaps[0][1]}-{gaps[0][1] + 1}")]

        turns[1:1] = [[tool("tool_search", query=f"select:{RETRIEVE}")], fetch, show]
    return Script(*turns, [text(ANSWER)])


def plain(result: str) -> str:
    """A result of Qwen Code's without the number of a process."""
    return re.sub(r"Process Group PGID: \d+", "", result)


def test_qwen_costs_less_and_is_the_same_otherwise(make_user: Callable[..., User]) -> None:
    alone, ours = make_user("qwen"), make_user("qwen")
    with OpenAIProvider(qwen_session(alone.path)) as provider:
        direct = alone.direct(*QWEN, PROMPT, OPENAI_BASE_URL=f"{provider.url}/v1")
        direct_turns, direct_usage = provider.turns, provider.total_usage()
    with OpenAIProvider(qwen_session(ours.path)) as provider:
        wrapped = ours.wrapped(*QWEN, PROMPT, OPENAI_BASE_URL=f"{provider.url}/v1")
        turns, usage = provider.turns, provider.total_usage()
    assert direct.returncode == 0, direct.stderr
    assert (wrapped.returncode, wrapped.stdout) == (0, direct.stdout), wrapped.stderr
    assert ANSWER in wrapped.stdout
    assert [t.path for t in turns] == [t.path for t in direct_turns] == ["/v1/chat/completions"] * 9
    copilot.assert_prefixes_stand(turns)
    assert usage.prompt < direct_usage.prompt
    assert usage.cache_read / usage.prompt > direct_usage.cache_read / direct_usage.prompt - 0.02
    compressed, original = copilot.results(turns[-1].body), copilot.results(direct_turns[-1].body)
    assert len(compressed) == len(original) == 8
    assert "AssertionError: assert Decimal('1299.00') == Decimal('1298.99')" in compressed[4]
    assert len(compressed[0]) < len(original[0]) / 2
    assert plain(compressed[3]) == plain(original[3]).replace(str(alone.path), str(ours.path)), "a source file that is about to be edited"
    assert "headroom: this session: 9 responses" in wrapped.stderr
    assert "Saved ~" in wrapped.stderr


def test_what_was_left_out_comes_back_to_qwen(make_user: Callable[..., User]) -> None:
    user = make_user("qwen")
    with OpenAIProvider(qwen_session(user.path, retrieves=True)) as provider:
        wrapped = user.wrapped(*QWEN, PROMPT, OPENAI_BASE_URL=f"{provider.url}/v1")
        results = copilot.results(provider.turns[-1].body)
    assert wrapped.returncode == 0, wrapped.stderr
    _, first = copilot.left_out(results)
    assert len(results) == 11
    for result in results[2:4]:
        assert re.search(rf"\b{first}\s+2026-", result)


@pytest.mark.parametrize(
    ("provider_of", "model", "variable", "path"),
    [
        (OpenAIProvider, "openai/gpt-5.5", "OPENAI_API_BASE", "/v1/chat/completions"),
        (AnthropicProvider, "anthropic/claude-opus-4-8", "ANTHROPIC_API_BASE", "/v1/messages"),
    ],
    ids=["openai", "anthropic"],
)
def test_aider_is_routed_and_says_the_same(make_user: Callable[..., User], provider_of: Any, model: str, variable: str, path: str) -> None:
    def run(user: User, *, wrapped: bool) -> tuple[int, str, list[str], int]:
        (user.path / "message.txt").write_text(f"What failed here?\n\n```\n{samples.log(260)}```\n")
        base = "/v1" if variable.startswith("OPENAI") else ""
        with provider_of(Script([text(ANSWER)])) as provider:
            start = user.wrapped if wrapped else user.direct
            done = start(*AIDER, "--model", model, "--message-file", "message.txt", ANTHROPIC_API_KEY="k", **{variable: provider.url + base})
            return done.returncode, done.stdout, [r.path for r in provider.requests], provider.total_usage().prompt

    alone, ours = make_user("aider"), make_user("aider")
    status, said, paths, prompt = run(ours, wrapped=True)
    direct_status, direct_said, direct_paths, direct_prompt = run(alone, wrapped=False)
    assert (status, paths) == (direct_status, direct_paths) == (0, [path])
    assert ANSWER in said
    assert ANSWER in direct_said
    assert prompt <= direct_prompt
