from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.codex import Codex
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Program
from adapters.registry import ADAPTERS
from headroom_wrap.proxy.routes import Rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path("/state/sessions/1")
PROXY = "http://127.0.0.1:4242/secret"
HOME, CWD = Path("/home/ada"), Path("/work")
SYSTEM, USER, PROFILE = Path("/etc/codex/config.toml"), HOME / ".codex/config.toml", HOME / ".codex/hr.config.toml"
OWN = 'model_provider = "my.gw"\n[model_providers."my.gw"]\nname = "G"\nbase_url = "https://gw.example/v1/"\n'


def plan(
    *arguments: str,
    environ: dict[str, str] | None = None,
    files: dict[Path, str] | None = None,
    upstream: str = "",
    mcp: bool = True,
    version: str = "0.169.0",
    shell: tuple[str, ...] = (),
) -> LaunchPlan:
    ordered = {p: (files or {})[p] for p in (SYSTEM, USER, PROFILE) if p in (files or {})}
    command = ("/py", "-m", "headroom_wrap.mcp", "--state", '/st "x"') if mcp else ()
    program = Program("/bin/codex", version)
    return Codex().plan(PlanRequest(program, arguments, environ or {}, ordered, PROXY, upstream, command, FOLDER, shell=shell))


def overrides(found: LaunchPlan) -> dict[str, Any]:
    """What our overrides set, as Codex reads it."""
    texts = [text for flag, text in zip(found.argv, found.argv[1:], strict=False) if flag == "-c"]
    ours = [text.partition("=") for text in texts if PROXY in text or text.startswith("mcp_servers.")]
    return {key: tomllib.loads(f"v = {value}")["v"] for key, _, value in ours}


def test_a_plain_launch() -> None:
    found = plan("exec", "-m", "gpt-5.5", "fix it")
    assert found.argv[:5] == ("/bin/codex", "exec", "-m", "gpt-5.5", "fix it")
    assert overrides(found) == {
        "openai_base_url": PROXY,
        "mcp_servers.headroom": {
            "command": "/py",
            "args": ["-m", "headroom_wrap.mcp", "--state", '/st "x"'],
            "enabled": True,
            "default_tools_approval_mode": "approve",
            "startup_timeout_sec": 20,
            "tool_timeout_sec": 60,
        },
    }
    assert (found.env, found.files, found.edits, found.notes) == ({}, {}, {}, ())
    assert found.losses


def test_without_mcp() -> None:
    assert set(overrides(plan("exec", "x", mcp=False))) == {"openai_base_url"}


def test_a_server_of_the_same_name_that_is_reached_by_http_is_left_alone() -> None:
    """A command and an address for one server are an error to Codex."""
    found = plan("exec", "x", files={USER: '[mcp_servers.headroom]\nurl = "http://127.0.0.1:8787/mcp"\n'})
    assert set(overrides(found)) == {"openai_base_url"}
    found = plan("exec", "x", files={USER: '[mcp_servers.headroom]\ncommand = "headroom"\n'})
    assert set(overrides(found)) == {"openai_base_url", "mcp_servers.headroom"}


@pytest.mark.parametrize(
    "arguments", [(), ("hello",), ("resume", "--last"), ("fork",), ("agents",), ("-m", "exec", "hello"), ("-i", "a.png", "exec")]
)
def test_the_terminal_program_runs_without_the_shared_server(arguments: tuple[str, ...]) -> None:
    found = plan(*arguments)
    assert found.argv[: 1 + len(arguments)] == ("/bin/codex", *arguments)
    assert found.argv[-1] == "--no-daemon"
    assert any("background" in loss for loss in found.losses)
    assert any("titles" in loss for loss in found.losses)
    assert not any("titles" in loss for loss in plan(*arguments, mcp=False).losses)


@pytest.mark.parametrize("arguments", [("exec", "hi"), ("e", "hi"), ("review",), ("-c", "model=x", "exec", "hi"), ("-ifile", "exec", "hi"), ("-",)])
def test_other_commands_know_no_such_flag(arguments: tuple[str, ...]) -> None:
    assert ("--no-daemon" in plan(*arguments).argv) is (arguments == ("-",))


def test_a_flag_that_may_stand_but_once_is_not_repeated() -> None:
    assert plan("--no-daemon").argv.count("--no-daemon") == 1


