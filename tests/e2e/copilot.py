"""A user of GitHub Copilot CLI with a project, its ways to a model, and what the scripted model says on each."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from headroom.testing import AnthropicProvider, CopilotProvider, OpenAIProvider, Recorded, Script, custom_tool, text, tool
from headroom.testing.server import Call, Provider
from headroom_wrap.demo import samples
from tests.e2e.scripts import FOOTER
from tests.e2e.test_claude_print import without_markers
from tests.e2e.user import AgentUser, settle

TOKEN = "gho_" + "x" * 36
CLAUDE, GPT, CHAT = "claude-opus-4-8", "gpt-5.5", "gpt-5.4-mini"  # with an account each is served in another wire format
ANSWER = "Invoice 48213 was rounded per line; ledger.py is mended."
PROMPT = "Which invoice failed, and why? Mend it."
RETRIEVE = "headroom-headroom_retrieve"
_PATCH = "*** Begin Patch\n*** Update File: billing/ledger.py\n@@\n def rule_7(amount):\n-    return amount * 7\n+    return round(amount * 7, 2)\n*** End Patch\n"


class Account(CopilotProvider):
    """Copilot's API, and beside it what GitHub says of the account; its address is the account's own until ``COPILOT_API_URL`` says otherwise."""

    async def route(self, call: Call) -> web.StreamResponse:
        if call.request.path == "/copilot_internal/user":
            plan = {"login": "ada", "copilot_plan": "individual", "access_type_sku": "monthly", "chat_enabled": True, "is_mcp_enabled": True}
            return self.json(200, {**plan, "endpoints": {"api": self.url, "telemetry": f"{self.url}/telemetry"}}, call.id)
        if call.request.path == "/copilot/mcp_registry":
            return self.json(200, {"mcp_registries": []}, call.id)
        return await super().route(call)


@dataclass(frozen=True)
class Way:
    """A way to a model.

    Args:
        name: for the report.
        provider: the API.
        model: the model asked for.
        env: besides the address of a provider of the user's own.
        base: what follows the API's host in that address.
        account: the user's Copilot account instead.
    """

    name: str
    provider: type[Provider]
    model: str
    env: Mapping[str, str] = field(default_factory=dict)
    base: str = ""
    account: bool = False

    def environ(self, url: str, *, wrapped: bool) -> dict[str, str]:
        """The user's variables. A wrapped account has its address by variable, as what GitHub says of it is not asked by us."""
        if self.account:
            own = {"COPILOT_API_URL": url} if wrapped else {}
            return {"COPILOT_DEBUG_GITHUB_API_URL": url, "COPILOT_GITHUB_TOKEN": TOKEN, "COPILOT_MODEL": self.model, **own, **self.env}
        return {
            "COPILOT_PROVIDER_BASE_URL": url + self.base,
            "COPILOT_PROVIDER_API_KEY": "key",
            "COPILOT_MODEL": self.model,
            "COPILOT_OFFLINE": "true",
            **self.env,
        }

    @property
    def flags(self) -> tuple[str, ...]:
        """Of ``headroom wrap``."""
        return ("--subscription",) if self.account else ()

    def over(self, script: Script, **options: Any) -> Any:
        """The API with a script."""
        return self.provider(script, **options)


_RESPONSES = {"COPILOT_PROVIDER_WIRE_API": "responses"}
OWN_CHAT = Way("own-chat", OpenAIProvider, GPT, base="/v1")
OWN_RESPONSES = Way("own-responses", OpenAIProvider, GPT, _RESPONSES, "/v1")
OWN_SOCKET = Way("own-websocket", OpenAIProvider, GPT, {**_RESPONSES, "COPILOT_PROVIDER_TRANSPORT": "websockets"}, "/v1")
OWN_ANTHROPIC = Way("own-anthropic", AnthropicProvider, CLAUDE, {"COPILOT_PROVIDER_TYPE": "anthropic"})
OWN_AZURE = Way("own-azure", OpenAIProvider, GPT, {"COPILOT_PROVIDER_TYPE": "azure"}, "/api/projects/p")
ACCOUNT_CLAUDE = Way("account-anthropic", Account, CLAUDE, account=True)
ACCOUNT_GPT = Way("account-websocket", Account, GPT, account=True)
ACCOUNT_CHAT = Way("account-chat", Account, CHAT, account=True)
WAYS = (OWN_CHAT, OWN_RESPONSES, OWN_SOCKET, OWN_ANTHROPIC, OWN_AZURE, ACCOUNT_CLAUDE, ACCOUNT_GPT, ACCOUNT_CHAT)


