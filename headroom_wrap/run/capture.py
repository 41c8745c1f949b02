"""Runs a command with its output on a pipe of ours. Everything else is its own: input, process group, signals, environment.

Only standard output is taken. Where standard error is the same pipe or file (``2>&1``, as most agents have it), the command gets ours for both,
so their order is that of its writes. Where it is another one, the command keeps it, and no order between the two was ever defined.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

from headroom_wrap.run.held import Held
from headroom_wrap.supervisor import plain
from headroom_wrap.supervisor.signals import FORWARDED
from headroom_wrap.supervisor.sources import SourceClosed
from headroom_wrap.supervisor.status import Exit

_READ = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is held back.

    Args:
        seconds: from the start; then what was held is passed on, and what follows as it comes. 0 for no limit.
        size: bytes.
    """

    seconds: float = 60.0
    size: int = 8 << 20


def run(argv: Sequence[str], env: Mapping[str, str], *, limits: Limits, late: Callable[[], bytes], finish: Callable[[bytes, Exit], bytes]) -> Exit:
    """Run a command to its end.

    Args:
        argv: the command.
        env: its environment.
        limits: how much is held back.
        late: called when the time is over; what it returns goes to standard error before what was held.
        finish: called with the whole output and the command's end, unless it was passed on before; returns what is written instead.

    Raises:
        ExecError: it could not be started; nothing was written.
    """
    held = Held(limits.size)
    with _diverted() as pipe:

        def read() -> bool:
            data = os.read(pipe.reader, _READ)
            if not data:
                raise SourceClosed
            pipe.write(held.feed(data))
            return True

        def overdue() -> None:
            if not held.passing:
                pipe.say(late())
                pipe.write(held.release())
            raise SourceClosed

        with _alarm(limits.seconds) as bell:
            end = plain.run(argv, env, cwd=None, sources={pipe.reader: read, bell: overdue})
    more = _rest(pipe, held)
    if not held.passing:
        pipe.write(finish(held.release(), end))
    if more:
        _relay(pipe)
    return end


def _rest(pipe: _Pipe, held: Held) -> bool:
    """Read what the command left in the pipe. True: others that it started hold the pipe still."""
    if not pipe.open:
        return False
    os.set_blocking(pipe.reader, False)
    try:
        while data := os.read(pipe.reader, _READ):
            pipe.write(held.feed(data))
    except BlockingIOError:
        return True
    return False


def _relay(pipe: _Pipe) -> None:
    """What the command started in the background goes on writing after its end, and so do we, in a process that nobody waits for."""
    if not pipe.open or os.fork():
        return
    try:
        for number in FORWARDED:
            signal.signal(number, signal.SIG_IGN)  # whoever writes ends by them, and then the pipe does
        os.set_blocking(pipe.reader, True)
        while pipe.open and (data := os.read(pipe.reader, _READ)):
            pipe.write(data)
    finally:
        os._exit(0)


class _Pipe:
    """The pipe that stands in the place of standard output, and the descriptors that were there."""

    def __init__(self, reader: int, out: int, err: int) -> None:
        self.reader = reader
        self.open = True
        self._out = out
        self._err = err

    def write(self, data: bytes) -> None:
        """Write to where standard output went. Once nobody reads there, nobody reads the command: it gets its SIGPIPE."""
        try:
            _write(self._out, data)
        except BrokenPipeError:
            if self.open:
                self.open = False
                # Not closed: it is being polled, and its number must not become another's.
                null = os.open(os.devnull, os.O_RDONLY)
                os.dup2(null, self.reader, inheritable=False)
                os.close(null)

    def say(self, data: bytes) -> None:
        """Write to where standard error went."""
        with contextlib.suppress(OSError):
            _write(self._err, data)


@contextlib.contextmanager
def _diverted() -> Iterator[_Pipe]:
    """Let descriptor 1, and 2 where it is the same, be a pipe of ours; what is started within gets it."""
    merged = os.path.sameopenfile(1, 2)
    out, err = os.dup(1), os.dup(2)
    reader, writer = os.pipe()
    for fd in (1, 2) if merged else (1,):
        os.dup2(writer, fd)
    os.close(writer)
    try:
        yield _Pipe(reader, out, err)
    finally:
        os.dup2(out, 1)
        os.dup2(err, 2)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[int]:
    """A descriptor that becomes readable after so many seconds; never for 0."""
    bell, rope = os.pipe()

    def ring(_number: int, _frame: FrameType | None) -> None:
        os.write(rope, b"!")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield bell
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        os.close(bell)
        os.close(rope)


def _write(fd: int, data: bytes) -> None:
    """Write all of it, whether or not the descriptor blocks."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            poller = select.poll()
            poller.register(fd, select.POLLOUT)
            poller.poll()
