"""Signals as bytes on a pipe, to be polled with everything else."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import Any, final

# What a person or a service manager sends to a program, as the supervisor gets it and the agent is to have it.
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def note(_number: int, _frame: FrameType | None) -> None:
    """A handler that does nothing: the interpreter writes the number to the wakeup pipe by itself."""


def stop_own_group() -> None:
    """Stop our process group as Ctrl-Z does, and return when it is continued.

    Not by SIGSTOP: where no shell could continue us, the kernel ignores SIGTSTP, and this returns at once.
    """
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        os.killpg(0, signal.SIGTSTP)
    finally:
        signal.signal(signal.SIGTSTP, handler)


@final
class Signals:
    """Within `with`: the given signals do nothing but make `fd` readable. Those ignored from the start stay ignored.

    A handler, not SIG_IGN, because exec(2) sets handlers back to the default in our children.
    """

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._numbers = tuple(numbers)
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        self.fd, self._writer = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._writer, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, note)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            # A handler that was not installed from Python reads as None; the default is the nearest we can give back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self.fd)
        os.close(self._writer)

    def discard(self, number: int) -> None:
        """Forget that `number` arrived; the others remain to be read."""
        rest = bytes(other for other in self.read() if other != number)
        if rest:
            os.write(self._writer, rest)

    def read(self) -> list[int]:
        """The numbers of the signals since the last call, each once, in the order of their first arrival."""
        try:
            return list(dict.fromkeys(os.read(self.fd, 4096)))
        except BlockingIOError:
            return []
