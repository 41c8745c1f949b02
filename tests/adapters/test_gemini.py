from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.gemini import Gemini, secure, writable
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Program
from adapters.registry import ADAPTERS

FOLDER = Path("/state/sessions/1")
PROXY = "http://127.0.0.1:4242/secret"
HOME, CWD = Path("/home/ada"), Path("/work/shop")
USER, PROJECT = HOME / ".gemini/settings.json", CWD / ".gemini/settings.json"
SYSTEM = ADAPTERS["gemini"].reads((), {}, HOME, CWD)[3]
DEFAULTS, TRUST = SYSTEM.parent / "system-defaults.json", HOME / ".gemini/trustedFolders.json"
GOOGLE, ASSIST = "https://generativelanguage.googleapis.com", "https://cloudcode-pa.googleapis.com"
KEY = {"GEMINI_API_KEY": "k", "HOME": str(HOME)}


def plan(
    *arguments: str,
    environ: dict[str, str] | None = None,
    files: dict[Path, Any] | None = None,
    upstream: str = "",
    mcp: bool = True,
    root: bool = True,
    writable: bool = True,
    shell: tuple[str, ...] = (),
) -> LaunchPlan:
    environ = KEY if environ is None else environ
    adapter = Gemini(lambda _: root, lambda _: writable)
    given = {p: t if isinstance(t, str) else json.dumps(t) for p, t in (files or {}).items()}
    found = {p: given[p] for p in adapter.reads(arguments, environ, HOME, CWD) if p in given}
    assert len(found) == len(given), "a file that the adapter did not ask for"
    command = ("/py", "-m", "headroom_wrap.mcp") if mcp else ()
    return adapter.plan(PlanRequest(Program("/bin/gemini", "0.61.0"), arguments, environ, found, PROXY, upstream, command, FOLDER, shell=shell))


def signed_in(how: str, **more: Any) -> dict[str, Any]:
    return {"security": {"auth": {"selectedType": how}}, **more}


def defaults(found: LaunchPlan) -> dict[str, Any]:
    value = json.loads(found.files[Path(found.env["GEMINI_CLI_SYSTEM_DEFAULTS_PATH"])])
    assert isinstance(value, dict)
    return value


def test_a_plain_launch() -> None:
    found = plan("-p", "hello")
    assert found.argv == ("/bin/gemini", "-p", "hello")
    assert found.env["GOOGLE_GEMINI_BASE_URL"] == f"{PROXY}/gemini"
    assert found.env["CODE_ASSIST_ENDPOINT"] == f"{PROXY}/code-assist"
    assert found.mounts == {"gemini": GOOGLE, "code-assist": ASSIST}
    assert found.upstream == GOOGLE
    assert defaults(found) == {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "mcpServers": {"headroom": {"command": "/py", "args": ["-m", "headroom_wrap.mcp"], "trust": True}},
    }
    assert found.edits == {}
    assert found.notes == ()


def test_no_credential_is_ever_set() -> None:
    found = plan(environ={"GEMINI_API_KEY": "sesame", "HOME": str(HOME)})
    assert "sesame" not in json.dumps([*found.env.values(), *found.files.values(), *found.argv])


@pytest.mark.parametrize("how", ["gemini-api-key", "oauth-personal", "compute-default-credentials"])
def test_a_sign_in_that_was_chosen_stays(how: str) -> None:
    found = plan(files={USER: signed_in(how)})
    assert "security" not in defaults(found)
    assert found.upstream == (GOOGLE if how == "gemini-api-key" else ASSIST)


@pytest.mark.parametrize(
    ("environ", "upstream"),
    [
        ({"GOOGLE_GENAI_USE_GCA": "true", "GEMINI_API_KEY": "k"}, ASSIST),
        ({"GOOGLE_GEMINI_BASE_URL": "https://gw.example/a/", "GEMINI_API_KEY": "k"}, "https://gw.example/a"),
        ({"CLOUD_SHELL": "true"}, ASSIST),
        ({}, GOOGLE),
    ],
)
def test_what_gemini_tells_from_its_environment_itself_is_left_to_it(environ: dict[str, str], upstream: str) -> None:
    found = plan("-p", "x", environ=environ)
    assert "security" not in defaults(found)
    assert found.upstream == upstream


