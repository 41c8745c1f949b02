"""The session in a pane of the user's own tmux, under the agent's. The agent has its terminal for itself; the pane goes with the session."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from headroom_wrap import own
from headroom_wrap.errors import UserError
from headroom_wrap.terminal.snapshot import Snapshot

if TYPE_CHECKING:
    from typing_extensions import Self

FILE = "snapshot.json"
_ROWS = 3
_WITHIN_S = 5.0


class TmuxPane:
    """The pane, as a context manager.

    Args:
        environ: of the user; says where tmux is.
        folder: the session's, private, gone with it.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = environ
        self._file = folder / FILE
        self._pane = ""
        self._written = b""

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            UserError: there is no tmux, or no room in its window.
        """
        if not self._environ.get("TMUX"):
            raise UserError("There is no tmux around this terminal, so there can be no pane in it.", "Start tmux first, or leave --panel=tmux away.")
        self.show(Snapshot())
        beside = ["-t", self._environ["TMUX_PANE"]] if self._environ.get("TMUX_PANE") else []
        command = [*own.module("headroom_wrap.channels.pane"), str(self._file), str(os.getpid())]
        try:
            self._pane = self._tmux("split-window", "-v", "-d", "-l", str(_ROWS), *beside, "-P", "-F", "#{pane_id}", *command).strip()
        except (OSError, subprocess.SubprocessError) as error:
            said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
            raise UserError(f"tmux made no pane: {said}.", "Make the window larger, or leave --panel=tmux away.") from None
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, subprocess.SubprocessError):  # the user has closed it
            self._tmux("kill-pane", "-t", self._pane)

    def show(self, snapshot: Snapshot) -> None:
        """Hand the pane what is new. A disk that takes nothing costs the pane's news and nothing else."""
        text = msgspec.json.encode(snapshot)
        if text == self._written:
            return
        with contextlib.suppress(OSError):
            fresh = self._file.with_suffix(".new")
            fresh.write_bytes(text)
            fresh.replace(self._file)
            self._written = text

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", *arguments], env=dict(self._environ), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_WITHIN_S, check=True
        )
        return done.stdout
