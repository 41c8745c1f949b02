"""The ledger held against the real agents' own transcripts, to the token."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider
from tests.e2e import codex, scripts
from tests.e2e.conftest import Project
from tests.e2e.test_claude_print import PRINT
from tests.e2e.test_codex_exec import EXEC

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def assert_reconciles(headroom: Callable[..., object], responses: int) -> None:
    def said(*arguments: str) -> str:
        done = headroom(*arguments)
        assert done.returncode == 0, done.stderr  # type: ignore[attr-defined]
        return str(done.stdout)  # type: ignore[attr-defined]

    sessions = [row["name"] for row in json.loads(said("stats", "--by", "session", "--json"))]
    receipts = [said("receipt", session) for session in sessions]
    assert any(f"Reconciles with the agent's transcript: {responses} of {responses} responses, difference 0 tokens." in r for r in receipts), receipts
    assert not any("not reconcile" in receipt for receipt in receipts), receipts
    assert "1 of 1 sessions reconcile with the agents' transcripts to the token" in said("stats", "--reconcile")


def test_claude(make_project: Callable[[], Project]) -> None:
    ours = make_project()
    with AnthropicProvider(scripts.session(ours.path, retrieve=False)) as provider:
        assert ours.headroom("wrap", "claude", "--", *PRINT, ANTHROPIC_BASE_URL=provider.url).returncode == 0
    assert_reconciles(ours.headroom, 9)


@pytest.mark.usefixtures("private_home")
@pytest.mark.parametrize("refuse", [0, 426], ids=["websocket", "http"])
def test_codex(tmp_path_factory: pytest.TempPathFactory, refuse: int) -> None:
    ours = codex.make_user(tmp_path_factory)
    with OpenAIProvider(codex.session(codex.CODE), refuse_sockets=refuse) as provider:
        ours.reach(provider.url)
        assert ours.wrapped(*EXEC, "-m", codex.CODE, codex.PROMPT).returncode == 0
    assert_reconciles(ours.headroom, 9)