def test_both_addresses_of_the_users_are_kept() -> None:
    environ = {**KEY, "GOOGLE_GEMINI_BASE_URL": "https://gw.example/g", "CODE_ASSIST_ENDPOINT": "https://gw.example/c/"}
    assert plan(environ=environ).mounts == {"gemini": "https://gw.example/g", "code-assist": "https://gw.example/c"}
    assert set(plan(environ=environ, upstream="http://127.0.0.1:9").mounts.values()) == {"http://127.0.0.1:9"}


def test_the_systems_own_defaults_are_kept() -> None:
    theirs = {"ui": {"theme": "x"}, "mcpServers": {"theirs": {"command": "y"}}}
    merged = defaults(plan(files={DEFAULTS: "// ours\n" + json.dumps(theirs)}))
    assert merged["ui"] == {"theme": "x"}
    assert list(merged["mcpServers"]) == ["theirs", "headroom"]


def test_a_server_of_ours_that_the_user_has_set_up_stays() -> None:
    found = plan(files={USER: signed_in("gemini-api-key", mcpServers={"headroom": {"command": "mine"}})})
    assert found.files == {}
    assert "GEMINI_CLI_SYSTEM_DEFAULTS_PATH" not in found.env


SERVER = {"command": "/py", "args": ["-m", "headroom_wrap.mcp"], "trust": True}


def test_who_is_not_root_gets_our_tools_into_the_settings_for_the_session() -> None:
    theirs = signed_in("gemini-api-key", ui={"theme": "x"}, mcpServers={"theirs": {"command": "y"}})
    found = plan(files={USER: theirs}, root=False)
    assert (found.files, found.losses) == ({}, ())
    assert set(found.env) == {"GOOGLE_GEMINI_BASE_URL", "CODE_ASSIST_ENDPOINT"}
    theirs["mcpServers"]["headroom"] = SERVER
    assert {path: json.loads(text) for path, text in found.edits.items()} == {USER: theirs}
    assert plan(files={USER: signed_in("gemini-api-key")}, root=False, mcp=False).edits == {}


def test_settings_that_are_not_there_are_made() -> None:
    elsewhere = plan(environ={**KEY, "GEMINI_CLI_HOME": "/g"}, root=False).edits
    assert json.loads(elsewhere[Path("/g/.gemini/settings.json")]) == {"mcpServers": {"headroom": SERVER}}, "on a terminal it asks for the sign-in"
    assert json.loads(plan("--prompt=x", root=False).edits[USER]) == signed_in("gemini-api-key", mcpServers={"headroom": SERVER})


def test_what_another_session_has_put_there_is_shared() -> None:
    text = plan("-p", "x", root=False).edits[USER]
    assert plan("-p", "x", files={USER: text}, root=False).edits == {USER: text}
    assert plan("-yp", "x", root=False).edits == {USER: text}
    assert plan(files={USER: {"mcpServers": {"headroom": {"command": "mine"}}}}, root=False).edits == {}


@pytest.mark.parametrize(
    ("text", "environ", "writable", "why"),
    [
        ('{"security": {"auth": {"selectedType": "gemini-api-key"}}} // mine', KEY, True, "is no plain JSON"),
        ("{}", KEY, False, "cannot be written"),
        ("", {"GEMINI_API_KEY": "k"}, True, "unknown where"),
    ],
)
def test_settings_that_cannot_be_added_to_are_left_and_it_is_told(text: str, environ: dict[str, str], writable: bool, why: str) -> None:
    found = plan(environ=environ, files={USER: text} if text else {}, root=False, writable=writable)
    assert found.edits == {}
    assert why in found.losses[0]
    assert "headroom show" in found.losses[0]


def test_without_a_terminal_settings_that_cannot_be_added_to_need_a_sign_in() -> None:
    with pytest.raises(PlanError, match="how it signs in") as caught:
        plan("-p", "x", files={USER: "{} // mine"}, root=False)
    assert "gemini-api-key" in caught.value.hint


def test_what_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0o500)
    (tmp_path / "link").symlink_to(tmp_path / "closed" / "settings.json")
    assert writable(tmp_path / "a" / "b" / "settings.json")
    assert writable(tmp_path / "link") == (os.geteuid() == 0)


