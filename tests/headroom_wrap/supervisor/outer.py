"""A terminal for tests: an outer PTY with a program in a session of its own, read and waited for by event, with a deadline."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

from headroom_wrap.supervisor.spawn import spawn
from headroom_wrap.supervisor.tty import Window, set_window

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DEADLINE_S = 60.0


def wrapped(*argv: str, panel: int = 0, options: Sequence[str] = ()) -> list[str]:
    """The command line that runs `argv` under the supervisor."""
    return [sys.executable, str(HERE / "wrapped.py"), "--panel", str(panel), *options, "--", *argv]


def environment(**more: str) -> dict[str, str]:
    return {
        "PATH": os.defpath + ":/usr/local/bin",
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PS1": "sh> ",
        **more,
    }


@final
class Outer:
    """`with Outer(argv) as outer:` runs `argv` on a terminal; what it wrote so far is in `seen`."""

    def __init__(self, argv: Sequence[str], *, size: Window = Window(24, 80, 800, 480), raw: bool = False, **env: str) -> None:
        self.master, slave = os.openpty()
        self.tty = os.ttyname(slave)
        set_window(slave, size)
        if raw:
            attributes = termios.tcgetattr(slave)
            attributes[1] &= ~termios.OPOST
            termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self.settings = termios.tcgetattr(slave)

        def prepare() -> None:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(slave, fd)

        self.pid = spawn(argv, environment(**env), prepare=prepare)
        self._slave = slave  # kept, so that the settings can be looked at to the end
        os.set_blocking(self.master, False)
        self.seen = bytearray()
        self.status: int | None = None
        self.answers: dict[bytes, bytes] = {}

    def __enter__(self) -> Outer:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal, as its window is closed."""
        for name in ("master", "_slave"):
            fd = getattr(self, name)
            if fd >= 0:
                os.close(fd)
                setattr(self, name, -1)

    def now(self) -> list[object]:
        """The settings of the terminal."""
        return termios.tcgetattr(self._slave)

    def send(self, data: bytes) -> None:
        """Type, reading meanwhile (a terminal must never wait for a program that waits for it)."""
        deadline = time.monotonic() + DEADLINE_S
        while data:
            assert time.monotonic() < deadline, "the program takes no input"
            _, writable, _ = select.select([self.master], [self.master], [], 1)
            self._pump()
            if writable:
                try:
                    data = data[os.write(self.master, data[:4096]) :]
                except BlockingIOError:
                    pass

    def resize(self, size: Window) -> None:
        set_window(self.master, size)

    def _pump(self) -> bool:
        """Read what there is; False at the end."""
        try:
            data = os.read(self.master, 1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for question, answer in self.answers.items():
            for _ in range(data.count(question)):
                os.write(self.master, answer)
        self.seen += data
        return bool(data)

    def until(self, done: Callable[[], bool], what: object = "") -> None:
        """Read until `done()`, which is asked again after every read and every 20 ms."""
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline, f"waited for {what!r}; seen: {bytes(self.seen[-2000:])!r}"
            if select.select([self.master], [], [], 0.02)[0]:
                self._pump()

    def expect(self, pattern: bytes, *, after: int = 0) -> re.Match[bytes]:
        """Wait for a regular expression in the output; `after` is where to begin (len(outer.seen) before a cause)."""
        found: list[re.Match[bytes]] = []

        def look() -> bool:
            match = re.search(pattern, bytes(self.seen[after:]), re.DOTALL)
            if match:
                found.append(match)
            return bool(match)

        self.until(look, pattern)
        return found[0]

    def wait(self) -> int:
        """The wait status of the program, with all it wrote read."""
        self.until(self._ended, "the end")
        while select.select([self.master], [], [], 0)[0] and self._pump():
            pass
        assert self.status is not None
        return self.status

    def _ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is not None


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
