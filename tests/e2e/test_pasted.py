"""A log that a user pastes into the prompt of real agents: it is sent smaller, what the user and the agent say around it is sent as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider, Script, text, tool
from headroom_wrap.demo import samples
from pipeline import markers
from tests.e2e import codex, scripts
from tests.e2e.codex import CODE, PLAIN
from tests.e2e.conftest import Project
from tests.e2e.scripts import FOOTER
from tests.e2e.test_claude_print import assert_prefixes_stand, messages

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ASKED = "This is what our service wrote today. Which invoice failed, and why?"
LAST = "Please answer in one sentence, and do not guess."
LOG = samples.log(600).removesuffix("\n")
PROMPT = f"{ASKED}\n\n{LOG}\n\n{LAST}"
FAILED = "LedgerOutOfBalance: debit 1299.00 credit 1298.99"
FOUND = "Invoice 48213 failed, as its debit and its credit differ."


def own(sent: str) -> str:
    """What is left of the prompt's text without its markers."""
    return markers.IN_PLACE.sub("", sent)


def assert_only_the_log_shrank(sent: str) -> None:
    assert sent.startswith(f"{ASKED}\n\n{LOG.split(chr(10))[0]}\n")
    assert f"\n{LOG.split(chr(10))[-1]}\n\n{LAST}\n[headroom " in sent
    assert sent.count(FAILED) == 2
    assert len(sent) < len(PROMPT) / 3
    lines = PROMPT.split("\n")
    assert set(own(sent).split("\n")[:-1]) <= {*lines, ""}


def claude_texts(body: Mapping[str, Any]) -> list[str]:
    """Everything that stands in the first message in the user's name."""
    content = body["messages"][0]["content"]
    return [content] if isinstance(content, str) else [block["text"] for block in content]


def test_claude(make_project: Callable[[], Project]) -> None:
    alone, ours = make_project(), make_project()
    arguments = ("-p", PROMPT, "--model", "claude-sonnet-4-6")
    with AnthropicProvider(Script([text(FOUND)])) as provider:
        direct = alone.direct(*arguments, ANTHROPIC_BASE_URL=provider.url)
        before = claude_texts(messages(provider)[0].body)
    with AnthropicProvider(Script(_retrieved, [text(FOUND)])) as provider:
        wrapped = ours.headroom("wrap", "claude", "--", *arguments, ANTHROPIC_BASE_URL=provider.url)
        requests = messages(provider)
    assert direct.returncode == 0, direct.stderr
    assert wrapped.returncode == 0, wrapped.stderr
    assert wrapped.stdout == direct.stdout == FOUND + "\n"
    assert_prefixes_stand(requests)
    after = claude_texts(requests[0].body)
    assert any("<system-reminder>" in one for one in before)
    assert len(after) >= len(before)
    assert [one for one in before if PROMPT in one] == [PROMPT]
    reminders = [one.replace(str(alone.path), str(ours.path)) for one in before if PROMPT not in one]
    assert [one for one in reminders if "Keep to the conventions" in one] == [one for one in after if "Keep to the conventions" in one]
    (sent,) = [one for one in after if ASKED in one]
    assert_only_the_log_shrank(sent)
    _, first, _ = _gap(sent)
    assert scripts.results(requests[-1].body)[0].startswith(f"{first}\t{PROMPT.split(chr(10))[first - 1]}")
    assert "headroom: this session: 2 responses" in wrapped.stderr


def _gap(sent: str) -> tuple[str, int, int]:
    found = FOOTER.search(sent)
    assert found is not None
    return found[1], int(found[2]), int(found[3] or found[2])


def _retrieved(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    handle, first, _ = _gap(next(one for one in claude_texts(request) if ASKED in one))
    return [tool(scripts.RETRIEVE, handle=handle, lines=f"{first}-{first + 1}")]


@pytest.mark.parametrize(("model", "refuse"), [(CODE, 0), (PLAIN, 426)], ids=["script-websocket", "plain-http"])
def test_codex(private_home: object, tmp_path_factory: pytest.TempPathFactory, model: str, refuse: int) -> None:
    alone, ours = codex.make_user(tmp_path_factory), codex.make_user(tmp_path_factory)
    arguments = ("exec", "-s", "danger-full-access", "-m", model, PROMPT)
    sent = []
    for user, run in ((alone, alone.direct), (ours, ours.wrapped)):
        with OpenAIProvider(Script([text(FOUND)]), refuse_sockets=refuse) as provider:
            user.reach(provider.url)
            done = run(*arguments)
            assert done.returncode == 0, done.stderr
            assert done.stdout == FOUND + "\n"
            sent.append([plain(one, user) for turn in provider.turns for one in codex_texts(turn.body)])
    before, after = sent
    assert any("<environment_context>" in one for one in before)
    assert [one for one in before if ASKED not in one] == [one for one in after if ASKED not in one]
    (theirs,) = [one for one in before if ASKED in one]
    (now,) = [one for one in after if ASKED in one]
    assert theirs == PROMPT
    assert_only_the_log_shrank(now)


def plain(text: str, user: codex.User) -> str:
    """A text without what is another for every user."""
    return re.sub(r"\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?(?=</)", "DATE", text.replace(str(user.path), "PROJECT").replace(str(user.home), "HOME"))


def codex_texts(body: Mapping[str, Any]) -> list[str]:
    """Everything that stands in a request in the user's name."""
    items = [item for item in body["input"] if item.get("role") == "user"]
    return [part["text"] for item in items for part in item["content"] if part.get("type") == "input_text"]
