"""The end of a process, and ending as it ended."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from headroom_wrap.supervisor.status import ExecError, Exit, leave


@pytest.mark.parametrize(("status", "end", "code"), [(0, Exit(0), 0), (42 << 8, Exit(42), 42), (9, Exit(signal=9), 137), (139, Exit(signal=11), 139)])
def test_from_wait(status: int, end: Exit, code: int) -> None:
    assert Exit.from_wait(status) == end
    assert end.code == code


@pytest.mark.parametrize(("number", "code"), [(errno.ENOENT, 127), (errno.ENOTDIR, 127), (errno.EACCES, 126), (errno.ENOEXEC, 126)])
def test_exec_error(number: int, code: int) -> None:
    error = ExecError("agent", number)
    assert error.returncode == code
    assert str(error) == f"cannot run agent: {os.strerror(number)}"


def left(end: Exit) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            leave(end)
        except SystemExit as error:
            os._exit(int(str(error)))
        finally:
            os._exit(99)
    return os.waitpid(pid, 0)[1]


@pytest.mark.parametrize("end", [Exit(0), Exit(1), Exit(255), Exit(signal=signal.SIGTERM), Exit(signal=signal.SIGKILL), Exit(signal=signal.SIGSEGV)])
def test_leave(end: Exit) -> None:
    status = left(end)
    assert Exit.from_wait(status) == end
    assert not (os.WIFSIGNALED(status) and os.WCOREDUMP(status))
