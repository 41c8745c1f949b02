"""How long things take to start: the command, the proxy, its worker, the MCP server, an agent with and without us; and what they weigh at rest.

A proxy has three moments. A session's is handed a socket that listens already, and says when it serves. ``headroom proxy`` prints where it listens
when it serves. It is ready when ``/readyz`` answers 200: the store is open and a worker warm, so that the first request is made smaller, too.

python -m benchmarks.startup [--runs 10]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import pty
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from headroom_wrap import events
from headroom_wrap.proxy import frames
from headroom_wrap.proxy.settings import ProxyConfig


def command(*arguments: str) -> Callable[[], tuple[float, float, int]]:
    """Runs a command to its end."""

    def run() -> tuple[float, float, int]:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        took = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0

    return run


def handed() -> tuple[float, float, int]:
    """Until the proxy of a session says that it serves."""
    told, tell = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as state:
        config = ProxyConfig(upstream="https://127.0.0.1:9", state=state, secret="s", socket_fd=listener.fileno(), events_fd=tell)
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "headroom_wrap.proxy", config.encode()], pass_fds=(listener.fileno(), tell))
        os.close(tell)
        ready = events.decode(os.read(told, 1000))
        took = time.perf_counter() - began
        if not isinstance(ready, events.Ready):
            raise TypeError(f"the proxy said {ready!r}")
        result = took, *_weigh(process)
        process.terminate()
        process.wait()
    os.close(told)
    return result


def standing(*, ready: bool) -> Callable[[], tuple[float, float, int]]:
    """``headroom proxy``, until it prints where it listens or, if ``ready``, until ``/readyz`` answers 200. Its worker is not weighed."""

    def run() -> tuple[float, float, int]:
        with tempfile.TemporaryDirectory() as home:
            arguments = ["-m", "headroom_wrap.cli", "proxy", "--port", "0", "--no-token", "--upstream", "https://127.0.0.1:9"]
            environ = {"HOME": home, "PATH": os.defpath, "LANG": "C.UTF-8"}
            began = time.perf_counter()
            process = subprocess.Popen([sys.executable, *arguments], env=environ, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r":(\d+)", said)
            if found is None:
                raise RuntimeError(f"the proxy said {said!r}")
            while ready and not _is_ready(int(found[1])):
                pass  # each answer takes until the worker is there, half a second at most
            result = time.perf_counter() - began, *_weigh(process)
            process.terminate()
            process.wait()
            process.stdout.close()
        return result

    return run


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    finally:
        connection.close()


def worker() -> tuple[float, float, int]:
    """Until the worker is ready for its first job."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "headroom_wrap.proxy.worker", str(os.getpid())], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    frames.read(process.stdout)
    result = time.perf_counter() - began, *_weigh(process)
    process.stdin.close()
    process.wait()
    process.stdout.close()
    return result


def mcp() -> tuple[float, float, int]:
    """Until the MCP server answers ``initialize``."""
    with tempfile.TemporaryDirectory() as state:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "headroom_wrap.mcp", "--state", state], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        print(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}), file=process.stdin, flush=True)
        process.stdout.readline()
        result = time.perf_counter() - began, *_weigh(process)
        process.stdin.close()
        process.wait()
        process.stdout.close()
    return result


def agent(*before: str) -> Callable[[], tuple[float, float, int]]:
    """Until the first byte of an agent (a shell script in its place) is on the terminal. `before` stands before its name."""

    def run() -> tuple[float, float, int]:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            (home / "bin").mkdir()
            (home / "bin" / "claude").write_text(f"#!/bin/sh\necho {_HERE}\nread -r line\n")
            (home / "bin" / "claude").chmod(0o755)
            environ = {"HOME": folder, "PATH": f"{home / 'bin'}:{os.defpath}", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
            began = time.perf_counter()
            pid, terminal = pty.fork()
            if pid == 0:
                os.chdir(home / "bin")
                os.execvpe((*before, "claude")[0], (*before, "claude"), environ)
            seen = b""
            while _HERE.encode() not in seen:
                seen += os.read(terminal, 1 << 16)
            took = time.perf_counter() - began
            os.write(terminal, b"\n")
            try:
                while os.read(terminal, 1 << 16):
                    pass
            except OSError:  # its end, as Linux tells it
                pass
            os.close(terminal)
            _, _, used = os.wait4(pid, 0)
        return took, used.ru_utime + used.ru_stime, 0

    return run


def _weigh(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> tuple[float, int]:
    seen = psutil.Process(process.pid)
    times = seen.cpu_times()
    return times.user + times.system, seen.memory_info().rss


_HERE = "the-agent-is-here"

MEASURED: dict[str, Callable[[], tuple[float, float, int]]] = {
    "an empty interpreter": command("-c", ""),
    "headroom --version": command("-m", "headroom_wrap.cli", "--version"),
    "a session's proxy serves": handed,
    "headroom proxy serves": standing(ready=False),
    "headroom proxy is ready": standing(ready=True),
    "worker warm": worker,
    "MCP answers initialize": mcp,
    "an agent's first byte, alone": agent(),
    "an agent's first byte, wrapped": agent(sys.executable, "-m", "headroom_wrap.cli", "wrap"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    table = Table("what", "wall, median", "wall, worst", "CPU, median", "RSS")
    for name, run in MEASURED.items():
        run()  # compiled files, disk cache
        results = [run() for _ in range(runs)]
        walls, cpus, weights = zip(*results, strict=True)
        table.add_row(
            name,
            f"{1000 * statistics.median(walls):.0f} ms",
            f"{1000 * max(walls):.0f} ms",
            f"{1000 * statistics.median(cpus):.0f} ms",
            f"{max(weights) / (1 << 20):.0f} MiB" if max(weights) else "",
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
