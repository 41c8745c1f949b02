"""The real opencode's ``run``, alone and through ``headroom wrap``, over the same files and the same script, by each of the three wire formats."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider, Script, text
from tests.e2e import opencode
from tests.e2e.opencode import ANSWER, CHAT, MESSAGES, PROMPT, RESPONSES, User

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    return lambda: opencode.make_user(tmp_path_factory)


def test_a_whole_session_costs_less_and_is_the_same_otherwise(make_user: Callable[..., User]) -> None:
    alone, ours = make_user(), make_user()
    with OpenAIProvider(opencode.session(alone.path)) as provider:
        alone.reach(provider.url)
        direct = alone.direct("run", "-m", CHAT, PROMPT)
        direct_turns, direct_usage, direct_count = provider.turns, provider.total_usage(), len(provider.requests)
    with OpenAIProvider(opencode.session(ours.path)) as provider:
        ours.reach(provider.url)
        before = ours.files()
        wrapped = ours.wrapped("run", "-m", CHAT, PROMPT)
        turns, usage, count = provider.turns, provider.total_usage(), len(provider.requests)
    assert direct.returncode == 0, direct.stderr
    assert wrapped.returncode == 0, wrapped.stderr
    assert wrapped.stdout == direct.stdout
    assert ANSWER in wrapped.stdout
    assert count == direct_count, "the one that finds a title included"
    assert len(turns) == len(direct_turns) == 9
    opencode.assert_prefixes_stand(turns)
    assert [turn.charge.reason for turn in turns[1:] if turn.charge] == ["grew"] * 8

    assert usage.prompt < 0.8 * direct_usage.prompt
    assert usage.cache_read / usage.prompt > direct_usage.cache_read / direct_usage.prompt - 0.03
    compressed, original = opencode.results(turns[-1].body), opencode.results(direct_turns[-1].body)
    assert len(compressed) == len(original) == 8
    assert "LedgerOutOfBalance: debit 1299.00 credit 1298.99" in compressed[0]
    assert len(compressed[0]) < len(original[0]) / 3
    assert len(compressed[1]) < len(original[1])
    assert compressed[3] == original[3].replace(str(alone.path), str(ours.path)), "a source file that is about to be edited is sent as it is"
    assert "AssertionError: assert Decimal('1299.00') == Decimal('1298.99')" in compressed[4]
    assert compressed[5] == original[5]

    after = ours.files()
    assert sorted(after) == sorted(alone.files()), "the same files as without us"
    assert [path for path in before if after[path] != before[path]] == ["project/billing/ledger.py"]
    assert "this session: 10 responses" in wrapped.stderr
    assert not list((ours.state / "sessions").iterdir())
    assert not list((ours.state / "journal").iterdir())


def test_what_was_left_out_comes_back(make_user: Callable[..., User]) -> None:
    user = make_user()
    with OpenAIProvider(opencode.session(user.path, model=RESPONSES, retrieves=True)) as provider:
        user.reach(provider.url)
        wrapped = user.wrapped("run", "--format", "json", "-m", RESPONSES, PROMPT)
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    assert ANSWER in wrapped.stdout
    assert len(turns) == 11
    assert {turn.path for turn in turns} == {"/v1/responses"}
    opencode.assert_prefixes_stand(turns)
    _, first = opencode.left_out(turns[1].body)
    line = (user.path / "app.log").read_text().split("\n")[first - 1]
    results = opencode.results(turns[-1].body)
    assert line not in results[0]
    assert results[1].startswith(f"{first}\t{line}"), "over MCP"
    assert results[2].startswith(f"{first}\t{line}"), "by headroom show"


def test_every_provider_goes_to_its_own_address(make_user: Callable[..., User]) -> None:
    """A session with a model of Anthropic's that is resumed with one of another provider, in another form."""
    user = make_user()
    with AnthropicProvider(Script([opencode.run("cat app.log")], [text("One.")])) as first, OpenAIProvider(Script([text("Two.")])) as other:
        user.reach(other.url, anthropic=first.url)
        one = user.wrapped("run", "-m", MESSAGES, "look")
        two = user.wrapped("run", "--continue", "-m", CHAT, "and on")
        turns, others = first.turns, other.turns
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert "One." in one.stdout
    assert "Two." in two.stdout
    assert (len(turns), len(others)) == (2, 1)
    form = opencode.results(turns[1].body)[0]
    assert "lines left out" in form
    assert opencode.results(others[0].body)[0] == form, "what was sent once is sent again"


def test_what_would_be_done_is_shown_and_not_done(make_user: Callable[..., User]) -> None:
    user = make_user()
    user.reach("http://gateway.example")
    before = user.files()
    shown = user.headroom("wrap", "opencode", "--dry-run", "--", "run", "go")
    assert shown.returncode == 0, shown.stderr
    assert "Requests to mine go on to http://gateway.example/v1." in shown.stdout
    assert "sets       OPENCODE_CONFIG_CONTENT=" in shown.stdout
    assert json.dumps("PORT") not in shown.stdout
    assert user.files() == before