class User(AgentUser):
    """Somebody who uses Copilot in a project."""

    AGENT = "copilot"
    UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{6,}(?:-\d+)?")

    def wrapped(self, way: Way, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.headroom("wrap", "copilot", *way.flags, "--", *arguments, **more)

    def events(self) -> list[Path]:
        """Copilot's own records of its sessions."""
        return sorted((self.home / ".copilot" / "session-state").glob("*/events.jsonl"))


def make_user(tmp: pytest.TempPathFactory) -> User:
    """A fresh user. Skips the test where Copilot is not installed."""
    home, path, program, env = settle(tmp, "copilot", "Copilot CLI", "AGENTS.md")
    (path / "app.log").write_text("".join(samples.log(260).splitlines(keepends=True)[-200:]))  # beyond 20 KB Copilot shows a preview only
    (home / ".copilot").mkdir()
    (home / ".copilot" / "settings.json").write_text('// mine\n{"banner": "never", "beep": false}\n')
    (home / ".copilot" / "config.json").write_text(json.dumps({"trustedFolders": [str(path)]}))
    env["COPILOT_AUTO_UPDATE"] = "false"
    env["COPILOT_CACHE_HOME"] = str(tmp.getbasetemp() / "copilot-cache")  # what it unpacks, 235 MB, once for all users
    return User(home, path, program, env)


def run(command: str) -> dict[str, Any]:
    """The model runs a command."""
    return tool("bash", command=command, description="Look")


def session(way: Way, project: Path, *, retrieves: bool = False) -> Script:
    """Eight tool calls over real files.

    Args:
        way: to the model; Copilot gives models of OpenAI another tool for edits.
        project: where the files are.
        retrieves: two calls more, for lines that were left out of the log: over MCP and by ``headroom show``.
    """
    ledger = str(project / "billing" / "ledger.py")
    edit = tool("edit", path=ledger, old_str="return amount * 7\n", new_str="return round(amount * 7, 2)\n")
    turns: list[Any] = [
        [text("First the log."), run("cat app.log")],
        [run("grep -rn round_amount billing | head -150")],
        [run("head -c 19000 issues.json")],
        [tool("view", path=ledger)],
        [run("bash run_tests.sh")],
        [edit if way.model == CLAUDE else custom_tool("apply_patch", _PATCH)],
        [run("cat app.log")],
        [run("grep -n 'amount \\* 7' billing/ledger.py")],
    ]
    if retrieves:
        gaps: list[tuple[str, int]] = []

        def fetch(request: Mapping[str, Any]) -> list[dict[str, Any]]:
            gaps.append(left_out(results(request)))
            return [tool(RETRIEVE, handle=gaps[0][0], lines=f"{gaps[0][1]}-{gaps[0][1] + 1}")]

        def show(_: Mapping[str, Any]) -> list[dict[str, Any]]:
            return [run(f"headroom show {gaps[0][0]} --lines {gaps[0][1]}-{gaps[0][1] + 1}")]

        turns[1:1] = [fetch, show]
    return Script(*turns, [text(ANSWER)])


def left_out(found: Sequence[str]) -> tuple[str, int]:
    """Handle and first missing line of the first result from which lines were left out."""
    footer = FOOTER.search("\n".join(found))
    assert footer is not None, "nothing was left out"
    return footer[1], int(footer[2])


def all_results(requests: Sequence[Recorded]) -> list[str]:
    """The texts of all tool results of a session, in order; over a WebSocket each request brings only what is new."""
    if not requests[-1].body.get("previous_response_id"):
        return results(requests[-1].body)
    return [result for request in requests for result in results(request.body)]


def results(request: Mapping[str, Any]) -> list[str]:
    """The texts of all tool results in a request, whatever its wire format."""
    if "input" in request:
        return [item["output"] for item in request["input"] if str(item.get("type")).endswith("_call_output")]
    found = [_text(m["content"]) for m in request["messages"] if m["role"] == "tool"]
    blocks = [b for m in request["messages"] if m["role"] == "user" and isinstance(m["content"], list) for b in m["content"]]
    return found or [_text(b["content"]) for b in blocks if b["type"] == "tool_result"]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def assert_prefixes_stand(requests: Sequence[Recorded]) -> None:
    """Each request begins as the one before, byte for byte; on a WebSocket it goes on from the answer to that.

    Copilot moves Anthropic's cache markers, so there the messages are compared as the provider's cache sees them.
    """
    before: Any = b""
    for request in requests:
        assert request.body.get("tools") == requests[0].body.get("tools") or request.path.endswith("/messages")
        if request.path.endswith("/messages"):
            now = without_markers(request.body["messages"])
            assert now[: len(before)] == (before or [])
            assert without_markers([request.body["tools"], request.body["system"]]) == without_markers(
                [requests[0].body[n] for n in ("tools", "system")]
            )
        elif request.body.get("previous_response_id"):
            continue
        else:
            now = _items(request.raw, "input" if "input" in request.body else "messages")
            assert now.startswith(before)
        before = now


def _items(raw: bytes, name: str) -> bytes:
    """The bytes of a request's list, the closing bracket left off."""
    whole = raw.decode()
    start = re.search(rf'"{name}":\s*\[', whole)
    assert start is not None
    _, end = json.JSONDecoder().raw_decode(whole, start.end() - 1)
    return whole[start.end() - 1 : end - 1].encode()


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The files that are new, gone or other than before; whether SQLite's own side files are left depends on when it is closed."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path) and not path.endswith(("-wal", "-shm")))