def test_a_folder_that_the_system_does_not_tell_of_is_taken_to_be_missing(tmp_path: Path) -> None:
    assert writable(tmp_path / ("a" * 300) / "settings.json")  # what is longer than a name may be cannot even be looked for
    (tmp_path / "loop").symlink_to("loop")
    assert writable(tmp_path / "loop" / "settings.json")
    (tmp_path / "closed").mkdir(mode=0)
    assert writable(tmp_path / "closed" / "deep" / "settings.json") == (os.geteuid() == 0)


@pytest.mark.parametrize(("files", "environ"), [({USER: signed_in("vertex-ai")}, KEY), ({}, {"GOOGLE_GENAI_USE_VERTEXAI": "true"})])
def test_vertex_is_refused_in_words(files: dict[Path, Any], environ: dict[str, str]) -> None:
    with pytest.raises(PlanError, match="Vertex"):
        plan(files=files, environ=environ)


@pytest.mark.parametrize("arguments", [("mcp", "list"), ("--version",), ("--list-sessions",), ("extensions", "install", "x")])
def test_commands_without_a_model_run_as_they_are(arguments: tuple[str, ...]) -> None:
    found = plan(*arguments)
    assert found.argv == ("/bin/gemini", *arguments)
    assert not found.routed
    assert not found.env


def test_after_two_dashes_nothing_is_a_flag() -> None:
    assert plan("--", "--version").routed


CONTAINERS = [
    (("-s",), {}, {}),
    ((), {"GEMINI_SANDBOX": "docker"}, {}),
    (("-sy",), {}, {}),
    (("-ys", "hi"), {}, {}),
    (("-ys=true",), {}, {}),
    (("-sm2",), {}, {}),
    ((), {}, {"tools": {"sandbox": "podman"}}),
    ((), {}, {"tools": {"sandbox": {"enabled": True, "command": "docker"}}}),
]


@pytest.mark.skipif(sys.platform == "darwin", reason="a sandbox is no container there")
@pytest.mark.parametrize(("arguments", "environ", "settings"), CONTAINERS)
def test_a_container_is_refused_in_words(arguments: tuple[str, ...], environ: dict[str, str], settings: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match="container"):
        plan(*arguments, environ={**KEY, **environ}, files={USER: settings})


@pytest.mark.parametrize(
    ("arguments", "environ", "settings"),
    [
        ((), {"GEMINI_SANDBOX": "false"}, {"tools": {"sandbox": "docker"}}),
        (("--no-sandbox",), {}, {"tools": {"sandbox": True}}),
        (("-ys=false",), {}, {"tools": {"sandbox": True}}),
        (("-y", "-p", "yes"), {}, {}),
        (("--", "-sy"), {}, {}),
        ((), {}, {"tools": {"sandbox": {"enabled": False, "command": "docker"}}}),
        (("-s",), {"SANDBOX": "gemini-1"}, {}),
    ],
)
def test_no_container_is_none(arguments: tuple[str, ...], environ: dict[str, str], settings: dict[str, Any]) -> None:
    assert plan(*arguments, environ={**KEY, **environ}, files={USER: settings}).routed


DOTENV = "# mine\nexport GEMINI_API_KEY='k'\nGOOGLE_GEMINI_BASE_URL = https://gw.example/x # ours\n"


@pytest.mark.parametrize("where", [HOME / ".gemini/.env", HOME / ".env"])
def test_the_users_own_dotenv_counts(where: Path) -> None:
    assert plan(environ={"HOME": str(HOME)}, files={where: DOTENV}).upstream == "https://gw.example/x"


def test_the_environment_goes_before_dotenv() -> None:
    environ = {"HOME": str(HOME), "GOOGLE_GEMINI_BASE_URL": "https://env.example"}
    assert plan(environ=environ, files={CWD / ".env": DOTENV}).upstream == "https://env.example"


def test_a_key_in_a_projects_dotenv_is_a_sign_in() -> None:
    assert defaults(plan("-p", "x", environ={}, files={CWD / ".env": "GEMINI_API_KEY=k\n"}))["security"]["auth"]["selectedType"] == "gemini-api-key"


def test_an_address_in_a_strangers_project_gets_no_key() -> None:
    files = {CWD / ".env": DOTENV, HOME / ".env": "A=1"}
    with pytest.raises(PlanError, match=r"/work/shop/\.env"):
        plan(files=files)
    assert plan(files=files, upstream="https://mine.example").upstream == "https://mine.example"


