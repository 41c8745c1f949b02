"""Tool calls by what they do: from the agent's own table of names, else from the name and the arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.command import shows
from pipeline.transcript import ToolCall, ToolKind

_GUESSES: tuple[tuple[ToolKind, tuple[str, ...]], ...] = (
    (ToolKind.EDIT, ("edit", "write", "patch", "replace", "create_file", "insert", "str_replace")),
    (ToolKind.SHELL, ("bash", "shell", "exec", "terminal", "run_command", "command", "execute", "powershell")),
    (ToolKind.SEARCH, ("grep", "search_code", "code_search", "ripgrep", "search_files", "find_in_files", "codebase_search")),
    (ToolKind.LIST, ("glob", "list_dir", "list_files", "ls", "find_files", "directory")),
    (ToolKind.FETCH, ("fetch", "http", "browse", "web", "url", "curl", "download")),
    (ToolKind.READ, ("read_file", "readfile", "view", "open_file", "cat", "get_file")),
)
_EXACT = {"read": ToolKind.READ, "view": ToolKind.READ, "ls": ToolKind.LIST, "list": ToolKind.LIST, "search": ToolKind.SEARCH}
_PATHS = ("file_path", "path", "notebook_path", "filename", "file", "absolute_path", "target_file", "filePath")
_COMMANDS = ("command", "cmd", "script", "commandLine")
_RANGES = ("offset", "limit", "start_line", "end_line", "view_range", "line_start", "startLine", "head", "tail")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SHORT = frozenset({"ls", "cat"})  # parts of many a word: emails, location
_FILES = frozenset({"file", "files", "fs", "filesystem"})


def describe(call_id: str, name: str, arguments: Mapping[str, object], kinds: Mapping[str, ToolKind]) -> ToolCall:
    """A tool call with its kind, command line and path worked out.

    Args:
        call_id: the provider's id.
        name: the tool's name as the agent gave it.
        arguments: decoded arguments.
        kinds: the agent's own table of names; it goes before any guess.
    """
    path = next((v for k in _PATHS if isinstance(v := arguments.get(k), str)), "")
    kind = kinds.get(name) or _guess(name, path)
    command = ""
    if kind is ToolKind.SHELL:
        command = _command_line(arguments)
        shown = shows(command)
        kind, path = shown.kind, shown.path or path
    return ToolCall(call_id, name, kind, arguments, command, path)


def ranged(call: ToolCall) -> bool:
    """Whether a call asks for a part of a file by line numbers."""
    if call.command:
        return shows(call.command).ranged
    return any(arguments_value is not None for k in _RANGES if (arguments_value := call.arguments.get(k)) is not None)


def label(call: ToolCall | None) -> str:
    """A call in a few words, e.g. ``Read src/parser.c`` or ``Bash: make test``."""
    if call is None:
        return "tool result"
    if call.command:
        first = " ".join(call.command.split())
        return f"{call.name}: {first[:60]}{'…' if len(first) > 60 else ''}"
    if call.path:
        return f"{call.name} {call.path[-80:]}"
    value = next((v for v in call.arguments.values() if isinstance(v, str) and v), "")
    value = " ".join(value.split())
    return f"{call.name} {value[:60]}".strip()


def _guess(name: str, path: str) -> ToolKind:
    lower = name.lower()
    if lower in _EXACT:
        return _EXACT[lower]
    mcp = lower.startswith("mcp__")
    own = {word.lower() for word in _WORDS.findall(name)}
    for kind, words in () if mcp else _GUESSES:
        if any(w in (own if w in _SHORT else lower) for w in words):
            return kind
    if "read" in own and (path or not own.isdisjoint(_FILES)):  # of what is no file, a page, an issue, no path is given
        return ToolKind.READ
    return ToolKind.MCP if mcp else ToolKind.OTHER


def _command_line(arguments: Mapping[str, object]) -> str:
    for key in _COMMANDS:
        value = arguments.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            words = [str(v) for v in value]
            if len(words) == 3 and words[0].rsplit("/", 1)[-1] in ("bash", "sh", "zsh") and words[1].startswith("-"):
                return words[2]
            return " ".join(words)
    return ""
