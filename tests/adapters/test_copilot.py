from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.copilot import UPSTREAM, Copilot
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Program

FOLDER = Path("/state/sessions/1")
PROXY = "http://127.0.0.1:4242/secret"
HOME, CWD = Path("/home/ada"), Path("/work")
SETTINGS, PROVIDERS = HOME / ".copilot/settings.json", HOME / ".copilot/providers.json"
BYOK = {"COPILOT_PROVIDER_BASE_URL": "https://llm.example/v1", "COPILOT_PROVIDER_API_KEY": "k", "COPILOT_MODEL": "m"}


def plan(
    *arguments: str,
    environ: dict[str, str] | None = None,
    files: dict[Path, str] | None = None,
    upstream: str = "",
    mcp: bool = True,
    subscription: bool = False,
    version: str = "1.0.102",
    shell: bool = False,
) -> LaunchPlan:
    command = ("/py", "-m", "headroom_wrap.mcp") if mcp else ()
    program = Program("/bin/copilot", version)
    run = ("headroom", "show") if shell else ()
    return Copilot().plan(PlanRequest(program, arguments, environ or {}, files or {}, PROXY, upstream, command, FOLDER, subscription, shell=run))


def test_the_account() -> None:
    found = plan("-p", "hello", subscription=True)
    assert found.argv == ("/bin/copilot", "--additional-mcp-config", f"@{FOLDER}/mcp.json", "-p", "hello")
    assert found.env == {"COPILOT_API_URL": PROXY}
    assert found.upstream == UPSTREAM
    assert any("--upstream" in note for note in found.notes)
    server = {"type": "local", "command": "/py", "args": ["-m", "headroom_wrap.mcp"], "tools": ["*"]}
    assert json.loads(found.files[FOLDER / "mcp.json"]) == {"mcpServers": {"headroom": server}}
    assert found.losses == ()


@pytest.mark.parametrize(
    ("environ", "upstream", "wanted"),
    [
        ({"COPILOT_API_URL": "https://api.business.githubcopilot.com/"}, "", "https://api.business.githubcopilot.com"),
        ({"COPILOT_API_URL": "https://a.example"}, "https://b.example", "https://b.example"),
        ({"COPILOT_GH_HOST": "acme.ghe.com"}, "", "https://copilot-api.acme.ghe.com"),
        ({"COPILOT_GH_HOST": "https://Acme.ghe.com/"}, "", "https://copilot-api.acme.ghe.com"),
        ({"GH_HOST": "acme.ghe.com"}, "", "https://copilot-api.acme.ghe.com"),
        ({"GH_HOST": "acme.ghe.com", "COPILOT_GH_HOST": "github.com"}, "", UPSTREAM),
        ({"GH_HOST": "github.acme.com"}, "", UPSTREAM),
    ],
)
def test_the_accounts_own_address_is_kept(environ: dict[str, str], upstream: str, wanted: str) -> None:
    found = plan(environ=environ, upstream=upstream, subscription=True)
    assert found.upstream == wanted
    assert any("--upstream" in note for note in found.notes) is (wanted == UPSTREAM)


def test_the_account_goes_before_a_provider_for_this_run() -> None:
    found = plan(environ={**BYOK, "COPILOT_PROVIDER_GHES_HOST": "x"}, subscription=True)
    assert found.env == {"COPILOT_API_URL": PROXY, "COPILOT_PROVIDER_BASE_URL": "", "COPILOT_PROVIDER_GHES_HOST": ""}
    assert found.upstream == UPSTREAM