@pytest.mark.parametrize(
    ("arguments", "environ", "files"),
    [
        (("--skip-trust",), {}, {}),
        ((), {"GEMINI_CLI_TRUST_WORKSPACE": "true"}, {}),
        ((), {}, {USER: {"security": {"folderTrust": {"enabled": False}}}}),
        ((), {}, {TRUST: {"/work": "TRUST_FOLDER"}}),
        ((), {}, {TRUST: {"/work/shop/deep": "TRUST_PARENT"}}),
    ],
)
def test_an_address_in_a_trusted_project_counts(arguments: tuple[str, ...], environ: dict[str, str], files: dict[Path, Any]) -> None:
    assert plan(*arguments, environ={**KEY, **environ}, files={**files, CWD / ".env": DOTENV}).upstream == "https://gw.example/x"


@pytest.mark.parametrize("rules", [{"/work": "DO_NOT_TRUST"}, {"/elsewhere": "TRUST_FOLDER"}, {"/work/shop/deep": "TRUST_FOLDER"}])
def test_other_rules_are_no_trust(rules: dict[str, str]) -> None:
    with pytest.raises(PlanError):
        plan(files={TRUST: rules, CWD / ".env": DOTENV})


@pytest.mark.parametrize("text", ["{", "[]", "nonsense"])
def test_unreadable_settings_are_refused_in_words(text: str) -> None:
    with pytest.raises(PlanError, match="settings"):
        plan(files={USER: text})


def test_settings_may_have_comments() -> None:
    assert plan(files={USER: '{ // mine\n "security": {"auth": {"selectedType": "oauth-personal",},}, }'}).upstream == ASSIST


def test_loopback_goes_round_the_users_proxy() -> None:
    assert plan(environ={**KEY, "HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"}).env["NO_PROXY"] == "a.example,127.0.0.1,localhost"


def test_an_untested_version_is_said() -> None:
    request = PlanRequest(Program("/bin/gemini", "9.9.9"), (), KEY, {}, PROXY, "", (), FOLDER)
    assert "9.9.9" in Gemini().plan(request).notes[0]


def test_where_it_looks() -> None:
    environ = {"GEMINI_CLI_HOME": "/g", "GEMINI_CLI_SYSTEM_SETTINGS_PATH": "/s/settings.json"}
    found = Gemini().reads((), environ, HOME, CWD)
    assert found[:4] == [Path("/s/system-defaults.json"), Path("/g/.gemini/settings.json"), PROJECT, Path("/s/settings.json")]
    transcripts = Gemini().transcripts(environ, HOME)
    assert transcripts is not None
    assert transcripts.root == Path("/g/.gemini/tmp")


def test_a_folder_that_others_may_write_to_is_not_secure(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert not secure(tmp_path / "open" / "settings.json")
    assert secure(Path("/etc/hostname-that-is-not-there")) == (os.geteuid() == 0)


def test_a_policy_lets_it_run_what_retrieves_whoever_owns_the_folders() -> None:
    for root in (True, False):
        found = plan("-p", "hi", files={USER: signed_in("gemini-api-key")}, mcp=False, root=root, shell=("headroom", "show"))
        policy = FOLDER / "gemini-policy.toml"
        assert found.argv == ("/bin/gemini", "--admin-policy", str(policy), "-p", "hi")
        rule = ['toolName = "run_shell_command"', 'commandPrefix = "headroom show"', 'decision = "allow"', "priority = 900"]
        assert found.files[policy].splitlines() == ["[[rule]]", *rule]
        assert not any("mcpServers" in text for text in (*found.files.values(), *found.edits.values()))
        assert not found.losses


def test_policies_that_its_settings_name_count_beside_ours() -> None:
    theirs = {**signed_in("gemini-api-key"), "adminPolicyPaths": ["/etc/mine.toml", 7]}
    argv = plan("hi", files={USER: theirs}, mcp=False, shell=("headroom", "show")).argv
    assert argv[1:-1] == ("--admin-policy", "/etc/mine.toml", "--admin-policy", f"{FOLDER}/gemini-policy.toml")
    own = ("--admin-policy=/own.toml", "hi")
    assert plan(*own, files={USER: theirs}, mcp=False, shell=("headroom", "show")).argv[1:] == (
        "--admin-policy",
        f"{FOLDER}/gemini-policy.toml",
        *own,
    )
