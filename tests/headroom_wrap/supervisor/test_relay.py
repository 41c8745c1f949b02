"""The relay, run for real: an agent under the supervisor inside an outer PTY."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headroom_wrap.supervisor.tty import Window
from tests.headroom_wrap.supervisor.outer import Outer, alive, environment, wrapped

pytestmark = pytest.mark.slow


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-c", source)


# What it relays


def test_the_output_is_byte_identical_without_a_panel(tmp_path: Path) -> None:
    data = b"".join(hashlib.sha512(b"%d" % n).digest() for n in range(48_000))  # 3 MB of every byte value
    (tmp_path / "data").write_bytes(data)
    with Outer(wrapped("sh", "-c", f"stty raw -echo; cat {tmp_path}/data")) as outer:
        assert os.waitstatus_to_exitcode(outer.wait()) == 0
        assert bytes(outer.seen) == data


def test_the_last_bytes_arrive_though_somebody_else_holds_the_terminal_open() -> None:
    with Outer(wrapped("sh", "-c", "stty raw; (sleep 3 &) ; head -c 60000 /dev/zero")) as outer:
        outer.wait()
        assert len(outer.seen) == 60000


def test_the_input_arrives_in_order_and_whole(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096  # 1 MB
    source = f"""
import os, sys, tty
tty.setraw(0)
print("ready.", end="", flush=True)
with open({str(tmp_path / "got")!r}, "wb") as file:
    left = {len(data)}
    while left:
        piece = os.read(0, 65536)
        left -= len(piece)
        file.write(piece)
"""
    with Outer(wrapped(*python(source))) as outer:
        outer.expect(rb"ready\.")
        outer.send(data)
        assert outer.wait() == 0
        assert (tmp_path / "got").read_bytes() == data


def test_a_paste_that_is_not_read_does_not_stop_the_output() -> None:
    source = """
import os, sys, time, tty
tty.setraw(0)
os.write(1, b"ready.")
for n in range(100):
    os.write(1, b"x" * 1000)
    time.sleep(0.005)
os.write(1, b"written.")
left = 1 << 20
while left: left -= len(os.read(0, 65536))
os.write(1, b"all read.")
"""
    with Outer(wrapped(*python(source))) as outer:
        outer.expect(rb"ready\.")
        outer.send(b"p" * (1 << 20))
        outer.expect(rb"written\.")
        outer.expect(rb"all read\.")
        assert outer.wait() == 0


# How it starts


def test_the_agent_starts_on_a_terminal_like_the_users() -> None:
    source = """
import fcntl, os, struct, sys, termios
size = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))
leader = os.getpgrp() == os.getpid() == os.tcgetpgrp(0)
print(size, leader, os.getsid(0) != os.getpid(), os.ttyname(0) == os.ttyname(2), open("/dev/tty").isatty(), termios.tcgetattr(0)[6][2])
"""
    with Outer(wrapped(*python(source)), size=Window(33, 101, 1010, 660)) as outer:
        assert outer.wait() == 0
        assert bytes(outer.seen) == b"(33, 101, 1010, 660) True True True True b'\\x7f'\r\n"


def test_signals_are_at_their_default_in_the_agent() -> None:
    with Outer(wrapped("cat", "/proc/self/status")) as outer:
        outer.wait()
        masks = re.findall(rb"Sig(?:Blk|Ign|Cgt):\s*(\w+)", bytes(outer.seen))
        assert masks == [b"0" * 16] * 3


def test_no_descriptor_of_ours_reaches_the_agent() -> None:
    source = "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"
    with Outer(python(source)) as direct, Outer(wrapped(*python(source))) as outer:
        direct.wait()
        outer.wait()
        assert outer.seen == direct.seen


@pytest.mark.parametrize(("program", "code"), [("/nonexistent", 127), ("no-such-program", 127), ("/etc/passwd", 126), ("/etc", 126)])
def test_a_program_that_cannot_start(program: str, code: int) -> None:
    with Outer(wrapped(program)) as outer:
        assert os.waitstatus_to_exitcode(outer.wait()) == code
        assert bytes(outer.seen).startswith(f"cannot run {program}: ".encode())
        assert outer.now() == outer.settings


# How it ends


@pytest.mark.parametrize("code", [0, 1, 2, 42, 126, 127, 128, 255])
def test_exit_status(code: int) -> None:
    with Outer(wrapped("sh", "-c", f"exit {code}")) as outer:
        assert os.waitstatus_to_exitcode(outer.wait()) == code
        assert outer.seen == b""
        assert outer.now() == outer.settings


def test_every_exit_status() -> None:
    source = """
