"""Plain mode: the agent on our own descriptors."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from headroom_wrap.supervisor import plain
from headroom_wrap.supervisor.sources import SourceClosed
from headroom_wrap.supervisor.status import ExecError, Exit
from tests.headroom_wrap.supervisor.outer import Outer, alive, environment, wrapped


def start(*argv: str, **options: object) -> subprocess.Popen[bytes]:
    """`argv` in plain mode, on pipes, in a session without a terminal."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(wrapped(*argv, options=["--plain"]), env=environment(), start_new_session=True, **pipes)


def run(argv: Sequence[str], **options: object) -> Exit:
    return plain.run(argv, {"PATH": os.defpath}, **{"cwd": None, "sources": {}, **options})


@pytest.mark.parametrize("code", [0, 1, 2, 42, 126, 127, 255])
def test_exit_status(code: int) -> None:
    assert run(["sh", "-c", f"exit {code}"]) == Exit(returncode=code)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_death_by_a_signal(number: int) -> None:
    assert run(["sh", "-c", f"kill -{int(number)} $$"]) == Exit(signal=number)


@pytest.mark.parametrize(("program", "code"), [("no-such-program", 127), ("/etc/passwd", 126)])
def test_a_program_that_cannot_start(program: str, code: int) -> None:
    with pytest.raises(ExecError, match=f"cannot run {program}") as caught:
        run([program])
    assert caught.value.returncode == code


def test_the_folder_can_be_another(tmp_path) -> None:
    assert run(["sh", "-c", "touch here"], cwd=str(tmp_path)) == Exit(returncode=0)
    assert (tmp_path / "here").exists()


def test_sources_are_polled_until_they_end() -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    seen = []

    def read() -> None:
        data = os.read(reader, 100)
        seen.append(data)
        if not data:
            raise SourceClosed

    end = run([sys.executable, "-c", f"import os; os.write({writer}, b'one'); os.write({writer}, b'two')"], sources={reader: read})
    os.close(writer)
    os.close(reader)
    assert end == Exit(returncode=0)
    assert b"onetwo".startswith(b"".join(seen))
    assert seen


def test_our_own_signal_handling_is_as_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP)]
    run(["true"])
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP)] == before


@pytest.mark.slow
def test_the_output_is_byte_identical() -> None:
    source = "import hashlib, sys\nfor n in range(131072): sys.stdout.buffer.write(hashlib.sha512(b'%d' % n).digest())\nsys.exit(7)"
    process = start(sys.executable, "-c", source)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 7
    assert err == b""
    assert len(out) == 8 << 20
    assert out == b"".join(hashlib.sha512(b"%d" % n).digest() for n in range(131072))


@pytest.mark.slow
def test_what_comes_in_is_the_agents() -> None:
    process = start("cat", stdin=subprocess.PIPE)
    out, _ = process.communicate(b"x" * 100_000, timeout=90)
    assert out == b"x" * 100_000


COUNTING = "trap 'echo got.' {name}; echo ready.; for n in 1 2 3 4 5 6 7 8 9 10; do sleep 0.05; done; echo end.; exit 5"


def line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
@pytest.mark.parametrize("everybody", [False, True])
def test_a_signal_arrives_once(name: str, everybody: bool) -> None:
    process = start("sh", "-c", COUNTING.format(name=name))
    assert line(process) == b"ready.\n"
    (os.killpg if everybody else os.kill)(process.pid, getattr(signal, f"SIG{name}"))
    out, _ = process.communicate(timeout=90)
    assert out == b"got.\nend.\n"
    assert process.returncode == 5


@pytest.mark.slow
def test_a_second_signal_arrives_too() -> None:
    process = start("sh", "-c", "trap 'echo got.' INT; echo ready.; while :; do sleep 0.02; done")
    assert line(process) == b"ready.\n"
    for _ in range(3):
        os.killpg(process.pid, signal.SIGINT)
        assert line(process) == b"got.\n"
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=90)
    assert process.returncode == -signal.SIGTERM


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_reaches_the_agent_once() -> None:
    script = "exec 2>/dev/tty; trap 'echo int. >&2' INT; echo ready. >&2; read x; echo got $x. >&2; read x"
    with Outer(["sh", "-c", '"$@" | cat', "sh", *wrapped("sh", "-c", script, options=["--plain"])]) as outer:
        outer.expect(rb"ready\.")
        outer.send(b"\x03")
        outer.expect(rb"int\.")
        outer.send(b"a\n")
        outer.expect(rb"got a?\.")
        assert outer.seen.count(b"int.") == 1


@pytest.mark.slow
def test_ctrl_z_and_fg_at_a_terminal() -> None:
    with Outer(["bash", "--norc", "--noprofile", "-i"]) as shell:
        shell.expect(rb"sh> ")
        argv = wrapped("sh", "-c", "echo ready. >/dev/tty; read x; echo got $x. >/dev/tty", options=["--plain"])
        shell.send(" ".join(f"'{part}'" for part in argv).encode() + b" | cat\n")
        shell.expect(rb"ready\.\r\n")
        shell.send(b"\x1a")
        shell.expect(rb"Stopped.*sh> ")
        at = len(shell.seen)
        shell.send(b"fg\n")
        shell.expect(rb"\| cat\r\n", after=at)
        shell.send(b"hello\n")
        shell.expect(rb"got hello\.", after=at)
        shell.expect(rb"sh> ", after=at)


@pytest.mark.slow
def test_an_agent_stopped_by_somebody_else_stops_the_job() -> None:
    with Outer(["bash", "--norc", "--noprofile", "-i"]) as shell:
        shell.expect(rb"sh> ")
        argv = wrapped("sh", "-c", "kill -s STOP $$; echo on. >/dev/tty", options=["--plain"])
        shell.send(" ".join(f"'{part}'" for part in argv).encode() + b" >/dev/null\n")
        shell.expect(rb"Stopped.*sh> ")
        at = len(shell.seen)
        shell.send(b"fg\n")
        shell.expect(rb"on\.", after=at)


@pytest.mark.slow
def test_nobody_else_keeps_the_output_open() -> None:
    """A reader sees the end as soon as the agent has ended, and no witness outlives us."""
    process = start("sh", "-c", "echo pid=$$.")
    out, _ = process.communicate(timeout=90)
    assert not alive(int(out[4:-2]))
    session = subprocess.run(["ps", "-e", "-o", "sid="], capture_output=True, text=True, check=True).stdout.split()
    assert str(process.pid) not in session


@pytest.mark.slow
def test_an_agent_does_not_outlive_us() -> None:
    process = start("sh", "-c", "trap 'echo told.; exit' TERM; echo ready.; while :; do sleep 0.02; done")
    assert line(process) == b"ready.\n"
    process.kill()
    out, _ = process.communicate(timeout=90)  # until nobody holds the output any more
    assert out == b"told.\n"
