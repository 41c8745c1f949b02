"""Real database servers for tests and benchmarks: started in folders of their own, on free ports, and ended with the process that started them."""

from __future__ import annotations

import abc
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

DEADLINE = 60.0
# Who starts a server holds the other end of its standard input: at its end, by SIGKILL too, the server goes and its folder with it.
_GUARD = 'cat > /dev/null; kill -9 "$1" $(ps -o pid= --ppid "$1") 2> /dev/null; rm -rf "$2"'
PASSWORD = "a-secret:/word"  # needs quoting in a URL, and must be printed nowhere
_QUOTED = "a-secret%3A%2Fword"


class Server(abc.ABC):
    """A server process on a port that stays its own over restarts.

    Args:
        folder: an empty one, for all that it writes; one of its own where none is given. It goes with the server.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="headroom-fleet-"))
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._stopped = False

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """Where it is."""

    @abc.abstractmethod
    def command(self) -> list[str]:
        """What starts it."""

    @abc.abstractmethod
    def database(self) -> str:
        """The URL of an empty database."""

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, **unprivileged(self.folder))
        guard = ["sh", "-c", _GUARD, "sh", str(self.process.pid), str(self.folder)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)
        end = time.monotonic() + DEADLINE
        while not self.ready():
            assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")
            assert time.monotonic() < end, "the server does not come up"
            time.sleep(0.02)

    @abc.abstractmethod
    def ready(self) -> bool:
        """Whether it takes connections."""

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        assert self.process is not None
        self._unguard()
        self.resume()
        for pid in (self.process.pid, *_children(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(DEADLINE)

    def hang(self) -> None:
        """From now on it answers nothing: its connections stay open."""
        assert self.process is not None
        self._stopped = True
        os.kill(self.process.pid, signal.SIGSTOP)  # from here on it has no further children
        for pid in _children(self.process.pid):
            with suppress(ProcessLookupError):  # it was about to end
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """On from where it hung."""
        if self._stopped and self.process is not None:
            self._stopped = False
            for pid in (self.process.pid, *_children(self.process.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self._unguard()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unguard(self) -> None:
        """From now on its number may be another process's."""
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.kill()
            self._guard.wait(DEADLINE)
            self._guard.stdin.close()
        self._guard = None


class Postgres(Server):
    """PostgreSQL with a superuser ``postgres`` that has a password; each test has a database of its own."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self.programs = _postgres_programs()
        self._databases = 0
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        owned = unprivileged(self.folder)
        options = ["-D", str(self.folder / "data"), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync"]
        made = subprocess.run([str(self.programs / "initdb"), *options, "--locale=C"], capture_output=True, check=False, **owned)
        assert made.returncode == 0, made.stderr.decode()

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{_QUOTED}@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}", "shared_buffers=16MB", "max_connections=200"]
        return [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *(a for s in settings for a in ("-c", s))]

    def ready(self) -> bool:
        return subprocess.run([str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode == 0

    def database(self) -> str:
        """The URL of an empty database."""
        self._databases += 1
        self.sql(f"CREATE DATABASE d{self._databases}")
        return f"{self.url.removesuffix('postgres')}d{self._databases}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql says to a statement."""
        command = [str(self.programs / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-Atqc", statement]
        environ = {**os.environ, "PGPASSWORD": PASSWORD}
        return subprocess.run(command, env=environ, capture_output=True, check=True, text=True, timeout=DEADLINE).stdout.strip()


class Redis(Server):
    """Redis (or Valkey) that writes everything to its log of appends; each test has a database of its own."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self._databases = 0
        self.extra: list[str] = []

    @property
    def url(self) -> str:
        return f"redis://:{_QUOTED}@127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        program = shutil.which("redis-server") or shutil.which("valkey-server") or ""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "appendonly": "yes", "save": "", "requirepass": PASSWORD}
        options |= {"databases": 1000}
        return [program, *(a for name, value in options.items() for a in (f"--{name}", str(value))), *self.extra]

    def ready(self) -> bool:
        return b"PONG" in self.say(b"PING")

    def say(self, command: bytes) -> bytes:
        """What it answers to one line."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
            connection.sendall(b"AUTH %b\r\n%b\r\n" % (PASSWORD.encode(), command))
            said = b""
            while said.count(b"\r\n") < 2:
                if not (more := connection.recv(1 << 16)):
                    break
                said += more
            return said.partition(b"\r\n")[2]
        return b""

    def database(self) -> str:
        """The URL of an empty database."""
        self._databases += 1
        return f"{self.url.removesuffix('0')}{self._databases}"


def missing() -> dict[str, str]:
    """The servers that are not installed here and what is needed for them."""
    lacking = {}
    if _postgres_programs() == Path():
        lacking["postgres"] = "PostgreSQL is not installed"
    if not (shutil.which("redis-server") or shutil.which("valkey-server")):
        lacking["redis"] = "neither Redis nor Valkey is installed"
    return lacking


@contextmanager
def running(kind: type[Server], folder: Path | None = None) -> Iterator[Server]:
    """A server for as long as the context lasts."""
    server = kind(folder)
    try:
        server.start()
        yield server
    finally:
        server.end()


def unprivileged(folder: Path) -> dict[str, Any]:
    """Arguments of Popen for a user that PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}


def _postgres_programs() -> Path:
    """Where initdb is; Debian keeps it out of PATH."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), Path())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(word) for word in listed.split()]
