from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from adapters.claude import UPSTREAM, Claude
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Program
from adapters.registry import ADAPTERS

FOLDER = Path("/state/sessions/1")
PROXY = "http://127.0.0.1:4242/secret"
HOME, CWD = Path("/home/ada"), Path("/work")
USER, PROJECT, LOCAL = HOME / ".claude/settings.json", CWD / ".claude/settings.json", CWD / ".claude/settings.local.json"


def plan(
    *arguments: str,
    environ: dict[str, str] | None = None,
    files: dict[Path, str] | None = None,
    upstream: str = "",
    mcp: bool = True,
    shell: tuple[str, ...] = (),
) -> LaunchPlan:
    ordered = {p: (files or {})[p] for p in (USER, PROJECT, LOCAL, *(files or {})) if p in (files or {})}
    command = ("/py", "-m", "headroom_wrap.mcp") if mcp else ()
    program = Program("/bin/claude", "2.1.197")
    return Claude().plan(PlanRequest(program, arguments, environ or {}, ordered, PROXY, upstream, command, FOLDER, cwd=CWD, shell=shell))


def settings(found: LaunchPlan) -> dict[str, Any]:
    value = json.loads(found.files[FOLDER / "settings.json"])
    assert isinstance(value, dict)
    return value


def test_a_plain_launch() -> None:
    found = plan("-p", "hello")
    assert found.argv == ("/bin/claude", "--mcp-config", f"{FOLDER}/mcp.json", "--settings", f"{FOLDER}/settings.json", "-p", "hello")
    assert settings(found)["env"] == {"ANTHROPIC_BASE_URL": PROXY, "ENABLE_TOOL_SEARCH": "true"}
    assert settings(found)["permissions"]["allow"] == [f"mcp__headroom__headroom_{t}" for t in ("retrieve", "compress", "stats")]
    args = ["-m", "headroom_wrap.mcp", "--ready", f"{FOLDER}/mcp-ready"]
    assert json.loads(found.files[FOLDER / "mcp.json"]) == {"mcpServers": {"headroom": {"command": "/py", "args": args}}}
    assert "hooks" not in settings(found)
    assert found.upstream == UPSTREAM
    assert found.env == {}
    assert found.notes == ()
    assert found.losses


def test_the_secret_is_in_a_private_file_not_in_the_arguments() -> None:
    assert "secret" not in " ".join(plan().argv)


def test_without_mcp() -> None:
    found = plan(mcp=False)
    assert "--mcp-config" not in found.argv
    assert "permissions" not in settings(found)


def test_in_its_own_shell_it_may_run_what_retrieves_and_is_given_nothing_else() -> None:
    found = plan("-p", "hello", "--settings", '{"permissions": {"allow": ["Bash(ls)"]}}', mcp=False, shell=("headroom", "show"))
    assert found.argv == ("/bin/claude", "--settings", f"{FOLDER}/settings.json", "-p", "hello")
    assert settings(found)["permissions"] == {"allow": ["Bash(ls)", "Bash(headroom show:*)"]}
    assert found.files.keys() == {FOLDER / "settings.json"}
    assert "hooks" not in settings(found)


@pytest.mark.parametrize(
    ("arguments", "environ", "hook"),
    [
        (("fix it",), {"ANTHROPIC_BASE_URL": "https://gw.example"}, True),
        (("-p", "fix it"), {"ANTHROPIC_BASE_URL": "https://gw.example"}, False),
        (("fix it",), {"ANTHROPIC_BASE_URL": "https://gw.example", "ENABLE_TOOL_SEARCH": "true"}, False),
        (("fix it",), {}, False),
        (("fix it",), {"ENABLE_TOOL_SEARCH": "false"}, True),
    ],
)
def test_the_first_prompt_waits_where_the_tools_could_flip(arguments: tuple[str, ...], environ: dict[str, str], hook: bool) -> None:
    theirs = {"hooks": {"SessionStart": [{"hooks": []}], "Stop": [1]}}
    found = settings(plan("--settings", json.dumps(theirs), *arguments, environ=environ))["hooks"]
    assert found["Stop"] == [1]
    assert len(found["SessionStart"]) == 1 + hook
    assert not hook or f"{FOLDER}/mcp-ready" in found["SessionStart"][1]["hooks"][0]["command"]


def test_no_credential_is_ever_set() -> None:
    found = plan(environ={"ANTHROPIC_API_KEY": "k"})
    assert "ANTHROPIC_API_KEY" not in found.env
    assert "k" not in settings(found)["env"].values()