import os, sys
from headroom_wrap.supervisor import relay
sys.path.insert(0, sys.argv[1])
from wrapped import Panel
for code in range(256):
    end = relay.run(["sh", "-c", f"exit {code}"], os.environ, cwd=None, view=Panel(0), sources={})
    assert end.returncode == code, (end, code)
print("all.")
"""
    with Outer([*python(source), str(Path(__file__).parent)]) as outer:
        outer.expect(rb"all\.")
        assert outer.wait() == 0


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "KILL", "TERM", "SEGV", "USR1"])
def test_death_by_a_signal(name: str) -> None:
    with Outer(wrapped("sh", "-c", f"kill -s {name} $$")) as outer:
        status = outer.wait()
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == getattr(signal, f"SIG{name}")
        assert not os.WCOREDUMP(status)
        assert outer.now() == outer.settings


# Keys and signals


def test_ctrl_c_reaches_the_agent_once() -> None:
    with Outer(wrapped("sh", "-c", 'trap "echo int." INT; echo ready.; while :; do read x && echo got $x.; done')) as outer:
        outer.expect(rb"ready\.")
        outer.send(b"\x03")
        outer.expect(rb"int\.")
        outer.send(b"a\n")
        outer.expect(rb"got a\.")
        assert outer.seen.count(b"int.") == 1
        outer.send(b"\x1c")
        assert os.WTERMSIG(outer.wait()) == signal.SIGQUIT


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"])
def test_a_signal_for_us_is_the_agents(name: str) -> None:
    script = f'trap "echo got {name}.; exit 3" {name}; echo ready.; while :; do sleep 0.05; done'
    with Outer(wrapped("sh", "-c", script)) as outer:
        outer.expect(rb"ready\.")
        os.kill(outer.pid, getattr(signal, f"SIG{name}"))
        outer.expect(f"got {name}".encode())
        assert os.waitstatus_to_exitcode(outer.wait()) == 3


def test_what_was_ignored_from_the_start_stays_ignored() -> None:
    with Outer(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *wrapped("sh", "-c", "echo ready.; read x; echo $x.")]) as outer:
        outer.expect(rb"ready\.")
        os.kill(outer.pid, signal.SIGHUP)
        outer.send(b"still here\n")
        outer.expect(rb"still here\.")
        assert outer.wait() == 0


# Job control


@pytest.fixture
def shell() -> Outer:
    with Outer(["bash", "--norc", "--noprofile", "-i"]) as outer:
        outer.expect(rb"sh> ")
        yield outer


def command(argv: list[str]) -> bytes:
    return shlex.join(argv).encode() + b"\n"


READER = """
import os, signal, termios, tty
tty.setraw(0)
signal.signal(signal.SIGCONT, lambda *_: os.write(1, b"[continued]"))
os.write(1, b"[ready %d]" % os.getpid())
while (key := os.read(0, 1)) != b"q":
    if key == b"z":
        os.kill(0, signal.SIGTSTP)
    os.write(1, b"[key " + key + b"]")
