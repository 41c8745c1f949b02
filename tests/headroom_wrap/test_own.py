from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headroom_wrap import own


@pytest.mark.slow
@pytest.mark.parametrize("name", ["headroom_wrap.mcp", "headroom_wrap.cli"])
def test_a_project_s_modules_are_not_taken_for_ours(tmp_path: Path, name: str) -> None:
    for package in ("pipeline", "headroom", "headroom_wrap", "json"):
        (tmp_path / f"{package}.py").write_text("raise SystemExit('of the project')")
    done = subprocess.run([*own.module(name), "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "usage" in (done.stdout + done.stderr).lower()
    direct = subprocess.run([sys.executable, "-m", name, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "of the project" in direct.stderr  # what it guards against


@pytest.mark.slow
def test_the_command_works_in_any_folder(tmp_path: Path) -> None:
    (tmp_path / "headroom.py").write_text("raise SystemExit('of the project')")
    assert subprocess.run([*own.command(), "--version"], cwd=tmp_path, capture_output=True, text=True, check=True, env={}).stdout.startswith(
        "headroom "
    )
