"""The real Gemini CLI in headless mode, alone and through ``headroom wrap``, over the same files and the same script."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headroom.testing import GeminiProvider, Script, rate_limited, text
from tests.e2e import gemini
from tests.e2e.gemini import ANSWER, PROMPT, User

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ASK = ("--yolo", "-o", "text", "-p", PROMPT)
CLOSED = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}  # Google is asked who is signed in: not from here


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    return lambda *settings, **options: gemini.make_user(tmp_path_factory, *settings, **options)


@pytest.fixture
def roots_folder() -> Iterator[Path]:
    """A folder that root owns, as do all above it: the only kind from which Gemini CLI takes settings of the system."""
    if os.geteuid() != 0:
        pytest.skip("only root has folders from which Gemini CLI takes settings of the system")
    folder = Path(tempfile.mkdtemp(dir="/run"))
    yield folder
    shutil.rmtree(folder)


def test_a_whole_session_costs_less_and_is_the_same_otherwise(make_user: Callable[..., User]) -> None:
    alone, ours = make_user(), make_user()
    with GeminiProvider(gemini.session()) as provider:
        direct = alone.direct(*ASK, GOOGLE_GEMINI_BASE_URL=provider.url)
        direct_turns, direct_usage, direct_count = provider.turns, provider.total_usage(), len(provider.requests)
    with GeminiProvider(gemini.session()) as provider:
        before = ours.files()
        wrapped = ours.wrapped(*ASK, GOOGLE_GEMINI_BASE_URL=provider.url)
        turns, usage, count = provider.turns, provider.total_usage(), len(provider.requests)
    assert direct.returncode == 0, direct.stderr
    assert wrapped.returncode == 0, wrapped.stderr
    assert wrapped.stdout == direct.stdout
    assert ANSWER in wrapped.stdout
    assert count == direct_count, "those beside the conversation included: a model is chosen by one"
    assert len(turns) == len(direct_turns) == 9
    gemini.assert_prefixes_stand(turns)
    assert [turn.charge.reason for turn in turns[1:] if turn.charge] == ["grew"] * 8

    assert usage.prompt < 0.8 * direct_usage.prompt
    assert usage.cache_read / usage.prompt > direct_usage.cache_read / direct_usage.prompt - 0.03
    compressed, original = gemini.results(turns[-1].body), gemini.results(direct_turns[-1].body)
    assert len(compressed) == len(original) == 8
    assert "LedgerOutOfBalance: debit 1299.00 credit 1298.99" in compressed[0]
    assert len(compressed[0]) < len(original[0]) / 3
    assert len(compressed[1]) < len(original[1])
    assert compressed[3] == original[3], "a source file that is about to be edited is sent as it is"
    assert "AssertionError: assert Decimal('1299.00') == Decimal('1298.99')" in compressed[4]
    assert compressed[5] == original[5].replace(str(alone.path), str(ours.path))

    after = ours.files()
    assert sorted(after) == sorted(alone.files()), "the same files as without us"
    changed = [path for path in before if after[path] != before[path]]
    assert changed == ["project/billing/ledger.py"]
    assert not [path for path in (ours.home / ".gemini").rglob("*") if path.is_file() and b"127.0.0.1" in path.read_bytes()]
    assert "Saved ~" in wrapped.stderr
    assert not list((ours.state / "sessions").iterdir())
    assert not list((ours.state / "journal").iterdir())


def test_what_was_left_out_comes_back_by_headroom_show(make_user: Callable[..., User]) -> None:
    user = make_user()
    with GeminiProvider(gemini.session(shows=True)) as provider:
        wrapped = user.wrapped(*ASK, GOOGLE_GEMINI_BASE_URL=provider.url)
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    gemini.assert_prefixes_stand(turns)
    _, first = gemini.left_out(turns[1].body)
    line = gemini.shown(user, "app.log").split("\n")[first - 1]
    assert line not in gemini.results(turns[1].body)[0]
    assert f"{first}\t{line}" in gemini.results(turns[-1].body)[1]


def test_root_has_our_tools_and_needs_no_settings(make_user: Callable[..., User], roots_folder: Path) -> None:
    user = make_user({"security": {"folderTrust": {"enabled": False}}}, state=roots_folder)
    before = user.files()
    with GeminiProvider(gemini.session(tools=True)) as provider:
        wrapped = user.headroom("wrap", "gemini", "--upstream", provider.url, "--", "-o", "json", "--yolo", "-p", PROMPT)
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    assert json.loads(wrapped.stdout)["response"].endswith(ANSWER)
    assert "Security Warning" not in wrapped.stderr
    gemini.assert_prefixes_stand(turns)
    _, first = gemini.left_out(turns[1].body)
    line = gemini.shown(user, "app.log").split("\n")[first - 1]
    assert f"{first}\t{line}" in gemini.results(turns[-1].body)[1], "over MCP"
    assert user.files()["home/.gemini/settings.json"] == before["home/.gemini/settings.json"]
    assert not list((roots_folder / "sessions").iterdir())


@pytest.mark.parametrize("text", [None, '{"privacy":{"usageStatisticsEnabled":false},\r\n "ui": {"theme": "Default"}}'])
def test_who_is_not_root_has_our_tools_for_the_session(make_user: Callable[..., User], text: str | None) -> None:
    """Not even root's settings are taken from the folder of temporary files, as others may write to it."""
    user = make_user()
    settings = user.home / ".gemini" / "settings.json"
    settings.unlink()
    if text is not None:
        settings.write_bytes(text.encode())
    with GeminiProvider(gemini.session(tools=True)) as provider:
        wrapped = user.headroom("wrap", "gemini", "--upstream", provider.url, "--", "--skip-trust", "--yolo", "-p", PROMPT)
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    assert ANSWER in wrapped.stdout
    gemini.assert_prefixes_stand(turns)
    assert "mcp_headroom_headroom_retrieve" in turns[0].raw.decode()
    _, first = gemini.left_out(turns[1].body)
    line = gemini.shown(user, "app.log").split("\n")[first - 1]
    assert f"{first}\t{line}" in gemini.results(turns[-1].body)[1], "over MCP"
    assert (settings.read_bytes() if settings.exists() else None) == (None if text is None else text.encode())


