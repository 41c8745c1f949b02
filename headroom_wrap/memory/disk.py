"""Files as memory sees them: text of bounded size within the project, and whether what was read still stands there."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipeline.memory import reading
from pipeline.memory.notes import Note, State

_LARGEST = 4 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the project.

    Args:
        key: its path from the project's top, with slashes.
        text: what it says.
        stamp: its size and modification time.
    """

    key: str
    text: str
    stamp: str


def look(path: Path, top: Path) -> Found | None:
    """A text file within the project, None for anything else. Never raises."""
    try:
        path = path.resolve()
        key = path.relative_to(top).as_posix()
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))  # a pipe without a writer would hold us
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
                return None
            text = file.read(_LARGEST + 1).decode("utf-8")
    except (OSError, ValueError, RuntimeError):
        return None
    return Found(key, text, f"{about.st_size}:{about.st_mtime_ns}")


def state(note: Note, text: str, top: Path) -> State:
    """How a note's text, a file's or a part of one, stands to the file that is there now."""
    if note.state is State.NOTE:
        return State.NOTE
    path = top / note.key
    if not path.exists():
        return State.GONE
    now = look(path, top)
    if now is None:
        return State.UNKNOWN
    if not note.label:
        return State.CURRENT if now.text == text else State.CHANGED
    return State.CURRENT if reading.standing(text, now.text) is not None else State.CHANGED
