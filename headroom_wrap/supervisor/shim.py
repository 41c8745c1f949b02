"""The session leader between the supervisor and the agent, so that the agent can be stopped and continued.

An agent that led the session of its PTY itself would be in an orphaned process group, where Ctrl-Z does nothing
(https://pubs.opengroup.org/onlinepubs/9699919799/basedefs/V1_chap03.html#tag_03_264). So the shim takes the part of
the shell: leader of the session, parent of the agent, which runs in a process group of its own in the foreground.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import signal
import socket
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn

from headroom_wrap.supervisor.signals import note
from headroom_wrap.supervisor.spawn import spawn
from headroom_wrap.supervisor.status import ExecError

# One letter and a number, in both directions.
_MESSAGE = struct.Struct("=ci")
STARTED, FAILED, STOPPED, EXITED = b"p", b"e", b"s", b"x"  # to the supervisor: pid, errno, signal, wait status
KILL, KILL_GROUP, RESUME = b"k", b"g", b"c"  # to the shim: signal, signal, 0

# The leader outlives what the keyboard and the line can send; the agent's own handling decides.
_OUTLIVED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class Shim:
    """The supervisor's end: `agent` is the program's pid and process group, `fd` becomes readable with news of it."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self._pid = pid
        self._channel = channel
        self._buffer = b""
        self.fd = channel.fileno()
        self.agent = 0
        self._status: int | None = None

    def news(self) -> list[tuple[bytes, int]] | None:
        """What happened, as (letter, number), after poll found `fd` readable. None: the shim itself is dead."""
        try:
            data = self._channel.recv(4096)
        except ConnectionError:
            data = b""
        if not data:
            return None
        self._buffer += data
        whole = len(self._buffer) // _MESSAGE.size * _MESSAGE.size
        messages = list(_MESSAGE.iter_unpack(self._buffer[:whole]))
        self._buffer = self._buffer[whole:]
        return messages

    def wait_started(self, program: str) -> None:
        """Return when the agent runs. Raises ExecError."""
        # Exactly one message: what follows (the agent may have ended by now) is for `news`, after a poll.
        data = self._channel.recv(_MESSAGE.size, socket.MSG_WAITALL)
        letter, number = _MESSAGE.unpack(data) if data else (FAILED, errno.ECHILD)
        if letter == FAILED:
            raise ExecError(program, number)
        self.agent = number

    def kill(self, number: int) -> None:
        """Signal the agent's process; nothing if it has ended."""
        self._send(KILL, number)

    def kill_group(self, number: int) -> None:
        """Signal the agent's process group; nothing if the agent has ended."""
        self._send(KILL_GROUP, number)

    def resume(self) -> None:
        """Put a stopped agent in the foreground of its PTY and continue it."""
        self._send(RESUME, 0)

    def _send(self, letter: bytes, number: int) -> None:
        try:
            self._channel.send(_MESSAGE.pack(letter, number))
        except OSError:  # the shim is dead; `news` says so
            pass

    def close(self) -> None:
        """Let the shim go; an agent that still runs is hung up, and killed after the grace. Call it once."""
        self._channel.close()

    def reap(self) -> int:
        """Wait for the end of the shim, which after `close` takes the grace at most; its status as of waitpid(2)."""
        if self._status is None:
            self._status = os.waitpid(self._pid, 0)[1]
        return self._status


def start(argv: Sequence[str], env: Mapping[str, str], *, cwd: str | None, slave: int, grace: float) -> Shim:
    """Start the agent on the PTY `slave` under a shim. `grace` is the time in seconds from the hangup of an abandoned
    agent to its end by SIGKILL. Raises ExecError.
    """
    ours, theirs = socket.socketpair()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                _Leader(theirs, slave, grace).main(argv, env, cwd, mask)
            finally:
                os._exit(1)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    theirs.close()
    shim = Shim(pid, ours)
    try:
        shim.wait_started(argv[0])
    except ExecError:
        shim.close()
        shim.reap()
        raise
    return shim


def end_group(group: int, grace: float) -> None:
    """End a process group that is not ours to wait for: hang it up, and kill it if its leader outlives the grace."""
    try:
        os.killpg(group, signal.SIGHUP)
        os.killpg(group, signal.SIGCONT)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            os.kill(group, 0)
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


