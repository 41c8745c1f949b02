from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headroom_wrap.learn.git import Standing, standing

pytestmark = pytest.mark.slow


def test_what_git_does_with_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "repository"
    inside.mkdir()
    for command in (["init", "-q"], ["config", "core.fsmonitor", "touch SHOULD-NOT-BE"]):
        subprocess.run(["git", *command], cwd=inside, check=True)
    (inside / ".gitignore").write_text("*.local.md\n")
    for name in ("CLAUDE.md", "AGENTS.md", "[a].md"):
        (inside / name).write_text("")
    subprocess.run(["git", "-c", "core.fsmonitor=false", "add", "CLAUDE.md"], cwd=inside, check=True)
    assert standing(inside / "CLAUDE.md") is Standing.TRACKED
    assert standing(inside / "AGENTS.md") is Standing.UNTRACKED
    assert standing(inside / "[a].md") is Standing.UNTRACKED
    assert standing(inside / "CLAUDE.local.md") is Standing.IGNORED
    assert standing(tmp_path / "CLAUDE.md") is Standing.OUTSIDE
    assert not (inside / "SHOULD-NOT-BE").exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert standing(inside / "AGENTS.md") is Standing.TRACKED, "who cannot tell is careful"
