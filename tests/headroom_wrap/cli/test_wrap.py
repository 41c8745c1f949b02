"""The whole command in a shell, around a stand-in for Claude Code that makes one request and ends with 7; the real one is in tests/e2e."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headroom.testing import AnthropicProvider, Script, text

pytestmark = pytest.mark.slow
AGENT = """#!{python}
import json, os, sys, urllib.request
settings = json.load(open(sys.argv[sys.argv.index("--settings") + 1]))
body = json.dumps({{"model": "claude-sonnet-4-6", "max_tokens": 5, "messages": [{{"role": "user", "content": "hi"}}]}}).encode()
headers = {{"content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01"}}
request = urllib.request.Request(settings["env"]["ANTHROPIC_BASE_URL"] + "/v1/messages", body, headers)
with urllib.request.urlopen(request, timeout=60) as answer:
    said = json.load(answer)["content"][0]["text"]
os.write(1, said.encode())
sys.exit(7)
"""


@pytest.fixture
def provider() -> Iterator[AnthropicProvider]:
    with AnthropicProvider(Script([text("pong")], [text("pong")])) as running:
        yield running


def run(home: Path, provider: AnthropicProvider, redirections: str, *, cwd: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """``headroom wrap claude`` with a shell's redirections."""
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "claude").write_text(AGENT.format(python=sys.executable))
    (programs / "claude").chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "ANTHROPIC_BASE_URL": provider.url,
    }
    command = f"exec '{sys.executable}' -m headroom_wrap.cli.__main__ wrap claude -- -p go {redirections}"
    return subprocess.run(["/bin/sh", "-c", command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)


@pytest.mark.parametrize("redirections", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_a_closed_or_full_descriptor_changes_nothing(private_home: Path, provider: AnthropicProvider, redirections: str) -> None:
    if "full" in redirections and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = run(private_home, provider, redirections)
    assert done.returncode == 7, done.stderr
    assert done.stdout == (b"" if ">&-" in redirections.replace("2>&-", "") else b"pong")
    assert len(provider.requests) == 1
    assert (b"this session: 1 response" in done.stderr) is ("2>" not in redirections)


def test_a_damaged_store_does_not_change_how_the_agent_ends(private_home: Path, provider: AnthropicProvider) -> None:
    assert run(private_home, provider, "").returncode == 7
    store = private_home / ".local" / "state" / "headroom" / "headroom.db"
    with store.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    done = run(private_home, provider, "")
    assert (done.returncode, done.stdout) == (7, b"pong")
    assert b"Traceback" not in done.stderr
    assert b"is damaged" in done.stderr
