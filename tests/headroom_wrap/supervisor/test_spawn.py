"""Starting a program, and what it inherits."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from headroom_wrap.supervisor.signals import Signals
from headroom_wrap.supervisor.spawn import spawn
from headroom_wrap.supervisor.status import ExecError, Exit

ENV = {"PATH": os.defpath}


def finish(pid: int) -> Exit:
    return Exit.from_wait(os.waitpid(pid, 0)[1])


def test_the_path_of_the_given_environment_is_searched(tmp_path) -> None:
    program = tmp_path / "agent"
    program.write_text("#!/bin/sh\nexit 5\n")
    program.chmod(0o755)
    assert finish(spawn(["agent"], {"PATH": str(tmp_path)})) == Exit(5)
    with pytest.raises(ExecError):
        spawn(["agent"], ENV)


@pytest.mark.parametrize(
    ("argv", "cwd", "code"),
    [(["/nonexistent"], None, 127), (["/etc/passwd"], None, 126), (["true"], "/nonexistent", 127)],
)
def test_the_reason_comes_back_and_no_zombie_stays(argv: list[str], cwd: str | None, code: int) -> None:
    before = set(psutil.Process().children())  # other tests' servers may run
    with pytest.raises(ExecError) as caught:
        spawn(argv, ENV, cwd=cwd)
    assert caught.value.returncode == code
    assert set(psutil.Process().children()) <= before


def test_a_failure_to_prepare_is_a_failure_to_start() -> None:
    def prepare() -> None:
        raise PermissionError(13, "no")

    with pytest.raises(ExecError) as caught:
        spawn(["true"], ENV, prepare=prepare)
    assert caught.value.errno == 13


def test_handlers_of_ours_are_not_the_programs() -> None:
    with Signals([signal.SIGUSR1]):
        assert finish(spawn(["sh", "-c", "kill -USR1 $$; exit 1"], ENV)) == Exit(signal=signal.SIGUSR1)
        assert finish(spawn(["sh", "-c", "kill -PIPE $$; exit 1"], ENV)) == Exit(signal=signal.SIGPIPE)


def test_the_signal_mask_is_ours_again() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finish(spawn(["true"], ENV))
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
