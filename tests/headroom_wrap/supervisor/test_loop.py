"""The end of a run, with the agent, its screen and its guardian as stubs; all else of the loop is in test_relay.py."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from headroom_wrap.supervisor import shim
from headroom_wrap.supervisor.loop import SIGNALS, Loop
from headroom_wrap.supervisor.pipes import Inlet, Outlet
from headroom_wrap.supervisor.signals import Signals
from headroom_wrap.supervisor.tty import Window

LAST = b"x" * 300_000  # more than a pipe takes


class Ended:
    """An agent that is dead already."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def news(self) -> list[tuple[bytes, int]]:
        return [(shim.EXITED, 0)]


@contextlib.contextmanager
def pipe() -> Iterator[list[int]]:
    ends = list(os.pipe())
    try:
        yield ends
    finally:
        for fd in ends:
            with contextlib.suppress(OSError):
                os.close(fd)


@pytest.mark.parametrize(
    ("number", "whole"), [(signal.SIGWINCH, True), (signal.SIGCONT, True), (signal.SIGTERM, False)], ids=["SIGWINCH", "SIGCONT", "SIGTERM"]
)
def test_only_a_signal_to_end_takes_away_the_last_output(number: signal.Signals, whole: bool) -> None:
    with pipe() as keys, pipe() as shown, pipe() as agent, pipe() as news:
        os.close(agent[1])
        os.close(news[1])
        os.set_blocking(shown[1], False)
        arrived = bytearray()

        def read() -> None:
            while data := os.read(shown[0], 1 << 16):
                arrived.extend(data)

        reader = threading.Thread(target=read)

        def finish() -> bytes:
            os.kill(os.getpid(), number)
            if whole:
                reader.start()
            return LAST

        screen: Any = SimpleNamespace(
            size=Window(0, 0),
            child_window=Window(0, 0),
            panel=0,
            full=False,
            due=lambda: None,
            repair=lambda: b"",
            finish=finish,
            repaint=SimpleNamespace(want=lambda _now: None),
        )
        stub: Any = SimpleNamespace(undo=lambda _text: None)
        leader: Any = Ended(news[0])
        with Signals(SIGNALS) as signals:
            loop = Loop((Inlet(keys[0]), Outlet(shown[1])), agent[0], leader, screen=screen, mode=stub, signals=signals, guardian=stub, grace=1.0)
            assert loop.run({}).returncode == 0
        os.close(shown[1])
        if whole:
            reader.join()
            assert bytes(arrived) == LAST
        else:
            assert len(os.read(shown[0], len(LAST))) < len(LAST)
