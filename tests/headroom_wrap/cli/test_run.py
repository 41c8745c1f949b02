"""``headroom run`` as a process: what its caller sees of the command."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import ccr, markers
from pipeline.store.sqlite import SqliteStore

LOG = "import sys\nfor n in range(2000): print(f'2026-01-02T03:04:05Z INFO request {n} served in 5 ms')\n"
pytestmark = pytest.mark.slow


def argv(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "headroom_wrap.cli", "run", *arguments]


def run(*arguments: str, **options) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(argv(*arguments), check=False, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 30, **options})


def start(*arguments: str, **options) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv(*arguments), **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True, **options})


def python(code: str, *options: str) -> list[str]:
    return [*options, "--", sys.executable, "-c", code]


def read_within(fd: int, wanted: bytes, seconds: float = 20) -> bytes:
    """What comes until `wanted` is in it."""
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen:
        assert select.select([fd], [], [], max(end - time.monotonic(), 0))[0], seen
        data = os.read(fd, 65536)
        assert data, seen
        seen += data
    return seen


@pytest.fixture
def store(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEADROOM_STATE", str(private_home / "state"))
    return private_home / "state" / "headroom.db"


def test_bulk_comes_smaller_and_whole_from_the_store(store: Path) -> None:
    done = run(*python(LOG + "print('ERROR of note')\nsys.exit(7)"))
    assert done.returncode == 7
    assert done.stderr == b""
    text = done.stdout.decode()
    assert len(text) < 4000
    assert "ERROR of note" in text
    (handle,) = markers.handles(text)
    opened = SqliteStore.open(store)
    assert ccr.retrieve(opened, handle).text.count("INFO request") == 2000
    opened.close()


def test_what_is_saved_is_accounted_for(store: Path, tmp_path: Path) -> None:
    account = tmp_path / "account"
    run(*python(LOG, "--account", str(account)))
    run(*python("print(1)", "--account", str(account)))
    (line,) = account.read_text().splitlines()
    assert json.loads(line)["before"] > 10 * json.loads(line)["after"] > 0


@pytest.mark.parametrize(
    "code",
    ["print('short')", "", "import os; os.write(1, bytes(range(256)) * 100)", "import os; os.write(1, b'\\xff\\xfe no utf-8\\n' * 9000)"],
    ids=["short", "none", "binary", "latin"],
)
def test_the_rest_is_untouched(store: Path, code: str) -> None:
    direct = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run(*python(code)).stdout == direct.stdout


def test_huge_output_is_passed_on_in_bounded_memory(store: Path) -> None:
    code = "import sys\nfor n in range(40): sys.stdout.write((str(n) + ' line of text' + chr(10)) * 70000)"
    direct = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    assert len(direct.stdout) > 30_000_000
    measure = "import resource, subprocess, sys; p = subprocess.run(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", measure, *argv(*python(code))], capture_output=True, check=False)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(direct.stdout).digest()
    assert int(done.stderr) < 120_000


def test_the_state_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEADROOM_STATE", str(tmp_path / "file" / "state"))
    done = run(*python(LOG))
    assert done.stdout.count(b"INFO request") == 2000
    assert b"the output is as it was" in done.stderr


def test_one_stream_keeps_its_order(store: Path) -> None:
    code = "import os\nfor n in range(300): os.write(1 + n % 2, b'%d ' % n)"
    done = run(*python(code), stderr=subprocess.STDOUT)
    assert [int(word) for word in done.stdout.split()] == list(range(300))


def test_two_streams_stay_two(store: Path) -> None:
    done = run(*python("import os\nos.write(1, b'out'); os.write(2, b'err')"))
    assert (done.stdout, done.stderr) == (b"out", b"err")


def test_input_is_the_command_s(store: Path) -> None:
    assert run("cat", input=b"given").stdout == b"given"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_it_dies_as_the_command_died(store: Path, number: int) -> None:
    done = run("sh", "-c", f"echo before; kill -{int(number)} $$")
    assert (done.returncode, done.stdout) == (-number, b"before\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_for_us_is_the_command_s(store: Path, number: int) -> None:
    code = f"import os, signal, sys\nsignal.signal({int(number)}, lambda *_: (print('caught', flush=True), sys.exit(5)))\nos.write(2, b'ready')\nwhile True: signal.pause()"
    process = start(*python(code))
    read_within(process.stderr.fileno(), b"ready")
    process.send_signal(number)
    out, _ = process.communicate(timeout=90)
    assert (process.returncode, out) == (5, b"caught\n")


def test_what_does_not_end_is_passed_on(store: Path) -> None:
    process = start(
        *python("import sys\nprint('listening', flush=True)\nfor line in sys.stdin: print('got ' + line, flush=True)", "--hold", "0.2"),
        stdin=subprocess.PIPE,
    )
    assert read_within(process.stdout.fileno(), b"listening") == b"listening\n"
    process.stdin.write(b"one\n")
    process.stdin.flush()
    read_within(process.stdout.fileno(), b"got one")
    _, err = process.communicate(timeout=90)
    assert b"not ended after 0.2 s" in err
    assert process.returncode == 0


def test_a_reader_that_goes_away_ends_the_command(store: Path) -> None:
    process = start("yes")
    os.read(process.stdout.fileno(), 10)
    process.stdout.close()
    assert process.wait(90) == -signal.SIGPIPE
    process.stderr.close()


def test_what_goes_on_in_the_background_is_heard(store: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    process = start("sh", "-c", 'echo now; (read line <"$0"; echo later $line) & exit 4', str(tmp_path / "fifo"))
    assert process.wait(90) == 4
    (tmp_path / "fifo").write_text("word\n")
    assert read_within(process.stdout.fileno(), b"word") == b"now\nlater word\n"
    process.stdout.close()
    process.stderr.close()


@pytest.mark.parametrize(("name", "status"), [("no-such-program", 127), ("/etc/passwd", 126)])
def test_what_cannot_start(store: Path, name: str, status: int) -> None:
    done = run(name)
    assert (done.returncode, done.stdout) == (status, b"")
    assert done.stderr.startswith(f"headroom: cannot run {name}".encode())


def test_a_terminal_gets_the_command_itself(store: Path) -> None:
    """Its own process, so its own terminal, and nothing held back or left out."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.executable, argv(*python(f"import os, sys; print(os.getpid(), sys.stdout.isatty())\n{LOG}")))
    seen = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    assert os.waitpid(pid, 0)[1] == 0
    os.close(master)
    assert seen.startswith(b"%d True" % pid)
    assert seen.count(b"INFO request") == 2000
