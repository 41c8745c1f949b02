"""What Cursor tells our hook, kept in the state folder: a file for a conversation, a line of JSON for each call of the hook, with the time.

Only what is learned from is kept (whose account it is, is not), and long texts in it are cut. Without this there would be nothing to learn from:
Cursor's own transcripts have no results.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

FOLDER = "cursor"  # in the state folder
MOST_BYTES = 32 << 20  # of one conversation; what comes later is not kept
KEEPS_S = 90 * 86_400.0  # after it was last written a conversation's file goes
_LONGEST = 16_384  # characters of one text: twice what is taken from a result
_DEEPEST = 8
_KEPT = (
    "hook_event_name conversation_id workspace_roots cwd prompt tool_name tool_use_id tool_input tool_output error_message failure_type is_interrupt"
    " duration status"
).split()
_CONVERSATION = re.compile(r"[A-Za-z0-9][\w-]{0,99}")


def row(question: bytes, now: float) -> tuple[str, bytes] | None:
    """The conversation that a call of the hook belongs to and the line to keep of it; None where it is none that can be kept.

    Args:
        question: what the hook was given.
        now: Unix time in seconds.
    """
    try:
        said = json.loads(question)
        conversation = said["conversation_id"]
        if not _CONVERSATION.fullmatch(conversation) or not said.get("hook_event_name"):
            return None
        kept = {name: _cut(said[name], 0) for name in _KEPT if name in said}
        return conversation, json.dumps({"time": round(now, 3), **kept}).encode("ascii") + b"\n"
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None


def note(state: Path, question: bytes, now: float) -> None:
    """Keep a call of the hook.

    Args:
        state: the state folder.
        question: what the hook was given; what is not understood is not kept.
        now: Unix time in seconds.

    Raises:
        OSError: it cannot be written.
    """
    found = row(question, now)
    if found is None:
        return
    folder = state / FOLDER
    file = folder / f"{found[0]}.jsonl"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        _forget(folder, now - KEEPS_S)
    fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(fd).st_size + len(found[1]) <= MOST_BYTES:
            os.write(fd, found[1])  # in one write, as calls of tools may run side by side
    finally:
        os.close(fd)


def _forget(folder: Path, before: float) -> None:
    for file in folder.glob("*.jsonl"):
        if file.stat().st_mtime < before:
            file.unlink(missing_ok=True)


def _cut(value: Any, depth: int) -> Any:
    """A JSON value with long texts cut in the middle, those within texts that are JSON themselves included."""
    if isinstance(value, str) and len(value) > _LONGEST:
        inner = _decoded(value) if value[:1] in ("{", "[") and depth < _DEEPEST else None
        return json.dumps(_cut(inner, depth + 1)) if inner is not None else f"{value[: _LONGEST * 3 // 4]}\n[…]\n{value[-_LONGEST // 4 :]}"
    if isinstance(value, (dict, list)) and depth >= _DEEPEST:
        return None
    if isinstance(value, dict):
        return {key: _cut(one, depth + 1) for key, one in value.items()}
    return [_cut(one, depth + 1) for one in value[:1000]] if isinstance(value, list) else value


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
