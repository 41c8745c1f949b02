"""``headroom proxy`` as a user starts it, and the scripted providers that it is told of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headroom_wrap.proxy.settings import ProxyConfig

DEADLINE = 60


@dataclass
class Running:
    """A standing proxy.

    Args:
        process: of it.
        base: what a user gives a client as the base URL: the token stands in its path.
        state: the state folder.
    """

    process: subprocess.Popen[str]
    base: str
    state: Path

    @property
    def origin(self) -> str:
        """The base URL without the token."""
        return self.base.rpartition("/")[0]

    @property
    def token(self) -> str:
        return self.base.rpartition("/")[2]

    def end(self) -> str:
        """Ask it to end, wait until it has, and return what it wrote on standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=DEADLINE)
        return said


@contextmanager
def standing(home: Path, *arguments: str, environ: dict[str, str] | None = None) -> Iterator[Running]:
    """A proxy on a free port, ended with the context; what it wrote on standard error must hold no traceback."""
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(home), "HEADROOM_STATE": str(home / "state"), **(environ or {})}
    # Requests are held against those that clients send by themselves: what is added for the provider's cache is tested where it is made.
    command = [sys.executable, "-m", "headroom_wrap.cli", "proxy", "--port", "0", "--no-cache-aid", *arguments]
    with _running(command, surroundings, home / "state") as running:
        yield running


@contextmanager
def told(home: Path, **settings: Any) -> Iterator[Running]:
    """Likewise, of the process behind the command alone: with settings that no user is asked for."""
    token = "a-token-for-tests"
    config = ProxyConfig(
        state=str(home), secret=token, standing=True, greeting=f"Headroom listens on http://127.0.0.1:{{port}}/{token}", drain_s=1.0, **settings
    )
    with _running([sys.executable, "-m", "headroom_wrap.proxy", config.encode()], dict(os.environ), home) as running:
        yield running


@contextmanager
def _running(command: list[str], environ: dict[str, str], state: Path) -> Iterator[Running]:
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        running = Running(process, process.stdout.readline().strip().rpartition(" ")[2], state)
        yield running
        if process.poll() is None:
            said = running.end()
            assert "Traceback" not in said, said
            assert running.token not in said, said
            assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
