"""The real Codex without our tools, in its sandboxes: what was left out comes back by ``headroom show``, which its shell may read our store for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import OpenAIProvider, Recorded, Script, text
from tests.e2e import codex
from tests.e2e.codex import ANSWER, CODE, PLAIN, PROMPT, User

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
RUN = re.compile(r"\[headroom [0-9a-f]{8}: \d+ of \d+ lines left out[^\n]*; full text: run (headroom show [0-9a-f]{8} --lines (\d+)-\d+)\]")
# Ids and times differ between any two runs.
UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d|\d{10}\.\d+")


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    return lambda **options: codex.make_user(tmp_path_factory, **options)


def script(model: str) -> Script:
    def show(request: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = RUN.search("\n".join(codex.outputs_of(request)))
        return [codex.run(found[1] if found is not None else "echo nothing was left out", model)]

    return Script([text("First the log."), codex.run("cat app.log", model)], show, [text(ANSWER)])


def head(request: Recorded, user: User) -> str:
    """What a first request says before the prompt, without what is unique to a run."""
    items = [item for item in request.body["input"] if item.get("type") != "message" or item.get("role") == "developer"]
    said = repr((request.body.get("tools"), request.body.get("instructions"), items))
    for path in (user.path, user.home):
        said = said.replace(str(path), "")
    return UNIQUE.sub("", said)


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
    shortened, fetched = codex.outputs(turns)
    found = RUN.search(shortened)
    assert found is not None
    whole = ours.headroom("show", found[1].split()[2]).stdout
    line = whole.split("\n")[int(found[2]) - 1]
    assert (ours.path / "app.log").read_text().strip() in whole
    assert line not in shortened
    assert "headroom_retrieve" not in shortened
    assert f"{found[2]}\t{line}" in fetched
    assert not [p for p in codex.changed(before, ours.files()) if p.startswith("project/")]
