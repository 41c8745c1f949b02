from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.plan import LaunchPlan, PlanError, PlanRequest, Program
from adapters.recipes import RECIPES
from adapters.registry import ADAPTERS
from pipeline.transcript import ToolKind

FOLDER = Path("/state/sessions/1")
PROXY = "http://127.0.0.1:4242/secret"


def plan(name: str, *arguments: str, environ: dict[str, str] | None = None, upstream: str = "", mcp: bool = True, version: str = "") -> LaunchPlan:
    command = ("/py", "-m", "headroom_wrap.mcp") if mcp else ()
    return RECIPES[name].plan(PlanRequest(Program(f"/bin/{name}", version), arguments, environ or {}, {}, PROXY, upstream, command, FOLDER))


def test_addresses_and_their_paths() -> None:
    found = plan("qwen", "hello", environ={"OPENAI_BASE_URL": "https://gw.example/llm/v1?tier=1"})
    assert found.env == {"OPENAI_BASE_URL": f"{PROXY}/openai-api/llm/v1?tier=1", "ANTHROPIC_BASE_URL": f"{PROXY}/anthropic-api"}
    assert found.mounts == {"openai-api": "https://gw.example", "anthropic-api": "https://api.anthropic.com"}
    assert found.upstream == ""
    assert found.argv == ("/bin/qwen", "--mcp-config", f"{FOLDER}/mcp.json", "hello")
    server = {"command": "/py", "args": ["-m", "headroom_wrap.mcp"], "trust": True}
    assert json.loads(found.files[FOLDER / "mcp.json"]) == {"mcpServers": {"headroom": server}}


def test_of_two_names_for_one_address_the_first_counts_and_both_are_set() -> None:
    found = plan("aider", environ={"OPENAI_BASE_URL": "https://b.example", "OPENAI_API_BASE": "https://a.example/v1"})
    assert found.mounts["openai-api"] == "https://a.example"
    assert found.env["OPENAI_API_BASE"] == found.env["OPENAI_BASE_URL"] == f"{PROXY}/openai-api/v1"


def test_the_users_word_goes_before_all() -> None:
    found = plan("qwen", environ={"OPENAI_BASE_URL": "https://a.example"}, upstream="https://b.example/v1")
    assert set(found.mounts.values()) == {"https://b.example"}


def test_an_address_that_is_none() -> None:
    with pytest.raises(PlanError, match="gw.example"):
        plan("aider", environ={"OPENAI_BASE_URL": "gw.example/v1"})


def test_commands_without_a_model_are_run_as_they_are() -> None:
    found = plan("qwen", "mcp", "list")
    assert (found.routed, found.argv, dict(found.env)) == (False, ("/bin/qwen", "mcp", "list"), {})
    assert plan("qwen", "explain", "mcp").routed


def test_without_mcp() -> None:
    assert plan("qwen", mcp=False).argv == ("/bin/qwen",)
    assert plan("aider").argv == ("/bin/aider",), "has no flag for it"


def test_loopback_is_kept_off_an_http_proxy() -> None:
    assert plan("aider", environ={"HTTPS_PROXY": "http://corp.example"}).env["NO_PROXY"] == "127.0.0.1,localhost"


def test_what_was_not_tested_is_said() -> None:
    assert "not tested" in plan("goose").notes[0]
    assert plan("aider", version="0.86.2").notes == plan("aider").notes == ()
    assert "9.9.9" in plan("aider", version="9.9.9").notes[0]


def test_no_credential_is_ever_set() -> None:
    for name in RECIPES:
        found = plan(name, environ={"OPENAI_API_KEY": "sk-x", "ANTHROPIC_API_KEY": "sk-y"})
        assert not any("KEY" in variable or "TOKEN" in variable for variable in found.env)
        assert "sk-" not in str(found)


def test_entries_hold_together() -> None:
    assert not set(RECIPES) & set(ADAPTERS)
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert {ToolKind(kind) for kind in recipe.tool_kinds.values()} <= set(ToolKind)
        names = [address.name for address in recipe.addresses]
        assert len(names) == len(set(names))
        kept = recipe.transcripts({}, Path("/home/ada"))
        assert kept is None or kept.root.parent != kept.root
        assert recipe.reads((), {}, Path("/home/ada"), Path("/work")) == []


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_none_can_be_promised_to_run_a_command_unasked(name: str) -> None:
    request = PlanRequest(Program(f"/bin/{name}"), (), {}, {}, PROXY, "", (), FOLDER, shell=("headroom", "show"))
    with pytest.raises(PlanError, match=f"{name} cannot retrieve"):
        RECIPES[name].plan(request)
    assert not RECIPES[name].plan(replace(request, arguments=("--version",))).routed
