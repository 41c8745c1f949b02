"""The words that the set is told in: calls, what came of them, and what a user writes. A case is added as it is told."""

from __future__ import annotations

from typing import Any

Event = tuple[str, dict[str, Any]]
AGENTS = ("claude", "codex", "gemini", "copilot", "opencode")
CASES: list[dict[str, Any]] = []
PASSED = "....\n4 passed in 0.31s"
FAILED = "F...\nFAILED tests/test_total.py::test_sum - assert 3 == 4\n1 failed, 3 passed in 0.42s"
NOT_FOUND = "bash: {0}: command not found"
BIG = "File content (31200 tokens) exceeds maximum allowed tokens (25000). Use offset and limit parameters"
NO_MATCH = "String to replace not found in file."
PERSON = "The user doesn't want to proceed with this tool use. The tool use was rejected."


def sh(command: str, out: str = "", status: int | None = 0, **more: Any) -> Event:
    return "$", {"command": command, "out": out, "status": status, **more}


def read(path: str, out: str = "1\timport os\n2\t", status: int | None = 0, size: int = 0, **arguments: Any) -> Event:
    return "read", {"path": path, "out": out, "status": status, "arguments": {"file_path": path, **arguments}} | ({"size": size} if size else {})


def edit(path: str, old: str, new: str, status: int = 0, out: str = "The file has been updated.") -> Event:
    return "edit", {"path": path, "out": out, "status": status, "arguments": {"file_path": path, "old_string": old, "new_string": new}}


def write(path: str) -> Event:
    return "edit", {"path": path, "out": "File created.", "arguments": {"file_path": path, "content": "x"}}


def search(pattern: str, path: str, out: str, **arguments: Any) -> Event:
    return "search", {"path": path, "out": out, "arguments": {"pattern": pattern, "path": path, **arguments}}


def user(text: str, interrupted: bool = False) -> Event:
    return "user", {"text": text, "interrupted": interrupted}


def missing(path: str) -> Event:
    return read(path, "File does not exist.", 1)


def case(name: str, why: str, *sessions: list[Event] | dict[str, Any], right: list[tuple[str, dict[str, str]]] | None = None) -> None:
    """A project with its sessions, one a day; ``right`` are the rules that a careful person would write down."""
    compact = [dict(s) if isinstance(s, dict) else {"events": s} for s in sessions]
    for i, one in enumerate(compact):
        one.setdefault("agent", AGENTS[(len(CASES) + i) % len(AGENTS)])
    CASES.append({"name": name, "why": why, "sessions": compact, "right": right or []})


def rule(lesson: str, **slots: str) -> tuple[str, dict[str, str]]:
    return lesson, slots


def twice(*events: Event) -> list[list[Event]]:
    """The same in two sessions."""
    return [list(events), list(events)]
