from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.opencode import _MANAGED, OpenCode
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Program

PROXY = "http://127.0.0.1:4242/secret"
HOME, CWD = Path("/home/ada"), Path("/work/shop/api")
CONFIG, PROJECT = HOME / ".config/opencode/opencode.jsonc", Path("/work/shop/opencode.json")
AUTH = HOME / ".local/share/opencode/auth.json"
MODELS, RECENT = HOME / ".cache/opencode/models.json", HOME / ".local/state/opencode/model.json"
SHOW = "headroom show *"
NO_ZEN = {"disabled_providers": ["opencode"]}


def plan(
    *arguments: str,
    environ: dict[str, str] | None = None,
    files: dict[Path, Any] | None = None,
    upstream: str = "",
    mcp: bool = True,
    shell: tuple[str, ...] = (),
) -> LaunchPlan:
    given = {p: t if isinstance(t, str) else json.dumps(t) for p, t in (files or {}).items()}
    found = {p: given[p] for p in OpenCode().reads(arguments, environ or {}, HOME, CWD) if p in given}
    assert len(found) == len(given), "a file that the adapter did not ask for"
    command = ("/py", "-m", "headroom_wrap.mcp") if mcp else ()
    return OpenCode().plan(
        PlanRequest(Program("/bin/opencode", "1.18.33"), arguments, environ or {}, found, PROXY, upstream, command, Path("/state/1"), shell=shell)
    )


def content(found: LaunchPlan) -> dict[str, Any]:
    value = json.loads(found.env["OPENCODE_CONFIG_CONTENT"])
    assert isinstance(value, dict)
    return value


def bases(found: LaunchPlan) -> dict[str, str]:
    return {name: p["options"]["baseURL"] for name, p in content(found).get("provider", {}).items() if "baseURL" in p.get("options", {})}


def test_a_plain_launch() -> None:
    found = plan("run", "hello", environ={"ANTHROPIC_API_KEY": "k"}, files={CONFIG: NO_ZEN})
    assert found.argv == ("/bin/opencode", "run", "hello")
    assert content(found) == {
        "provider": {"anthropic": {"options": {"baseURL": f"{PROXY}/to-anthropic/v1"}}},
        "mcp": {"headroom": {"type": "local", "command": ["/py", "-m", "headroom_wrap.mcp"], "enabled": True}},
    }
    assert found.mounts == {"to-anthropic": "https://api.anthropic.com"}
    assert found.upstream == "https://api.anthropic.com"
    assert found.notes == ("Requests to anthropic go on to https://api.anthropic.com/v1.",)
    assert (found.files, found.edits, found.losses) == ({}, {}, ())


def test_no_credential_is_ever_set() -> None:
    found = plan(environ={"ANTHROPIC_API_KEY": "sesame"}, files={AUTH: {"groq": {"type": "api", "key": "sesame"}}})
    assert "sesame" not in json.dumps([*found.env.values(), *found.argv, *found.notes])


def test_every_provider_has_its_own_way() -> None:
    mine = {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "http://localhost:11434/v1"}, "models": {"m": {}}}
    files = {CONFIG: {"provider": {"my ollama": mine}, "model": "groq/x"}, AUTH: {"groq": {"type": "api"}, "google": {"type": "api"}}}
    found = plan(environ={"OPENROUTER_API_KEY": "k"}, files=files)
    assert found.mounts == {
        "to-my-ollama": "http://localhost:11434",
        "to-openrouter": "https://openrouter.ai/api",
        "to-groq": "https://api.groq.com/openai",
        "to-google": "https://generativelanguage.googleapis.com/v1beta",
        "to-opencode": "https://opencode.ai/zen",
    }
    assert bases(found)["my ollama"] == f"{PROXY}/to-my-ollama/v1"
    assert bases(found)["google"] == f"{PROXY}/to-google"
    assert found.upstream == ""
    assert content(found)["provider"]["my ollama"] == {"options": {"baseURL": f"{PROXY}/to-my-ollama/v1"}}, "nothing but the address is given"


@pytest.mark.parametrize(("kind", "lost"), [("api", 0), ("oauth", 1)])
def test_openais_requests_go_where_their_credential_says(kind: str, lost: int) -> None:
    found = plan(files={CONFIG: NO_ZEN, AUTH: {"openai": {"type": kind}}})
    assert bases(found) == {"openai": PROXY}
    assert "/v1" not in PROXY, "opencode sends paths with it past every address when it is signed in with ChatGPT"
    assert (found.upstream, found.mounts) == ("", {})
    assert len(found.losses) == lost


