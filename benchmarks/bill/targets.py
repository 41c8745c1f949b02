"""What a session is sent through: nothing, a proxy process of ours, or another program's."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
import psutil

from headroom_wrap import events
from headroom_wrap.proxy.settings import ProxyConfig
from pipeline.policy import Profile
from pipeline.transcript import ToolKind

SHELL = "Bash"
"""What the generated sessions call their shell, whatever the API."""
_SECRET = "bench"
_START_S = 120.0
_TRIES = 3


@dataclass
class Running:
    """A target while it serves.

    Args:
        base: URL in front of every path.
        database: where our originals are; None for others.
        reasons: what became of tool results, by reason.
        troubles: what our proxy reported.
    """

    base: str
    database: Path | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """A way to the provider.

    Args:
        name: in the figures.
        profile: of our proxy; ``off`` relays untouched, ``""`` is none of ours.
        address: of another proxy that runs already, and sends what it gets to ``--upstream-port``; ``""`` for none.
        command: starts another proxy; ``{upstream}`` and ``{port}`` in it are replaced; ``""`` for none.
        by_shell: the model retrieves by ``headroom show`` in the agent's shell; else by our tool.
        worker_s: how long our compression may take at least before a tool result is sent as it is; 0 is what the proxy has by default.
    """

    name: str
    profile: str = ""
    address: str = ""
    command: str = ""
    worker_s: float = 0.0
    by_shell: bool = False

    @property
    def retrieves(self) -> bool:
        """The model can fetch what was left out."""
        return self.profile not in ("", "off")

    @property
    def offers_tools(self) -> bool:
        """Our tools are offered to the model."""
        return self.retrieves and not self.by_shell

    @asynccontextmanager
    async def serving(self, upstream: str, tool_kinds: Mapping[str, str], workspace: str) -> AsyncIterator[Running]:
        """The target in front of an upstream, with a state of its own."""
        if self.profile:
            async with _ours(self, upstream, tool_kinds, workspace) as running:
                yield running
        elif self.command:
            async with _command(self.command, upstream) as running:
                yield running
        else:
            yield Running(self.address or upstream)


DIRECT = Target("direct")


@asynccontextmanager
async def _ours(target: Target, upstream: str, tool_kinds: Mapping[str, str], workspace: str) -> AsyncIterator[Running]:
    listener = socket.create_server(("127.0.0.1", 0))
    told, tell = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state:
        off = target.profile == "off"
        config = ProxyConfig(
            upstream=upstream,
            state=state,
            secret=_SECRET,
            socket_fd=listener.fileno(),
            events_fd=tell,
            tool_kinds={**tool_kinds, SHELL: ToolKind.SHELL.value} if target.by_shell else dict(tool_kinds),
            retrieve="shell" if target.by_shell else "",
            workspace=workspace,
            off=off,
            profile=Profile.BALANCED.value if off else target.profile,
        )
        if target.worker_s:
            config = msgspec.structs.replace(config, worker_base_s=target.worker_s)
        process = subprocess.Popen([sys.executable, "-m", "headroom_wrap.proxy", config.encode()], pass_fds=(listener.fileno(), tell))
        os.close(tell)
        running = Running(f"http://127.0.0.1:{listener.getsockname()[1]}/{_SECRET}", config.database)
        ready = threading.Event()
        reader = threading.Thread(target=_listen, args=(told, running, ready), daemon=True)
        reader.start()
        try:
            if not await asyncio.to_thread(ready.wait, _START_S):
                raise RuntimeError("the proxy does not start")
            await _idle(process.pid)
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait)
            await asyncio.to_thread(reader.join)
            listener.close()


async def _idle(pid: int) -> None:
    """Waits until nothing more happens in a process and its children: a person's first request comes later than a benchmark's."""
    process = psutil.Process(pid)
    spent = -1.0
    while True:
        now = sum(sum(p.cpu_times()[:2]) for p in (process, *process.children(recursive=True)))
        if now == spent:
            return
        spent = now
        await asyncio.sleep(0.5)


def _listen(fd: int, running: Running, ready: threading.Event) -> None:
    """Notes what the proxy tells until it ends."""
    with open(fd, "rb") as pipe:
        for line in pipe:
            match events.decode(line):
                case events.Ready():
                    ready.set()
                case events.Began(new_reasons=reasons):
                    running.reasons.update(reasons)
                case events.Trouble(kind=kind, message=message):
                    running.troubles.append(f"{kind}: {message}")


@asynccontextmanager
async def _command(command: str, upstream: str) -> AsyncIterator[Running]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        process, port = await _started(command, upstream, home)
        try:
            yield Running(f"http://127.0.0.1:{port}")
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, 10)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)


async def _started(command: str, upstream: str, home: str) -> tuple[subprocess.Popen[bytes], int]:
    """Another program's process that serves, and its port.

    Raises:
        RuntimeError: it does not start, whatever port it is given.
    """
    for left in reversed(range(_TRIES)):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]  # by now another process may have it: hence the tries
        line = [part.replace("{upstream}", upstream).replace("{port}", str(port)) for part in shlex.split(command)]
        # A fresh home, so that one session's state does not reach the next.
        process = subprocess.Popen(["env", f"HOME={home}", *line], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await _answers(port, process)
        except RuntimeError:
            process.kill()
            await asyncio.to_thread(process.wait)
            if not left:
                raise
        else:
            return process, port
    raise AssertionError


async def _answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Waits until something is answered on the port.

    Raises:
        RuntimeError: the process ended, or took too long.
    """
    async with aiohttp.ClientSession() as client:
        end = asyncio.get_running_loop().time() + _START_S
        while process.poll() is None and asyncio.get_running_loop().time() < end:
            try:
                async with client.get(f"http://127.0.0.1:{port}/health"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.2)
    raise RuntimeError("the other proxy does not start")
