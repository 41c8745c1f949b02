"""The real Copilot CLI in print mode, alone and through ``headroom wrap``, over the same files and the same script, on all its ways to a model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from headroom.testing import Gate, Script, held, rate_limited, server_error, text
from headroom.testing.errors import ApiError
from tests.e2e import copilot
from tests.e2e.copilot import ACCOUNT_CLAUDE, ACCOUNT_GPT, ANSWER, OWN_ANTHROPIC, OWN_CHAT, PROMPT, WAYS, User, Way

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PRINT = ("--allow-all", "-p")


@pytest.fixture
def make_user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], User]:
    return lambda: copilot.make_user(tmp_path_factory)


@pytest.fixture
def user(make_user: Callable[[], User]) -> User:
    return make_user()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_whole_session_costs_less_and_is_the_same_otherwise(make_user: Callable[[], User], way: Way) -> None:
    alone, ours = make_user(), make_user()
    alone_before, before = alone.files(), ours.files()
    with way.over(copilot.session(way, alone.path)) as provider:
        direct = alone.direct(*PRINT, PROMPT, **way.environ(provider.url, wrapped=False))
        direct_turns, direct_usage = provider.turns, provider.total_usage()
    with way.over(copilot.session(way, ours.path)) as provider:
        wrapped = ours.wrapped(way, *PRINT, PROMPT, **way.environ(provider.url, wrapped=True))
        turns, usage = provider.turns, provider.total_usage()
    assert direct.returncode == 0, direct.stderr
    assert wrapped.returncode == 0, wrapped.stderr
    assert wrapped.stdout.replace(str(ours.path), "") == direct.stdout.replace(str(alone.path), "")
    assert ANSWER in wrapped.stdout
    assert len(turns) == len(direct_turns) == 9
    assert [t.path for t in turns] == [t.path for t in direct_turns]
    assert [t.method for t in turns] == [t.method for t in direct_turns]

    copilot.assert_prefixes_stand(turns)
    assert [t.charge and t.charge.reason for t in turns] == [t.charge and t.charge.reason for t in direct_turns]
    assert usage.prompt < direct_usage.prompt
    assert usage.cache_read / usage.prompt > direct_usage.cache_read / direct_usage.prompt - 0.02

    compressed, original = copilot.all_results(turns), copilot.all_results(direct_turns)
    assert len(compressed) == len(original) == 8
    assert "LedgerOutOfBalance: debit 1299.00 credit 1298.99" in compressed[0]
    assert len(compressed[0]) < len(original[0]) / 2
    assert len(compressed[1]) < len(original[1])
    assert compressed[3] == original[3], "a source file that is about to be edited is sent as it is"
    assert "AssertionError: assert Decimal('1299.00') == Decimal('1298.99')" in compressed[4]
    assert compressed[5].replace(str(ours.path), "") == original[5].replace(str(alone.path), "")

    assert "headroom: this session: 9 responses" in wrapped.stderr
    assert "Saved ~" in wrapped.stderr
    assert copilot.changed(before, ours.files()) == copilot.changed(alone_before, alone.files()), (
        "Copilot writes what it always writes, and we nothing"
    )
    assert [p for p in copilot.changed(before, ours.files()) if p.startswith("project/")] == ["project/billing/ledger.py"]
    assert not list((ours.state / "sessions").iterdir())
    assert not list((ours.state / "journal").iterdir())
    (kept,) = ours.events()
    assert "lines left out" not in kept.read_text(), "Copilot's own record holds what its tools said"
    assert "127.0.0.1" not in kept.read_text()


@pytest.mark.parametrize("way", [OWN_CHAT, OWN_ANTHROPIC, ACCOUNT_GPT], ids=lambda way: way.name)
def test_what_was_left_out_comes_back(user: User, way: Way) -> None:
    """Without any approval but that for the shell."""
    with way.over(copilot.session(way, user.path, retrieves=True)) as provider:
        wrapped = user.wrapped(way, "--allow-tool=shell", "--allow-tool=write", "-p", PROMPT, **way.environ(provider.url, wrapped=True))
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    copilot.assert_prefixes_stand(turns)
    results = copilot.all_results(turns)
    assert len(results) == 10
    handle, first = copilot.left_out(results)
    whole = user.headroom("show", handle).stdout
    line = whole.split("\n")[first - 1]
    assert (user.path / "app.log").read_text().strip() in whole
    assert line not in results[0]
    assert results[1].startswith(f"{first}\t{line}"), "over MCP"
    assert results[2].startswith(f"{first}\t{line}"), "by headroom show"


def test_a_wrapped_session_goes_on_wrapped_and_alone(user: User) -> None:
    """Resumed with us, what was decided before is sent again as it was; resumed without us, the originals are."""
    way = OWN_ANTHROPIC
    with way.over(copilot.session(way, user.path)) as provider:
        user.wrapped(way, *PRINT, PROMPT, **way.environ(provider.url, wrapped=True))
        before = provider.turns[-1]
    with way.over(Script([text("Again.")])) as provider:
        again = user.wrapped(way, "--continue", *PRINT, "And now?", **way.environ(provider.url, wrapped=True))
        resumed = provider.turns[-1]
    assert (again.returncode, again.stdout) == (0, "Again.\n\n"), again.stderr
    assert copilot.results(resumed.body) == copilot.results(before.body)
    with way.over(Script([text("Alone.")])) as provider:
        alone = user.direct("--continue", *PRINT, "And without?", **way.environ(provider.url, wrapped=False))
        originals = copilot.results(provider.turns[-1].body)
    assert (alone.returncode, alone.stdout) == (0, "Alone.\n\n"), alone.stderr
    assert (user.path / "app.log").read_text().strip() in originals[0]


@pytest.mark.parametrize("way", [OWN_ANTHROPIC, ACCOUNT_GPT], ids=lambda way: way.name)
def test_faults_of_the_provider_are_copilots_own_affair(make_user: Callable[[], User], way: Way) -> None:
    def outcome(script: Script, *, wrapped: bool) -> tuple[int, str, list[int]]:
        user = make_user()
        with way.over(script) as provider:
            environ = way.environ(provider.url, wrapped=wrapped)
            done = user.wrapped(way, *PRINT, "say done", **environ) if wrapped else user.direct(*PRINT, "say done", **environ)
            return done.returncode, done.stdout, [r.status for r in provider.requests if r.method != "GET" and r.path.endswith(_MODEL)]

    def faults() -> Script:
        return Script(rate_limited(0), server_error(), ApiError(400, "invalid_request_error", "No."), [text("Done.")])

    assert outcome(faults(), wrapped=True) == outcome(faults(), wrapped=False)


_MODEL = ("/responses", "/messages", "/chat/completions")


def test_kill_9_leaves_nothing(user: User) -> None:
    gate, way = Gate(), OWN_CHAT
    with way.over(Script([copilot.run("cat app.log")], held([text("never")], gate))) as provider:
        command = [sys.executable, "-m", "headroom_wrap.cli.__main__", "wrap", "copilot", "--", *PRINT, "look at the log"]
        env = {**user.env, **way.environ(provider.url, wrapped=True)}
        supervisor = subprocess.Popen(command, cwd=user.path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = user.files()
        assert gate.reached.wait(60)
        others = psutil.Process(supervisor.pid).children(recursive=True)
        assert any("copilot-linux" in (p.exe() or "") for p in others), "the program itself, not npm's starter"
        assert not any("npm-loader" in " ".join(p.cmdline()) for p in others)
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        _, alive = psutil.wait_procs(others, timeout=90)
        gate.release()
    assert alive == []
    after = user.files()
    users = set(before) - {"home/.copilot/config.json"}  # Copilot's own
    assert {path: after.get(path) for path in users} == {path: before[path] for path in users}
    assert {path.split("/")[1] for path in after if path not in before} <= {".copilot", ".cache"}, "what Copilot keeps for itself"
    assert user.headroom("undo").stdout == "1 killed session cleaned up.\n"
    assert not list((user.state / "sessions").iterdir())


def test_copilots_failure_is_ours(user: User) -> None:
    environ = OWN_CHAT.environ("http://127.0.0.1:9", wrapped=True)
    wrapped, direct = user.wrapped(OWN_CHAT, "--no-such-flag", **environ), user.direct("--no-such-flag", **environ)
    assert wrapped.returncode == direct.returncode != 0
    assert "unexpected argument" in wrapped.stderr
    assert "NOT ROUTED" in wrapped.stderr


def test_a_command_without_a_model_is_run_as_it_is(user: User) -> None:
    wrapped, direct = user.headroom("wrap", "copilot", "--", "mcp", "list"), user.direct("mcp", "list")
    assert (wrapped.returncode, wrapped.stdout) == (direct.returncode, direct.stdout)
    assert "headroom:" not in wrapped.stderr


def test_without_a_word_on_the_way_nothing_is_guessed(user: User) -> None:
    wrapped = user.headroom("wrap", "copilot", "--", *PRINT, "hi")
    assert wrapped.returncode == 2
    assert "--subscription" in wrapped.stderr
    assert "COPILOT_PROVIDER_BASE_URL" in wrapped.stderr


def test_off_relays_everything_untouched(user: User) -> None:
    way = OWN_CHAT
    with way.over(copilot.session(way, user.path)) as provider:
        wrapped = user.headroom("wrap", "copilot", "--off", "--", *PRINT, PROMPT, **way.environ(provider.url, wrapped=True))
        turns = provider.turns
    assert wrapped.returncode == 0, wrapped.stderr
    assert (user.path / "app.log").read_text().strip() in copilot.results(turns[-1].body)[0]
    assert b"headroom-" not in turns[0].raw


@pytest.mark.parametrize("way", [OWN_CHAT, ACCOUNT_CLAUDE], ids=lambda way: way.name)
def test_dry_run_says_what_would_be_done_and_changes_nothing(user: User, way: Way) -> None:
    before = user.files()
    shown = user.headroom("wrap", "copilot", *way.flags, "--dry-run", "--", *PRINT, "go", **way.environ("https://llm.example", wrapped=True))
    assert shown.returncode == 0, shown.stderr
    assert "upstream   https://llm.example" in shown.stdout
    assert f"sets       {'COPILOT_API_URL' if way.account else 'COPILOT_PROVIDER_BASE_URL'}=http://127.0.0.1:PORT/SECRET{way.base}" in shown.stdout
    assert "--additional-mcp-config" in shown.stdout
    assert copilot.TOKEN not in shown.stdout
    assert user.files() == before
    assert not user.state.exists()
