"""Signals as bytes on a pipe, to be polled with everything else."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
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

    Args:
        numbers: of the signals.
        before: those around these. What has arrived for them and was not read is read from these.
    """

    def __init__(self, numbers: Iterable[signal.Signals], before: Signals | None = None) -> None:
        self._numbers = tuple(numbers)
        self._earlier = before
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        self.fd, self._writer = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._writer, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, note)
        if self._earlier is not None and (arrived := bytes(self._earlier.read())):
            os.write(self._writer, arrived)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            # A handler that was not installed from Python reads as None; the default is the nearest we can give back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._wakeup_before, warn_on_full_buffer=False)
        os.close(self.fd)
        os.close(self._writer)

    def discard(self, *numbers: int) -> bool:
        """Forget that `numbers` arrived; the others remain to be read. Whether there are any."""
        rest = bytes(other for other in self.read() if other not in numbers)
        if rest:
            os.write(self._writer, rest)
        return bool(rest)

    def check(self) -> None:
        """Go no further where one has arrived; it remains to be read.

        Raises:
            KeyboardInterrupt: one has.
        """
        if self.discard():
            raise KeyboardInterrupt

    def read(self) -> list[int]:
        """The numbers of the signals since the last call, each once, in the order of their first arrival. Other code's are left out."""
        try:
            return [number for number in dict.fromkeys(os.read(self.fd, 4096)) if number in self._numbers]
        except BlockingIOError:
            return []


@contextlib.contextmanager
def held() -> Iterator[Signals]:
    """Within `with`: what would end us waits until its end, and does then what it would have done. What was read meanwhile has been seen to."""
    arrived: list[int] = []
    try:
        with Signals(FORWARDED) as signals:
            try:
                yield signals
            finally:
                arrived = signals.read()
    finally:
        for number in arrived:
            signal.raise_signal(number)
