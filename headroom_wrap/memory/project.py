"""Which project a folder is of, as git tells it. Where that is not certain there is none, and then nothing is remembered or told."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headroom_wrap.config import Config
from pipeline.memory import identity

_GIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Project:
    """A project that memory is kept of.

    Args:
        identity: its name in the store.
        top: the folder that paths are relative to: of this worktree, or the folder itself.
    """

    identity: str
    top: Path


def here(config: Config) -> Project | None:
    """The project that we are called in, None where it is not certain which it is."""
    around = config.surroundings
    return find(around.cwd, around.home, around.environ)


def remembered(config: Config) -> Project | None:
    """The project that the agent is started in; None without memory, or where it is not certain which it is."""
    return here(config) if config.memory else None


def find(folder: Path, home: Path, environ: Mapping[str, str]) -> Project | None:
    """The project of a folder.

    Args:
        folder: where the agent runs.
        home: the user's; without a repository neither it nor what lies above it is a project.
        environ: git runs in it, its own variables left off: they may name another repository.
    """
    try:
        folder, home = folder.resolve(strict=True), home.resolve()
    except (OSError, RuntimeError):
        return None
    if any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return _repository(folder, {k: v for k, v in environ.items() if not k.startswith("GIT_")} | {"LC_ALL": "C"})
    if folder == home or folder in home.parents or folder.parent == folder:
        return None
    return Project(identity.of_folder(str(folder)), folder)


def _repository(folder: Path, environ: Mapping[str, str]) -> Project | None:
    # Both at once: an agent's start waits for them.
    places = _git(folder, environ, "rev-parse", "--show-toplevel", "--git-common-dir")
    remote = _git(folder, environ, "config", "--get", "remote.origin.url")
    told, origin = (_told(places) or "").split("\n"), _told(remote)
    if len(told) != 2:
        return None
    top, common = Path(told[0]), folder / told[1]  # git says a relative path where it can
    if not common.is_dir() or not top.is_dir():
        return None
    origin = origin or _first_commit(folder, environ)
    return None if origin is None else Project(identity.of_repository(str(common.resolve()), origin), top.resolve())


def _first_commit(folder: Path, environ: Mapping[str, str]) -> str | None:
    """The oldest commit without parents, whatever is checked out; ``""`` where there is none yet."""
    roots = _told(_git(folder, environ, "log", "--all", "--max-parents=0", "--format=%ct %H"))
    return None if roots is None else min(roots.split("\n"), key=lambda line: (len(line.partition(" ")[0]), line)).partition(" ")[2]


def _git(folder: Path, environ: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes] | None:
    """A git at work; None where there is none."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.Popen(command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def _told(git: subprocess.Popen[bytes] | None) -> str | None:
    """What git says, without the line break at the end; None if it refuses."""
    if git is None:
        return None
    with git:
        try:
            said, _ = git.communicate(timeout=_GIT_S)
        except subprocess.TimeoutExpired:
            git.kill()
            return None
    return said.decode("utf-8", "surrogateescape").removesuffix("\n") if git.returncode == 0 else None
