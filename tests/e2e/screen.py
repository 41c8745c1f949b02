"""A terminal for the end-to-end tests: a tmux server of the test's own, and waiting for what appears on it."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

DEADLINE_S = 90.0


class Screen:
    """One tmux window with a shell in it."""

    def __init__(self, tmux: str, folder: Path, env: Mapping[str, str], cwd: Path, *, columns: int = 110, rows: int = 40) -> None:
        self._tmux = [tmux, "-f", "/dev/null", "-S", str(folder / "tmux.sock")]
        self._changes = folder / "changes"
        self._changes.mkdir()
        environ = {**env, "PS1": "ready> "}
        shell = ["bash", "--norc", "--noprofile"]
        subprocess.run([*self._tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(cwd), *shell], env=environ, check=True)
        os.mkfifo(self._changes / "pipe")
        self._pipe = os.open(self._changes / "pipe", os.O_RDWR | os.O_NONBLOCK)
        self._call("pipe-pane", "-o", f"cat > {self._changes / 'pipe'}")
        self.wait("ready>")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        os.close(self._pipe)

    def text(self) -> str:
        return self._call("capture-pane", "-p")

    def history(self) -> str:
        return self._call("capture-pane", "-p", "-S", "-5000")

    def state(self) -> str:
        """The text with its attributes, and where the cursor is."""
        return self._call("capture-pane", "-p", "-e") + self._call("display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag}")

    def modes(self) -> tuple[str, ...]:
        """Whether the alternate screen is on, the mouse is reported, and the cursor is shown: each "0" or "1"."""
        return tuple(self._call("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").split())

    def type(self, text: str) -> None:
        self._call("send-keys", "-l", text)

    def key(self, *names: str) -> None:
        self._call("send-keys", *names)

    def resize(self, columns: int, rows: int) -> None:
        self._call("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, wanted: str | Callable[[str], bool], *, why: str = "", within: float = DEADLINE_S) -> str:
        """The screen once it shows what is wanted. Woken by the pane's output, never by a clock alone."""
        end = time.monotonic() + within
        while True:
            shown = self.text()
            if wanted in shown if isinstance(wanted, str) else wanted(shown):
                return shown
            left = end - time.monotonic()
            assert left > 0, f"waited for {why or wanted}; the screen shows:\n{shown}"
            select.select([self._pipe], [], [], min(left, 1.0))
            self._drain()

    def _drain(self) -> None:
        try:
            while os.read(self._pipe, 65536):
                pass
        except BlockingIOError:
            pass

    def _call(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout
