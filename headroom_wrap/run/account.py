"""What was saved on the output of commands, a line each, in a file that several processes append to."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

FILE = "saved.jsonl"  # in a session's folder


@dataclass(frozen=True, slots=True)
class Saved:
    """Sums.

    Args:
        results: how many outputs were made smaller.
        before: o200k tokens of them.
        after: o200k tokens of what was printed instead.
    """

    results: int = 0
    before: int = 0
    after: int = 0


def note(file: Path, before: int, after: int) -> None:
    """Add one, in one write, as others do. A file that cannot be written costs the figure and nothing else."""
    with contextlib.suppress(OSError):
        fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, json.dumps({"before": before, "after": after}).encode() + b"\n")
        finally:
            os.close(fd)


def read(file: Path) -> Saved:
    """The sums over a file; nothing where there is none."""
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
        return Saved(len(lines), sum(line["before"] for line in lines), sum(line["after"] for line in lines))
    except (OSError, ValueError, KeyError, TypeError):
        return Saved()
