"""The session in one line of a file, for an agent that runs a command to fill a status line of its own."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from headroom_wrap.terminal.panel import render
from headroom_wrap.terminal.snapshot import Snapshot

FILE = "status"
_COLS = 100  # the agent cuts off what is too long for it


class StatusLine:
    """The file. It is replaced as a whole, so that a reader never sees half a line.

    Args:
        path: of the file.
        color: whether colours are welcome.
    """

    def __init__(self, path: Path, *, color: bool) -> None:
        self._path, self._color = path, color
        self._written = b""

    def show(self, snapshot: Snapshot) -> None:
        """Write what is new. A disk that takes nothing costs the line and nothing else."""
        # Without the countdown: nobody writes the file while nothing happens, and a countdown that stands still is wrong.
        line = b"".join(render(replace(snapshot, cache_expires_in_s=None), _COLS, 1, color=self._color)) + b"\n"
        if line == self._written:
            return
        with contextlib.suppress(OSError):
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(line)
            fresh.replace(self._path)
            self._written = line
