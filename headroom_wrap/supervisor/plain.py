"""Runs the agent where no terminal is to be relayed: it gets our own descriptors 0, 1 and 2, untouched."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Mapping, Sequence

from headroom_wrap.supervisor.signals import FORWARDED, Signals
from headroom_wrap.supervisor.sources import Sources
from headroom_wrap.supervisor.spawn import spawn
from headroom_wrap.supervisor.status import Exit

_ANSWER_WITHIN_MS = 1000


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: str | None,
    sources: Mapping[int, Callable[[], object]],
) -> Exit:
    """Run `argv` to its end while polling `sources`. Raises ExecError.

    The agent stays in our process group, because it may be part of a pipeline whose other members need the terminal.
    So the terminal's own signals (Ctrl-C, Ctrl-Z, a hangup) reach it without us; one for us alone is forwarded.
    """
    witness = _Witness()
    try:
        with Signals((*FORWARDED, signal.SIGCHLD)) as signals:
            pid = spawn(argv, env, cwd=cwd)
            for number in signals.read():  # for us, before there was an agent
                if number in FORWARDED:
                    os.kill(pid, number)
            return _wait(pid, signals, sources, witness)
    finally:
        witness.close()


def _wait(pid: int, signals: Signals, callbacks: Mapping[int, Callable[[], object]], witness: _Witness) -> Exit:
    poller = select.poll()
    poller.register(signals.fd, select.POLLIN)
    sources = Sources(poller, callbacks)
    while True:
        end = _collect(pid)
        if end is not None:
            return end
        for fd, event in poller.poll():
            if fd in sources:
                sources.ready(fd, event)
                continue
            numbers = [number for number in signals.read() if number in FORWARDED]
            if numbers and not witness.hit():
                for number in numbers:
                    os.kill(pid, number)


def _collect(pid: int) -> Exit | None:
    """The end of the agent, or None while it lives. Where it has stopped, we stop too, for the shell to see."""
    done, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
    if done == 0:
        return None
    if os.WIFSTOPPED(status):
        # Not SIGSTOP: the kernel ignores SIGTSTP where no shell could continue us.
        os.kill(os.getpid(), signal.SIGTSTP)
        return None
    return Exit.from_wait(status)


class _Witness:
    """A process in our group that tells a signal for the group from one for us alone, which a handler cannot.

    `cat` dies of what the group is sent; if it still answers, the signal was ours only.
    """

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        question, self._asking = os.pipe()
        self._answers, answer = os.pipe()

        def prepare() -> None:
            os.dup2(question, 0)
            os.dup2(answer, 1)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 2)

        try:
            self._pid = spawn(["cat"], {"PATH": os.defpath}, cwd="/", prepare=prepare)
        finally:
            os.close(question)
            os.close(answer)

    def hit(self) -> bool:
        """Whether the signal just received went to the whole group; if so, a new witness stands by."""
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        try:
            os.write(self._asking, b"?")
            if not poller.poll(_ANSWER_WITHIN_MS):
                return False  # stopped by somebody: rather a signal twice than never
            if os.read(self._answers, 1):
                return False
        except BrokenPipeError:
            pass
        self.close()
        self._start()
        return True

    def close(self) -> None:
        os.close(self._asking)
        os.close(self._answers)
        os.waitpid(self._pid, 0)
