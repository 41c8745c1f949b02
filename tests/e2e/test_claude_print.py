"""The real Claude Code in print mode, alone and through ``headroom wrap``, over the same files and the same script."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, Recorded, Script, server_error, text, tool
from tests.e2e import scripts
from tests.e2e.conftest import Project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PRINT = ("-p", "Which invoice failed, and why? Mend it.", "--output-format", "json", "--allowedTools", "Bash,Read,Edit")


def messages(provider: AnthropicProvider) -> list[Recorded]:
    """The requests of the conversation, side calls and probes left off."""
    return [r for r in provider.requests if r.path.startswith("/v1/messages") and not r.aside and r.status == 200 and "count_tokens" not in r.path]


def without_markers(value: Any) -> Any:
    """A message as the provider's cache sees it: ``cache_control`` left off, a lone text block and a string the same."""
    if isinstance(value, list):
        parts = [without_markers(v) for v in value]
        lone = len(parts) == 1 and isinstance(parts[0], dict) and set(parts[0]) == {"type", "text"}
        return parts[0]["text"] if lone else parts
    if isinstance(value, dict):
        return {k: without_markers(v) for k, v in value.items() if k != "cache_control"}
    return value


def assert_prefixes_stand(requests: list[Recorded]) -> None:
    before: list[Any] = []
    for request in requests:
        now = [without_markers(m) for m in request.body["messages"]]
        assert now[: len(before)] == before
        assert [t["name"] for t in request.body["tools"]] == [t["name"] for t in requests[0].body["tools"]]
        assert without_markers(request.body["tools"]) == without_markers(requests[0].body["tools"])
        before = now


def test_a_whole_session_costs_less_and_is_the_same_otherwise(make_project: Callable[[], Project]) -> None:
    alone, ours = make_project(), make_project()
    before = ours.users_files()
    with AnthropicProvider(scripts.session(alone.path, retrieve=False)) as provider:
        direct = alone.direct(*PRINT, ANTHROPIC_BASE_URL=provider.url)
        direct_requests, direct_usage = messages(provider), provider.total_usage()
    with AnthropicProvider(scripts.session(ours.path, retrieve=False)) as provider:
        wrapped = ours.headroom("wrap", "claude", "--", *PRINT, ANTHROPIC_BASE_URL=provider.url)
        requests, usage = messages(provider), provider.total_usage()
    assert direct.returncode == 0, direct.stderr
    assert wrapped.returncode == 0, wrapped.stderr
    assert json.loads(wrapped.stdout)["result"] == json.loads(direct.stdout)["result"] == "Invoice 48213 was rounded per line; ledger.py is mended."
    assert len(requests) == len(direct_requests) == 9
    assert len(scripts.results(requests[-1].body)) == 8
    assert_prefixes_stand(requests)

    writes = usage.cache_write_5m + usage.cache_write_1h
    assert writes < direct_usage.cache_write_5m + direct_usage.cache_write_1h
    assert usage.prompt < direct_usage.prompt
    assert usage.cache_read / usage.prompt >= direct_usage.cache_read / direct_usage.prompt - 0.02

    compressed = scripts.results(requests[-1].body)
    original = scripts.results(direct_requests[-1].body)
    assert "LedgerOutOfBalance: debit 1299.00 credit 1298.99" in compressed[0]
    assert len(compressed[0]) < len(original[0]) / 3
    assert len(compressed[1]) < len(original[1])
    assert compressed[3] == original[3].replace(str(alone.path), str(ours.path)), "a source file that is about to be edited is sent as it is"
    assert "AssertionError: assert Decimal('1299.00') == Decimal('1298.99')" in compressed[4]
    assert compressed[5] == original[5].replace(str(alone.path), str(ours.path))
    after = ours.users_files()
    changed = [Path(p).name for p in after if after[p] != before.get(p)]
    assert changed == ["ledger.py"], "only what the agent edited has changed"
    assert "headroom: this session: 9 responses" in wrapped.stderr
    assert "Saved ~" in wrapped.stderr
    assert not list((ours.state / "sessions").iterdir())
    assert not list((ours.state / "journal").iterdir())
    assert "127.0.0.1" not in (ours.home / ".claude.json").read_text()


