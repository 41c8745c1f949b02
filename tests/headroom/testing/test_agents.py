"""The real agents from npm against the scripted providers, directly: what they refuse or send, a provider has to know.

They are looked for in the folder that HEADROOM_TEST_AGENTS names, and each is skipped where it is not installed.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from headroom.testing import AnthropicProvider, CopilotProvider, GeminiProvider, OpenAIProvider, Script, custom_tool, cut, text, thinking, tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
PROMPT = "list the files"


def program(name, *inner):
    modules = Path(os.environ.get("HEADROOM_TEST_AGENTS", str(ROOT / ".dev" / "agents"))) / "node_modules"
    found = modules.joinpath(*inner) if inner else modules / ".bin" / name
    if not found.exists():
        pytest.skip(f"the real {name} is not installed: npm install it in the folder that HEADROOM_TEST_AGENTS names")
    return str(found)


@pytest.fixture
def run(private_home, tmp_path):
    """Runs a program in a project with one file; gives its output."""
    (tmp_path / "a.txt").write_text("hello\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def start(*command, **env):
        plain = {"HOME": str(private_home), "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "TERM": "xterm-256color"}
        done = subprocess.run(
            command, cwd=tmp_path, env=plain | env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return start


def check(provider, output, turns):
    """Every turn was taken once, nothing was refused, and each request but the first read from the cache what the one before had sent."""
    assert "Done." in output
    assert len(provider.turns) == turns
    assert [request.status for request in provider.requests if request.charge] == [200] * sum(
        request.charge is not None for request in provider.requests
    )
    assert [request.charge.reason for request in provider.turns[1:]] == ["grew"] * (turns - 1)


@pytest.mark.parametrize(("model", "refuse"), [("gpt-6.1-sol", 0), ("gpt-6.1-sol", 426), ("gpt-5.5", 0)])
def test_codex(run, private_home, model, refuse):
    codex = program("codex", "@openai", "codex-linux-x64", "vendor", "x86_64-unknown-linux-musl", "bin", "codex")
    (private_home / ".codex").mkdir()
    (private_home / ".codex" / "auth.json").write_text(json.dumps({"auth_mode": "apikey", "OPENAI_API_KEY": "sk-x"}))
    if model == "gpt-5.5":
        script = Script(
            [thinking("hm"), tool("exec_command", cmd="seq 5")], [tool("exec_command", cmd="ls"), tool("exec_command", cmd="cat no")], [text("Done.")]
        )
    else:
        code = 'const r = await tools.exec_command({cmd:"seq 5"});\ntext(r.output);'
        script = Script([thinking("hm"), custom_tool("exec", code)], [text("Now."), custom_tool("exec", 'throw new Error("no")')], [text("Done.")])
    with OpenAIProvider(script, refuse_sockets=refuse) as provider:
        options = ["-s", "danger-full-access", "-c", f'openai_base_url="{provider.url}/s/x/v1"', "-m", model]
        output = run(codex, "exec", "--json", "--skip-git-repo-check", *options, PROMPT)
        check(provider, output, 3)
        assert {request.method for request in provider.turns} == {"POST" if refuse else "WEBSOCKET"}
        assert len(provider.sockets) == (0 if refuse else 1)


@pytest.mark.parametrize("refuse", [0, 426])
def test_codex_goes_on_after_a_broken_connection(run, private_home, refuse):
    codex = program("codex", "@openai", "codex-linux-x64", "vendor", "x86_64-unknown-linux-musl", "bin", "codex")
    (private_home / ".codex").mkdir()
    (private_home / ".codex" / "auth.json").write_text(json.dumps({"auth_mode": "apikey", "OPENAI_API_KEY": "sk-x"}))
    call = [thinking("hm"), custom_tool("exec", "text(1)")]
    with OpenAIProvider(Script(call, cut([thinking("more"), text("lost " * 20)], after=9), call, [text("Done.")]), refuse_sockets=refuse) as provider:
        output = run(codex, "exec", "--json", "--skip-git-repo-check", "-c", f'openai_base_url="{provider.url}/v1"', PROMPT)
        assert "Done." in output
        assert [request.complete for request in provider.turns] == [True, False, True, True]
        assert "previous_response_id" not in provider.turns[2].body, "the whole conversation is sent again"
        assert provider.turns[2].usage.cache_read == provider.turns[1].usage.prompt
        assert len(provider.sockets) == (0 if refuse else 2)


@pytest.mark.parametrize("form", ["responses", "chat"])
def test_opencode(run, form):
    opencode = program("opencode", "opencode-linux-x64", "bin", "opencode")
    call = {"command": "seq 5", "description": "count"}
    script = Script([thinking("hm"), tool("bash", **call)], [text("more"), tool("bash", **call), tool("read", filePath="a.txt")], [text("Done.")])
    with OpenAIProvider(script) as provider:
        options = {"baseURL": f"{provider.url}/v1", "apiKey": "k"}
        custom = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {"m1": {}}}
        providers, model = ({"openai": {"options": options}}, "openai/gpt-5.5") if form == "responses" else ({"mine": custom}, "mine/m1")
        config = {"provider": providers, "permission": "allow", "autoupdate": False, "share": "disabled"}
        env = {"OPENCODE_CONFIG_CONTENT": json.dumps(config), "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
        output = run(opencode, "run", "--format", "json", "-m", model, PROMPT, **env)
        check(provider, output, 3)


COPILOT_TURNS = (
    [thinking("hm"), tool("bash", command="seq 5", description="count")],
    [text("more"), tool("bash", command="cat no", description="fail"), tool("view", path="a.txt")],
    [text("Done.")],
)


@pytest.mark.parametrize("form", ["completions", "responses", "anthropic"])
def test_copilot_with_a_provider_of_the_users_own(run, form):
    copilot = program("copilot-linux-x64")
    with (AnthropicProvider if form == "anthropic" else OpenAIProvider)(Script(*COPILOT_TURNS)) as provider:
        env = {
            "COPILOT_PROVIDER_BASE_URL": provider.url + ("" if form == "anthropic" else "/v1"),
            "COPILOT_PROVIDER_TYPE": "anthropic" if form == "anthropic" else "openai",
            "COPILOT_PROVIDER_API_KEY": "k",
            "COPILOT_OFFLINE": "true",
            "COPILOT_MODEL": "claude-opus-4-8" if form == "anthropic" else "gpt-5.5",
        } | ({"COPILOT_PROVIDER_WIRE_API": "responses"} if form == "responses" else {})
        check(provider, run(copilot, "--allow-all", "--no-auto-update", "-p", PROMPT, **env), 3)


@pytest.mark.parametrize("model", ["gpt-5.5", "gpt-5.4-mini", "claude-opus-4-8"])
def test_copilot_with_a_subscription(run, model):
    copilot = program("copilot-linux-x64")
    with CopilotProvider(Script(*COPILOT_TURNS)) as provider:
        env = {"COPILOT_API_URL": provider.url, "COPILOT_DEBUG_GITHUB_API_URL": provider.url, "COPILOT_GITHUB_TOKEN": "gho_x", "COPILOT_MODEL": model}
        check(provider, run(copilot, "--allow-all", "--no-auto-update", "-p", PROMPT, **env), 3)


def test_gemini(run, private_home):
    gemini = program("gemini")
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
    }
    # Not the system's settings: those are refused in a folder that others may write to, as temporary ones are.
    (private_home / ".gemini").mkdir()
    (private_home / ".gemini" / "settings.json").write_text(json.dumps(settings))
    first = [thinking("hm"), tool("run_shell_command", command="seq 5")]
    second = [text("more"), tool("run_shell_command", command="cat no"), tool("read_file", file_path="a.txt")]
    with GeminiProvider(Script(first, second, [text("Done.")])) as provider:
        output = run(gemini, "--yolo", "--skip-trust", "-o", "json", "-p", PROMPT, GEMINI_API_KEY="k", GOOGLE_GEMINI_BASE_URL=provider.url)
        check(provider, output, 3)
        assert provider.requests[0].aside, "the model is chosen by a request for a rating"
