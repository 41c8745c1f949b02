"""The relay's loop: between the user's terminal, the agent's PTY, and all that happens to both.

One read of the agent's output is one write to the terminal, and nothing here blocks. While the start or a resize asks the
terminal for its cursor the agent's output waits (at most 0.4 s): what it wrote for the old size must not meet the new one.
"""

from __future__ import annotations

import contextlib
import select
import signal
import time
from collections.abc import Callable, Mapping

from headroom_wrap.supervisor import shim
from headroom_wrap.supervisor.guardian import Guardian
from headroom_wrap.supervisor.pipes import Inlet, Outlet
from headroom_wrap.supervisor.screen import Screen
from headroom_wrap.supervisor.signals import FORWARDED, Signals, stop_own_group
from headroom_wrap.supervisor.sources import Sources
from headroom_wrap.supervisor.status import Exit
from headroom_wrap.supervisor.tee import ModeTee
from headroom_wrap.supervisor.tty import RawMode, Window, get_window, is_gone, set_window

_OF_THE_TERMINAL = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
SIGNALS = (*FORWARDED, *_OF_THE_TERMINAL)

_TICK_S = 1.0  # what nobody told us of (a size, a figure) is seen after this at the latest
_ANSWER_S = 0.1  # how long a resize waits for the terminal to say where its cursor went
_HOLD_S = 0.4  # and how long it waits in all while the size goes on changing
_ESCAPE_S = 0.002  # after this a lone ESC is the key, not the beginning of a sequence
_GUARD_S = 0.25  # how old the guardian's knowledge may become
_SILENCE_S = 0.05  # after this nothing more comes from a dead agent whose PTY others still hold open
_STOP_SILENCE_S = 0.01
_LAST_WORDS = 1 << 20  # bytes; more than a PTY holds, so what follows is not the agent's
_STUCK_S = 5.0  # a terminal that takes nothing for so long at the end is given up
_STOP_STUCK_S = 1.0


