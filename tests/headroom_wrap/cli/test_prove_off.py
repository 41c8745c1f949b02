"""``headroom doctor --prove-off`` and ``headroom doctor AGENT`` as commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def headroom(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    from headroom_wrap import own

    return subprocess.run([*own.module("headroom_wrap.cli"), *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def test_it_names_what_is_ours_until_it_is_gone(private_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    off = headroom("doctor", "--prove-off", cwd=tmp_path)
    assert (off.returncode, off.stderr) == (0, ""), off.stdout
    assert "Nothing of Headroom" in off.stdout
    headroom("mcp", "install", "--agent", "codex", "--yes", cwd=tmp_path)
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "hooks.json").write_text('{"hooks": {"preToolUse": [{"command": "headroom hook cursor"}]}}')
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8787/v1")
    on = headroom("doctor", "--prove-off", cwd=tmp_path)
    assert on.returncode == 1
    for name in (".codex/config.toml:1", ".cursor/hooks.json:1", "OPENAI_BASE_URL"):
        assert name in on.stdout
    monkeypatch.delenv("OPENAI_BASE_URL")
    (tmp_path / ".cursor" / "hooks.json").unlink()
    assert "mcp-codex" in headroom("undo", "--all", cwd=tmp_path).stdout
    assert headroom("doctor", "--prove-off", cwd=tmp_path).returncode == 0


def test_an_agent(private_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = headroom("doctor", "claude", cwd=tmp_path)
    assert missing.returncode == 1
    assert "npm install" in missing.stdout
    (tmp_path / "claude").write_text("#!/bin/sh\n")
    (tmp_path / "claude").chmod(0o755)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example")
    found = headroom("doctor", "claude", cwd=tmp_path)
    assert found.returncode == 0, found.stdout
    assert "to https://gateway.example" in found.stdout
    (private_home / ".claude").mkdir()
    (private_home / ".claude" / "settings.json").write_text("{")
    broken = headroom("doctor", "claude", cwd=tmp_path)
    assert broken.returncode == 1
    assert "are not JSON" in broken.stdout
