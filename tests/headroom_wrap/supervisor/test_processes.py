"""Real processes: an agent's session as the shim makes it, and what stays of it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from headroom_wrap.supervisor.processes import MARK, Processes, Running, Tree
from headroom_wrap.supervisor.sampler import Sampler

pytestmark = pytest.mark.slow

# The part of the shim: leads a session on a terminal, starts an agent that leaves `sys.argv[2:]` behind, and ends when it is told to.
LEADER = """
import os, subprocess, sys
os.setsid()
terminal = os.open(sys.argv[1], os.O_RDWR)
agent = subprocess.Popen(["/bin/sh", "-c", sys.argv[2] + "\\necho up; exec sleep 1000"], stdin=terminal, stdout=subprocess.PIPE, stderr=terminal,
                         preexec_fn=lambda: os.setpgid(0, 0))
print(agent.stdout.readline().decode().strip(), flush=True)
sys.stdin.readline()
agent.kill()
agent.wait()
"""


DEADLINE = 60.0


class Agent:
    def __init__(self, mark: str, shell: str, *, leaves: str = "") -> None:
        """It runs when what it leaves behind has become that command."""
        self.master, slave = pty.openpty()
        self._leader = subprocess.Popen(
            [sys.executable, "-c", LEADER, os.ttyname(slave), shell],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, MARK: mark},
            text=True,
        )
        os.close(slave)
        assert self._leader.stdout is not None
        assert self._leader.stdout.readline() == "up\n"
        overdue = time.monotonic() + DEADLINE
        while leaves and leaves not in commands(mark):
            assert time.monotonic() < overdue, commands(mark)

    def end(self) -> None:
        self._leader.communicate("\n")
        os.close(self.master)


def commands(mark: str) -> list[str]:
    found = []
    for process in Tree(mark)._marked():
        with contextlib.suppress(psutil.Error):
            found.append(" ".join(process.cmdline()))
    return found


def run(mark: str, shell: str, *, leaves: str = "", told: bool = True) -> Processes:
    tree = Tree(mark)
    agent = Agent(mark, shell, leaves=leaves)
    if told:
        tree.started()
        tree.started()
        assert tree._thread is not None
        tree._thread.join(DEADLINE)
    agent.end()
    return tree.ended(grace=0.3)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """A session's own; whatever bears it is ended after the test."""
    name = f"test-{tmp_path}"
    yield name
    for process in list(Tree(name)._marked()):
        process.kill()


def test_nothing_left(mark: str) -> None:
    told = run(mark, "true")
    assert told.left == ()
    assert told.cpu > 0
    assert told.memory > 1 << 20


def test_a_child_in_the_agents_session_is_ended(mark: str) -> None:
    (left,) = run(mark, "sleep 300 >/dev/null 2>&1 </dev/null &", leaves="sleep 300").left
    assert (left.command, left.ended) == ("sleep 300", True)
    assert left.memory > 0
    assert not alive(left.pid)


def test_a_child_that_does_not_want_to_end_is_killed(mark: str) -> None:
    (left,) = run(mark, "sh -c 'trap : TERM; while :; do sleep 0.05; done' >/dev/null 2>&1 </dev/null &").left[:1]
    assert left.ended
    deadline = time.monotonic() + DEADLINE
    while alive(left.pid):
        assert time.monotonic() < deadline


@pytest.mark.parametrize("how", ["setsid", "nohup"])
def test_what_was_meant_to_stay_stays_and_is_told(mark: str, how: str) -> None:
    (left,) = run(mark, f"{how} sleep 300 >/dev/null 2>&1 </dev/null &", leaves="sleep 300").left
    assert (left.command, left.ended) == ("sleep 300", False)
    assert alive(left.pid)


def test_what_detached_and_holds_the_terminal_is_ended(mark: str) -> None:
    (left,) = run(mark, "setsid sh -c \"trap '' HUP; exec sleep 300\" >&2 </dev/null &", leaves="sleep 300").left
    assert left.ended
    assert not alive(left.pid)


def test_without_a_terminal_it_is_only_told(mark: str) -> None:
    (left,) = run(mark, "sleep 300 >/dev/null 2>&1 </dev/null &", leaves="sleep 300", told=False).left
    assert not left.ended
    assert alive(left.pid)


def test_others_are_left_alone(mark: str) -> None:
    with subprocess.Popen(["sleep", "300"], env={**os.environ, MARK: mark + "-not"}) as other:
        assert run(mark, "true").left == ()
        assert alive(other.pid)
        other.send_signal(signal.SIGKILL)


def test_what_runs_now_is_told_without_waiting_for_it(private_home: Path) -> None:
    mark = f"watched-{os.getpid()}"
    agent = Agent(mark, "sleep 300 &", leaves="sleep 300")
    told: list[tuple[Running, ...]] = []
    sampler = Sampler(Tree(mark).running, told.append)
    try:
        sampler.look()
        sampler.look()  # one look at a time
        assert select.select([sampler.fd], [], [], DEADLINE)[0]
        sampler.ready()
    finally:
        sampler.close()
        agent.end()
        Tree(mark).ended(0.1)
        for process in Tree(mark)._marked():
            process.kill()
    assert sorted(process.command for process in told[0] if "sleep" in process.command) == ["sleep 1000", "sleep 300"]
    assert all(process.memory > 0 for process in told[0])
    sampler.look()  # after the end: nothing
    assert len(told) == 1