class Loop:
    """One run of an agent."""

    def __init__(
        self,
        terminal: tuple[Inlet, Outlet],
        master: int,
        leader: shim.Shim,
        *,
        screen: Screen,
        mode: RawMode,
        signals: Signals,
        guardian: Guardian,
        grace: float,
    ) -> None:
        self._keyboard, self._display = terminal
        self._from, self._to = Inlet(master), Outlet(master)  # the agent
        self._leader = leader
        self._signals = signals
        self._guardian = guardian
        self._mode = mode
        self._screen = screen
        self._grace = grace
        self._tee = ModeTee()
        self._window = screen.child_window  # what the agent was told
        self._starting = screen.panel > 0
        self._covered = False
        self._end: Exit | None = None
        self._stopped = self._hung_up = False
        self._tick_at = self._guard_at = time.monotonic()
        self._escape_at: float | None = None
        self._kill_at: float | None = None
        self._answer_until: float | None = None  # a resize is under way
        self._held_since = 0.0
        self._asked_for = screen.size
        self._guarded = b""
        self._guard_stale = True
        self._poller = select.poll()
        self._interests: dict[int, int] = {}

    def run(self, callbacks: Mapping[int, Callable[[], object]]) -> Exit:
        sources = Sources(self._poller, callbacks)
        handlers = {
            self._keyboard.fd: self._typed,
            self._display.fd: lambda _event: self._display.flush(),
            self._from.fd: self._agent_ready,
            self._leader.fd: self._news,
            self._signals.fd: self._signalled,
        }
        self._poller.register(self._leader.fd, select.POLLIN)
        self._poller.register(self._signals.fd, select.POLLIN)
        if self._starting:
            self._hold(self._screen.size, time.monotonic())
        while self._end is None:
            self._set_interests()
            for fd, event in self._poller.poll(self._timeout()):
                if fd in handlers:
                    handlers[fd](event)
                elif fd in sources:
                    sources.ready(fd, event)
                    self._screen.repaint.want(time.monotonic())
            self._timers(time.monotonic())
            if self._stopped:
                self._suspend()
        self._read_on(_SILENCE_S)
        self._display.write(self._screen.finish())
        self._flush(_STUCK_S)
        return self._end

    # What is polled, and for how long

    def _set_interests(self) -> None:
        reading = self._from.open and not self._display.full and not self._screen.full and self._answer_until is None
        self._interest(self._from.fd, select.POLLIN * reading | select.POLLOUT * self._to.pending)
        self._interest(self._keyboard.fd, select.POLLIN * (self._keyboard.open and not self._to.full))
        self._interest(self._display.fd, select.POLLOUT * self._display.pending)

    def _interest(self, fd: int, mask: int) -> None:
        if self._interests.get(fd, 0) == mask:
            return
        self._interests[fd] = mask
        if mask:
            self._poller.register(fd, mask)
        else:  # with an empty mask a hangup would still be reported, for ever
            self._poller.unregister(fd)

    def _timeout(self) -> float:
        """Milliseconds to the next thing that is due by the clock."""
        due = [self._tick_at, self._escape_at, self._answer_until, self._kill_at, self._guard_at if self._guard_stale else None]
        if self._answer_until is None:
            due.append(self._screen.due())
        wait = min(at for at in due if at is not None) - time.monotonic()
        return max(0.0, wait * 1000 + 0.5)  # poll rounds to milliseconds; to wake up too early is to wake up twice

    def _timers(self, now: float) -> None:
        if now >= self._tick_at:
            self._tick_at = now + _TICK_S
            self._from.open = self._to.open = True  # the agent may have opened its terminal again after it had closed it
            if not self._keyboard.open and not self._hung_up:
                self._mode.enter()
                self._keyboard.open = True
            self._check_size(now)
            self._screen.repaint.want(now)
        if self._escape_at is not None and now >= self._escape_at:
            self._escape_at = None
            self._to.write(self._screen.flush_input())
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._leader.kill_group(signal.SIGKILL)
        if self._answer_until is not None and now >= self._answer_until:
            self._resized(now)
        due = self._screen.due()
        if due is not None and now >= due and not self._check_size(now):
            self._show(self._screen.paint(now))
            self._follow_screen()
            if self._covered is not self._screen.covered:
                self._covered = not self._covered
                self._guard_stale = True
        if self._guard_stale and now >= self._guard_at:
            self._brief_guardian(now)

    def _brief_guardian(self, now: float) -> None:
        self._guard_stale = False
        self._guard_at = now + _GUARD_S
        undo = self._tee.undo() + self._screen.repair()
        if undo != self._guarded:
            self._guarded = undo
            self._guardian.undo(undo)

    # The two directions

    def _typed(self, _event: int) -> None:
        data = self._keyboard.read()
        if not self._keyboard.open:
            if is_gone(self._keyboard.fd):
                self._hang_up()
            return  # else it is in the shell's settings or another's foreground: see the next tick
        self._to.write(self._screen.input(data))
        if self._screen.filtering:
            now = time.monotonic()
            if b"\x1b" in data[-64:]:
                self._escape_at = now + _ESCAPE_S
            if self._answer_until is not None:
                cursor = self._screen.take_cursor()
                if cursor is not None:
                    self._resized(now, cursor)

    def _agent_ready(self, event: int) -> None:
        if event & select.POLLOUT:
            self._to.flush()
        if event & ~select.POLLOUT and self._answer_until is None:
            self._relay()

    def _relay(self) -> int:
        """Pass on what the agent has written, and say how many bytes that were."""
        now = time.monotonic()
        if self._screen.panel and self._check_size(now):
            return 0
        data = self._from.read()
        if data:
            self._show(self._screen.output(data, now))
            self._follow_screen()
            if self._tee.feed(data):
                self._guard_stale = True
        return len(data)

    def _show(self, written: bytes) -> None:
        """Write what the screen gave. The agent's may be among it, held behind the page until now, with questions that are ours to answer."""
        self._display.write(written)
        if self._screen.filtering:
            self._to.write(self._screen.replies())

    # Size

    def _check_size(self, now: float) -> bool:
        """Look at the terminal's size. True: it has moved under a panel, and nothing may be written for the moment."""
        if self._answer_until is not None:
            return True
        size = get_window(self._display.fd)
        if size == self._screen.size:
            return False
        if not self._screen.must_hold(size):
            self._screen.resize(size, now)
            self._follow_screen()
            return False
        self._hold(size, now)
        return True

    def _hold(self, size: Window, now: float) -> None:
        """The terminal has moved its lines about, and only it knows where its cursor is now: ask, and wait for it."""
        if self._answer_until is None:
            self._held_since = now
        self._asked_for = size
        self._answer_until = now + _ANSWER_S
        self._screen.take_cursor()
        self._show(self._screen.ask_cursor())

    def _resized(self, now: float, cursor: tuple[int, int] | None = None) -> None:
        """The terminal has said where its cursor is, or has not (None)."""
        size = get_window(self._display.fd)
        if size != self._asked_for and now - self._held_since < _HOLD_S:
            self._hold(size, now)
            return
        self._answer_until = None
        begins = self._starting and size == self._screen.size
        self._starting = False
        self._show(self._screen.start(cursor) if begins else self._screen.resize(size, now, cursor))
        self._follow_screen()

    def _follow_screen(self) -> None:
        """Tell the agent its window if that has changed."""
        window = self._screen.child_window
        if window is not self._window and window != self._window:
            self._window = window
            self._guard_stale = True
            with contextlib.suppress(OSError):
                set_window(self._from.fd, window)

    # Signals, stops and ends

    def _signalled(self, _event: int) -> None:
        now = time.monotonic()
        for number in self._signals.read():
            if number == signal.SIGWINCH:
                self._check_size(now)
            elif number == signal.SIGCONT:
                # After a SIGSTOP, which nobody can catch, the shell's settings and its text are on the terminal.
                self._mode.enter()
                if self._screen.panel and self._answer_until is None:
                    self._hold(get_window(self._display.fd), now)
            elif number in {signal.SIGHUP, signal.SIGTSTP}:  # a terminal sends these to the whole group
                self._hung_up = self._hung_up or number == signal.SIGHUP
                self._leader.kill_group(number)
            else:
                self._leader.kill(number)

    def _hang_up(self) -> None:
        """The terminal is gone. So is the agent's then, as the kernel would see to; and so is the agent, after the grace."""
        if not self._hung_up:
            self._hung_up = True
            self._leader.kill_group(signal.SIGHUP)
        self._leader.kill_group(signal.SIGCONT)
        self._kill_at = time.monotonic() + self._grace

    def _news(self, _event: int) -> None:
        news = self._leader.news()
        if news is None:
            # Somebody has killed the shim, and the kernel has hung up the agent. We leave none behind, and end as it did.
            shim.end_group(self._leader.agent, self._grace)
            self._end = Exit.from_wait(self._leader.reap())
            return
        for letter, number in news:
            if letter == shim.STOPPED:
                self._stopped = True
            elif letter == shim.EXITED:
                self._end = Exit.from_wait(number)

    def _suspend(self) -> None:
        """The agent has stopped: give the terminal to the shell, stop our own job, and go on when it is continued."""
        self._stopped = False
        self._read_on(_STOP_SILENCE_S)
        self._show(self._screen.park())
        self._flush(_STOP_STUCK_S)
        self._guardian.park(parked=True)
        self._mode.leave()
        stop_own_group()
        self._mode.enter()
        self._guardian.park(parked=False)
        self._signals.discard(signal.SIGCONT)
        now = time.monotonic()
        size = get_window(self._display.fd)
        if size != self._screen.size:
            self._screen.resize(size, now)  # nothing of it need be written: `unpark` begins anew
        self._display.write(self._screen.unpark(now))
        self._follow_screen()
        self._leader.resume()

    def _read_on(self, silence: float) -> None:
        """Relay what the agent wrote before it stopped or died, until the end of its PTY or `silence` seconds of nothing."""
        if self._answer_until is not None:
            self._held_since = 0.0
            self._resized(time.monotonic())
        poller = select.poll()
        poller.register(self._from.fd, select.POLLIN)
        total = 0
        while self._from.open and total < _LAST_WORDS:
            if self._display.full:
                self._flush(_STUCK_S)
            if not poller.poll(silence * 1000):
                return
            if self._screen.panel and self._check_size(time.monotonic()):
                self._held_since = 0.0
                self._resized(time.monotonic())
            total += self._relay()

    def _flush(self, stuck: float) -> None:
        """Write what is queued for the terminal, unless it takes nothing for `stuck` seconds or a signal says to end.

        A signal of the terminal's is forgotten: whoever flushes stops or ends, and looks at the terminal anew where it goes on.
        """
        poller = select.poll()
        poller.register(self._display.fd, select.POLLOUT)
        poller.register(self._signals.fd, select.POLLIN)
        while self._display.pending:
            ready = dict(poller.poll(stuck * 1000))
            if not ready or (self._signals.fd in ready and self._signals.discard(*_OF_THE_TERMINAL)):
                return
            self._display.flush()
