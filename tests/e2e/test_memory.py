"""The real Claude Code and the real Codex, wrapped one after the other in one repository: the second is given what the first had made."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider, Script, custom_tool, text, tool
from pipeline.store.sqlite import SqliteStore
from tests.e2e import codex, scripts
from tests.e2e.conftest import Project
from tests.e2e.test_claude_print import PRINT, messages
from tests.e2e.test_codex_exec import EXEC

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COMMANDS = ("cat app.log", "grep -rn round_amount billing | sort", "head -c 28000 issues.json", "bash run_tests.sh || true")


@pytest.fixture
def both(make_project: Callable[[], Project], tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, codex.User]:
    """One user with one repository, and both agents."""
    user = codex.make_user(tmp_path_factory)
    claude = make_project()
    shared = Project(claude.home, user.path, claude.claude, {**claude.env, "HEADROOM_MEMORY": "on", "HEADROOM_STATE": str(user.state)})
    subprocess.run(["git", "-C", str(user.path), "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x", "--allow-empty"], check=True)
    user.env.update(HEADROOM_MEMORY="on")
    return shared, user


def recall(model: str, wanted: str) -> dict[str, Any]:
    if model == codex.PLAIN:
        return {**tool("headroom_recall", pattern=wanted), "namespace": "mcp__headroom"}
    return custom_tool("exec", f"const r = await tools.mcp__headroom__headroom_recall({{pattern: '{wanted}'}});\ntext(r.content[0].text);")


def without_footer(form: str) -> str:
    """A form without what names its original, which in one agent's output has a line break more than in the other's."""
    return form.partition("[headroom ")[0].rstrip("\n")


def test_what_claude_read_codex_is_given_as_it_was_made(both: tuple[Project, codex.User]) -> None:
    project, user = both
    with AnthropicProvider(Script(*([tool("Bash", command=c)] for c in COMMANDS), [text("Read.")])) as provider:
        wrapped = project.headroom("wrap", "claude", "--", *PRINT, ANTHROPIC_BASE_URL=provider.url)
        first = scripts.results(messages(provider)[-1].body)
    assert wrapped.returncode == 0, wrapped.stderr
    turns = [[codex.run(c, codex.CODE)] for c in COMMANDS]
    with OpenAIProvider(Script(*turns, [recall(codex.CODE, "app.log")], [text("Read too.")])) as provider:
        user.reach(provider.url)
        again = user.wrapped(*EXEC, "-m", codex.CODE, "Add a handler for refunds.")
        outputs = codex.outputs(provider.turns)
    assert (again.returncode, again.stdout) == (0, "Read too.\n"), again.stderr

    second = [output.partition("Output:\n")[2].lstrip("\n") for output in outputs]
    compressed = [n for n, form in enumerate(first) if "[headroom " in form]
    assert compressed == [0, 1, 3], "a part of a file that may be edited stays as it is"
    assert [without_footer(second[n]) for n in compressed] == [without_footer(first[n]) for n in compressed]

    store = SqliteStore.open(user.state / "headroom.db")
    ledger = {agent: {} for agent in ("claude", "codex")}
    for receipt in store.receipts():
        for reason, count in receipt.reasons:
            ledger[receipt.agent][reason] = ledger[receipt.agent].get(reason, 0) + count
    remembered = store.memories(store.projects()[0][0])
    store.close()
    assert ledger["claude"].get("compressed") == len(compressed)
    assert ledger["codex"].get("compressed before") == len(compressed)
    assert "compressed" not in ledger["codex"], "the second recomputes nothing"

    answer = outputs[len(COMMANDS)]
    assert "app.log: ~" in answer
    assert "claude" in answer
    assert "unchanged since [headroom " in answer
    assert without_footer(first[0])[:400] in answer
    assert {(m.agent, m.key) for m in remembered} >= {("claude", "app.log"), ("codex", "app.log")}

    (user.path / "app.log").write_text("another\n" * 200)
    listed = project.headroom("memory", "list", "app.log")
    assert "changed since" in listed.stdout, listed.stderr


def test_what_codex_read_claude_is_given_and_told_of(both: tuple[Project, codex.User]) -> None:
    project, user = both
    with OpenAIProvider(Script(*([codex.run(c, codex.CODE)] for c in COMMANDS[:2]), [text("Read.")])) as provider:
        user.reach(provider.url)
        wrapped = user.wrapped(*EXEC, "-m", codex.CODE, "Add a handler for refunds.")
        first = [output.partition("Output:\n")[2].lstrip("\n") for output in codex.outputs(provider.turns)]
    assert wrapped.returncode == 0, wrapped.stderr
    turns = [[tool("Bash", command=c)] for c in COMMANDS[:2]]
    asks = [[tool("mcp__headroom__headroom_recall", pattern="app.log")], [tool("mcp__headroom__headroom_recall", pattern="LedgerOutOfBalance")]]
    allowed = ("-p", "Write the page for customers.", *PRINT[2:-1], f"{PRINT[-1]},mcp__headroom__headroom_recall")
    with AnthropicProvider(Script(*turns, *asks, [text("Read too.")])) as provider:
        again = project.headroom("wrap", "claude", "--", *allowed, ANTHROPIC_BASE_URL=provider.url)
        requests = messages(provider)
        second = scripts.results(requests[-1].body)
    assert again.returncode == 0, again.stderr
    assert [without_footer(form) for form in second[:2]] == [without_footer(form) for form in first]
    assert "app.log: ~" in second[2]
    assert "codex" in second[2]
    assert "LedgerOutOfBalance: debit 1299.00 credit 1298.99" in second[3]
    assert not any("Notes of what was read here" in str(message) for message in requests[0].body["messages"]), "nobody asked for it yet"
    store = SqliteStore.open(user.state / "headroom.db")
    reasons = [reason for receipt in store.receipts() if receipt.agent == "claude" for reason, _ in receipt.reasons]
    store.close()
    assert reasons.count("compressed before") == 2
    assert "compressed" not in reasons


def test_without_memory_nothing_is_remembered_or_offered(both: tuple[Project, codex.User]) -> None:
    project, user = both
    with AnthropicProvider(Script([tool("Bash", command="cat app.log")], [text("Read.")])) as provider:
        wrapped = project.headroom("wrap", "claude", "--", *PRINT, ANTHROPIC_BASE_URL=provider.url, HEADROOM_MEMORY="off")
        tools = [t["name"] for t in messages(provider)[0].body["tools"]]
    assert wrapped.returncode == 0, wrapped.stderr
    assert not any("recall" in name for name in tools)
    store = SqliteStore.open(user.state / "headroom.db")
    assert not any(m.kind == "file" for name, _ in store.projects() for m in store.memories(name))
    store.close()
