"""What a project is called in memory: a name made of facts, the same for all worktrees of a repository and for nothing else."""

from __future__ import annotations

import hashlib

_DIGITS = 24


def of_repository(common: str, origin: str) -> str:
    """The identity of a git repository.

    Args:
        common: absolute path of the folder that all its worktrees share.
        origin: what tells it from another one that was in that folder before: the address of its remote, or its first commit.
    """
    return f"git-{_digest(common, origin)}"


def of_folder(path: str) -> str:
    """The identity of a folder without a repository, by its absolute path."""
    return f"folder-{_digest(path)}"


def _digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