"""


@pytest.mark.parametrize("panel", [0, 3])
def test_ctrl_z_and_fg(shell: Outer, tmp_path: Path, panel: int) -> None:
    (tmp_path / "reader.py").write_text(READER)
    shell.send(command(wrapped(sys.executable, str(tmp_path / "reader.py"), panel=panel)))
    shell.expect(rb"\[ready")
    for _ in range(2):
        shell.send(b"a")
        at = len(shell.seen)
        shell.send(b"z")
        shell.expect(rb"Stopped.*sh> ", after=at)
        shell.send(b"echo $((6*7)).\n")
        shell.expect(rb"42\.", after=at)
        at = len(shell.seen)
        shell.send(b"fg\n")
        shell.expect(rb"\[continued\]\[key z\]|\[key z\]\[continued\]|\[continued\].*\[key z\]", after=at)
        at = len(shell.seen)
        shell.send(b"b")
        shell.expect(rb"\[key b\]", after=at)
    at = len(shell.seen)
    shell.send(b"q")
    shell.expect(rb"sh> ", after=at)
    shell.send(b"echo status $?.\n")
    shell.expect(rb"status 0\.", after=at)


def test_ctrl_z_from_the_keyboard(shell: Outer) -> None:
    shell.send(command(wrapped("sh", "-c", "echo ready.; read x; echo got $x.")))
    shell.expect(rb"ready\.\r\n")
    shell.send(b"\x1a")
    shell.expect(rb"Stopped.*sh> ")
    at = len(shell.seen)
    shell.send(b"set -b; bg\n")
    shell.expect(rb"Stopped", after=at)  # it wants the terminal, so in the background it stops, as every editor does
    at = len(shell.seen)
    shell.send(b"fg\nhello\n")
    shell.expect(rb"got hello\.", after=at)


def test_an_agent_stopped_by_somebody_else(shell: Outer, tmp_path: Path) -> None:
    (tmp_path / "reader.py").write_text(READER)
    shell.send(command(wrapped(sys.executable, str(tmp_path / "reader.py"))))
    pid = int(shell.expect(rb"\[ready (\d+)\]")[1])
    os.kill(pid, signal.SIGSTOP)
    shell.expect(rb"Stopped.*sh> ")
    at = len(shell.seen)
    shell.send(b"fg\n")
    shell.expect(rb"\[continued\]", after=at)
    shell.send(b"k")
    shell.expect(rb"\[key k\]", after=at)
    shell.send(b"q")
    shell.expect(rb"sh> ", after=at)


def test_a_supervisor_stopped_by_somebody_else(shell: Outer, tmp_path: Path) -> None:
    (tmp_path / "reader.py").write_text(READER)
    shell.send(command(wrapped(sys.executable, str(tmp_path / "reader.py"), panel=1, options=["--say-pid"])))
    pid = int(shell.expect(rb"pid=(\d+)\.")[1])
    shell.expect(rb"\[ready")
    os.kill(pid, signal.SIGSTOP)
    shell.expect(rb"Stopped.*sh> ")
    at = len(shell.seen)
    shell.send(b"fg\n")
    shell.expect(rb"wrapped\.py", after=at)
    shell.until(lambda: not shell.now()[3] & 2, "raw mode again")  # 2: ICANON
    shell.send(b"k")
    shell.expect(rb"\[key k\]", after=at)
    shell.send(b"q")
    shell.expect(rb"sh> ", after=at)


def test_where_no_shell_could_continue_it_a_stop_is_passed_over() -> None:
    with Outer(wrapped("sh", "-c", "echo ready.; kill -s STOP $$; echo on.")) as outer:  # it leads the session
        outer.expect(rb"on\.")
        assert outer.wait() == 0


# Violent ends

STUBBORN = 'trap "" HUP TERM INT; stty raw -echo; echo pid=$$.; while :; do sleep 0.1; done'


def gone(pid: int) -> bool:
    return not alive(pid)


@pytest.mark.parametrize("panel", [0, 3])
def test_kill_9_of_the_supervisor(panel: int) -> None:
    modes = "\\033[?1049h\\033[?1000;1006h\\033[?2004h\\033[?25l\\033[>1u"
    script = f"printf '{modes}'; {STUBBORN}"
    with Outer(wrapped("sh", "-c", script, panel=panel)) as outer:
        agent = int(outer.expect(rb"pid=(\d+)\.")[1])
        outer.until(lambda: outer.now() != outer.settings, "raw mode")
        settle(outer)
        at = len(outer.seen)
        os.kill(outer.pid, signal.SIGKILL)
        outer.until(lambda: gone(agent), "the end of the agent")
        outer.until(lambda: outer.now() == outer.settings, "the settings")
        outer.expect(rb"\x1b\[\?25h", after=at)
        undone = bytes(outer.seen[at:])
        for undo in (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?1006l", b"\x1b[?2004l", b"\x1b[<1u"):
            assert undo in undone
        assert (b"\x1b[r\x1b[m\x1b[22;1H\x1b[J" in undone) == bool(panel)


def settle(outer: Outer) -> None:
    """Until the guardian has been told: it is, within a quarter of a second of the last change."""
    deadline = time.monotonic() + 0.6
    outer.until(lambda: time.monotonic() > deadline)


def test_kill_9_of_the_supervisor_while_it_is_stopped_leaves_the_shells_terminal_alone(shell: Outer) -> None:
    script = "printf '\\033[?2004h'; echo pid=$$.; kill -s STOP $$; sleep 60"
    shell.send(command(wrapped("sh", "-c", script, panel=3, options=["--say-pid"])))
    pid = int(shell.expect(rb"pid=(\d+)\.")[1])
    shell.expect(rb"Stopped.*sh> ")
    agent = int(shell.expect(rb"pid=(\d+)\..*pid=(\d+)\.")[2])
    at = len(shell.seen)
    os.kill(pid, signal.SIGKILL)
    shell.until(lambda: gone(agent), "the end of the agent")
    shell.send(b"echo done.\n")
    shell.expect(rb"done\.\r\n", after=at)
    assert b"\x1b[J" not in shell.seen[at:]


def test_kill_9_of_an_agent() -> None:
    with Outer(wrapped("sh", "-c", "stty raw -echo; echo pid=$$.; sleep 60")) as outer:
        agent = int(outer.expect(rb"pid=(\d+)\.")[1])
        at = len(outer.seen)
        os.kill(agent, signal.SIGKILL)
        assert os.WTERMSIG(outer.wait()) == signal.SIGKILL
        assert outer.now() == outer.settings
        assert bytes(outer.seen[at:]) in {b"", b"\n"}


def test_kill_9_of_an_agent_with_a_panel_undoes_what_it_left_on() -> None:
    with Outer(wrapped("sh", "-c", "printf '\\033[?1049h\\033[?2004h'; echo pid=$$.; sleep 60", panel=3)) as outer:
        agent = int(outer.expect(rb"pid=(\d+)\.")[1])
        outer.expect(rb"panel row 3 of 3")
        at = len(outer.seen)
        os.kill(agent, signal.SIGKILL)
        assert os.WTERMSIG(outer.wait()) == signal.SIGKILL
        assert b"\x1b[?1049l" in outer.seen[at:]
        assert b"\x1b[?2004l" in outer.seen[at:]
        assert b"\x1b[r" in outer.seen[at:]


def test_kill_9_of_the_shim() -> None:
    with Outer(wrapped("sh", "-c", f"echo shim=$PPID.; {STUBBORN}")) as outer:
        shim = int(outer.expect(rb"shim=(\d+)\.")[1])
        agent = int(outer.expect(rb"pid=(\d+)\.")[1])
        os.kill(shim, signal.SIGKILL)
        assert os.WTERMSIG(outer.wait()) == signal.SIGKILL
        assert gone(agent)
        assert outer.now() == outer.settings


def test_a_closed_window_ends_the_agent() -> None:
    with Outer(wrapped("sh", "-c", STUBBORN)) as outer:
        agent = int(outer.expect(rb"pid=(\d+)\.")[1])
        outer.hang_up()
        for pid in (agent, outer.pid):
            with contextlib.suppress(ProcessLookupError), open(os.pidfd_open(pid), "rb") as end:
                assert select.select([end], [], [], 20)[0], "it has not ended"


def test_nothing_of_ours_is_left_behind() -> None:
    with Outer(wrapped("sh", "-c", "echo ready.")) as outer:
        outer.wait()
    left = subprocess.run(["ps", "-e", "-o", "args"], capture_output=True, text=True, check=True, env=environment()).stdout
    assert outer.tty not in left
    session = subprocess.run(["ps", "-e", "-o", "ppid="], capture_output=True, text=True, check=True, env=environment()).stdout.split()
    assert str(outer.pid) not in session


# Sizes


SIZES = """
import fcntl, os, signal, struct, sys, termios, time
def tell(*_):
    os.write(1, b"[%d %d %d %d]" % struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))))
