"""The real Codex without our tools, in its sandboxes: what was left out comes back by ``headroom show``, which may read our store there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import OpenAIProvider, Recorded, Script, text
from tests.e2e import by_shell, codex
from tests.e2e.codex import ANSWER, CODE, PLAIN, PROMPT, User

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    return lambda **options: codex.make_user(tmp_path_factory, **options)


def script(model: str) -> Script:
    def fetches(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [codex.run(by_shell.command(codex.outputs_of(request)), model)]

    return Script([text("First the log."), codex.run("cat app.log", model)], fetches, [text(ANSWER)])


def head(request: Recorded, user: User) -> str:
    """What a first request says before the prompt."""
    items = [item for item in request.body["input"] if item.get("type") != "message" or item.get("role") == "developer"]
    return by_shell.plainly((request.body.get("tools"), request.body.get("instructions"), items), user.path, user.home)


@pytest.mark.parametrize(("model", "refuse", "sandbox"), [(CODE, 0, "read-only"), (PLAIN, 426, "workspace-write"), (PLAIN, 0, "read-only")])
def test_what_was_left_out_comes_back_unasked_and_nothing_is_declared(make_user: Callable[..., User], model: str, refuse: int, sandbox: str) -> None:
    alone, ours = make_user(), make_user()
    arguments = ("exec", "-s", sandbox, "-m", model, PROMPT)
    with OpenAIProvider(Script([text(ANSWER)]), refuse_sockets=refuse) as provider:
        alone.reach(provider.url)
        assert alone.direct(*arguments).returncode == 0
        direct = provider.turns[0]
    with OpenAIProvider(script(model), refuse_sockets=refuse) as provider:
        ours.reach(provider.url)
        before = ours.files()
        wrapped = ours.headroom("wrap", "codex", "--retrieve=shell", "--", *arguments)
        turns = provider.turns
    assert (wrapped.returncode, wrapped.stdout) == (0, ANSWER + "\n"), wrapped.stderr
    assert head(turns[0], ours) == head(direct, alone)
    codex.assert_prefixes_stand(turns)
    by_shell.assert_came_back(*codex.outputs(turns), lambda handle: ours.headroom("show", handle).stdout)
    assert not [p for p in codex.changed(before, ours.files()) if p.startswith("project/")]
