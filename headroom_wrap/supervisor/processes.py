"""The processes that an agent started: what they took, and which of them outlive it.

They are known by a variable in their environment, which all that an agent starts inherit, however far they detach.
"""

from __future__ import annotations

import contextlib
import os
import resource
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

MARK = "HEADROOM_SESSION"
GRACE_S = 2.0
_SETTLE_S = 0.5  # servers that the agent spoke to over a pipe end by themselves when it closes
_MOST_COMMAND = 60  # characters
_HANGUP = 1  # the lowest bit of the masks in proc(5)
_KILOBYTE = 1024


@dataclass(frozen=True, slots=True)
class Left:
    """A process that outlived the agent.

    Args:
        pid: its id.
        command: its command line, shortened.
        memory: bytes resident.
        ended: by us; else it runs on.
    """

    pid: int
    command: str
    memory: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Processes:
    """What an agent and everything that it started and waited for came to.

    Args:
        cpu: seconds of CPU time.
        memory: bytes resident of its largest process.
        left: what outlived it, by process id.
    """

    cpu: float = 0.0
    memory: int = 0
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """A process of the agent's that runs now.

    Args:
        pid: its id.
        command: its command line, shortened.
        cpu: seconds of CPU time so far.
        memory: bytes resident.
    """

    pid: int
    command: str
    cpu: float
    memory: int


class Tree:
    """The processes of one session.

    Args:
        mark: the value of `MARK` in their environment.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._session: int | None = None
        self._terminal: str | None = None
        self._thread: threading.Thread | None = None
        self._before = resource.getrusage(resource.RUSAGE_CHILDREN)

    def started(self) -> None:
        """The agent runs: find out, beside the supervisor, which session and terminal are its own. Further calls do nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._learn, name="process tree", daemon=True)
            self._thread.start()

    def _learn(self) -> None:
        import psutil

        with contextlib.suppress(psutil.Error):
            for leader in psutil.Process().children():
                with contextlib.suppress(psutil.Error, OSError):
                    if os.getsid(leader.pid) != leader.pid:
                        continue
                    for agent in leader.children():
                        if agent.environ().get(MARK) == self._mark:
                            self._terminal, self._session = agent.terminal(), leader.pid
                            return

    def running(self) -> tuple[Running, ...]:
        """What runs now, the largest first. It looks at every process of the machine, which takes tens of milliseconds."""
        found = [Running(process.pid, _command(process), _cpu(process), _memory(process)) for process in self._marked()]
        return tuple(sorted(found, key=lambda process: (-process.memory, process.pid)))

    def ended(self, grace: float = GRACE_S) -> Processes:
        """The agent is gone. End what it left behind in its session or on its terminal; what detached from both is only told of.

        ``grace`` is in seconds, from being asked to end to being killed. Whatever ignores hangups was meant to stay, too.
        """
        import psutil

        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - self._before.ru_utime - self._before.ru_stime
        if self._thread is not None:
            self._thread.join(grace)
        _, alive = psutil.wait_procs(list(self._marked()), timeout=_SETTLE_S)
        told = {p.pid: (_command(p), _memory(p)) for p in alive}
        ending = [p for p in alive if self._ours_to_end(p.pid)]
        for process in ending:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        _, stubborn = psutil.wait_procs(ending, timeout=grace)
        for process in stubborn:
            with contextlib.suppress(psutil.Error):
                process.kill()
        over = {p.pid for p in ending}
        left = tuple(Left(pid, *told[pid], ended=pid in over) for pid in sorted(told))
        return Processes(cpu, after.ru_maxrss * _KILOBYTE, left)

    def _marked(self) -> Iterator[psutil.Process]:
        import psutil

        own, user = os.getpid(), os.getuid()
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != own and process.uids().real == user and process.environ().get(MARK) == self._mark:
                    yield process

    def _ours_to_end(self, pid: int) -> bool:
        if self._session is None:
            return False
        with contextlib.suppress(OSError, ValueError):
            if os.getsid(pid) == self._session:
                return not _ignores_hangup(pid)
            # Its number may be another terminal's by now, which some other pane of a tmux that the agent started may well hold.
            return self._terminal is not None and f"{self._terminal} (deleted)" in _open(pid)
        return False


def _ignores_hangup(pid: int) -> bool:
    """Whether a process ignores SIGHUP, as under ``nohup``; True where that cannot be told."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("SigIgn:"):
                return bool(int(line.split()[1], 16) & _HANGUP)
    return True


def _open(pid: int) -> set[str]:
    """What a process has open, by path."""
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(descriptor.readlink()))
    return found


def _command(process: psutil.Process) -> str:
    import psutil

    try:
        words = process.cmdline()
        text = " ".join([Path(words[0]).name, *words[1:]]) if words else process.name()
    except psutil.Error:
        return "?"
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * _MOST_COMMAND]).split())
    return text if len(text) <= _MOST_COMMAND else text[: _MOST_COMMAND - 1] + "…"


def _cpu(process: psutil.Process) -> float:
    import psutil

    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0


def _memory(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
