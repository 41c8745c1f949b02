"""``python -m headroom_wrap.channels.pane FILE PID``: what runs in a session's tmux pane. It shows FILE until FILE or the process PID is gone."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import msgspec

from headroom_wrap import config
from headroom_wrap.terminal.panel import render
from headroom_wrap.terminal.snapshot import Snapshot

_LOOK_S = 0.5
_HIDE_CURSOR, _CLEAR = b"\x1b[?25l", b"\x1b[H\x1b[2J"
_WAKING = (signal.SIGWINCH, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)  # keys typed into the pane end nothing


def drawn(text: bytes, cols: int, rows: int, *, color: bool) -> bytes:
    """The whole pane for a snapshot as JSON; nothing for what is none."""
    try:
        snapshot = msgspec.json.decode(text, type=Snapshot)
    except msgspec.DecodeError:
        return b""
    # Without the countdown: nobody writes the file while nothing happens, and a countdown that stands still is wrong.
    still = replace(snapshot, cache_expires_in_s=None)
    return _HIDE_CURSOR + _CLEAR + b"\r\n".join(render(still, cols, min(rows, 3), color=color))


def main(file: Path, supervisor: int) -> None:
    """Draw whatever is new until there is nothing more to show."""
    color = config.surroundings().color
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAKING)
    shown: tuple[bytes, os.terminal_size] | None = None
    while True:
        try:
            text = file.read_bytes()
            os.kill(supervisor, 0)
        except OSError:
            return
        now = (text, shutil.get_terminal_size())
        if now != shown:
            shown = now
            sys.stdout.buffer.write(drawn(text, now[1].columns, now[1].lines, color=color))
            sys.stdout.buffer.flush()
        signal.sigtimedwait(_WAKING, _LOOK_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
