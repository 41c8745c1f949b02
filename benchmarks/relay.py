"""How fast a program's output passes: directly, through script(1), and through our relay without and with a panel.

python -m benchmarks.relay --megabytes 40 --runs 3
"""

from __future__ import annotations

import argparse
import fcntl
import os
import resource
import select
import shutil
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from headroom_wrap.supervisor.spawn import spawn
from headroom_wrap.supervisor.tty import Window, set_window

ROOT = Path(__file__).resolve().parents[1]

_RUNNER = """
import os, sys
from headroom_wrap.supervisor import relay
class Panel:
    n = 0
    def panel_rows(self, rows, cols): return int(sys.argv[1])
    def lines(self, cols, rows):
        self.n += 1
        return [b"saved %d tokens" % self.n] * rows
    def wrote(self, now): pass
    def typed(self): pass
sys.exit(relay.run(sys.argv[2:], os.environ, cwd=None, view=Panel(), sources={}).code)
"""

_ASKED = b"\x1b[6n"  # where the cursor is: the panel's first word
WAYS = ("direct", "script", "relay", "relay+panel")


def command(way: str, argv: Sequence[str]) -> list[str] | None:
    """`argv` as it is run in this way; None where this machine cannot."""
    if way == "direct":
        return list(argv)
    if way == "script":
        return ["script", "-qec", " ".join(argv), "/dev/null"] if shutil.which("script") else None
    return [sys.executable, "-c", _RUNNER, "3" if way == "relay+panel" else "0", *argv]


class Terminal:
    """A program on a PTY of 30 x 100, in a session of its own."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.master, slave = os.openpty()
        set_window(slave, Window(30, 100))
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, attributes)

        def prepare() -> None:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(slave, fd)

        environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.pid = spawn(argv, environment, prepare=prepare)
        os.close(slave)

    def read(self, timeout: float | None = None) -> bytes:
        """What there is next; empty at the end or after `timeout` seconds."""
        if not select.select([self.master], [], [], timeout)[0]:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return b""
        if data.startswith(_ASKED):  # as a terminal does, at once
            os.write(self.master, b"\x1b[1;1R")
            return data[len(_ASKED) :] or self.read(timeout)
        return data

    def close(self) -> None:
        os.close(self.master)
        os.waitpid(self.pid, 0)


def payload(kind: str, size: int) -> bytes:
    """A stream of about `size` bytes."""
    if kind == "text":
        unit = b"".join(b"%06d the quick brown fox jumps over the lazy dog, and runs on\r\n" % n for n in range(2000))
    elif kind == "escapes":
        unit = b"".join(b"\x1b[%d;%dH\x1b[38;5;%dmcell %d\x1b[0m\x1b[K" % (n % 20 + 1, n % 60 + 1, n % 256, n) for n in range(4000))
    else:
        unit = "".join(f"│ {n:05d} größer 漢字 ✓ 🙂 …\r\n" for n in range(3000)).encode()
    return unit * (size // len(unit) + 1)


def measure(argv: Sequence[str]) -> tuple[float, float, int]:
    """Seconds from the first byte to the last, CPU seconds of all processes, and bytes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    terminal = Terminal(argv)
    total = len(terminal.read())
    start = time.perf_counter()
    while data := terminal.read():
        total += len(data)
    end = time.perf_counter()
    terminal.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(f"{'stream':<9}{'way':<13}{'MB/s (median of ' + str(options.runs) + ', min-max)':<32}CPU s")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("text", "escapes", "utf-8"):
            path = Path(folder, kind)
            path.write_bytes(payload(kind, options.megabytes << 20))
            for way in WAYS:
                argv = command(way, ["cat", str(path)])
                if argv is None:
                    print(f"{kind:<9}{way:<13}not on this machine")
                    continue
                results = [measure(argv) for _ in range(options.runs)]
                speeds = sorted(total / wall / 1e6 for wall, _, total in results)
                cpu = sorted(seconds for _, seconds, _ in results)[len(results) // 2]
                middle = f"{speeds[len(speeds) // 2]:.1f} ({speeds[0]:.1f}-{speeds[-1]:.1f})"
                print(f"{kind:<9}{way:<13}{middle:<32}{cpu:.2f}")


if __name__ == "__main__":
    main()
