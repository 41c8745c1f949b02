"""The real Copilot CLI without our tools: what was left out comes back through its own shell, and its first request is that of a run without us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import Recorded, Script, text
from tests.e2e import by_shell, copilot
from tests.e2e.copilot import ACCOUNT_GPT, ANSWER, OWN_ANTHROPIC, OWN_CHAT, PROMPT, User, Way

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PRINT = ("--allow-all-tools", "-p", PROMPT)


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], User]:
    return lambda: copilot.make_user(tmp_path_factory)


def fetches(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [copilot.run(by_shell.command(copilot.results(request)))]


def head(request: Recorded, user: User) -> str:
    """What a first request says before the prompt."""
    instructed = [m for m in request.body.get("messages", []) if m["role"] == "system"]
    parts = [request.body.get(name) for name in ("tools", "instructions", "system")]
    return by_shell.plainly((*parts, instructed), user.path, user.home)


@pytest.mark.parametrize("way", [OWN_CHAT, OWN_ANTHROPIC, ACCOUNT_GPT], ids=lambda way: way.name)
def test_what_was_left_out_comes_back_unasked_and_nothing_is_declared(make_user: Callable[[], User], way: Way) -> None:
    alone, ours = make_user(), make_user()
    with way.over(Script([text(ANSWER)])) as provider:
        assert alone.direct(*PRINT, **way.environ(provider.url, wrapped=False)).returncode == 0
        direct = provider.turns[0]
    with way.over(Script([copilot.run("cat app.log")], fetches, [text(ANSWER)])) as provider:
        before = ours.files()
        wrapped = ours.headroom("wrap", "copilot", "--retrieve=shell", *way.flags, "--", *PRINT, **way.environ(provider.url, wrapped=True))
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    assert ANSWER in wrapped.stdout
    assert head(turns[0], ours) == head(direct, alone)
    copilot.assert_prefixes_stand(turns)
    by_shell.assert_came_back(*copilot.all_results(turns), lambda handle: ours.headroom("show", handle).stdout)
    assert [path for path, content in ours.files().items() if path.startswith("project/") and before.get(path) != content] == []


def test_where_it_would_ask_it_is_refused(make_user: Callable[[], User]) -> None:
    user = make_user()
    wrapped = user.headroom("wrap", "copilot", "--retrieve=shell", "--", "-p", PROMPT, **OWN_CHAT.environ("http://127.0.0.1:9", wrapped=True))
    assert wrapped.returncode == 2
    assert "Copilot cannot retrieve what was left out through its own shell" in wrapped.stderr
