"""The real Codex, alone and through ``headroom wrap``, over the same files and the same script: by WebSocket and HTTP, with scripts and plain tools."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from headroom.testing import OpenAIProvider, Script, cut, rate_limited, server_error, text
from headroom.testing.errors import ApiError
from tests.e2e import codex
from tests.e2e.codex import ANSWER, CODE, PLAIN, PROMPT, User

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
EXEC = ("exec", "-s", "danger-full-access")
WAYS = [
    pytest.param(CODE, 0, id="script-websocket"),
    pytest.param(PLAIN, 0, id="plain-websocket"),
    pytest.param(CODE, 426, id="script-http"),
    pytest.param(PLAIN, 426, id="plain-http"),
]


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., User]:
    return lambda **options: codex.make_user(tmp_path_factory, **options)


@pytest.fixture
def user(make_user: Callable[..., User]) -> User:
    return make_user()


@pytest.mark.parametrize(("model", "refuse"), WAYS)
def test_a_whole_session_costs_less_and_is_the_same_otherwise(make_user: Callable[..., User], model: str, refuse: int) -> None:
    alone, ours = make_user(), make_user()
    with OpenAIProvider(codex.session(model), refuse_sockets=refuse) as provider:
        alone.reach(provider.url)
        alone_before = alone.files()
        direct = alone.direct(*EXEC, "-m", model, PROMPT)
        direct_turns, direct_usage, direct_count = provider.turns, provider.total_usage(), len(provider.requests)
    with OpenAIProvider(codex.session(model), refuse_sockets=refuse) as provider:
        ours.reach(provider.url)
        before = ours.files()
        wrapped = ours.wrapped(*EXEC, "-m", model, PROMPT)
        turns, usage, count = provider.turns, provider.total_usage(), len(provider.requests)
        charged = sum(r.usage.prompt > 0 for r in provider.requests)  # a model with plain tools has them prepared before the first turn
    assert direct.returncode == 0, direct.stderr
    assert wrapped.returncode == 0, wrapped.stderr
    assert wrapped.stdout == direct.stdout == ANSWER + "\n"
    assert count == direct_count
    assert len(turns) == len(direct_turns) == 9
    assert all(turn.socket for turn in turns) is (refuse == 0)

    codex.assert_prefixes_stand(turns)
    assert [t.charge and t.charge.reason for t in turns] == [t.charge and t.charge.reason for t in direct_turns]
    assert usage.prompt < direct_usage.prompt
    assert usage.prompt - usage.cache_read < 0.9 * (direct_usage.prompt - direct_usage.cache_read)
    assert usage.cache_read / usage.prompt > direct_usage.cache_read / direct_usage.prompt - 0.01

    compressed, original = codex.outputs(turns), codex.outputs(direct_turns)
    assert len(compressed) == len(original) == 8
    assert "LedgerOutOfBalance: debit 1299.00 credit 1298.99" in compressed[0]
    assert len(compressed[0]) < len(original[0]) / 3
    assert len(compressed[1]) < len(original[1])
    assert codex.content(compressed[3]) == codex.content(original[3]), "a source file that is about to be edited is sent as it is"
    assert "AssertionError: assert Decimal('1299.00') == Decimal('1298.99')" in compressed[4]
    assert codex.content(compressed[5]) == codex.content(original[5])

    assert f"headroom: this session: {charged} responses" in wrapped.stderr
    assert "Saved ~" in wrapped.stderr
    assert codex.changed(before, ours.files()) == codex.changed(alone_before, alone.files()), "Codex writes what it always writes, and we nothing"
    assert [p for p in codex.changed(before, ours.files()) if p.startswith("project/")] == ["project/billing/ledger.py"]
    assert not list((ours.state / "sessions").iterdir())
    assert not list((ours.state / "journal").iterdir())
    (kept,) = ours.rollouts()
    assert "headroom_wrap" not in kept.read_text()
    assert "lines left out" not in kept.read_text(), "Codex's own history holds what its tools said"


@pytest.mark.parametrize(("model", "refuse"), [WAYS[0], WAYS[3]])
def test_what_was_left_out_comes_back(user: User, model: str, refuse: int) -> None:
    with OpenAIProvider(codex.session(model, retrieves=True), refuse_sockets=refuse) as provider:
        user.reach(provider.url)
        wrapped = user.wrapped(*EXEC, "-m", model, PROMPT)
        turns = provider.turns
    assert (wrapped.returncode, wrapped.stdout) == (0, ANSWER + "\n"), wrapped.stderr
    codex.assert_prefixes_stand(turns)
    outputs = codex.outputs(turns)
    assert len(outputs) == 10
    handle, first = codex.left_out(outputs)
    whole = user.headroom("show", handle).stdout
    line = whole.split("\n")[first - 1]
    assert (user.path / "app.log").read_text().strip() in whole
    assert line not in outputs[0]
    assert f"{first}\t{line}" in outputs[1], "over MCP, without being asked for approval"
    assert f"{first}\t{line}" in outputs[2], "by headroom show"


def test_a_wrapped_session_goes_on_wrapped_and_alone(user: User) -> None:
    """Resumed with us, what was decided before is sent again as it was; resumed without us, the originals are."""
    with OpenAIProvider(codex.session(CODE), refuse_sockets=426) as provider:
        user.reach(provider.url)
        user.wrapped(*EXEC, PROMPT)
        before = provider.turns[-1]
    with OpenAIProvider(Script([text("Again.")]), refuse_sockets=426) as provider:
        user.reach(provider.url)
        again = user.wrapped(*EXEC, "resume", "--last", "And now?")
        resumed = provider.turns[-1]
    assert (again.returncode, again.stdout) == (0, "Again.\n"), again.stderr
    assert codex.outputs([resumed]) == codex.outputs([before])
    assert resumed.headers["session-id"] == before.headers["session-id"]
    with OpenAIProvider(Script([text("Alone.")]), refuse_sockets=426) as provider:
        user.reach(provider.url)
        alone = user.direct(*EXEC, "resume", "--last", "And without?")
        originals = codex.outputs(provider.turns)
    assert (alone.returncode, alone.stdout) == (0, "Alone.\n"), alone.stderr
    assert (user.path / "app.log").read_text().strip() in originals[0]


@pytest.mark.parametrize("refuse", [0, 426], ids=["websocket", "http"])
def test_a_conversation_is_compacted_as_ever(user: User, refuse: int) -> None:
    """Codex asks the server for an item that stands for the conversation, and goes on with that."""
    with OpenAIProvider(codex.session(CODE), refuse_sockets=refuse) as provider:
        user.reach(provider.url)
        wrapped = user.wrapped(*EXEC, "-c", "model_auto_compact_token_limit=20000", PROMPT)
        asked = [r for r in provider.requests if r.body and r.body.get("input") and r.body["input"][-1].get("type") == "compaction_trigger"]
        goes_on = [r for r in provider.turns if any(item.get("type") == "compaction" for item in r.body["input"])]
    assert (wrapped.returncode, wrapped.stdout) == (0, ANSWER + "\n"), wrapped.stderr
    assert asked
    assert {r.status for r in asked} == {200}
    assert goes_on
    assert "previous_response_id" not in goes_on[0].body


def test_a_socket_that_breaks_is_replayed_in_the_same_form(user: User) -> None:
    with OpenAIProvider(codex.session(CODE, fault=cut([text("lost")]))) as provider:
        user.reach(provider.url)
        wrapped = user.wrapped(*EXEC, PROMPT)
        turns = provider.turns
    assert (wrapped.returncode, wrapped.stdout) == (0, ANSWER + "\n"), wrapped.stderr
    replay = next(t for t in turns if t.socket == 2)
    assert "previous_response_id" not in replay.body
    earlier = codex.outputs([t for t in turns if t.socket == 1])
    assert codex.outputs([replay])[: len(earlier)] == earlier


@pytest.mark.parametrize("refuse", [0, 426], ids=["websocket", "http"])
def test_a_chatgpt_login(make_user: Callable[..., User], refuse: int) -> None:
    user = make_user(auth=codex.chatgpt_login())
    with OpenAIProvider(codex.session(CODE), refuse_sockets=refuse) as provider:
        wrapped = user.headroom("wrap", "codex", "--upstream", f"{provider.url}/backend-api/codex", "--", *EXEC, PROMPT)
        turns, paths = provider.turns, {r.path.partition("?")[0] for r in provider.requests}
    assert (wrapped.returncode, wrapped.stdout) == (0, ANSWER + "\n"), wrapped.stderr
    assert paths == {"/backend-api/codex/responses", "/backend-api/codex/models"}
    assert {t.headers["chatgpt-account-id"] for t in turns} == {codex.ACCOUNT}
    assert len(turns) == 9
    assert "lines left out" in codex.outputs(turns)[0]
    assert (turns[0].headers.get("content-encoding") == "zstd") is (refuse == 426)


def test_a_provider_of_ones_own(user: User) -> None:
    with OpenAIProvider(codex.session(PLAIN)) as provider:
        user.configure(
            'model_provider = "gateway"\n[model_providers.gateway]\nname = "Gateway"\nwire_api = "responses"\nenv_key = "GATEWAY_KEY"\n'
            f'base_url = "{provider.url}/gw/v1"\nquery_params = {{ tier = "1" }}\n'
        )
        wrapped = user.wrapped(*EXEC, "-m", PLAIN, PROMPT, GATEWAY_KEY="secret")
        turns = provider.turns
    assert (wrapped.returncode, wrapped.stdout) == (0, ANSWER + "\n"), wrapped.stderr
    assert {(t.path, t.headers["authorization"]) for t in turns} == {("/gw/v1/responses?tier=1", "Bearer secret")}
    assert "lines left out" in codex.outputs(turns)[0]


@pytest.mark.parametrize("refuse", [0, 426], ids=["websocket", "http"])
def test_faults_of_the_provider_are_codexs_own_affair(make_user: Callable[..., User], refuse: int) -> None:
    def outcome(script: Script, *, wrapped: bool) -> tuple[int, str, list[int]]:
        user = make_user()
        with OpenAIProvider(script, refuse_sockets=refuse) as provider:
            user.reach(provider.url)
            done = (user.wrapped if wrapped else user.direct)(*EXEC, "-m", CODE, "say done please")
            return done.returncode, done.stdout, [r.status for r in provider.requests]

    def faults() -> Script:
        return Script(rate_limited(0), server_error(), ApiError(400, "invalid_request_error", "No.", code="bad"), [text("Done.")])

    assert outcome(faults(), wrapped=True) == outcome(faults(), wrapped=False)


def test_codexs_failure_is_ours(user: User) -> None:
    wrapped, direct = user.wrapped("exec", "--no-such-flag", "go"), user.direct("exec", "--no-such-flag", "go")
    assert wrapped.returncode == direct.returncode == 2
    assert "unexpected argument" in wrapped.stderr
    assert "NOT ROUTED" in wrapped.stderr


def test_five_at_once_are_five_sessions(user: User) -> None:
    with contextlib.ExitStack() as stack:
        providers = [stack.enter_context(OpenAIProvider(Script([codex.run("cat app.log", CODE)], [text(f"answer {n}")]))) for n in range(5)]
        before = user.files()
        with ThreadPoolExecutor(5) as threads:
            runs = [threads.submit(user.wrapped, *EXEC, "-m", CODE, "-c", f'openai_base_url="{p.url}/v1"', PROMPT) for p in providers]
            ended = [run.result() for run in runs]
    assert [e.stdout for e in ended] == [f"answer {n}\n" for n in range(5)], [e.stderr for e in ended]
    assert all("lines left out" in codex.outputs(p.turns)[0] for p in providers)
    assert [path for path in codex.changed(before, user.files()) if path.startswith("project/") or path.endswith((".toml", "auth.json"))] == []
    assert not list((user.state / "sessions").iterdir())
    assert not list((user.state / "journal").iterdir())


def test_a_command_without_a_model_is_run_as_it_is(user: User) -> None:
    wrapped, direct = user.wrapped("features", "list"), user.direct("features", "list")
    assert (wrapped.returncode, wrapped.stdout) == (direct.returncode, direct.stdout)
    assert "headroom:" not in wrapped.stderr


def test_off_relays_everything_untouched(user: User) -> None:
    with OpenAIProvider(codex.session(CODE)) as provider:
        user.reach(provider.url)
        wrapped = user.headroom("wrap", "codex", "--off", "--", *EXEC, PROMPT)
        outputs, raw = codex.outputs(provider.turns), provider.turns[0].raw
    assert (wrapped.returncode, wrapped.stdout) == (0, ANSWER + "\n"), wrapped.stderr
    assert (user.path / "app.log").read_text().strip() in outputs[0]
    assert b"mcp__headroom" not in raw


def test_dry_run_says_what_would_be_done_and_changes_nothing(user: User) -> None:
    user.reach("https://gateway.example")
    before = user.files()
    shown = user.headroom("wrap", "codex", "--dry-run", "--", *EXEC, "go")
    assert shown.returncode == 0, shown.stderr
    assert "upstream   https://gateway.example/v1" in shown.stdout
    assert "openai_base_url=" in shown.stdout
    assert "mcp_servers.headroom=" in shown.stdout
    assert json.dumps(codex.KEY) not in shown.stdout
    assert user.files() == before
    assert not user.state.exists()
