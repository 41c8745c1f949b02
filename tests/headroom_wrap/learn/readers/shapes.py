"""Rows as the real agents write them, cut down to what says something, and how a file of them is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headroom_wrap.learn.model import Session, Skipped
from headroom_wrap.learn.readers.registry import READERS

CWD = "/home/ada/billing"
Row = Mapping[str, Any]


def line(row: Row) -> bytes:
    """A row as agents write it: without spaces, not escaped."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def write(path: Path, rows: Iterable[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line(row) for row in rows))
    return path


def read(agent: str, path: Path) -> tuple[list[Session], Skipped]:
    skipped = Skipped()
    return list(READERS[agent].read(path, skipped)), skipped


def only(agent: str, path: Path) -> Session:
    """The one session in a file in which everything is understood."""
    sessions, skipped = read(agent, path)
    assert not skipped, skipped
    (session,) = sessions
    return session
