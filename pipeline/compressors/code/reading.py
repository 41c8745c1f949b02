"""What kind of read a block is: a whole file or a part, in which language, the agent's own work or reference reading."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from pipeline import tool_calls
from pipeline.compressors.api import Content
from pipeline.compressors.code.languages import BY_EXTENSION, BY_NAME, Language
from pipeline.transcript import ToolCall, ToolKind

_FOREIGN_FOLDERS = frozenset(
    """site-packages dist-packages node_modules bower_components jspm_packages vendor third_party .cargo .rustup .m2 .gradle .venv venv .tox
    .nox .yarn .pnpm-store Pods""".split()
)
_FOREIGN_ROOTS = re.compile(r"/go/pkg/|^(?:/usr|/opt/homebrew|/Library|/System|[A-Za-z]:/Program Files[^/]{0,10})/|/lib/python\d(?:\.\d+)?/")
_SAMPLE = 200
_CPP_HEADER = re.compile(r"^\s{0,16}(?:template\s{0,4}<|namespace\b|class\s+\w|using\s+\w|public:|private:|protected:)|std::")
_CALLED_READ = ("read", "view", "cat_file", "open_file", "get_file")

# What lines without indentation begin with in each language, for text whose file is not known.
_BEGINS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("python", re.compile(r"(?:async )?def \w+\(|class \w+[(:]|from [\w.]+ import |import [\w.]+(?: as \w+)?$|@\w[\w.]*(?:\(|$)|if __name__ ==")),
    ("go", re.compile(r"package \w+$|func [(\w]|type \w+ (?:struct|interface|func)\b|import [(\"]|(?:var|const) [(\w]")),
    ("rust", re.compile(r"(?:pub(?:\([a-z]+\))? )?(?:async |unsafe |const )?(?:fn \w|struct \w|enum \w|trait \w|mod \w|use [\w:]+)|impl[ <]|#!?\[")),
    ("java", re.compile(r"package [\w.]+;|import (?:static )?[\w.*]+;|(?:public |final |abstract )+(?:class|interface|enum|record) |@\w+(?:\(|$)")),
    ("cpp", re.compile(r"template ?<|namespace \w|class \w[^;]*$|using \w|#include <[a-z_]+>$")),
    ("c", re.compile(r"#include [<\"]|#(?:define|ifndef|ifdef|endif)\b|(?:static|extern|struct|typedef|int|void|unsigned) [^;]*[{;()]$")),
    (
        "typescript",
        re.compile(r"(?:export )?(?:interface \w|type \w+ =|enum \w|abstract class|declare )|import type |export (?:const|function) .*\): "),
    ),
    (
        "javascript",
        re.compile(
            r"import .* from ['\"]|(?:export )?(?:default )?(?:async )?(?:function\b|class \w)|(?:const|let|var) .* = |module\.exports|exports\.\w"
        ),
    ),
)
_LEAST_BEGINS = 5
_LEAST_SHARE = 0.4  # of the lines without indentation; prose with some code in it has fewer


def whole_read(call: ToolCall | None) -> bool:
    """Whether a call shows one whole file."""
    if call is None or not call.path or tool_calls.ranged(call):
        return False
    if call.kind is ToolKind.READ:
        return True
    name = call.name.lower().rsplit("__", 1)[-1]
    return call.kind is ToolKind.MCP and any(word in name for word in _CALLED_READ)


def language_of(content: Content) -> Language | None:
    """The language of a whole file that was read, by its name; of a text that no call explains, by what its lines begin with."""
    if content.call is not None:
        if not whole_read(content.call):
            return None
        language = BY_EXTENSION.get(extension(content.call.path))
        if language is BY_NAME["c"] and content.call.path.endswith((".h", ".C", ".H")) and _is_cpp(content.lines):
            return BY_NAME["cpp"]
        return language
    return _sniff(content.lines)


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


def _is_cpp(lines: Sequence[str]) -> bool:
    return any(_CPP_HEADER.search(line[:200]) for line in lines[:2000])


def _sniff(lines: Sequence[str]) -> Language | None:
    """The language by what the first lines without indentation begin with."""
    begins = [
        line.rstrip()[:200] for line in lines[:_SAMPLE] if (line[:1].strip() and line[0] not in "/*#)}]") or line[:2] in ("#i", "#d", "#[", "#!")
    ]
    if any(line.startswith("```") for line in begins):
        return None
    counts = [(sum(pattern.match(line) is not None for line in begins), name) for name, pattern in _BEGINS]
    best, name = max(counts, key=lambda c: c[0])
    if best < _LEAST_BEGINS or best < len(begins) * _LEAST_SHARE:
        return None
    if name == "c" and _is_cpp(lines):
        name = "cpp"
    return BY_NAME[name]
