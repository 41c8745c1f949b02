"""The real Gemini CLI without our tools: what was left out comes back through its own shell, and its first request is that of a run without us."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import GeminiProvider, Recorded, Script, text
from tests.e2e import by_shell, gemini
from tests.e2e.gemini import ANSWER, PROMPT, User

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ASK = ("-o", "text", "-p", PROMPT)
CAT = '[[rule]]\ntoolName = "run_shell_command"\ncommandPrefix = "cat"\ndecision = "allow"\npriority = 100\n'


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    def make() -> User:
        user = gemini.make_user(tmp_path_factory)
        (user.home / ".gemini" / "policies").mkdir()
        (user.home / ".gemini" / "policies" / "mine.toml").write_text(CAT)
        return user

    return make


def fetches(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [gemini.run(by_shell.command(gemini.results(request)))]


def head(request: Recorded, user: User) -> str:
    """What a first request says before the prompt."""
    return by_shell.plainly([request.body.get(name) for name in ("tools", "systemInstruction")], user.path, user.home)


def test_what_was_left_out_comes_back_unasked_and_nothing_is_declared(make_user: Callable[[], User]) -> None:
    alone, ours = make_user(), make_user()
    with GeminiProvider(Script([text(ANSWER)])) as provider:
        assert alone.direct(*ASK, GOOGLE_GEMINI_BASE_URL=provider.url).returncode == 0
        direct = provider.turns[0]
    with GeminiProvider(Script([gemini.run("cat app.log")], fetches, [text(ANSWER)])) as provider:
        before = ours.files()
        wrapped = ours.headroom("wrap", "gemini", "--retrieve=shell", "--", *ASK, GOOGLE_GEMINI_BASE_URL=provider.url)
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    assert ANSWER in wrapped.stdout
    assert head(turns[0], ours) == head(direct, alone)
    gemini.assert_prefixes_stand(turns)
    by_shell.assert_came_back(*gemini.results(turns[-1].body), lambda handle: ours.headroom("show", handle).stdout)
    assert {path: content for path, content in ours.files().items() if path in before} == before


def test_other_commands_are_asked_for_as_ever(make_user: Callable[[], User]) -> None:
    user = make_user()
    denied = user.home / "admin.toml"
    denied.write_text('[[rule]]\ntoolName = "run_shell_command"\ncommandPrefix = "cat billing/ledger.py"\ndecision = "deny"\npriority = 100\n')
    settings = user.home / ".gemini" / "settings.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "adminPolicyPaths": [str(denied)]}))
    outside = [gemini.run("headroom stats"), gemini.run("cat billing/ledger.py"), gemini.run("touch outside")]
    with GeminiProvider(Script([gemini.run("cat app.log")], outside, [text(ANSWER)])) as provider:
        user.headroom("wrap", "gemini", "--retrieve=shell", "--", *ASK, GOOGLE_GEMINI_BASE_URL=provider.url)
        parts = [part for content in provider.turns[-1].body["contents"] for part in content["parts"] if "functionResponse" in part]
    answers = [json.dumps(part["functionResponse"]["response"]) for part in parts]
    assert len(answers) == 4
    assert all("denied by policy" in answer for answer in answers[1:]), answers[1:]
    assert not Path(user.path / "outside").exists()
