"""``headroom mcp``: what is written into agents' settings, and that it goes again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from headroom_wrap.mcp_install.places import PLACES

AGENTS = os.environ.get("HEADROOM_TEST_AGENTS", "")
FILES = {
    "claude": ".claude.json",
    "codex": ".codex/config.toml",
    "copilot": ".copilot/mcp-config.json",
    "cursor": ".cursor/mcp.json",
    "gemini": ".gemini/settings.json",
    "opencode": ".config/opencode/opencode.json",
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
}
SETTINGS = {name: '{\n    "theme": "dark",\n    "other": {"a": [1,  2]}\n}' for name in FILES} | {
    "codex": "# mine\nmodel = 'x'\n\n[tools]\nweb = true  # yes\n"
}


def headroom(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "headroom_wrap.cli", *arguments], capture_output=True, text=True, check=False, timeout=60)


def tree(home: Path) -> dict[str, str]:
    """Every file of the user's with its hash, and every folder."""
    inside = [p for p in home.rglob("*") if ".local" not in p.parts]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder" for p in inside}


def test_every_place_is_tested() -> None:
    assert set(FILES) == set(PLACES)


@pytest.mark.slow
@pytest.mark.parametrize("agent", FILES)
@pytest.mark.parametrize("existing", [True, False])
def test_installed_and_gone_again(private_home: Path, agent: str, existing: bool) -> None:
    if sys.platform == "darwin" and agent == "claude-desktop":
        pytest.skip("it lies elsewhere")
    path = private_home / FILES[agent]
    if existing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SETTINGS[agent])
        path.chmod(0o640)
    before = tree(private_home)
    done = headroom("mcp", "install", "--agent", agent, "--yes")
    assert done.returncode == 0, done.stderr
    assert "+" in done.stdout
    text = path.read_text()
    assert "headroom" in text
    assert '"serve"' in text
    assert not existing or oct(path.stat().st_mode)[-3:] == "640"
    again = headroom("mcp", "install", "--agent", agent, "--yes")
    assert again.returncode == 1
    assert "already" in again.stdout
    assert path.read_text() == text
    assert headroom("undo").returncode == 0  # what is installed on purpose is nobody's leftover
    assert path.read_text() == text
    gone = headroom("mcp", "uninstall", "--agent", agent)
    assert (gone.returncode, gone.stderr) == (0, "")
    assert tree(private_home) == before


@pytest.mark.slow
def test_what_the_agent_wrote_since_stays(private_home: Path) -> None:
    path = private_home / ".claude.json"
    headroom("mcp", "install", "--agent", "claude", "--yes")
    written = json.loads(path.read_text())
    path.write_text(json.dumps({**written, "userID": "x"}, indent=1))
    assert headroom("mcp", "uninstall", "--agent", "claude").returncode == 0
    assert json.loads(path.read_text()) == {"userID": "x"}  # the object that had to be made for our entry goes with it


@pytest.mark.slow
def test_a_link_stays_one(private_home: Path) -> None:
    (private_home / "dotfiles").mkdir()
    real = private_home / "dotfiles" / "claude.json"
    real.write_text('{"a": 1}')
    (private_home / ".claude.json").symlink_to(real)
    headroom("mcp", "install", "--agent", "claude", "--yes")
    assert "headroom" in real.read_text()
    headroom("mcp", "uninstall", "--agent", "claude")
    assert (private_home / ".claude.json").is_symlink()
    assert real.read_text() == '{"a": 1}'


@pytest.mark.slow
@pytest.mark.parametrize("text", ['{\n  // mine\n  "a": 1\n}', '{"mcpServers": "?"}', "\xff"])
def test_what_is_not_understood_is_not_touched(private_home: Path, text: str) -> None:
    path = private_home / ".gemini" / "settings.json"
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    before = tree(private_home)
    done = headroom("mcp", "install", "--agent", "gemini", "--yes")
    assert done.returncode == 1
    assert "add this by hand" in done.stdout
    assert json.loads(done.stdout[done.stdout.index("\n\n") :])["mcpServers"]["headroom"]["command"]
    assert tree(private_home) == before
    assert headroom("mcp", "uninstall", "--agent", "gemini").returncode == 1


@pytest.mark.slow
def test_nothing_is_written_unasked(private_home: Path) -> None:
    before = tree(private_home)
    done = headroom("mcp", "install", "--agent", "claude")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert tree(private_home) == before


@pytest.mark.slow
def test_over_http(private_home: Path) -> None:
    server = subprocess.Popen([sys.executable, "-m", "headroom_wrap.cli", "mcp", "serve", "--http", "0"], stderr=subprocess.PIPE, text=True)
    try:
        line = server.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/(\S+)/mcp", line)
        assert address, line
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()

        def post(url: str, **headers: str) -> dict:
            return json.load(urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json", **headers}), timeout=90))

        assert len(post(address[0])["result"]["tools"]) == 3
        assert len(post(address[0].replace(f"/{address[1]}", ""), Authorization=f"Bearer {address[1]}")["result"]["tools"]) == 3
        for wrong in (address[0].replace(address[1], "x" * 32), address[0] + "x"):
            with pytest.raises(urllib.error.HTTPError, match="404") as caught:
                post(wrong)
            caught.value.close()
        server.send_signal(signal.SIGTERM)
        assert server.wait(90) == 0
    finally:
        server.kill()
        server.wait()
        server.stderr.close()


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize(
    ("agent", "sign"),
    [("claude", "Connected"), ("codex", "enabled"), ("copilot", "headroom (local)"), ("gemini", "headroom"), ("opencode", "connected")],
)
def test_the_real_program_lists_it(private_home: Path, agent: str, sign: str) -> None:
    program = shutil.which(agent, path=f"{AGENTS}/node_modules/.bin") if AGENTS else None
    if program is None:
        pytest.skip(f"{agent} is not installed: set HEADROOM_TEST_AGENTS")
    headroom("mcp", "install", "--agent", agent, "--yes")
    project = private_home / "project"
    project.mkdir()
    done = subprocess.run([program, "mcp", "list"], cwd=project, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    assert sign in done.stdout + done.stderr
    assert headroom("mcp", "uninstall", "--agent", agent).returncode == 0
    path = private_home / FILES[agent]
    assert not path.exists() or "headroom" not in path.read_text()