def test_signed_in_with_google(make_user: Callable[..., User]) -> None:
    user = make_user()
    user.configure({**gemini.SIGNED_IN, "security": {"auth": {"selectedType": "oauth-personal"}, "folderTrust": {"enabled": False}}})
    token = {"GOOGLE_GENAI_USE_GCA": "true", "GOOGLE_CLOUD_ACCESS_TOKEN": "ya29.x"}
    script = Script([gemini.run("cat app.log")], [gemini.run("bash run_tests.sh")], [text(ANSWER)])
    with GeminiProvider(script) as provider:
        wrapped = user.wrapped(*ASK, CODE_ASSIST_ENDPOINT=provider.url, **token, **CLOSED)
        requests, turns = provider.requests, provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    assert ANSWER in wrapped.stdout
    assert {request.path.partition(":")[0] for request in requests} == {"/v1internal"}
    assert "/v1internal:loadCodeAssist" in [request.path for request in requests], "what it asks at its start passes"
    assert len(turns) == 3
    gemini.assert_prefixes_stand(turns)
    assert len(gemini.results(turns[-1].body)[0]) < 4000
    assert {turn.headers["authorization"] for turn in turns} == {"Bearer ya29.x"}
    assert "this session: 4 responses" in wrapped.stderr, wrapped.stderr


def test_a_resumed_session_sends_what_was_sent_before(make_user: Callable[..., User]) -> None:
    """Gemini CLI 0.61.0 sends each result of a resumed session twice, which the API refuses: with us or without, so what is looked at is what it sent."""
    user = make_user()
    with GeminiProvider(Script([gemini.run("cat app.log")], [text("One.")])) as provider:
        assert user.wrapped("--yolo", "-p", "look", GOOGLE_GEMINI_BASE_URL=provider.url).returncode == 0
        before = provider.turns[-1]
        number = len(provider.requests)
        resumed = user.start("wrap", "gemini", "--", "--yolo", "--resume", "latest", "-p", "and on", GOOGLE_GEMINI_BASE_URL=provider.url)
        while not (sent := [request for request in provider.requests[number:] if "stream" in request.path]):
            provider.wait_for_requests(len(provider.requests) + 1, timeout=60)  # others come before it: one chooses the model
        resumed.terminate()
        resumed.communicate(timeout=60)
    form = gemini.results(before.body)[0]
    assert "lines left out" in form
    assert gemini.results(sent[0].body)[0] == form


def test_errors_of_the_provider_are_handled_by_gemini_as_ever(make_user: Callable[..., User]) -> None:
    user = make_user()
    with GeminiProvider(Script(rate_limited(1), [text("Done.")])) as provider:
        wrapped = user.wrapped("-p", "say done", GOOGLE_GEMINI_BASE_URL=provider.url)
        assert [r.status for r in provider.requests if not r.aside] == [429, 200]
    assert wrapped.stdout == "Done.\n"


def test_what_cannot_be_done_is_said_before_anything_is(make_user: Callable[..., User]) -> None:
    user = make_user({})
    settings = user.home / ".gemini" / "settings.json"
    settings.write_text("{} // mine")
    before = user.files()
    refused = user.wrapped("-p", "go")
    assert refused.returncode != 0
    assert "gemini-api-key" in refused.stderr
    user.configure(gemini.SIGNED_IN)
    shown = user.headroom("wrap", "gemini", "--dry-run", "--", "-p", "go", GOOGLE_GEMINI_BASE_URL="https://gateway.example")
    assert "upstream   https://gateway.example" in shown.stdout
    assert "sets       GOOGLE_GEMINI_BASE_URL=" in shown.stdout
    assert f"edits      {settings} (yours; put back at the end)" in shown.stdout
    settings.write_text("{} // mine")
    assert user.files() == before
