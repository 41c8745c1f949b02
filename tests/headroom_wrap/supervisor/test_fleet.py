"""A wrapped session whose store is on a server: the proxy, the tools and the receipt all use that, and no command line names its password."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from adapters.plan import LaunchPlan, PlanRequest
from benchmarks import fleet
from headroom.testing import AnthropicProvider, Script, text
from headroom_wrap import config, state
from headroom_wrap.supervisor import session
from tests.headroom_wrap.supervisor.test_session import PROGRAM, OneRequest

pytestmark = pytest.mark.slow

# Starts the tools as an agent may do: with next to nothing in their environment.
ASKS = """
import glob, json, subprocess
calls = [
    {"jsonrpc": "2.0", "id": 1, "method": "initialize",
     "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "headroom_retrieve", "arguments": {"handle": sys.argv[4]}}},
]
told = "".join(json.dumps(call) + "\\n" for call in calls)
done = subprocess.run(json.loads(sys.argv[3]), input=told, capture_output=True, text=True, env={"PATH": "", "HOME": "/nowhere"})
lines = []
for path in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        lines.append(open(path, errors="replace").read())
    except OSError:
        pass
open(sys.argv[5], "w").write(json.dumps({"said": done.stdout, "err": done.stderr, "lines": lines}))
"""


class Asks(OneRequest):
    """An agent that makes a request and asks the tools for an original."""

    def __init__(self, upstream: str, handle: str, answers: Path) -> None:
        super().__init__(upstream)
        self.handle, self.answers = handle, answers

    def plan(self, request: PlanRequest) -> LaunchPlan:
        program = PROGRAM.replace("sys.exit(", ASKS + "sys.exit(")
        arguments = (request.proxy, "0", json.dumps(request.mcp), self.handle, str(self.answers))
        return LaunchPlan("asks", (sys.executable, "-c", program, *arguments), self.upstream)


def test_a_session_on_a_server(private_home: Path, tmp_path: Path) -> None:
    if said := fleet.missing().get("redis"):
        pytest.skip(said)
    with fleet.running(fleet.Redis) as server:
        settings = config.load(config.surroundings(), {"panel": "off", "store": server.url})
        store = state.open_store(settings)
        handle = store.put_original("what another machine has seen")
        with AnthropicProvider(Script([text("hello")])) as provider:
            ended = session.run(Asks(provider.url, handle, tmp_path / "answers"), (), settings)
        assert ended.exit.code == 0
        answers = json.loads((tmp_path / "answers").read_text())
        assert "what another machine has seen" in answers["said"], answers["err"]
        assert not any("a-secret" in line for line in answers["lines"])
        assert [receipt.project for receipt in store.receipts()] == [str(settings.surroundings.cwd)]
        assert not settings.database.exists()
        assert not list((settings.state / "sessions").iterdir())
        store.close()
