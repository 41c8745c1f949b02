"""``headroom wrap cursor`` with a stand-in that does what Cursor documents of settings, hooks and MCP; the program itself needs an account."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from headroom_wrap.config import load, surroundings
from headroom_wrap.learn.model import ToolUse, UserText
from headroom_wrap.learn.readers.registry import sessions

pytestmark = pytest.mark.slow
BULK = "for i in $(seq 1 2000); do echo \"2026-01-02T03:04:05Z INFO request $i served in 5 ms\"; done; echo ERROR of note >&2; sh -c 'exit 7'"


@pytest.fixture
def project(private_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with settings of the user's own, and the stand-in on the PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    shutil.copy(Path(__file__).with_name("cursor_agent.py"), programs / "cursor-agent")
    (programs / "cursor-agent").write_text(f"#!{sys.executable}\n" + (programs / "cursor-agent").read_text())
    (programs / "cursor-agent").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    folder = private_home / "shop"
    (folder / ".cursor").mkdir(parents=True)
    (folder / ".cursor" / "hooks.json").write_text('{"version": 1, "hooks": {"stop": [{"command": "true"}]}}')
    (folder / "pipeline.py").write_text("raise SystemExit('a module of the project')")
    return folder


def tree(home: Path) -> dict[str, str]:
    inside = [p for p in home.rglob("*") if "headroom" not in p.parts and ".local" not in p.parts]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder" for p in inside}


def wrap(*arguments: str, **options) -> subprocess.Popen[str]:
    argv = [sys.executable, "-P", "-m", "headroom_wrap.cli"] if sys.version_info >= (3, 11) else [str(Path(sys.executable).parent / "headroom")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*argv, "wrap", "cursor", *arguments], **{**pipes, **options})


def test_a_command_comes_smaller_and_can_be_had_whole(project: Path, private_home: Path) -> None:
    before = tree(private_home)
    process = wrap("--", "-p", BULK, cwd=project)
    out, err = process.communicate(timeout=60)
    said = json.loads(out)
    assert process.returncode == 7, err
    assert " run --hold 25" in said["ran"]
    assert len(said["output"]) < 4000
    assert "ERROR of note" in said["output"]
    assert said["fetched"].count("INFO request") > 900  # as much as one answer holds
    assert said["rule"]
    assert "1 outputs of commands" in err
    assert "do not pass through Headroom" in err
    assert "NOT ROUTED" not in err
    assert tree(private_home) == before


def test_what_happens_is_kept_to_learn_from(project: Path, private_home: Path) -> None:
    before = tree(private_home)
    process = wrap("--", "-p", "tally src", cwd=project)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 127, err
    state = load(surroundings()).state
    (file,) = (state / "cursor").iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("c0ffee-1.jsonl", 0o600)
    assert "ada@example.org" not in file.read_text()
    (session,) = sessions({}, private_home, agent="cursor", state=state)
    said, use = session.events
    assert isinstance(said, UserText)
    assert said.text == "Look at the log."
    assert isinstance(use, ToolUse)
    assert (use.command, use.failed, use.exit_status, session.project) == ("tally src", True, 127, str(project))
    assert "not found" in use.result
    assert tree(private_home) == before


def test_with_learning_off_nothing_is_kept(project: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_LEARN", "off")
    process = wrap("--", "-p", "true", cwd=project)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert not (load(surroundings()).state / "cursor").exists()


def test_a_dry_run_writes_nothing(project: Path, private_home: Path) -> None:
    before = tree(private_home)
    out, _ = wrap("--dry-run", "--", "-p", "x", cwd=project).communicate(timeout=60)
    for name in ("mcp.json", "hooks.json", "headroom.mdc"):
        assert name in out
    assert "do not pass through Headroom" in out
    assert tree(private_home) == before


def test_five_at_a_time(project: Path, private_home: Path, tmp_path: Path) -> None:
    before = tree(private_home)
    flag = tmp_path / "flag"
    running = [wrap("--", "--wait-for", str(flag), cwd=project) for _ in range(5)]
    for process in running:
        assert process.stdout.readline() == "here\n"
    assert (project / ".cursor" / "rules").exists()
    flag.write_text("")
    for process in running:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert tree(private_home) == before


def test_killed(project: Path, private_home: Path, tmp_path: Path) -> None:
    before = tree(private_home)
    flag = tmp_path / "flag"
    process = wrap("--", "--wait-for", str(flag), cwd=project)
    assert process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGKILL)
    process.wait(90)
    flag.write_text("")
    process.communicate(timeout=90)
    assert tree(private_home) != before
    done = subprocess.run([sys.executable, "-m", "headroom_wrap.cli", "undo"], capture_output=True, text=True, check=True)
    assert "1 killed session" in done.stdout
    assert tree(private_home) == before