def test_an_address_for_openai_of_the_users_own_is_kept() -> None:
    found = plan(files={CONFIG: {**NO_ZEN, "provider": {"openai": {"options": {"baseURL": "https://gw.example/v1/"}}}}})
    assert bases(found) == {"openai": f"{PROXY}/to-openai"}
    assert found.mounts == {"to-openai": "https://gw.example/v1"}


def test_what_cannot_be_routed_is_said() -> None:
    found = plan(environ={"ANTHROPIC_API_KEY": "k"}, files={AUTH: {"github-copilot": {"type": "oauth"}}})
    assert "github-copilot" not in bases(found)
    assert [s for s in found.losses if "github-copilot" in s]


def test_the_choice_of_a_model_stays_the_same() -> None:
    """opencode takes the first of the providers in its configuration where nothing names a model."""
    environ = {"ANTHROPIC_API_KEY": "k"}
    config = {"provider": {"mine": {"options": {"baseURL": "http://m.example"}}}}
    found = plan(environ=environ, files={CONFIG: config})
    assert set(bases(found)) == {"mine"}
    assert len([s for s in found.losses if "anthropic" in s]) == 1
    for more in ({"files": {CONFIG: {**config, "model": "mine/m"}}}, {"files": {CONFIG: config, RECENT: {"recent": [{"providerID": "mine"}]}}}):
        assert "anthropic" in bases(plan(environ=environ, **more))
    assert "anthropic" in bases(plan("run", "-m", "mine/m", "x", environ=environ, files={CONFIG: config}))


def test_where_nothing_is_configured_every_provider_stands_in_the_configuration() -> None:
    found = plan(
        environ={"ANTHROPIC_API_KEY": "k", "GITHUB_TOKEN": "t"}, files={MODELS: {"github-copilot": {"env": ["GITHUB_TOKEN"], "api": "https://x"}}}
    )
    assert content(found)["provider"]["github-copilot"] == {}


def test_the_layers_of_the_configuration() -> None:
    def base(url: str) -> dict[str, Any]:
        return {"provider": {"mine": {"options": {"baseURL": url}}}}

    layers = [
        HOME / ".config/opencode/opencode.json",
        CONFIG,
        PROJECT,
        CWD / "opencode.json",
        CWD / "opencode.jsonc",
        CWD / ".opencode/opencode.json",
        HOME / ".opencode/opencode.jsonc",
    ]
    for n in range(1, len(layers) + 1):
        files = {path: base(f"http://{k}.example") for k, path in enumerate(layers[:n])}
        assert plan(files=files).mounts["to-mine"] == f"http://{n - 1}.example", layers[n - 1]


def test_the_users_own_value_of_the_variable_is_kept() -> None:
    own = '{ // mine\n "theme": "x", "provider": {"mine": {"options": {"baseURL": "{env:URL}/v1", "apiKey": "{env:KEY}"}}}, "mcp": {"a": {}}, }'
    found = plan(environ={"OPENCODE_CONFIG_CONTENT": own, "URL": "https://u.example", "KEY": "sesame"}, files={CONFIG: NO_ZEN})
    assert content(found) == {
        "theme": "x",
        "provider": {"mine": {"options": {"baseURL": f"{PROXY}/to-mine/v1", "apiKey": "{env:KEY}"}}},
        "mcp": {"a": {}, "headroom": {"type": "local", "command": ["/py", "-m", "headroom_wrap.mcp"], "enabled": True}},
    }
    assert found.mounts == {"to-mine": "https://u.example"}


def test_what_an_administrator_has_set_up_is_not_routed() -> None:
    managed = {_MANAGED / "opencode.json": {"provider": {"mine": {"options": {"baseURL": "https://m.example"}}}}}
    found = plan(files=managed)
    assert "to-mine" not in found.mounts
    assert [s for s in found.losses if "mine" in s]


def test_a_server_of_ours_that_the_user_has_set_up_stays() -> None:
    assert "mcp" not in content(plan(files={CONFIG: {"mcp": {"headroom": {"enabled": False}}}}))
    assert "mcp" not in content(plan(mcp=False))


def test_the_users_word_is_for_the_one_provider() -> None:
    files = {AUTH: {"openai": {"type": "oauth"}}}
    assert plan(files=files, upstream="http://127.0.0.1:9/v1").mounts["to-openai"] == "http://127.0.0.1:9/v1"
    with pytest.raises(PlanError, match="several providers") as caught:
        plan(environ={"GROQ_API_KEY": "k"}, files=files, upstream="http://127.0.0.1:9/v1")
    assert "baseURL" in caught.value.hint


