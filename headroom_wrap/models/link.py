"""The proxy's end of a model: the process that holds it, and a channel to it for every worker.

A worker may be killed at any moment, and a model of 600 MB must not be loaded again each time, so it lives in a process of its own. Each worker
gets one end of a fresh pair of sockets and the model's process the other: no name on disk, no port, and what dies closes its end.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess

from headroom_wrap import own
from headroom_wrap.models.chosen import Chosen


class ModelLink:
    """A model's process, from ``start`` to ``close``.

    Args:
        name: what decisions know the model by.
        folder: its checkpoint's.
    """

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self._folder = folder
        self._control, self._theirs = socket.socketpair()
        self._control.setblocking(False)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def to(cls, chosen: Chosen) -> ModelLink:
        """A link to a chosen model that has a checkpoint."""
        return cls(chosen.name, chosen.folder)

    def start(self) -> None:
        """Start the process. From the main thread only: on Linux it dies with the thread that started it.

        Raises:
            OSError: it cannot be started.
        """
        command = (*own.module("headroom_wrap.models.server"), self._folder, str(self._theirs.fileno()), str(os.getpid()))
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(self._theirs.fileno(),))
        self._theirs.close()

    def channel(self) -> socket.socket | None:
        """A worker's end of a new channel, None where the process is gone. May be called before the process is started."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            except OSError:
                ours.close()
                return None
        return ours

    def close(self) -> None:
        """End the process and wait until it is gone."""
        self._control.close()
        self._theirs.close()
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(OSError):
                self._process.wait()
