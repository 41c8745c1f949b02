"""Runs the agent under a PTY between it and the user's terminal."""

from __future__ import annotations

import contextlib
import os
import termios
import time
from collections.abc import Callable, Mapping, Sequence

from headroom_wrap.supervisor import shim
from headroom_wrap.supervisor.guardian import Guardian
from headroom_wrap.supervisor.loop import SIGNALS, Loop
from headroom_wrap.supervisor.page import FullView
from headroom_wrap.supervisor.pipes import Inlet, Outlet
from headroom_wrap.supervisor.screen import MakeFilters, Screen, View, make_filters
from headroom_wrap.supervisor.signals import Signals
from headroom_wrap.supervisor.status import Exit
from headroom_wrap.supervisor.tty import get_window, raw, reopened, set_window
from headroom_wrap.terminal.title import TitleRewriter

__all__ = ["GRACE_S", "View", "run"]

GRACE_S = 5.0  # for an agent's farewell after a hangup (hooks, saving), before it is killed


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: str | None,
    view: View,
    full: FullView | None = None,
    title: TitleRewriter | None = None,
    sources: Mapping[int, Callable[[], object]],
    grace: float = GRACE_S,
    filters: MakeFilters = make_filters,
    on_panel_error: Callable[[Exception], None] | None = None,
    held: Signals | None = None,
) -> Exit:
    """Run `argv` to its end on a PTY, with the terminal that is our descriptors 0 and 1. Call it before any thread starts.

    `full` is the page that its key opens; `title` rewrites the agent's window titles, where there is no panel; `sources`
    are polled too (see `Sources`); `grace` is in seconds; `on_panel_error` hears why the panel has gone; the signals
    that are `held` are the agent's, too.
    Raises ExecError; the terminal is as before then, and nothing was written to it.
    """
    with contextlib.ExitStack() as stack:
        stdin, stdout = stack.enter_context(reopened(0)), stack.enter_context(reopened(1))
        screen = Screen(view, get_window(1), time.monotonic(), full=full, title=title, make_filters=filters, on_error=on_panel_error)
        guardian = Guardian(0, grace=grace)
        stack.callback(guardian.close)
        master, leader = _start(argv, env, cwd=cwd, screen=screen, grace=grace)
        # From here in reverse: hang up, let go of the PTY (an agent may hang in a write to it), wait for the end.
        stack.callback(leader.reap)
        stack.callback(os.close, master)
        stack.callback(leader.close)
        guardian.wait_ready()
        guardian.agent(leader.agent)
        signals = stack.enter_context(Signals(SIGNALS, held))
        mode = stack.enter_context(raw(0))
        terminal = Inlet(stdin), Outlet(stdout, shared=stdout == 1)
        loop = Loop(terminal, master, leader, screen=screen, mode=mode, signals=signals, guardian=guardian, grace=grace)
        return loop.run(sources)


def _start(argv: Sequence[str], env: Mapping[str, str], *, cwd: str | None, screen: Screen, grace: float) -> tuple[int, shim.Shim]:
    """The agent on a PTY with the size and the settings that it would have found on the user's terminal."""
    master, slave = os.openpty()
    try:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(0))
        set_window(slave, screen.child_window)
        os.set_blocking(master, False)
        return master, shim.start(argv, env, cwd=cwd, slave=slave, grace=grace)
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