@pytest.mark.parametrize(
    "arguments",
    [("auth", "login"), ("models",), ("--version",), ("attach", "http://x"), ("run", "--attach", "http://x", "hi"), ("-m", "a/b", "stats")],
)
def test_commands_without_a_model_run_as_they_are(arguments: tuple[str, ...]) -> None:
    found = plan(*arguments, environ={"ANTHROPIC_API_KEY": "k"})
    assert found.argv == ("/bin/opencode", *arguments)
    assert not found.routed
    assert not found.env


@pytest.mark.parametrize("arguments", [(), ("run", "explain", "--", "--version"), ("-m", "a/b", "--prompt", "models"), ("serve",), ("../shop",)])
def test_commands_with_a_model_are_routed(arguments: tuple[str, ...]) -> None:
    assert plan(*arguments).routed


@pytest.mark.parametrize("arguments", [("../web",), ("run", "--dir", "../web", "x"), ("run", "--dir=../web", "x")])
def test_the_project_asked_for_is_looked_at(arguments: tuple[str, ...]) -> None:
    assert CWD / "../web" / "opencode.json" in OpenCode().reads(arguments, {}, HOME, CWD)


def test_the_search_ends_at_the_root_of_the_work_tree(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    found = OpenCode().reads((), {}, HOME, tmp_path / "repository" / "deep")
    assert tmp_path / "repository" / "opencode.json" in found
    assert tmp_path / "opencode.json" not in found


def test_a_folder_that_the_system_does_not_tell_of_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    unknown = tmp_path / "repository" / ("a" * 300)  # what is longer than a name may be cannot even be looked for
    found = OpenCode().reads((), {}, HOME, unknown / "deep")
    assert unknown / "opencode.json" in found
    assert tmp_path / "repository" / "opencode.json" in found
    assert tmp_path / "opencode.json" not in found


@pytest.mark.parametrize("text", ["{", "[]", "nonsense"])
def test_an_unreadable_configuration_is_refused_in_words(text: str) -> None:
    with pytest.raises(PlanError, match="configuration"):
        plan(files={CONFIG: text})
    with pytest.raises(PlanError, match="OPENCODE_CONFIG_CONTENT"):
        plan(environ={"OPENCODE_CONFIG_CONTENT": text})


@pytest.mark.parametrize("path", [AUTH, MODELS, RECENT])
def test_a_file_of_opencodes_own_that_cannot_be_read_is_none(path: Path) -> None:
    assert plan(environ={"GROQ_API_KEY": "k"}, files={path: "{"}).mounts["to-groq"]


def test_loopback_goes_round_the_users_proxy() -> None:
    assert plan(environ={"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a"}).env["NO_PROXY"] == "a,127.0.0.1,localhost"


def test_an_untested_version_is_said() -> None:
    request = PlanRequest(Program("/bin/opencode", "9.9.9"), (), {}, {}, PROXY, "", (), Path("/state/1"))
    assert "9.9.9" in OpenCode().plan(request).notes[-1]


def test_where_its_sessions_are() -> None:
    found = OpenCode().transcripts({"XDG_DATA_HOME": "/data"}, HOME)
    assert found is not None
    assert (found.root, found.pattern) == (Path("/data/opencode/opencode.db"), "")


@pytest.mark.parametrize(
    ("given", "permission"),
    [
        ({}, {"bash": {SHOW: "allow"}}),
        ({"permission": "ask"}, {"*": "ask", "bash": {SHOW: "allow"}}),
        ({"permission": {"bash": "ask", "edit": "deny"}}, {"bash": {"*": "ask", SHOW: "allow"}}),
        ({"permission": {"bash": {"*": "ask", "git *": "allow"}}}, {"bash": {SHOW: "allow"}}),
    ],
)
def test_in_its_own_shell_it_may_run_what_retrieves_after_all_rules_of_the_users(given: dict[str, Any], permission: dict[str, Any]) -> None:
    found = plan("run", "hi", files={CONFIG: given}, mcp=False, shell=("headroom", "show"))
    assert content(found)["permission"] == permission
    assert list(permission["bash"])[-1] == SHOW
    assert "mcp" not in content(found)
    assert "agent" not in content(found)


def test_agents_with_rules_of_their_own_get_the_rule_too() -> None:
    agents = {"build": {"permission": {"bash": "ask"}}, "plan": {"model": "m"}, "odd": 1}
    found = plan("run", "hi", environ={"OPENCODE_CONFIG_CONTENT": json.dumps({"agent": agents})}, mcp=False, shell=("headroom", "show"))
    ours = content(found)["agent"]
    assert ours == {**agents, "build": {"permission": {"bash": {"*": "ask", SHOW: "allow"}}}}
