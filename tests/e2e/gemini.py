"""A user of Gemini CLI with a project, and what the scripted model says to it."""

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

KEY = "AIza" + "x" * 35
ANSWER = "Invoice 48213 was rounded per line; ledger.py is mended."
PROMPT = "Which invoice failed, and why? Mend it."
SIGNED_IN = {
    "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
    "privacy": {"usageStatisticsEnabled": False},
}
_OLD, _NEW = "def rule_7(amount):\n    return amount * 7\n", "def rule_7(amount):\n    return round(amount * 7, 2)\n"


class User(AgentUser):
    """Somebody who uses Gemini CLI in a project."""

    AGENT = "gemini"
    UNIQUE = re.compile(r"session-[\dT-]+[0-9a-f]{8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{6,}|project-?\d+")

    def configure(self, settings: Mapping[str, Any]) -> None:
        """What stands in the user's settings."""
        (self.home / ".gemini" / "settings.json").write_text(json.dumps(settings))


def make_user(tmp: pytest.TempPathFactory, settings: Mapping[str, Any] = SIGNED_IN, *, state: Path | None = None) -> User:
    """A fresh user with a key in the environment. Skips the test where Gemini CLI is not installed.

    Args:
        tmp: makes folders.
        settings: the user's own.
        state: our state folder, the usual one unless it is given.
    """
    home, path, program, env = settle(tmp, "gemini", "Gemini CLI", "GEMINI.md")
    (home / ".gemini").mkdir()
    env["GEMINI_API_KEY"] = KEY
    if state is not None:
        env["HEADROOM_STATE"] = str(state)
    user = User(home, path, program, env)
    user.configure(settings)
    return user


def session(*, tools: bool = False, shows: bool = False) -> Script:
    """Eight tool calls over real files; more for a line that was left out of the log: over MCP with ``tools``, by ``headroom show`` with ``shows``."""
    turns: list[Any] = [
        [text("First the log."), run("cat app.log")],
        [run("grep -rn round_amount billing")],
        [run("head -c 28000 issues.json")],
        [tool("read_file", file_path="billing/ledger.py")],
        [run("bash run_tests.sh")],
        [tool("replace", file_path="billing/ledger.py", instruction="Round.", old_string=_OLD, new_string=_NEW)],
        [run("cat app.log")],
        [run("grep -n 'amount \\* 7' billing/ledger.py")],
    ]
    if tools:
        turns.insert(1, _retrieve)
    if shows:
        turns.insert(1, _show)
    return Script(*turns, [text(ANSWER)])


def run(command: str) -> dict[str, Any]:
    """The model runs a command."""
    return tool("run_shell_command", command=command)


def shown(user: User, name: str) -> str:
    """What the model is shown of a file by ``cat``, as long as nothing is left out."""
    return f"<untrusted_context>\nOutput: {(user.path / name).read_text()}"


def left_out(body: Mapping[str, Any]) -> tuple[str, int]:
    """Handle and first missing line of the first result from which lines were left out."""
    found = FOOTER.search("\n".join(results(body)))
    assert found is not None, "nothing was left out"
    return found[1], int(found[2])


def results(body: Mapping[str, Any]) -> list[str]:
    """The texts of all tool results in a request, in order; Code Assist's wrapper may be around it."""
    inner = body.get("request", body)
    parts = [part for content in inner["contents"] for part in content["parts"]]
    return [part["functionResponse"]["response"].get("output", "") for part in parts if "functionResponse" in part]


def assert_prefixes_stand(requests: Sequence[Recorded]) -> None:
    """Each request begins with the bytes of the one before, and its tools and instructions are the same."""
    before, fixed = "", None
    for request in requests:
        inner = request.body.get("request", request.body)
        now = _contents(request.raw.decode())
        assert now.startswith(before)
        before = now
        rest = {name: inner.get(name) for name in ("systemInstruction", "tools")}
        assert fixed in (None, rest)
        fixed = rest


def _contents(whole: str) -> str:
    """The bytes of the contents in a request, the closing bracket left off."""
    start = whole.index('"contents":[') + len('"contents":')
    _, end = json.JSONDecoder().raw_decode(whole, start)
    return whole[start : end - 1]


def _retrieve(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    handle, first = left_out(request)
    return [tool("mcp_headroom_headroom_retrieve", handle=handle, lines=f"{first}-{first + 1}")]


def _show(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    handle, first = left_out(request)
    return [run(f"headroom show {handle} --lines {first}-{first + 1}")]