class _Leader:
    """The shim's process."""

    def __init__(self, channel: socket.socket, slave: int, grace: float) -> None:
        self._channel = channel
        self._slave = slave
        self._grace = grace
        self._agent = 0
        self._alive = False

    def main(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str | None,
        mask: set[signal.Signals] | set[int] | set[int | signal.Signals],
    ) -> NoReturn:
        try:
            os.setsid()
            fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)
            for number in _OUTLIVED:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, note)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            waking, writer = os.pipe()
            os.set_blocking(waking, False)
            os.set_blocking(writer, False)
            signal.signal(signal.SIGCHLD, note)
            signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self._agent = spawn(argv, env, cwd=cwd, prepare=self._take_terminal)
        except (ExecError, OSError) as error:
            self._tell(FAILED, error.errno or errno.EIO)
            os._exit(1)
        self._alive = True
        _close_all_but({self._channel.fileno(), waking, writer})
        self._tell(STARTED, self._agent)
        self._serve(waking)
        os._exit(0)

    def _take_terminal(self) -> None:
        """In the agent's process: a group of its own in the foreground of the PTY, and the PTY as its descriptors."""
        os.setpgid(0, 0)
        os.tcsetpgrp(self._slave, os.getpid())  # signals are blocked here, so no SIGTTOU for doing it from behind
        for fd in (0, 1, 2):
            os.dup2(self._slave, fd)

    def _serve(self, waking: int) -> None:
        poller = select.poll()
        poller.register(waking, select.POLLIN)
        poller.register(self._channel, select.POLLIN)
        kill_at: float | None = None
        abandoned = False
        self._wait()  # an agent that ended before SIGCHLD was ours to see
        while self._alive or not abandoned:
            timeout = None if kill_at is None else max(0.0, kill_at - time.monotonic()) * 1000
            ready = dict(poller.poll(timeout))
            if waking in ready:
                os.read(waking, 4096)
                self._wait()
            if self._channel.fileno() in ready and not abandoned:
                abandoned = not self._obey()
                if abandoned:
                    poller.unregister(self._channel)
                    self._signal_group(signal.SIGHUP)
                    self._signal_group(signal.SIGCONT)  # a stopped process gets its SIGHUP only when it runs again
                    kill_at = time.monotonic() + self._grace
            if kill_at is not None and time.monotonic() >= kill_at:
                self._signal_group(signal.SIGKILL)
                kill_at = None
        # As session leader we take the terminal with us: its foreground group is then sent SIGHUP. Without us, what the
        # agent left running in its group would have lived on, so let that group be ours.
        self._foreground(os.getpgrp())

    def _wait(self) -> None:
        """Report a stop or the end of the agent."""
        while self._alive:
            pid, status = os.waitpid(self._agent, os.WNOHANG | os.WUNTRACED)
            if pid == 0:
                return
            if os.WIFSTOPPED(status):
                self._tell(STOPPED, os.WSTOPSIG(status))
            else:
                self._alive = False
                self._tell(EXITED, status)

    def _obey(self) -> bool:
        """Do what the supervisor says. False: it is gone."""
        try:
            data = self._channel.recv(4096)
        except ConnectionError:
            data = b""
        # Five bytes to a message, written at once: a stream socket never splits what is smaller than its buffers.
        for letter, number in _MESSAGE.iter_unpack(data):
            if letter == KILL and self._alive:
                os.kill(self._agent, number)
            elif letter == KILL_GROUP:
                self._signal_group(number)
            elif letter == RESUME:
                self._foreground(self._agent)
                self._signal_group(signal.SIGCONT)
        return bool(data)

    def _signal_group(self, number: int) -> None:
        if self._alive:  # not yet reaped, so the number cannot have become another's
            os.killpg(self._agent, number)

    def _foreground(self, group: int) -> None:
        try:
            fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError:  # hung up already
            return
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            os.tcsetpgrp(fd, group)
        except OSError:  # the group is gone
            pass
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(fd)

    def _tell(self, letter: bytes, number: int) -> None:
        try:
            self._channel.send(_MESSAGE.pack(letter, number))
        except OSError:  # the supervisor is gone; the next poll finds it
            pass


def _close_all_but(kept: set[int]) -> None:
    """Close every descriptor inherited from the supervisor: its pipes must see their end when it dies."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - pathlib takes 15 ms to import
        fd = int(name)
        if fd > 2 and fd not in kept:
            try:
                os.close(fd)
            except OSError:  # the one that listed the directory
                pass
