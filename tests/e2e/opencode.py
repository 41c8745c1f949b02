"""A user of opencode with a project and two providers, and what the scripted model says to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import Recorded, Script, text, tool
from tests.e2e.scripts import FOOTER
from tests.e2e.user import AgentUser, settle

KEY = "sk-proj-" + "x" * 40
ANSWER = "Invoice 48213 was rounded per line; ledger.py is mended."
PROMPT = "Which invoice failed, and why? Mend it."
RESPONSES, CHAT, MESSAGES = "openai/gpt-5.5", "mine/m1", "anthropic/claude-sonnet-4-5"
_OLD, _NEW = "def rule_7(amount):\n    return amount * 7\n", "def rule_7(amount):\n    return round(amount * 7, 2)\n"


class User(AgentUser):
    """Somebody who uses opencode in a project."""

    AGENT = "opencode"
    UNIQUE = re.compile(r"[0-9a-f]{40}|(?:ses|msg|prt|tool|snap)_\w+|\d{4}-\d\d-\d\dT[\d-]+|project-?\d+")
    PATIENCE_S = 240

    def reach(self, url: str, *, anthropic: str = "") -> None:
        """Have addresses of one's own, in a configuration with comments."""
        mine = {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": f"{url}/v1", "apiKey": "k"}, "models": {"m1": {}}}
        providers = {"openai": {"options": {"baseURL": f"{url}/v1"}}, "mine": mine}
        if anthropic:
            providers["anthropic"] = {"options": {"baseURL": f"{anthropic}/v1", "apiKey": "k"}}
        text = json.dumps({"provider": providers, "autoupdate": False, "share": "disabled"}, indent=2)
        (self.home / ".config" / "opencode" / "opencode.jsonc").write_text("// mine\n" + text.replace('"autoupdate"', '/* not now */ "autoupdate"'))


def make_user(tmp: pytest.TempPathFactory) -> User:
    """A fresh user, signed in to OpenAI with a key. Skips the test where opencode is not installed."""
    home, path, program, env = settle(tmp, "opencode", "opencode", "AGENTS.md")
    (home / ".config" / "opencode").mkdir(parents=True)
    data = home / ".local" / "share" / "opencode"
    data.mkdir(parents=True)
    (data / "auth.json").write_text(json.dumps({"openai": {"type": "api", "key": KEY}}))
    # It looks for updates of itself, of its catalogue and of a package for plugins.
    env |= {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1", "npm_config_registry": "http://127.0.0.1:9"}
    return User(home, path, program, env)


def session(project: Path, *, model: str = CHAT, retrieves: bool = False) -> Script:
    """Eight tool calls over real files; with ``retrieves`` two more, for a line that was left out of the log: over MCP and by ``headroom show``."""
    ledger = str(project / "billing" / "ledger.py")
    patch = "*** Begin Patch\n*** Update File: billing/ledger.py\n@@\n def rule_7(amount):\n-    return amount * 7\n+    return round(amount * 7, 2)\n*** End Patch\n"
    # Models of the GPT-5 family mend files by patches, all others by edits.
    mend = tool("apply_patch", patchText=patch) if model == RESPONSES else tool("edit", filePath=ledger, oldString=_OLD, newString=_NEW)
    turns: list[Any] = [
        [text("First the log."), run("cat app.log")],
        [run("grep -rn round_amount billing")],
        [run("head -c 28000 issues.json")],
        [tool("read", filePath=ledger)],
        [run("bash run_tests.sh")],
        [mend],
        [run("cat app.log")],
        [run("grep -n 'amount \\* 7' billing/ledger.py")],
    ]
    if retrieves:
        turns[1:1] = [_retrieve, _show]
    return Script(*turns, [text(ANSWER)])


def run(command: str) -> dict[str, Any]:
    """The model runs a command."""
    return tool("bash", command=command, description="Look")


def left_out(body: Mapping[str, Any]) -> tuple[str, int]:
    """Handle and first missing line of the first result from which lines were left out."""
    found = FOOTER.search("\n".join(results(body)))
    assert found is not None, "nothing was left out"
    return found[1], int(found[2])


def results(body: Mapping[str, Any]) -> list[str]:
    """The texts of all tool results in a request of any of the three forms, in order."""
    found = []
    for item in body.get("input", body.get("messages", [])):
        if item.get("type") == "function_call_output":
            found.append(_plain(item["output"]))
        elif item.get("role") == "tool":
            found.append(_plain(item["content"]))
        elif isinstance(item.get("content"), list):
            found += [_plain(part["content"]) for part in item["content"] if part.get("type") == "tool_result"]
    return found


def _plain(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def assert_prefixes_stand(requests: Sequence[Recorded]) -> None:
    """Each request begins with the bytes of the one before, and its tools and instructions are the same."""
    before, fixed = "", None
    for request in requests:
        now = _items(request.raw.decode())
        assert now.startswith(before)
        before = now
        rest = {name: request.body.get(name) for name in ("tools", "instructions")}
        assert fixed in (None, rest)
        fixed = rest


def _items(whole: str) -> str:
    """The bytes of the conversation in a request, the closing bracket left off."""
    name = '"input":' if '"input":[' in whole else '"messages":'
    start = whole.index(name) + len(name)
    _, end = json.JSONDecoder().raw_decode(whole, start)
    return whole[start : end - 1]


def _retrieve(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    handle, first = left_out(request)
    return [tool("headroom_headroom_retrieve", handle=handle, lines=f"{first}-{first + 1}")]


def _show(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    handle, first = left_out(request)
    return [run(f"headroom show {handle} --lines {first}-{first + 1}")]