@pytest.mark.parametrize(
    ("given", "origin", "rest"),
    [
        ("https://llm.example/v1", "https://llm.example", "/v1"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434", ""),
        ("https://llm.example/", "https://llm.example", "/"),
        (" https://x.services.ai.azure.com/api/projects/p ", "https://x.services.ai.azure.com", "/api/projects/p"),
        ("https://llm.example/v1?tier=1", "https://llm.example", "/v1?tier=1"),
        ("HTTPS://llm.example/v1", "https://llm.example", "/v1"),
    ],
)
def test_a_providers_path_is_kept(given: str, origin: str, rest: str) -> None:
    found = plan(environ={**BYOK, "COPILOT_PROVIDER_BASE_URL": given})
    assert found.upstream == origin
    assert found.env == {"COPILOT_PROVIDER_BASE_URL": PROXY + rest}


def test_the_users_word_on_the_provider() -> None:
    found = plan(environ=BYOK, upstream="https://other.example/openai")
    assert (found.upstream, found.env["COPILOT_PROVIDER_BASE_URL"]) == ("https://other.example", f"{PROXY}/openai")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "--subscription"),
        ({"COPILOT_PROVIDER_BASE_URL": " "}, "--subscription"),
        ({"COPILOT_PROVIDER_GHES_HOST": "github.acme.com"}, "GHES_HOST"),
        ({"COPILOT_PROVIDER_BASE_URL": "llm.example/v1"}, "in full"),
    ],
)
def test_what_cannot_be_done_is_said(environ: dict[str, str], says: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan(environ=environ)
    assert says in str(caught.value.args[0]) + caught.value.hint


@pytest.mark.parametrize("subscription", [False, True])
def test_no_credential_is_ever_set(subscription: bool) -> None:
    found = plan(environ={**BYOK, "COPILOT_GITHUB_TOKEN": "gho_x"}, subscription=subscription)
    assert not any("KEY" in name or "TOKEN" in name for name in found.env)
    assert "gho_x" not in str(found)


@pytest.mark.parametrize(
    ("arguments", "routed"),
    [
        (("mcp", "list"), False),
        (("--log-level", "debug", "mcp", "list"), False),
        (("--version",), False),
        (("-p", "login"), True),
        (("-p", "hi", "--model", "help"), True),
        (("--name=update",), True),
        (("--connect=abc",), False),
        (("--", "login"), True),
        (("--continue",), True),
        (("--resume", "abc"), True),
        (("-p",), True),
    ],
)
def test_commands_without_a_session_are_run_as_they_are(arguments: tuple[str, ...], routed: bool) -> None:
    found = plan(*arguments, environ=BYOK)
    assert found.routed is routed
    assert routed or (found.argv == ("/bin/copilot", *arguments) and not found.env and not found.files)


def test_without_mcp() -> None:
    found = plan("-p", "x", environ=BYOK, mcp=False)
    assert (found.argv, dict(found.files)) == (("/bin/copilot", "-p", "x"), {})


def test_the_proxy_that_the_settings_name_is_passed_by_and_used_by_ours() -> None:
    files = {SETTINGS: '// mine\n{"proxyUrl": "http://corp.example:3128", }'}
    found = plan(environ=BYOK, files=files)
    assert found.settled == {"HTTPS_PROXY": "http://corp.example:3128", "http_proxy": "http://corp.example:3128"}
    assert found.env["NO_PROXY"] == "127.0.0.1,localhost"
    own = plan(environ={**BYOK, "https_proxy": "http://own.example", "no_proxy": "x.example"}, files=files)
    assert own.settled == {}
    assert own.env["no_proxy"] == "x.example,127.0.0.1,localhost"


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"proxyUrl": 3}', '{"proxyUrl": ""}'])
def test_settings_that_say_nothing(text: str) -> None:
    found = plan(environ=BYOK, files={SETTINGS: text})
    assert found.settled == {}
    assert "NO_PROXY" not in found.env


@pytest.mark.parametrize(
    ("text", "lost"), [('{"providers": [{"name": "acme", "baseUrl": "https://x"}]}', True), ('{"providers": []}', False), ("{", False), ("[]", False)]
)
def test_further_providers_are_said_to_be_lost(text: str, lost: bool) -> None:
    assert bool(plan(environ=BYOK, files={PROVIDERS: text}).losses) is lost


def test_what_is_read_and_where_sessions_are() -> None:
    found = Copilot()
    assert found.reads((), {}, HOME, CWD) == [SETTINGS, PROVIDERS]
    assert found.reads((), {"COPILOT_HOME": "/c", "COPILOT_PROVIDERS_CONFIG": "p.json"}, HOME, CWD) == [Path("/c/settings.json"), CWD / "p.json"]
    kept = found.transcripts({"COPILOT_HOME": "/c"}, HOME)
    assert kept is not None
    assert (kept.root, kept.pattern) == (Path("/c/session-state"), "*/events.jsonl")


def test_untested_versions_are_said() -> None:
    assert not any("1.1.0" in note for note in plan(environ=BYOK).notes)
    assert any("1.1.0" in note for note in plan(environ=BYOK, version="1.1.0").notes)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [(("--allow-all-tools", "-p", "x"), {}), (("--yolo",), {}), (("--allow-all",), {}), ((), {"COPILOT_ALLOW_ALL": "true"})],
)
def test_its_own_shell_is_enough_where_it_asks_for_nothing(arguments: tuple[str, ...], environ: dict[str, str]) -> None:
    found = plan(*arguments, environ=environ, mcp=False, shell=True, subscription=True)
    assert found.argv == ("/bin/copilot", *arguments)
    assert not any("MCP" in note for note in found.notes)


@pytest.mark.parametrize("arguments", [(), ("--allow-tool=shell(headroom)",), ("-p", "x", "--", "--yolo")])
def test_where_it_would_ask_its_own_shell_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(PlanError, match="by their first word alone"):
        plan(*arguments, mcp=False, shell=True, subscription=True)
    assert plan(*arguments, subscription=True).routed
    assert not plan("--version", mcp=False, shell=True).routed
