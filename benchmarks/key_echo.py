"""How long a key takes to come back as its echo: directly, through script(1), and through our relay.

    python -m benchmarks.key_echo --keys 1000

The ways take turns, key by key, so that a busy moment of the machine hits all of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.relay import WAYS, Terminal, command

_ECHO = """
import os, tty
tty.setraw(0)
os.write(1, b"ready.")
while (key := os.read(0, 1024)) != b"\x04":
    os.write(1, key)
"""


def start(way: str, program: Path) -> Terminal | None:
    """The echoing program, run in this way, and ready."""
    argv = command(way, [sys.executable, str(program)])
    if argv is None:
        return None
    terminal = Terminal(argv)
    seen = b""
    while b"ready." not in seen:
        seen += terminal.read()
    return terminal


def echo(terminal: Terminal, key: bytes) -> float:
    """Milliseconds from the key to its echo."""
    while terminal.read(0):  # a panel that was painted just now
        pass
    begin = time.perf_counter()
    os.write(terminal.master, key)
    while key not in terminal.read():
        pass
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=2.0, help="milliseconds between keys")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "echo.py")
        program.write_text(_ECHO)
        terminals = {way: terminal for way in WAYS if (terminal := start(way, program))}
    times: dict[str, list[float]] = {way: [] for way in terminals}
    for n in range(options.keys):
        for way, terminal in terminals.items():
            times[way].append(echo(terminal, b"%c" % (ord("a") + n % 26)))
        time.sleep(options.pause / 1000)
    for terminal in terminals.values():
        os.write(terminal.master, b"\x04")
        while terminal.read():
            pass
        terminal.close()
    print(f"{'way':<13}{'p50 ms':>8}{'p95':>8}{'p99':>8}{'added p50':>11}   ({options.keys} keys)")
    base = sorted(times["direct"])[options.keys // 2]
    for way, values in times.items():
        values.sort()
        p50, p95, p99 = (values[min(int(len(values) * share), len(values) - 1)] for share in (0.5, 0.95, 0.99))
        print(f"{way:<13}{p50:>8.3f}{p95:>8.3f}{p99:>8.3f}{p50 - base:>11.3f}")


if __name__ == "__main__":
    main()
