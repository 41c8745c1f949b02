"""Dying with the parent: the kernel's signal where there is one (Linux), and a pipe whose other end only the parent holds."""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(parent: int) -> None:
    """Let this process be killed when the thread that started it ends. Linux only; elsewhere nothing happens.

    Args:
        parent: its process id: should it be gone already, no signal would come any more, and this process exits.
    """
    if sys.platform != "linux":
        return
    import ctypes

    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):  # a C library without it: the pipe serves
        return
    if os.getppid() != parent:
        os._exit(0)
