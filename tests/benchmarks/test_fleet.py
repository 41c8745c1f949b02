"""The servers that tests and benchmarks start."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import fleet

pytestmark = pytest.mark.slow
ROOT = Path(fleet.__file__).parents[1]


@pytest.mark.parametrize("kind", ["Postgres", "Redis"])
def test_a_server_does_not_outlive_who_started_it(kind: str) -> None:
    if said := fleet.missing().get(kind.lower()):
        pytest.skip(said)
    program = f"from benchmarks import fleet\nserver = fleet.{kind}()\nserver.start()\nserver.hang()\nprint(server.port, server.folder, flush=True)\ninput()"
    command = [sys.executable, "-c", program]
    starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert starter.stdout is not None
    said = starter.stdout.readline()
    starter.kill()
    _, failed = starter.communicate()
    assert said, failed
    port, folder = said.split()
    try:
        end = time.monotonic() + fleet.DEADLINE
        while Path(folder).exists() or listens(int(port)):
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def listens(port: int) -> bool:
    """Whether anything takes connections there: a process that is killed lives on for a moment."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
