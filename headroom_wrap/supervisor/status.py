"""How the wrapped program ended, and how our own process ends in the same way."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
from dataclasses import dataclass
from typing import NoReturn

NOT_FOUND = 127
NOT_EXECUTABLE = 126


class ExecError(Exception):
    """The program could not be started. `returncode` is what a shell would exit with: 127 or 126."""

    def __init__(self, program: str, code: int) -> None:
        super().__init__(f"cannot run {program}: {os.strerror(code)}")
        self.program = program
        self.errno = code

    @property
    def returncode(self) -> int:
        return NOT_FOUND if self.errno in {errno.ENOENT, errno.ENOTDIR} else NOT_EXECUTABLE


@dataclass(frozen=True)
class Exit:
    """The end of a process: an exit status, or else the signal that killed it."""

    returncode: int | None = None
    signal: int | None = None

    @classmethod
    def from_wait(cls, status: int) -> Exit:
        """From the status word of waitpid(2)."""
        if os.WIFSIGNALED(status):
            return cls(signal=os.WTERMSIG(status))
        return cls(returncode=os.WEXITSTATUS(status))

    @property
    def code(self) -> int:
        """The number a shell shows in `$?`."""
        return 128 + self.signal if self.signal is not None else self.returncode or 0


def leave(end: Exit) -> NoReturn:
    """End our own process as the wrapped one ended, the same signal included. Never returns."""
    if end.signal is None:
        raise SystemExit(end.code)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # the terminal is gone, or the stream was closed: nobody is left to tell
        pass
    # The program's own core, if any, was written where it died. A second one, of this interpreter, helps nobody.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if end.signal not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(end.signal, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {end.signal})
    os.kill(os.getpid(), end.signal)
    os._exit(end.code)  # the signal does not kill here (it can be ignored by the kernel for init of a container)
