"""The descriptors that a process is born with: input, output and errors, where somebody has closed one or reads it no more."""

from __future__ import annotations

import os
import sys


def reopen() -> None:
    """Let descriptors 0, 1 and 2 be there, at ``/dev/null`` where our parent closed them (``<&-``).

    Otherwise the next socket or pipe gets that number, and is in the way where a child's own is put there. Agents find the same: Node
    does this for itself.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: `fd`
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as we do
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def say(text: str) -> None:
    """Write to standard error. That nobody can read it must not change how we end."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)  # the interpreter flushes once more when it exits, and would make that its exit status
        os.close(null)
