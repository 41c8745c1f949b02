"""fork and exec, with the child as a shell would start it and the reason back when it cannot start."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from headroom_wrap.supervisor.status import NOT_EXECUTABLE, ExecError

# The interpreter ignores these; a program expects their default (see subprocess.Popen, restore_signals).
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")


def spawn(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: str | None = None,
    prepare: Callable[[], None] | None = None,
) -> int:
    """Start `argv` and return its pid once it runs. File descriptors 0, 1 and 2 and inheritable ones stay as they are.

    `prepare` runs in the child before the program does (signals blocked): process group, redirections. An OSError in it
    counts as a failure to start. Call it before any thread is started. Raises ExecError.
    """
    reader, writer = os.pipe()  # close-on-exec both: end of file means that the program runs
    # A handler of ours must not run in the child: it would write to our wakeup pipe. So nothing is delivered until then.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _become(argv, env, cwd, prepare, mask=mask, writer=writer)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(writer)
    with open(reader, "rb") as pipe:
        report = pipe.read()
    if report:
        os.waitpid(pid, 0)
        raise ExecError(argv[0], int(report))
    return pid


def _become(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str | None,
    prepare: Callable[[], None] | None,
    *,
    mask: set[signal.Signals] | set[int] | set[int | signal.Signals],
    writer: int,
) -> NoReturn:
    code = errno.EIO
    try:
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        for name in _IGNORED_BY_PYTHON:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        if prepare is not None:
            prepare()
        if cwd is not None:
            os.chdir(cwd)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 - searches the PATH of `env`
    except OSError as error:
        code = error.errno or errno.EIO
    finally:  # whatever happens, this copy of our process must end here
        os.write(writer, str(code).encode())
        os._exit(NOT_EXECUTABLE)