@pytest.mark.parametrize("search_tools", [False, True], ids=["inline", "tool-search"])
def test_what_was_left_out_comes_back(project: Project, search_tools: bool) -> None:
    environ = {"ENABLE_TOOL_SEARCH": "true"} if search_tools else {}
    with AnthropicProvider(scripts.session(project.path, retrieve=True, search_tools=search_tools)) as provider:
        wrapped = project.headroom("wrap", "claude", "--", *PRINT, ANTHROPIC_BASE_URL=provider.url, **environ)
        requests = messages(provider)
    assert wrapped.returncode == 0, wrapped.stderr
    assert_prefixes_stand_but_for_loaded_tools(requests)
    _, first, _ = scripts.left_out(requests[1].body)
    line = (project.path / "app.log").read_text().split("\n")[first - 1]
    results = scripts.results(requests[-1].body)[1 + search_tools :]
    assert line not in scripts.results(requests[1].body)[0]
    assert results[0].startswith(f"{first}\t{line}"), "over MCP"
    assert results[1].startswith(f"{first}\t{line}"), "by headroom show"
    handle, _, _ = scripts.left_out(requests[1].body)
    shown = project.headroom("show", handle, "--lines", str(first))
    assert shown.stdout.startswith(f"{first}\t{line}\n")
    assert project.headroom("show", handle).stdout == (project.path / "app.log").read_text().removesuffix("\n")
    assert line in project.headroom("show", handle, "--grep", line[:24]).stdout
    stats = json.loads(project.headroom("stats", "--json").stdout)
    assert stats["total"]["responses"] == len(requests)
    assert stats["saved"] > 0


def assert_prefixes_stand_but_for_loaded_tools(requests: list[Recorded]) -> None:
    before: list[Any] = []
    for request in requests:
        now = [without_markers(m) for m in request.body["messages"]]
        assert now[: len(before)] == before
        before = now


def test_stdout_is_claudes_own(make_project: Callable[[], Project]) -> None:
    project = make_project()
    script = [[tool("Bash", command="cat app.log")], [text("Ten words — with “quotes” and 日本語.")]]
    arguments = ("-p", "go", "--allowedTools", "Bash")
    with AnthropicProvider(Script(*script)) as provider:
        direct = project.direct(*arguments, ANTHROPIC_BASE_URL=provider.url)
    with AnthropicProvider(Script(*script)) as provider:
        wrapped = project.headroom("wrap", "claude", "--", *arguments, ANTHROPIC_BASE_URL=provider.url)
    assert wrapped.stdout == direct.stdout == "Ten words — with “quotes” and 日本語.\n"
    assert wrapped.returncode == direct.returncode == 0


def test_claudes_failure_is_ours(project: Project) -> None:
    with AnthropicProvider(Script()) as provider:
        wrapped = project.headroom("wrap", "claude", "--", "-p", "go", "--no-such-flag", ANTHROPIC_BASE_URL=provider.url)
        direct = project.direct("-p", "go", "--no-such-flag", ANTHROPIC_BASE_URL=provider.url)
    assert wrapped.returncode == direct.returncode != 0
    assert "unknown option" in wrapped.stderr
    assert "NOT ROUTED" in wrapped.stderr


def test_errors_of_the_provider_are_retried_by_claude_as_ever(project: Project) -> None:
    with AnthropicProvider(Script(server_error(), [text("Done.")])) as provider:
        wrapped = project.headroom("wrap", "claude", "--", "-p", "please say done", ANTHROPIC_BASE_URL=provider.url)
    assert (wrapped.returncode, wrapped.stdout) == (0, "Done.\n")


def test_an_upstream_that_cannot_be_reached_is_one_clear_sentence(project: Project) -> None:
    wrapped = project.headroom("wrap", "claude", "--", "-p", "go", ANTHROPIC_BASE_URL="http://127.0.0.1:9")
    assert wrapped.returncode != 0
    assert "http://127.0.0.1:9" in wrapped.stderr
    assert "could not reach" in wrapped.stderr
    assert not list((project.state / "sessions").iterdir())


def test_off_relays_everything_untouched(project: Project) -> None:
    with AnthropicProvider(scripts.session(project.path, retrieve=False)) as provider:
        wrapped = project.headroom("wrap", "claude", "--off", "--", *PRINT, ANTHROPIC_BASE_URL=provider.url)
        requests = messages(provider)
    assert wrapped.returncode == 0, wrapped.stderr
    assert scripts.results(requests[-1].body)[0] == (project.path / "app.log").read_text().removesuffix("\n")
    assert not [t for t in requests[0].body["tools"] if "headroom" in t["name"]]


def test_dry_run_changes_nothing(project: Project) -> None:
    before = project.users_files()
    shown = project.headroom("wrap", "claude", "--dry-run", "--", "-p", "go", ANTHROPIC_BASE_URL="https://gateway.example")
    assert shown.returncode == 0, shown.stderr
    assert "upstream   https://gateway.example" in shown.stdout
    assert "--mcp-config" in shown.stdout
    assert project.users_files() == before
    assert not project.state.exists()
