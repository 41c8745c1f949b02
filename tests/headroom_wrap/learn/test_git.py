from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headroom_wrap.learn.git import Standing, root, standing


def test_the_repository_of_a_folder(tmp_path: Path) -> None:
    home = tmp_path / "ada"
    shop, vendored, notes = home / "shop", home / "shop" / "vendor" / "lib", home / "notes" / "a"
    for folder in (home, shop, vendored):
        (folder / ".git").mkdir(parents=True)
    assert root(shop / "web" / "src", home) == shop
    assert root(shop, home) == shop
    assert root(vendored / "x", home) == vendored
    (shop / "tree").mkdir()
    (shop / "tree" / ".git").write_text("gitdir: elsewhere\n")
    assert root(shop / "tree" / "src", home) == shop / "tree"
    assert root(notes, home) == notes, "that of a home with its settings in git is no project"
    assert root(home, home) == home
    assert root(Path("C:\\x"), home) == Path("C:\\x")


@pytest.mark.slow
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