@pytest.mark.parametrize(
    ("environ", "files", "arguments", "upstream"),
    [
        ({"ANTHROPIC_BASE_URL": "https://gw.example/a/"}, {}, (), "https://gw.example/a"),
        ({"ANTHROPIC_BASE_URL": "https://env"}, {USER: "https://user"}, (), "https://user"),
        ({}, {USER: "https://user", PROJECT: "https://project"}, (), "https://project"),
        ({}, {PROJECT: "https://project", LOCAL: "https://local"}, (), "https://local"),
        ({}, {LOCAL: "https://local"}, ("--settings", '{"env":{"ANTHROPIC_BASE_URL":"https://flag"}}'), "https://flag"),
        ({}, {CWD / "own.json": "https://file"}, ("--settings=own.json",), "https://file"),
        ({}, {}, (), UPSTREAM),
    ],
)
def test_the_upstream_is_what_claude_would_have_used(
    environ: dict[str, str], files: dict[Path, str], arguments: tuple[str, ...], upstream: str
) -> None:
    contents = {p: json.dumps({"env": {"ANTHROPIC_BASE_URL": url}}) for p, url in files.items()}
    found = plan(*arguments, environ=environ, files=contents)
    assert found.upstream == upstream
    assert settings(found)["env"]["ANTHROPIC_BASE_URL"] == PROXY
    assert ("ENABLE_TOOL_SEARCH" in settings(found)["env"]) is (upstream == UPSTREAM)


def test_the_users_word_goes_before_all() -> None:
    assert plan(environ={"ANTHROPIC_BASE_URL": "https://gw.example"}, upstream="http://127.0.0.1:9").upstream == "http://127.0.0.1:9"


def test_the_users_own_settings_are_kept() -> None:
    own = {"env": {"A": "1"}, "permissions": {"allow": ["Bash(ls)"], "deny": ["Read(x)"]}, "model": "opus"}
    found = plan("--settings", json.dumps(own), "--model", "sonnet")
    merged = settings(found)
    assert merged["model"] == "opus"
    assert merged["env"]["A"] == "1"
    assert merged["permissions"]["deny"] == ["Read(x)"]
    assert merged["permissions"]["allow"][0] == "Bash(ls)"
    assert found.argv.count("--settings") == 1
    assert found.argv[-2:] == ("--model", "sonnet")


def test_a_choice_of_tool_search_is_the_users() -> None:
    assert "ENABLE_TOOL_SEARCH" not in settings(plan(environ={"ENABLE_TOOL_SEARCH": "false"}))["env"]


@pytest.mark.parametrize("arguments", [("mcp", "list"), ("--version",), ("update",), ("-p", "--help")])
def test_commands_without_a_model_run_as_they_are(arguments: tuple[str, ...]) -> None:
    found = plan(*arguments)
    assert found.argv == ("/bin/claude", *arguments)
    assert not found.routed
    assert not found.files


def test_after_two_dashes_nothing_is_a_flag() -> None:
    assert plan("-p", "--", "--settings", "x").argv[-4:] == ("-p", "--", "--settings", "x")


@pytest.mark.parametrize("where", ["env", "file"])
def test_other_vendors_are_refused_in_words(where: str) -> None:
    environ = {"CLAUDE_CODE_USE_BEDROCK": "1"} if where == "env" else {}
    files = {USER: '{"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}'} if where == "file" else {}
    with pytest.raises(PlanError, match="Bedrock") as caught:
        plan(environ=environ, files=files)
    assert "unset CLAUDE_CODE_USE_BEDROCK" in caught.value.hint


@pytest.mark.parametrize("text", ["{", "[]", "nonsense"])
def test_unreadable_settings_are_refused_in_words(text: str) -> None:
    with pytest.raises(PlanError, match="settings"):
        plan(files={USER: text})


def test_an_empty_settings_file_is_none() -> None:
    assert plan(files={USER: " \n"}).upstream == UPSTREAM


def test_a_missing_settings_file_given_by_flag_is_an_error() -> None:
    with pytest.raises(PlanError, match="nowhere.json"):
        plan("--settings", "nowhere.json")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("settings.json", CWD / "settings.json"),
        ("./a/../s.json", CWD / "a/../s.json"),
        ("../s.json", CWD / "../s.json"),
        ("/s.json", Path("/s.json")),
    ],
)
def test_the_settings_file_given_by_flag_is_that_one_and_no_other(given: str, named: Path) -> None:
    assert Claude().reads(("--settings", given), {}, HOME, CWD)[3] == named
    urls = {USER: "https://user", PROJECT: "https://project", named: "https://flag"}
    contents = {path: json.dumps({"env": {"ANTHROPIC_BASE_URL": url}}) for path, url in urls.items()}
    assert plan("--settings", given, files=contents).upstream == "https://flag"
    del contents[named]
    with pytest.raises(PlanError, match="cannot be read"):
        plan("--settings", given, files=contents)


