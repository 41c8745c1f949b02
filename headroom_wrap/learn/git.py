"""Who else gets a file: what git says of it, asked without running anything that the repository's settings name."""

from __future__ import annotations

import enum
import os
import subprocess
from pathlib import Path

_PATIENCE_S = 1.0


class Standing(str, enum.Enum):
    """What git does with a file."""

    TRACKED = "tracked by git"
    UNTRACKED = "not ignored by git"  # the next `git add` of everything takes it
    IGNORED = "ignored by git"
    OUTSIDE = "in no repository"


def root(folder: Path, home: Path) -> Path:
    """The repository that a folder is in, by what stands on disk; the folder itself where it is in none but that of the user's home."""
    for one in (folder, *folder.parents) if folder.is_absolute() else ():
        if one == home:
            break
        if os.path.exists(one / ".git"):  # noqa: PTH110 - `Path.exists` raises where a folder may not be looked into
            return one
    return folder


def standing(path: Path) -> Standing:
    """What git does with a file, whether it exists or not. Where git cannot tell of a file in a repository, it counts as tracked."""
    if not _in_repository(path):
        return Standing.OUTSIDE
    tracked, _ = _git(path, "--literal-pathspecs", "ls-files", "--error-unmatch")
    if tracked != 1:  # it is, or git is not there, refuses this repository, or takes too long
        return Standing.TRACKED
    return Standing.IGNORED if _git(path, "check-ignore", "--quiet")[0] == 0 else Standing.UNTRACKED


def elsewhere(path: Path) -> bool:
    """Whether another branch has a file that this one never had, or may have: where git cannot tell it may."""
    if not _in_repository(path):
        return False
    status, found = _git(path, "--literal-pathspecs", "rev-list", "-1", "--all", "--not", "HEAD")
    return status != 0 or bool(found)


def _in_repository(path: Path) -> bool:
    return any((folder / ".git").exists() for folder in path.parents)


def _git(path: Path, *arguments: str) -> tuple[int, bytes]:
    """The exit status, and what was printed; 128, git's own for what it cannot do, where it cannot be run."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(path.parent), *arguments, "--", f"./{path.name}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 128, b""
    return done.returncode, done.stdout
