"""What kind of read a block is: a whole file or a part, the agent's own work or reference reading."""

from __future__ import annotations

import posixpath
import re

from pipeline import tool_calls
from pipeline.transcript import ToolCall, ToolKind

_FOREIGN_FOLDERS = frozenset(
    """site-packages dist-packages node_modules bower_components jspm_packages vendor third_party .cargo .rustup .m2 .gradle .venv venv .tox
    .nox .yarn .pnpm-store Pods""".split()
)
_FOREIGN_ROOTS = re.compile(r"/go/pkg/|^(?:/usr|/opt/homebrew|/Library|/System|[A-Za-z]:/Program Files[^/]{0,10})/|/lib/python\d(?:\.\d+)?/")
_CALLED_READ = ("read", "view", "cat_file", "open_file", "get_file")


def whole_read(call: ToolCall | None) -> bool:
    """Whether a call shows one whole file."""
    if call is None or not call.path or tool_calls.ranged(call):
        return False
    if call.kind is ToolKind.READ:
        return True
    name = call.name.lower().rsplit("__", 1)[-1]
    return call.kind is ToolKind.MCP and any(word in name for word in _CALLED_READ)


def extension(path: str) -> str:
    """What stands after the last dot of a file's name, lower case."""
    return posixpath.splitext(path.replace("\\", "/"))[1][1:].lower()


def is_reference(path: str, workspace: str) -> bool:
    """Whether a file is reference reading: outside the workspace, or of a folder in which others' code is installed.

    A relative path, or any path where the workspace is not known, is reference reading only by its folders.
    """
    path = _normal(path)
    folders = path.split("/")[:-1]
    workspace = _normal(workspace) if workspace else ""
    inside = _below(path, workspace)
    if inside is not None:  # the workspace itself may lie in such a folder
        return any(folder in _FOREIGN_FOLDERS for folder in inside.split("/")[:-1])
    if any(folder in _FOREIGN_FOLDERS for folder in folders) or _FOREIGN_ROOTS.search(path):
        return True
    return bool(workspace) and _is_absolute(path)


def _below(path: str, workspace: str) -> str | None:
    """A path relative to the workspace that it lies in; None if it lies elsewhere."""
    if workspace and path.startswith(workspace.rstrip("/") + "/"):
        return path[len(workspace.rstrip("/")) + 1 :]
    return None


def _normal(path: str) -> str:
    path = posixpath.normpath(path.replace("\\", "/")) if path else ""
    if path.startswith("/private/"):  # where macOS keeps /tmp and /var: both names are in use for one folder
        path = path[len("/private") :]
    return path


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or (len(path) > 2 and path[0].isalpha() and path[1:3] == ":/")