def test_ours_stand_last_but_before_what_is_no_option() -> None:
    found = plan("exec", "-c", 'openai_base_url="https://gw.example/v1"', "--", "-c", "hello")
    assert found.argv[1:4] == ("exec", "-c", 'openai_base_url="https://gw.example/v1"')
    assert found.argv[-3:] == ("--", "-c", "hello")
    assert found.argv.index(f'openai_base_url="{PROXY}"') > 3


BASE = 'openai_base_url = "https://{}.example/v1"\n'


@pytest.mark.parametrize(
    ("arguments", "files", "upstream"),
    [
        ((), {}, ""),
        ((), {SYSTEM: BASE.format("system")}, "https://system.example/v1"),
        ((), {SYSTEM: BASE.format("system"), USER: BASE.format("user")}, "https://user.example/v1"),
        (("-p", "hr"), {USER: BASE.format("user"), PROFILE: BASE.format("profile")}, "https://profile.example/v1"),
        (("-c", "openai_base_url=https://flag.example/v1/"), {USER: BASE.format("user")}, "https://flag.example/v1"),
        (("-c", 'openai_base_url="https://1"', "exec", '-copenai_base_url="https://2"'), {}, "https://2"),
        (('--config=openai_base_url="https://flag"',), {}, "https://flag"),
        (("-c=openai_base_url='https://flag'",), {}, "https://flag"),
        (("exec", "--", "-c", 'openai_base_url="https://prompt"'), {}, ""),
        ((), {USER: OWN}, "https://gw.example/v1"),
        (("-c", "model_provider=openai"), {USER: OWN}, ""),
        (("-c", 'model_provider="b"', "-c", 'model_providers={b={base_url="https://b"}}'), {USER: OWN}, "https://b"),
        (("-c", 'model_provider="b"', "-c", 'model_providers.b.base_url="https://b"'), {USER: OWN}, "https://b"),
    ],
)
def test_the_upstream_is_what_codex_would_have_used(arguments: tuple[str, ...], files: dict[Path, str], upstream: str) -> None:
    found = plan(*arguments, files=files)
    assert found.upstream == upstream
    assert bool(found.losses) or upstream


def test_the_users_word_goes_before_all() -> None:
    found = plan("exec", "x", files={USER: OWN}, upstream="http://127.0.0.1:9")
    assert found.upstream == "http://127.0.0.1:9"
    assert overrides(found)["model_providers"] == {"my.gw": {"base_url": PROXY}}


@pytest.mark.parametrize(
    ("headers", "goes_to"),
    [
        ({"authorization": "Bearer sk-proj-1"}, "https://api.openai.com/v1"),
        ({"authorization": "Bearer ey.ey.x", "chatgpt-account-id": "a"}, "https://chatgpt.com"),
    ],
)
def test_with_no_address_of_the_users_the_credential_decides(headers: dict[str, str], goes_to: str) -> None:
    place = Rules(upstream=plan("exec").upstream, public=True).place("/responses", headers)
    assert place.base + place.target == f"{goes_to}{'/backend-api/codex' if 'chatgpt' in goes_to else ''}/responses"


@pytest.mark.parametrize("name", ["ollama", "amazon-bedrock", "gone"])
def test_a_provider_without_an_address_is_refused_in_words(name: str) -> None:
    with pytest.raises(PlanError, match=name) as caught:
        plan("exec", "x", files={USER: f'model_provider = "{name}"\n'})
    assert caught.value.hint


def test_a_model_on_this_machine_is_refused_in_words() -> None:
    with pytest.raises(PlanError, match="--oss"):
        plan("--oss")


@pytest.mark.parametrize(
    "arguments",
    [
        ("login", "status"),
        ("mcp", "list"),
        ("--version",),
        ("-V",),
        ("exec", "--help"),
        ("sandbox", "ls"),
        ("apply", "t"),
        ("help",),
        ("app-server",),
    ],
)
def test_commands_without_a_model_run_as_they_are(arguments: tuple[str, ...]) -> None:
    found = plan(*arguments, files={USER: "no TOML at all"})
    assert found.argv == ("/bin/codex", *arguments)
    assert (found.routed, found.upstream) == (False, "")
    assert found.notes


def test_where_another_server_asks_the_model_nothing_can_be_done() -> None:
    found = plan("--remote", "unix://")
    assert found.argv == ("/bin/codex", "--remote", "unix://")
    assert "--remote" in found.notes[0]