signal.signal(signal.SIGWINCH, tell)
tell()
while not os.read(0, 1) == b"q": pass
"""


def test_a_resize_reaches_the_agent() -> None:
    with Outer(wrapped(*python(SIZES))) as outer:
        outer.expect(rb"\[24 80 800 480\]")
        outer.resize(Window(40, 132, 1320, 800))
        outer.expect(rb"\[40 132 1320 800\]")
        outer.send(b"q\n")
        assert outer.wait() == 0


@pytest.mark.parametrize("answering", [True, False])
def test_a_resize_storm_with_a_panel_ends_at_the_last_size(answering: bool) -> None:
    with Outer(wrapped(*python(SIZES), panel=3)) as outer:
        if answering:
            outer.answers[b"\x1b[6n"] = b"\x1b[5;1R"
        outer.expect(rb"\[21 80 800 420\]")
        for n in range(150):
            outer.resize(Window(20 + n % 30, 80 + n % 7, 800, 400))
        at = len(outer.seen)
        outer.resize(Window(50, 101, 1010, 1000))
        outer.expect(rb"\[47 101 1010 940\]", after=at)
        outer.expect(rb"\x1b\[48;1H[^\n]*panel row 1", after=at)
        at = len(outer.seen)
        outer.send(b"q\n")
        assert outer.wait() == 0
        assert b"R" not in outer.seen[at:]  # no answer for us came through as keys


def test_a_terminal_that_becomes_too_small_loses_its_panel() -> None:
    with Outer(wrapped(*python(SIZES), panel=3)) as outer:
        outer.expect(rb"\[21 80 800 420\]")
        outer.resize(Window(9, 80, 800, 180))
        outer.expect(rb"\[9 80 800 180\]")
        outer.resize(Window(24, 80, 800, 480))
        outer.expect(rb"\[21 80 800 420\].*\[21 80 800 420\]")


@pytest.mark.parametrize("size", [Window(0, 0), Window(1, 1), Window(10, 80)])
def test_a_terminal_without_room_has_no_panel(size: Window) -> None:
    with Outer(wrapped("sh", "-c", "stty size", panel=3), size=size) as outer:
        assert outer.wait() == 0
        assert bytes(outer.seen) == b"%d %d\r\n" % (size.rows, size.cols)


# The page


def test_the_page_holds_the_output_and_gives_it_back_in_order() -> None:
    script = "echo before; read a; i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done; read b; echo got $b."
    with Outer(wrapped("sh", "-c", script, panel=3)) as outer:
        outer.expect(b"before")
        outer.expect(rb"panel row 3 of 3")
        outer.send(b"\x1c")
        outer.expect(rb"\x1b\[\?1049h.*page of 21 rows, typed: nothing\.")
        at = len(outer.seen)
        outer.send(b"x\x1b[A")
        outer.expect(rb"typed: up", after=at)
        outer.send(b"q")
        outer.expect(rb"\x1b\[\?1049l", after=at)
        outer.send(b"\r")
        outer.expect(rb"line 399")
        outer.send(b"\x1c")
        outer.expect(rb"typed: q", after=at)
        at = len(outer.seen)
        outer.send(b"\x1bq\x1c")
        outer.expect(rb"\x1b\[\?1049l", after=at)
        outer.send(b"word\r")
        outer.expect(rb"got word\.")
        assert outer.wait() == 0
        assert b"line 398\r\nline 399" in outer.seen


ASKER = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"ready.")
open(sys.argv[1]).close()
os.write(1, b"\\x1b[18t")
open(sys.argv[2], "w").close()
answer = os.read(0, 100)
os.write(1, b"answered " + answer[1:] + b".")
"""


