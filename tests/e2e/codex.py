"""A user of Codex with a project, and what the scripted model says to the two kinds of models that Codex knows: with a script tool, and with plain tools."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import Recorded, Script, custom_tool, text, tool
from tests.e2e.scripts import FOOTER
from tests.e2e.user import AgentUser, settle

KEY = "sk-proj-" + "x" * 40
ACCOUNT = "acc-0001"
CODE, PLAIN = "gpt-6.1-sol", "gpt-5.5"  # a model that writes scripts, and one that calls tools
ANSWER = "Invoice 48213 was rounded per line; ledger.py is mended."
PROMPT = "Which invoice failed, and why? Mend it."
_PATCH = "*** Begin Patch\n*** Update File: billing/ledger.py\n@@\n def rule_7(amount):\n-    return amount * 7\n+    return round(amount * 7, 2)\n*** End Patch\n"


class User(AgentUser):
    """Somebody who uses Codex in a project."""

    AGENT = "codex"
    UNIQUE = re.compile(r"rollout-[^/]+|\d{4}/\d\d/\d\d|[0-9a-f]{8}-[0-9a-f-]{27}|\d{6,}")

    @property
    def codex_home(self) -> Path:
        return self.home / ".codex"

    def configure(self, text: str) -> None:
        """What stands in the user's configuration."""
        (self.codex_home / "config.toml").write_text(text)

    def reach(self, url: str, more: str = "") -> None:
        """Have a base URL of one's own."""
        self.configure(f'# mine\nopenai_base_url = "{url}/v1"\n{more}')

    def rollouts(self) -> list[Path]:
        return sorted((self.codex_home / "sessions").rglob("rollout-*.jsonl"))


def make_user(tmp: pytest.TempPathFactory, *, auth: Mapping[str, Any] | None = None) -> User:
    """A fresh user, signed in with an API key unless ``auth`` says otherwise. Skips the test where Codex is not installed."""
    home, path, program, env = settle(tmp, "codex", "Codex", "AGENTS.md")
    (home / ".codex").mkdir()
    (home / ".codex" / "auth.json").write_text(json.dumps(auth or {"auth_mode": "apikey", "OPENAI_API_KEY": KEY}))
    # Codex runs commands in a login shell, which sets PATH anew.
    (home / ".profile").write_text(f'PATH="$PATH:{Path(sys.executable).parent}"\n')
    return User(home, path, program, env)


def chatgpt_login() -> dict[str, Any]:
    """What stands in auth.json after signing in with ChatGPT. The tokens are made up, and signed by nobody."""
    claims = {"https://api.openai.com/auth": {"chatgpt_plan_type": "plus", "chatgpt_account_id": ACCOUNT, "chatgpt_user_id": "user-1"}}
    tokens = {
        "id_token": _token({"email": "ada@example.com", "exp": 4_000_000_000, **claims}),
        "access_token": _token({"exp": 4_000_000_000, **claims}),
        "refresh_token": "refresh",
        "account_id": ACCOUNT,
    }
    return {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": datetime.now(timezone.utc).isoformat()}


def _token(claims: Mapping[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return f"{parts[0]}.{parts[1]}.c2ln"


def run(command: str, model: str) -> dict[str, Any]:
    """The model runs a command."""
    if model == PLAIN:
        return tool("exec_command", cmd=command)
    return custom_tool("exec", f"const r = await tools.exec_command({{cmd: {json.dumps(command)}}});\ntext(r.output);")


def patch(model: str) -> dict[str, Any]:
    """The model mends the rounding."""
    if model == PLAIN:
        return custom_tool("apply_patch", _PATCH)
    return custom_tool("exec", f"text(await tools.apply_patch({json.dumps(_PATCH)}));")


def retrieve(handle: str, lines: str, model: str) -> dict[str, Any]:
    """The model fetches what was left out."""
    if model == PLAIN:
        return {**tool("headroom_retrieve", handle=handle, lines=lines), "namespace": "mcp__headroom"}
    given = json.dumps({"handle": handle, "lines": lines})
    return custom_tool("exec", f"const r = await tools.mcp__headroom__headroom_retrieve({given});\ntext(r.content[0].text);")


def session(model: str, *, retrieves: bool = False, fault: Any = None) -> Script:
    """Eight tool calls over real files.

    Args:
        model: what it can do.
        retrieves: two calls more, for lines that were left out of the log: over MCP and by ``headroom show``.
        fault: what happens after the fourth call instead of an answer.
    """
    turns: list[Any] = [
        [text("First the log."), run("cat app.log", model)],
        [run("grep -rn round_amount billing", model)],
        [run("head -c 28000 issues.json", model)],
        [run("cat billing/ledger.py", model)],
        [run("bash run_tests.sh", model)],
        [patch(model)],
        [run("cat app.log", model)],
        [run("grep -n 'amount \\* 7' billing/ledger.py", model)],
    ]
    if retrieves:
        gaps: list[tuple[str, str]] = []

        def fetch(request: Mapping[str, Any]) -> list[dict[str, Any]]:
            handle, first = left_out(outputs_of(request))
            gaps.append((handle, f"{first}-{first + 1}"))
            return [retrieve(*gaps[0], model)]

        def show(request: Mapping[str, Any]) -> list[dict[str, Any]]:
            return [run("headroom show {} --lines {}".format(*gaps[0]), model)]

        turns[1:1] = [fetch, show]
    if fault is not None:
        turns.insert(4, fault)
    return Script(*turns, [text(ANSWER)])


def left_out(outputs: Sequence[str]) -> tuple[str, int]:
    """Handle and first missing line of the first output from which lines were left out."""
    found = FOOTER.search("\n".join(outputs))
    assert found is not None, "nothing was left out"
    return found[1], int(found[2])


def outputs(requests: Sequence[Recorded]) -> list[str]:
    """The texts of all outputs in a session, in order, each as it was first sent."""
    found: dict[str, str] = {}
    for request in requests:
        for item in request.body["input"]:
            if _is_output(item):
                found.setdefault(item["call_id"], _output(item))
    return list(found.values())


def outputs_of(request: Mapping[str, Any]) -> list[str]:
    """The texts of the outputs in one request."""
    return [_output(item) for item in request["input"] if _is_output(item)]


def _is_output(item: Mapping[str, Any]) -> bool:
    return str(item.get("type")).endswith("_call_output")


def _output(item: Mapping[str, Any]) -> str:
    output = item["output"]
    return output if isinstance(output, str) else "\n".join(part.get("text", "") for part in output)


def content(output: str) -> str:
    """An output without what Codex says of the call: ids, times."""
    return output.partition("Output:\n")[2]


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The files that are new, gone or other than before; whether SQLite's own side files are left depends on when it is closed."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path) and not path.endswith(("-wal", "-shm")))


def assert_prefixes_stand(requests: Sequence[Recorded]) -> None:
    """Over HTTP each request begins with the bytes of the one before; on one WebSocket each goes on from the answer to the one before."""
    before = b""
    for request in requests:
        if request.body.get("previous_response_id"):
            continue
        now = _items(request.raw)
        assert now.startswith(before)
        before = now


def _items(raw: bytes) -> bytes:
    """The bytes of the items in a request, the closing bracket left off."""
    whole = raw.decode()
    start = whole.index('"input":[') + len('"input":')
    _, end = json.JSONDecoder().raw_decode(whole, start)
    return whole[start : end - 1].encode()
