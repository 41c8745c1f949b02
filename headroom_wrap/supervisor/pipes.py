"""The two ends of the relay's streams: reading what there is, and a bounded queue before a writer that never blocks."""

from __future__ import annotations

import os
import select

# A PTY gives at most 4 KB to a read. To read on and write once is faster, and a frame arrives in one piece.
_READ = 1 << 16
_LIKELY_MORE = 1 << 11
# Two descriptions of one terminal are not always to be had; then poll says "writable" from one free byte on.
_SHARED_WRITE = 256


class Inlet:
    """A descriptor that is read. `open` is False from its end (or hangup) on."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.open = True

    def read(self) -> bytes:
        """What is there now, up to 64 KB. Call it when poll has said that there is something, or that there is an end."""
        data = self._read()
        if len(data) < _LIKELY_MORE or os.get_blocking(self.fd):
            return data
        parts = [data]
        total = len(data)
        while total < _READ and (data := self._read()):
            parts.append(data)
            total += len(data)
        return b"".join(parts)

    def _read(self) -> bytes:
        try:
            data = os.read(self.fd, _READ)
        except BlockingIOError:
            return b""
        except OSError:  # EIO: Linux' way to say that the other side of a terminal is closed
            data = b""
        if not data:
            self.open = False
        return data


class Outlet:
    """A descriptor that is written to as it takes the bytes. `open` is False when nobody can read them any more.

    `shared`: its description is not ours to make non-blocking, so little is written at a time, and only after a poll.
    """

    LIMIT = 1 << 16  # from here on the one who fills it must wait

    def __init__(self, fd: int, *, shared: bool = False) -> None:
        self.fd = fd
        self.open = True
        self._shared = shared
        self._queue = bytearray()

    @property
    def pending(self) -> bool:
        return bool(self._queue)

    @property
    def full(self) -> bool:
        return len(self._queue) >= self.LIMIT

    def write(self, data: bytes) -> None:
        """Write, or queue what is not taken at once."""
        if not data or not self.open:
            return
        if not self._queue and not self._shared:
            data = data[self._write(data) :]
            if not data or not self.open:
                return
        self._queue += data
        if self._shared:
            self.flush()

    def flush(self) -> None:
        """Write as much of the queue as is taken without blocking."""
        while self._queue and self.open:
            if self._shared and not self._writable():
                return
            taken = self._write(bytes(self._queue[: _SHARED_WRITE if self._shared else None]))
            del self._queue[:taken]
            if not taken:
                return

    def _writable(self) -> bool:
        poller = select.poll()
        poller.register(self.fd, select.POLLOUT)
        return bool(poller.poll(0))

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError:  # hung up: what is written to it now is for nobody
            self.open = False
            self._queue.clear()
            return 0