@pytest.mark.parametrize(("key", "size"), [(b"q", Window(24, 80)), (b"x", Window(30, 90))], ids=["closed", "resized"])
def test_a_question_that_was_asked_behind_the_page_is_answered(tmp_path: Path, key: bytes, size: Window) -> None:
    go, asked = tmp_path / "go", tmp_path / "asked"
    os.mkfifo(go)
    with Outer(wrapped(*python(ASKER), str(go), str(asked), panel=3)) as outer:
        outer.expect(rb"ready\.")
        outer.expect(rb"panel row 3 of 3")
        outer.send(b"\x1c")
        outer.expect(rb"page of 21 rows")
        go.write_bytes(b"")
        outer.until(asked.exists, "the question")
        outer.send(b"j")
        outer.expect(rb"typed: j")  # what came before the key was read before it
        outer.send(key)
        if size.rows != 24:
            outer.resize(size)
        outer.expect(rb"answered \[8;21;80t\.")
        assert outer.wait() == 0


def test_an_agent_that_ends_behind_the_page_is_seen_to_the_end() -> None:
    with Outer(wrapped("sh", "-c", "read a; echo last words", panel=3)) as outer:
        outer.expect(rb"panel row 3 of 3")
        pid = outer.pid
        outer.send(b"\x1c")
        outer.expect(rb"page of 21 rows")
        os.kill(pid, signal.SIGTERM)
        outer.wait()
        assert outer.seen.index(b"\x1b[?1049h") < outer.seen.index(b"\x1b[?1049l")


