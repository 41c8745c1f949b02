"""Is on disk what a rule takes for granted? Looked at right before the rule is written."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from headroom_wrap.learn.findings import LargerThan, NotOnPath, OnPath, PathAbsent, PathExists, Premise, Script

_MOST_BYTES = 1 << 20  # of a manifest
_TARGET = re.compile(r"^([A-Za-z0-9_.-]{1,100}(?:[ \t]{1,4}[A-Za-z0-9_.-]{1,100}){0,20})[ \t]{0,8}:(?!=)", re.MULTILINE)


def hold(premises: Iterable[Premise], project: Path, search: str) -> bool:
    """Whether all are true.

    Args:
        premises: of one rule.
        project: the folder that relative paths start from.
        search: the PATH that programs are looked for in.
    """
    return all(_holds(premise, project, search) for premise in premises)


def _holds(premise: Premise, project: Path, search: str) -> bool:
    match premise:
        case PathExists(path):
            return _size(project, path) >= 0
        case PathAbsent(path):
            return _size(project, path) < 0
        case LargerThan(path, size):
            return _size(project, path) > size
        case OnPath(command):
            return _runs(project, command, search)
        case NotOnPath(command):
            return not _runs(project, command, search)
        case Script(manifest, name):
            return name in _scripts(project, manifest)


def _named(path: str) -> bool:
    return bool(path) and "\0" not in path and len(path) < 4096


def _size(project: Path, path: str) -> int:
    """Bytes of what is there, -1 if nothing is."""
    try:
        return (project / path).stat().st_size if _named(path) else -1
    except OSError:
        return -1


def _runs(project: Path, command: str, search: str) -> bool:
    if not _named(command):
        return False
    if "/" in command:
        place = Path(command).expanduser() if command.startswith("~/") else project / command
        return os.access(place, os.X_OK) and not place.is_dir()
    return shutil.which(command, path=search) is not None


def _scripts(project: Path, manifest: str) -> frozenset[str]:
    """The names of what can be run, by ``scripts`` of a package.json or the targets of a Makefile; none of a file of another kind."""
    try:
        if _size(project, manifest) > _MOST_BYTES:
            return frozenset()
        text = (project / manifest).read_text(encoding="utf-8", errors="replace") if _named(manifest) else ""
    except OSError:
        return frozenset()
    if Path(manifest).name.lower() in ("makefile", "gnumakefile"):
        return frozenset(name for found in _TARGET.finditer(text) for name in found[1].split())
    if Path(manifest).name != "package.json":
        return frozenset()
    try:
        scripts = json.loads(text).get("scripts")
    except (ValueError, AttributeError, RecursionError):
        return frozenset()
    return frozenset(scripts) if isinstance(scripts, dict) else frozenset()
