"""Terminal settings and sizes. They are changed in context managers only, whose exit puts them back."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

# termios(3): the list of tcgetattr is [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]
Attributes = list[int | list[bytes | int]]

_WINSIZE = struct.Struct("HHHH")


@dataclass(frozen=True)
class Window:
    """The size of a terminal: character cells, and pixels where the terminal tells them (else 0)."""

    rows: int
    cols: int
    xpixel: int = 0
    ypixel: int = 0

    def shortened(self, rows: int) -> Window:
        """The same terminal with only its upper `rows`, the pixel height in proportion."""
        if self.rows in {rows, 0}:
            return self
        return replace(self, rows=rows, ypixel=self.ypixel * rows // self.rows)


def get_window(fd: int) -> Window:
    """Size of the terminal `fd`; 0x0 when it has none to tell (or is gone)."""
    try:
        return Window(*_WINSIZE.unpack(fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(_WINSIZE.size))))
    except OSError:
        return Window(0, 0)


def set_window(fd: int, size: Window) -> None:
    """Set the size of a PTY; its foreground process group gets SIGWINCH if that is a change."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, _WINSIZE.pack(size.rows, size.cols, size.xpixel, size.ypixel))


def raw_attributes(attributes: Attributes) -> Attributes:
    """`attributes` with every interpretation of bytes switched off, as cfmakeraw(3) does it."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = attributes
    assert isinstance(iflag, int)
    assert isinstance(oflag, int)
    assert isinstance(cflag, int)
    assert isinstance(lflag, int)
    assert isinstance(cc, list)
    t = termios
    iflag &= ~(t.IGNBRK | t.BRKINT | t.PARMRK | t.ISTRIP | t.INLCR | t.IGNCR | t.ICRNL | t.IXON)
    oflag &= ~t.OPOST
    lflag &= ~(t.ECHO | t.ECHONL | t.ICANON | t.ISIG | t.IEXTEN)
    cflag = cflag & ~(t.CSIZE | t.PARENB) | t.CS8
    cc = list(cc)
    cc[t.VMIN], cc[t.VTIME] = 1, 0
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]


def is_gone(fd: int) -> bool:
    """Whether the terminal `fd` has hung up."""
    try:
        termios.tcgetattr(fd)
    except termios.error:
        return True
    return False


class RawMode:
    """The user's terminal in raw mode, left and entered again around a stop. Nothing typed ahead is thrown away."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.saved: Attributes = termios.tcgetattr(fd)

    def enter(self) -> None:
        """Raw mode. From the background of a job-control shell this stops us (SIGTTOU) until we are in the foreground."""
        _set(self._fd, raw_attributes(self.saved))

    def leave(self) -> None:
        _set(self._fd, self.saved)


def _set(fd: int, attributes: Attributes) -> None:
    while True:
        try:
            # TCSANOW: to wait for output to drain (TCSADRAIN) would hang on a terminal that has stopped reading.
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
        except termios.error as error:
            if error.args[0] == errno.EINTR:  # we were stopped for doing this from the background, and continued
                continue
        return  # done, or the terminal has hung up and has no settings any more


@contextmanager
def raw(fd: int) -> Iterator[RawMode]:
    """The terminal `fd` in raw mode; its settings of before come back at the end, whatever happens inside."""
    mode = RawMode(fd)
    mode.enter()
    try:
        yield mode
    finally:
        mode.leave()


@contextmanager
def reopened(fd: int) -> Iterator[int]:
    """A non-blocking descriptor of the terminal `fd` that is ours alone.

    O_NONBLOCK belongs to the open file description, which the user's shell shares with us: set there, it would outlive
    us and break the shell. Where the terminal cannot be opened again (another container's), `fd` itself is given.
    """
    own = None
    try:
        own = os.open(os.ttyname(fd), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        pass
    try:
        yield fd if own is None else own
    finally:
        if own is not None:
            os.close(own)