def test_kill_9_behind_the_page_brings_the_screen_back() -> None:
    with Outer(wrapped("sh", "-c", "echo pid=$$.; exec sleep 100", panel=3)) as outer:
        agent = int(outer.expect(rb"pid=(\d+)\.")[1])
        outer.expect(rb"panel row 3 of 3")
        outer.send(b"\x1c")
        outer.expect(rb"page of 21 rows")
        settle(outer)
        at = len(outer.seen)
        os.kill(outer.pid, signal.SIGKILL)
        outer.expect(rb"\x1b\[\?1049l\x1b\[\?25h", after=at)
        outer.until(lambda: gone(agent), "the end of the agent")


def test_an_agent_on_the_alternate_screen_is_told_to_paint_again() -> None:
    script = "trap 'stty size' WINCH; printf '\\033[?1049h'; echo ready.; while :; do sleep 0.05; done"
    with Outer(wrapped("sh", "-c", script, panel=3)) as outer:
        outer.expect(rb"ready\.")
        outer.expect(rb"panel row 3 of 3")
        outer.send(b"\x1c")
        outer.expect(rb"page of 21 rows")
        at = len(outer.seen)
        outer.send(b"q")
        outer.expect(rb"20 80\r\n21 80|21 80", after=at)


def test_the_panel_begins_where_the_terminal_says_that_its_cursor_is() -> None:
    with Outer(["sh", "-c", "exec " + " ".join(wrapped("echo", "hello", panel=3))]) as outer:
        outer.answers[b"\x1b[6n"] = b"\x1b[5;1R"
        assert outer.wait() == 0
        assert outer.seen.count(b"\x1b[6n") == 1
        assert b"hello" in outer.seen
