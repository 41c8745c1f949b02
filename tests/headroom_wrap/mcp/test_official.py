"""The MCP server before the protocol's own tools: its conformance suite, and the inspector's command line over both transports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.store.sqlite import SqliteStore

PROGRAMS = Path(__file__).parent / "official" / "node_modules" / ".bin"
pytestmark = [
    pytest.mark.skipif(
        shutil.which("node") is None or not (PROGRAMS / "conformance").exists() or not (PROGRAMS / "mcp-inspector").exists(),
        reason="MCP IS NOT TESTED WITH THE PROTOCOL'S OWN TOOLS: no node, or no npm install in tests/headroom_wrap/mcp/official",
    ),
    pytest.mark.slow,
]
DEADLINE = 90
SERVE = (sys.executable, "-m", "headroom_wrap.cli.__main__", "mcp", "serve")
TEXT = "one\ntwo\nthree"
# Those of a server that has tools and nothing else; the rest is of logging, prompts, resources and what servers ask of clients.
APPLIES = ("server-initialize", "ping", "tools-list")


@pytest.fixture
def handle(tmp_path: Path) -> str:
    """Of an original in the store that is served."""
    return SqliteStore.open(tmp_path / "headroom.db").put_original(TEXT)


@pytest.fixture
def url(tmp_path: Path, handle: str) -> Iterator[str]:
    with subprocess.Popen([*SERVE, "--http", "0", "--state", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        try:
            said = server.stdout.readline()
            assert "http://127.0.0.1:" in said, said
            yield said.split()[-1]
        finally:
            server.terminate()


def run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(PROGRAMS / program), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=DEADLINE,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("scenario", APPLIES)
def test_conformance(url: str, scenario: str) -> None:
    said = run("conformance", "server", "--url", url, "--scenario", scenario)
    assert "Passed: 1/1, 0 failed, 0 warnings" in said, said


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_the_inspector(request: pytest.FixtureRequest, tmp_path: Path, handle: str, transport: str) -> None:
    surroundings = ("-e", f"PYTHONPATH={os.pathsep.join(sys.path)}", "-e", f"HEADROOM_STATE={tmp_path}")
    target = [request.getfixturevalue("url")] if transport == "http" else [*SERVE, *surroundings]

    def inspect(*arguments: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(run("mcp-inspector", "--cli", *target, "--connect-timeout", "60000", *arguments))
        return told

    listed = inspect("--method", "tools/list", "--strict")["tools"]
    assert [tool["name"] for tool in listed] == ["headroom_retrieve", "headroom_compress", "headroom_stats"]
    answer = inspect("--method", "tools/call", "--tool-name", "headroom_retrieve", "--tool-arg", f"handle={handle}")
    assert answer["content"] == [{"type": "text", "text": TEXT}]