@pytest.mark.parametrize("name", ["env", "permissions"])
@pytest.mark.parametrize("value", [None, 1, [], "x"])
def test_what_is_no_object_in_settings_is_as_if_it_were_not_there(name: str, value: object) -> None:
    assert settings(plan("--settings", json.dumps({name: value, "model": "m"}))) == settings(plan("--settings", '{"model": "m"}'))
    assert settings(plan("--settings", '{"permissions": {"allow": null}}')) == settings(plan())


def test_settings_that_are_nested_too_deeply_are_refused_in_words() -> None:
    with pytest.raises(PlanError, match="are not JSON"):
        plan("--settings", '{"a":' + "[" * 200_000)


def test_loopback_goes_round_the_users_proxy() -> None:
    assert plan(environ={"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"}).env == {"NO_PROXY": "a.example,127.0.0.1,localhost"}
    assert plan(environ={"https_proxy": "http://p:1", "no_proxy": "b"}).env == {"no_proxy": "b,127.0.0.1,localhost"}
    assert plan(environ={"https_proxy": "http://p:1", "no_proxy": "b", "NO_PROXY": "c"}).env == {
        "NO_PROXY": "c,127.0.0.1,localhost",
        "no_proxy": "b,127.0.0.1,localhost",
    }


def test_an_http_proxy_in_its_settings_counts_too() -> None:
    made = plan(files={USER: json.dumps({"env": {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"}})}, environ={"HOME": "/home/me"})
    assert settings(made)["env"]["NO_PROXY"] == "a.example,127.0.0.1,localhost", "settings go before the environment"
    assert made.settled == {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"}, "and say how the upstream is reached"


def test_an_untested_version_is_said() -> None:
    request = PlanRequest(Program("/bin/claude", "9.9.9"), (), {}, {}, PROXY, "", (), FOLDER)
    assert "9.9.9" in Claude().plan(request).notes[0]


def test_where_it_looks() -> None:
    assert Claude().reads((), {}, HOME, CWD) == [USER, PROJECT, LOCAL]
    assert Claude().reads(("--settings", "s.json"), {"CLAUDE_CONFIG_DIR": "/cfg"}, HOME, CWD)[::3] == [Path("/cfg/settings.json"), CWD / "s.json"]


def test_registered_under_its_name() -> None:
    assert ADAPTERS["claude"].name == "claude"


def status_line(files: dict[Path, str], *arguments: str, stdin: str = "{}", shown: Path = Path("/nowhere")) -> tuple[dict[str, Any], str]:
    """The status line as Claude Code is told, and what its command prints."""
    made = Claude().with_status(plan(*arguments, files=files), files, shown)
    told = settings(made)["statusLine"]
    return told, subprocess.run(["/bin/sh", "-c", told["command"]], input=stdin, capture_output=True, text=True, check=False).stdout


def test_a_status_line_of_ours(tmp_path: Path) -> None:
    shown = tmp_path / "it's"
    assert status_line({}, shown=shown)[1] == ""
    shown.write_text("saved 3%\\n\n")
    told, printed = status_line({}, shown=shown)
    assert printed == "saved 3%\\n\n"
    assert {k: v for k, v in told.items() if k != "command"} == {"type": "command", "padding": 0, "refreshInterval": 2}


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("cat", '{"a": "\\\\n"}\nours\n'),
        ("printf 'two\\nlines'  # a comment", "two\nlines\nours\n"),
        ("exit 3", "ours\n"),
        ("echo 'it'\"'\"'s'; false", "it's\nours\n"),
    ],
)
def test_the_users_status_line_stays_and_ours_stands_below(tmp_path: Path, command: str, printed: str) -> None:
    (tmp_path / "shown").write_text("ours\n")
    own = {USER: json.dumps({"statusLine": {"type": "command", "command": command, "padding": 2}})}
    told, found = status_line(own, stdin='{"a": "\\\\n"}', shown=tmp_path / "shown")
    assert found == printed
    assert (told["padding"], "refreshInterval" in told) == (2, False)


def test_of_several_status_lines_the_one_that_claude_code_would_take(tmp_path: Path) -> None:
    lines = {where: json.dumps({"statusLine": {"type": "command", "command": f"echo {where.parts[1]}"}}) for where in (USER, LOCAL)}
    assert status_line(lines)[1] == "work\n"
    assert status_line(lines, "--settings", '{"statusLine": {"type": "command", "command": "echo given"}}')[1] == "given\n"
    assert status_line({USER: '{"statusLine": null}', PROJECT: "{}"})[1] == ""


def test_a_command_without_a_model_has_no_status_line() -> None:
    without = plan("--version")
    assert Claude().with_status(without, {}, Path("/x")) is without
