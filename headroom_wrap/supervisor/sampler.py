"""Looks at the agent's processes when the user does, in a thread: the supervisor's loop must not wait for it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

from headroom_wrap.supervisor.processes import Running


class Sampler:
    """Nothing runs between looks.

    Args:
        running: what runs now; called in a thread.
        show: takes it, from `ready`.
    """

    def __init__(self, running: Callable[[], tuple[Running, ...]], show: Callable[[tuple[Running, ...]], None]) -> None:
        self._running, self._show = running, show
        self._found: tuple[Running, ...] = ()
        self._lock = threading.Lock()
        self._looking = self._closed = False
        self.fd, self._bell = os.pipe()
        os.set_blocking(self.fd, False)

    def look(self) -> None:
        """Begin to look, unless that is under way."""
        with self._lock:
            if self._looking or self._closed:
                return
            self._looking = True
        threading.Thread(target=self._look, name="process sampler", daemon=True).start()

    def ready(self) -> bool:
        """`fd` is readable: hand over what was found. True: there may be more."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 4096)
        self._show(self._found)
        return True

    def close(self) -> None:
        """The session is over; a look that is under way is told to nobody."""
        with self._lock:
            self._closed = True
            os.close(self._bell)
        os.close(self.fd)

    def _look(self) -> None:
        found = self._running()
        with self._lock:
            self._looking = False
            if not self._closed:
                self._found = found
                os.write(self._bell, b"!")
