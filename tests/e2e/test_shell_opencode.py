"""The real opencode without our tools: what was left out comes back through its own shell, and its first request is that of a run without us."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import OpenAIProvider, Recorded, Script, text
from tests.e2e import by_shell, opencode
from tests.e2e.opencode import ANSWER, CHAT, PROMPT, RESPONSES, User

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ASKS = {"permission": {"bash": "ask"}}
AGENTS = {"agent": {"build": {"permission": {"bash": {"*": "ask", "cat *": "allow"}}}}}


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    def make(more: Mapping[str, Any]) -> User:
        user = opencode.make_user(tmp_path_factory)
        (user.home / ".config" / "opencode" / "opencode.json").write_text(json.dumps({"$schema": "https://opencode.ai/config.json", **more}))
        return user

    return make


def fetches(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [opencode.run(by_shell.command(opencode.results(request)))]


def conversation(provider: OpenAIProvider) -> list[Recorded]:
    """Its requests, without the one that finds a title, which may come before it."""
    return [turn for turn in provider.turns if turn.body.get("tools")]


def head(request: Recorded, user: User) -> str:
    """What a first request says before the prompt."""
    said = [i for i in request.body.get("messages", request.body.get("input", [])) if i.get("role") in ("system", "developer")]
    return by_shell.plainly((request.body.get("tools"), request.body.get("instructions"), said), user.path, user.home)


@pytest.mark.parametrize(("model", "more"), [(CHAT, {}), (RESPONSES, AGENTS)], ids=["chat", "rules-of-an-agent"])
def test_what_was_left_out_comes_back_unasked_and_nothing_is_declared(make_user: Callable[..., User], model: str, more: Mapping[str, Any]) -> None:
    alone, ours = make_user(more), make_user(more)
    with OpenAIProvider(Script([text(ANSWER)])) as provider:
        alone.reach(provider.url)
        assert alone.direct("run", "-m", model, PROMPT).returncode == 0
        direct = conversation(provider)[0]
    with OpenAIProvider(Script([opencode.run("cat app.log")], fetches, [text(ANSWER)])) as provider:
        ours.reach(provider.url)
        before = ours.files()
        wrapped = ours.headroom("wrap", "opencode", "--retrieve=shell", "--", "run", "-m", model, PROMPT)
        turns = conversation(provider)
    assert wrapped.returncode == 0, wrapped.stderr
    assert ANSWER in wrapped.stdout
    assert head(turns[0], ours) == head(direct, alone)
    opencode.assert_prefixes_stand(turns)
    by_shell.assert_came_back(*opencode.results(turns[-1].body), lambda handle: ours.headroom("show", handle).stdout)
    assert {path: content for path, content in ours.files().items() if path in before} == before


def test_other_commands_are_asked_for_as_ever(make_user: Callable[..., User]) -> None:
    user = make_user(ASKS)
    with OpenAIProvider(Script([opencode.run("touch outside")], [text(ANSWER)])) as provider:
        user.reach(provider.url)
        user.headroom("wrap", "opencode", "--retrieve=shell", "--", "run", "-m", CHAT, PROMPT)
    assert not (user.path / "outside").exists()
