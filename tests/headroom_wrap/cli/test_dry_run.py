"""``headroom wrap --dry-run``: what it tells may be pasted into a bug report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.recipes import RECIPES
from adapters.registry import ADAPTERS
from headroom_wrap.cli import wrap
from headroom_wrap.errors import UserError

UPSTREAM = "https://ada:s3same@gateway.example/llm"


@pytest.fixture(autouse=True)
def installed(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = private_home / "programs"
    programs.mkdir()
    for agent in (*ADAPTERS.values(), *RECIPES.values()):
        (programs / agent.programs[0]).write_text("")
        (programs / agent.programs[0]).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))


def told(*arguments: str) -> str:
    done = CliRunner().invoke(wrap.command, ["--dry-run", *arguments])
    if isinstance(done.exception, UserError):
        return f"{done.exception.message} {done.exception.hint}"
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "opencode"])
def test_what_leads_an_agents_shell_to_this_installation_is_told(name: str, private_home: Path) -> None:
    other = private_home / "programs" / "headroom"
    other.write_text("")
    other.chmod(0o755)
    said = told("--retrieve=shell", name)
    scripts = re.search(r"^sets       PATH=(\S+/bin):(\S+)$", said, re.MULTILINE)
    assert scripts is not None
    assert scripts[2].startswith(str(other.parent))
    assert f"writes     {scripts[1]}/headroom (private, removed at the end): #!/bin/sh\nexec " in said
    assert not Path(scripts[1]).exists()
    assert "PATH=" not in told(name)


@pytest.mark.parametrize("name", [*ADAPTERS, *RECIPES])
def test_no_user_and_no_password_of_an_upstream_are_told(name: str) -> None:
    said = told("--upstream", UPSTREAM, name)
    assert "s3same" not in said
    assert "ada:" not in said


def test_what_is_left_of_an_upstream_is_told() -> None:
    assert "upstream   https://gateway.example/llm\n" in told("--upstream", UPSTREAM, "claude")


def test_an_upstream_of_the_users_own_settings_is_told_so_too(private_home: Path) -> None:
    settings = private_home / ".config" / "opencode" / "opencode.json"
    settings.parent.mkdir(parents=True)
    provider = {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": UPSTREAM}, "models": {"m": {}}}
    settings.write_text(json.dumps({"provider": {"corporate": provider}}))
    said = told("opencode")
    assert "https://gateway.example/llm for what comes under /" in said
    assert "Requests to corporate go on to https://gateway.example/llm." in said
    assert "s3same" not in said
