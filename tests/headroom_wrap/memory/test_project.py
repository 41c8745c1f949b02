"""Which project a folder is of, with the real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from headroom_wrap.memory.project import find

ENV = {"PATH": os.environ["PATH"]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, env={**ENV, "HOME": str(folder)})


def repository(path: Path, *, commits: int = 1, remote: str = "") -> Path:
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "main")
    for n in range(commits):
        git(path, "commit", "-q", "--allow-empty", "-m", f"{path} {n}")
    if remote:
        git(path, "remote", "add", "origin", remote)
    return path


@pytest.mark.parametrize("remote", ["", "https://git.example/x.git"])
def test_all_worktrees_and_folders_of_a_repository_are_one_project(home: Path, remote: str) -> None:
    main = repository(home / "main", remote=remote)
    (main / "deep" / "er").mkdir(parents=True)
    git(main, "worktree", "add", "-q", str(home / "other"), "-b", "other")
    git(home / "other", "checkout", "-q", "--orphan", "pages")
    git(home / "other", "commit", "-q", "--allow-empty", "-m", "a second beginning")
    found = [find(folder, home, ENV) for folder in (main, main / "deep" / "er", home / "other")]
    assert all(found)
    assert len({project.identity for project in found if project}) == 1
    assert [project.top for project in found if project] == [main, main, home / "other"]


def test_a_second_clone_and_a_repository_made_anew_are_others(home: Path) -> None:
    first = find(repository(home / "a", remote="https://git.example/x.git"), home, ENV)
    second = find(repository(home / "b", remote="https://git.example/x.git"), home, ENV)
    assert first is not None
    assert second is not None
    assert first.identity != second.identity
    shutil.rmtree(home / "b")
    assert find(repository(home / "b", commits=2), home, ENV) != second


def test_without_a_repository_the_folder_is_the_project(home: Path) -> None:
    folder = home / "notes"
    folder.mkdir()
    (home / "link").symlink_to(folder)
    found = find(folder, home, ENV)
    assert found is not None
    assert found.identity.startswith("folder-")
    assert find(home / "link", home, ENV) == found


def test_what_is_not_certain_is_no_project(home: Path, tmp_path: Path) -> None:
    assert find(home, home, ENV) is None, "the home folder holds all projects"
    assert find(tmp_path, home, ENV) is None
    assert find(Path("/"), home, ENV) is None
    assert find(home / "gone", home, ENV) is None
    repository(home / "a")
    assert find(home / "a", home, {"PATH": "/nonexistent"}) is None, "git is not there"
    broken = home / "broken"
    broken.mkdir()
    (broken / ".git").write_text("gitdir: /nowhere\n")
    assert find(broken, home, ENV) is None
    assert find(home / "a" / ".git", home, ENV) is None


def test_gits_own_variables_name_another_repository_and_are_left_off(home: Path) -> None:
    one, other = repository(home / "a"), repository(home / "b")
    assert find(one, home, {**ENV, "GIT_DIR": str(other / ".git")}) == find(one, home, ENV)
