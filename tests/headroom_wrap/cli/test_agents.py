from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.plan import LaunchPlan
from adapters.recipes import RECIPES
from adapters.registry import ADAPTERS
from headroom_wrap.cli import agents, wrap
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError


def run(*arguments: str) -> Result:
    found = CliRunner().invoke(agents.command, list(arguments))
    assert found.exit_code == 0, found.output
    return found


def entries() -> dict[str, dict[str, object]]:
    return {entry["name"]: entry for entry in json.loads(run("--json").output)}


@pytest.fixture(autouse=True)
def no_agents(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = private_home / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


def test_all_are_listed_with_what_is_lost() -> None:
    found = entries()
    assert list(found) == [*ADAPTERS, *RECIPES]
    assert found["claude"]["losses"]
    assert found["claude"]["model"] is found["claude"]["tools"] is True
    assert (found["copilot"]["option"], found["copilot"]["problem"]) == ("--subscription", "")
    assert (found["aider"]["by"], found["aider"]["tools"]) == ("recipe", False)
    assert {name for name, entry in found.items() if entry["installed"]} == set()


def test_what_is_installed_here(no_agents: Path) -> None:
    (no_agents / "aider").write_text("")
    (no_agents / "aider").chmod(0o755)
    assert entries()["aider"]["installed"] == str(no_agents / "aider")


def test_a_provider_of_ones_own_needs_no_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPILOT_PROVIDER_BASE_URL", "http://127.0.0.1:11434/v1")
    assert entries()["copilot"]["option"] == ""


def test_what_stands_in_the_way_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CODE_USE_BEDROCK", "1")
    assert "Bedrock" in str(entries()["claude"]["problem"])
    assert "not as things stand here" in run().output


def test_settings_that_cannot_be_read_are_said(private_home: Path) -> None:
    (private_home / ".claude" / "settings.json").mkdir(parents=True)
    found = entries()["claude"]
    assert "settings.json" in str(found["problem"])
    assert found["model"] is False


def test_for_a_person() -> None:
    shown = run().output
    assert "headroom wrap copilot --subscription\n" in shown
    assert "not tested; not installed" in shown
    assert "requests to the model should pass through Headroom; it has no tools of ours" in shown


def test_an_unknown_name_is_answered_with_those_that_are_known() -> None:
    assert wrap.known("aider") is RECIPES["aider"]
    assert wrap.known("claude") is ADAPTERS["claude"]
    with pytest.raises(UserError) as caught:
        wrap.known("cloud")
    assert "'cloud'" in caught.value.message
    assert "claude" in caught.value.hint
    assert "headroom proxy" in caught.value.hint


def test_dry_run_shows_every_address(private_home: Path) -> None:
    plan = LaunchPlan("qwen", ("qwen",), "", mounts={"openai-api": "https://a.example", "anthropic-api": "https://b.example"})
    shown = wrap.describe(plan, Config(state=private_home))
    assert "upstream   https://a.example for what comes under /openai-api" in shown
    assert not any("public address" in line for line in shown)
    assert any("public address" in line for line in wrap.describe(LaunchPlan("codex", ("codex",), ""), Config(state=private_home)))
    assert not any(line.startswith("retrieves") for line in shown)
    by_shell = wrap.describe(plan, Config(state=private_home, wrap_retrieve="shell"))
    assert "retrieves  by headroom show, in the agent's own shell" in by_shell