def test_unreadable_settings_are_refused_in_words_unless_the_user_says_where_to_go() -> None:
    with pytest.raises(PlanError, match=r"config\.toml") as caught:
        plan("exec", files={USER: "a = {\n b = 1,\n"})
    assert "--upstream" in caught.value.hint
    assert plan("exec", files={USER: "a = {\n b = 1,\n"}, upstream="https://gw").upstream == "https://gw"


def test_values_of_other_types_say_nothing() -> None:
    assert plan("exec", files={USER: "openai_base_url = 3\nmcp_servers = 1\n"}).upstream == ""


def test_loopback_goes_round_the_users_proxy() -> None:
    assert plan(environ={"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"}).env == {"NO_PROXY": "a.example,127.0.0.1,localhost"}
    assert plan(environ={"all_proxy": "http://p:1"}).env == {"NO_PROXY": "127.0.0.1,localhost"}


def test_no_credential_is_ever_set_or_asked_for() -> None:
    found = plan("exec", environ={"CODEX_API_KEY": "k-1", "OPENAI_API_KEY": "k-2"})
    assert "k-1" not in str(found)
    assert "k-2" not in str(found)
    assert not [p for p in Codex().reads((), {}, HOME, CWD) if "auth" in p.name]


def test_an_untested_version_is_said() -> None:
    assert "9.9.9" in plan("exec", version="9.9.9").notes[0]
    assert plan("exec", version="").notes == ()


def test_where_it_looks() -> None:
    assert Codex().reads((), {}, HOME, CWD) == [SYSTEM, USER]
    assert Codex().reads(("exec", "-p", "hr", "hi"), {}, HOME, CWD) == [SYSTEM, USER, PROFILE]
    assert Codex().reads(("--profile=hr",), {"CODEX_HOME": "/cfg"}, HOME, CWD) == [SYSTEM, Path("/cfg/config.toml"), Path("/cfg/hr.config.toml")]
    assert Codex().reads(("exec", "--ignore-user-config"), {}, HOME, CWD) == [SYSTEM]


def test_where_its_sessions_are() -> None:
    found = Codex().transcripts({"CODEX_HOME": "/cfg"}, HOME)
    assert found is not None
    assert (found.root, found.pattern) == (Path("/cfg/sessions"), "**/rollout-*.jsonl")


def test_registered_under_its_name() -> None:
    assert ADAPTERS["codex"].name == "codex"


def test_in_its_own_shell_it_needs_nothing_but_its_sandbox() -> None:
    run = {"mcp": False, "shell": ("headroom", "show")}
    found = plan("exec", "hello", **run)
    assert found.argv == plan("exec", "hello", mcp=False).argv
    assert any("login shell" in loss for loss in found.losses)
    assert not any("untrusted" in loss for loss in found.losses)
    assert any("untrusted" in loss for loss in plan(**run).losses)
    assert plan("-a", "never", **run).routed


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (("-a", "untrusted"), {}),
        (("--ask-for-approval=untrusted", "hello"), {}),
        (("-c", "approval_policy=untrusted"), {}),
        ((), {USER: 'approval_policy = "untrusted"'}),
        (("-a", "untrusted"), {USER: 'approval_policy = "never"'}),
        (("-a", "never", "-a", "untrusted"), {}),
    ],
)
def test_where_it_asks_before_each_command_its_shell_is_refused(arguments: tuple[str, ...], files: dict[Path, str]) -> None:
    with pytest.raises(PlanError, match="asks before each command"):
        plan(*arguments, files=files, mcp=False, shell=("headroom", "show"))
    assert plan(*arguments, files=files).routed


@pytest.mark.parametrize(
    "arguments",
    [
        ("-a", "never"),
        ("--ask-for-approval=on-request", "hello"),
        ("-c", "approval_policy=never"),
        ("--yolo",),
        ("resume", "--dangerously-bypass-approvals-and-sandbox"),
        ("exec", "hello"),
        ("e", "-c", "approval_policy=untrusted", "hello"),
        ("review",),
    ],
)
def test_what_the_command_line_says_goes_before_the_policy_in_the_file(arguments: tuple[str, ...]) -> None:
    files = {USER: 'approval_policy = "untrusted"'}
    assert plan(*arguments, files=files, mcp=False, shell=("headroom", "show")).argv == plan(*arguments, files=files, mcp=False).argv
