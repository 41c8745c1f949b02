"""Programs that fork while a thread of theirs is in the middle of something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PRELUDE = """
import os, signal, sys, threading

entered, go_on = threading.Event(), threading.Event()
parent = os.getpid()

def middle():
    '''The parent's thread comes by here, and waits until the child has ended.'''
    if os.getpid() == parent:
        entered.set()
        assert go_on.wait(2 * {deadline})

def fork_meanwhile(work, in_child):
    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait({deadline})
    child = os.fork()
    if not child:
        signal.alarm({deadline})
        status = 1
        try:
            in_child()
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    status = os.waitpid(child, 0)[1]
    go_on.set()
    thread.join()
    assert status != signal.SIGALRM, "the child hangs"
    assert not status
"""
_DEADLINE_S = 60


def said(program: str, *arguments: str | Path) -> list[str]:
    """The lines that a program prints, which calls ``fork_meanwhile(work, in_child)``; ``work`` comes by ``middle()``."""
    prelude = _PRELUDE.format(deadline=_DEADLINE_S)
    command = [sys.executable, "-W", "ignore", "-c", prelude + program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3 * _DEADLINE_S, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
