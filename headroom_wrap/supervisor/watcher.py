"""Finds an agent's instruction files and watches them, in threads of its own; what it finds is handed over where the supervisor polls.

Watched are the folders that may hold such a file, not the tree below them: a watch on every folder of a large project takes seconds and
the user's share of the kernel's watches.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from adapters.instruction_files import NOWHERE, REPOSITORY, Reads
from headroom_wrap.events import Event
from headroom_wrap.supervisor.imports import Importer
from headroom_wrap.supervisor.instructions import Instructions, Watched
from headroom_wrap.supervisor.readings import Candidate, Readings, Seen, root

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

_MOST_FOLDERS, _DEPTH = 2000, 6  # searched for nested files
_MOST_WATCHED = 32  # folders
_SKIPPED = frozenset({"node_modules", "venv", "env", "vendor", "target", "build", "dist", "site-packages", "__pycache__"})
_NO_WATCHES = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_LOOKED_ONLY = frozenset({"opened", "closed_no_write"})


class Watcher:
    """The instruction files of one session. Its thread starts with the first `ready`: until then nothing may, as the supervisor forks.

    Args:
        reads: what the agent reads.
        cwd: where it works.
        home: the user's.
        environ: the environment that it runs in.
        show: called with what is known, from `ready`, `take` and `close`.
        ours: what Headroom writes into such files, by path.
    """

    def __init__(
        self,
        reads: Reads,
        cwd: Path,
        home: Path,
        environ: Mapping[str, str],
        *,
        show: Callable[[Instructions], None],
        ours: Mapping[Path, str] | None = None,
    ) -> None:
        self._reads, self._cwd, self._home = reads, cwd, home
        self._user = reads.user_file(environ, home)
        self._show = show
        self._core = Watched({self._shown(path): text for path, text in (ours or {}).items()})
        self._seen: queue.SimpleQueue[Seen] = queue.SimpleQueue()
        self.fd, self._bell = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._bell, False)
        self._lock = threading.Lock()
        self._scheduling = threading.Lock()  # not for watchdog's threads, which hold a lock of its own while they call us
        self._news = threading.Event()
        self._readings = Readings(Importer(reads.imports, cwd, home, environ, self._user), self._seen.put)
        self._folders: set[Path] = set()  # watched
        self._observer: BaseObserver | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        self._ring()

    def ready(self) -> bool:
        """`fd` is readable: take in what was found. True: there may be more."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 4096)
        if self._thread is None:
            self._thread = threading.Thread(target=self._survey, name="instruction files", daemon=True)
            self._thread.start()
        if self._drain():
            self._show(self._core.snapshot())
        return True

    def take(self, event: Event) -> None:
        """The agent's requests tell who made the changes before them."""
        news = self._drain()
        if self._core.take(event) or news:
            self._show(self._core.snapshot())

    def close(self) -> None:
        """The session is over: look at each file once more, and end the threads."""
        with self._scheduling:
            self._closed = True
            observer = self._observer
        self._news.set()
        if observer is not None:
            observer.stop()
        if self._thread is not None:
            self._thread.join(1.0)
            self._readings.look()
            self._drain()
            self._show(self._core.snapshot())
        with self._lock:
            os.close(self._bell)
            self._bell = -1
        os.close(self.fd)

    def _drain(self) -> bool:
        any_seen = False
        with contextlib.suppress(queue.Empty):
            while True:
                seen = self._seen.get_nowait()
                any_seen = True
                path = self._shown(seen.candidate.path)
                if seen.dropped:
                    self._core.dropped(path)
                elif not seen.first:
                    self._core.changed(path, seen.text, seen.time, always=seen.candidate.always)
                elif seen.text is not None:
                    self._core.found(path, seen.text, always=seen.candidate.always)
        return any_seen

    def _shown(self, path: Path) -> str:
        for base, lead in ((self._cwd, ""), (self._home, "~/")):
            with contextlib.suppress(ValueError):
                return _printable(lead + str(path.relative_to(base)))
        return _printable(str(path))

    # In threads of ours

    def _survey(self) -> None:
        """Watch the places that every project has, read what is there, then look for nested files."""
        try:
            self._watch(list(self._standing()))
            self._watch(list(self._nested()))
            while not self._closed and self._observer is not None:
                self._news.wait()
                self._news.clear()
                self._watch_folders(self._observer)  # a file that is imported since may be elsewhere
        except OSError:  # no watches left: what was found at the start is all that is known
            self._ring()

    def _standing(self) -> Iterator[Candidate]:
        if self._user is not None:
            yield root(self._user, always=True)
        for folder in self._upwards():
            yield from self._of_groups(folder, always=True)
        for rules in self._reads.rules:
            with contextlib.suppress(OSError):
                for path in sorted((self._cwd / rules).rglob("*.md*")):
                    if path.suffix in (".md", ".mdc"):
                        yield root(path, always=True)

    def _upwards(self) -> Iterator[Path]:
        yield self._cwd
        if self._reads.above == NOWHERE:
            return
        above = list(self._cwd.parents)
        if self._reads.above == REPOSITORY:
            tops = [n for n, folder in enumerate([self._cwd, *above]) if os.path.exists(folder / ".git")]  # noqa: PTH110 - `Path.exists` raises
            above = above[: tops[0]] if tops else []
        yield from above

    def _of_groups(self, folder: Path, *, always: bool) -> Iterator[Candidate]:
        for group in self._reads.groups:
            there = next((name for name in group if os.path.isfile(folder / name)), group[0])  # noqa: PTH113 - `Path.is_file` raises
            yield root(folder / there, always=always)

    def _nested(self) -> Iterator[Candidate]:
        """Files below the working folder, which the agent reads once it works beside them."""
        names = {name for group in self._reads.groups for name in group if "/" not in name}
        level, searched = [str(self._cwd)], 0
        for _ in range(_DEPTH):
            below: list[str] = []
            for folder in level[: _MOST_FOLDERS - searched]:
                searched += 1
                with contextlib.suppress(OSError), os.scandir(folder) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
                    below += [e.path for e in found if not e.name.startswith(".") and e.name not in _SKIPPED and e.is_dir(follow_symlinks=False)]
                    if folder != str(self._cwd) and names & {e.name for e in found}:
                        yield from self._of_groups(Path(folder), always=False)
            level = below

    def _watch(self, candidates: list[Candidate]) -> None:
        from watchdog.observers import Observer

        self._readings.add(candidates)
        self._ring()
        with self._scheduling:
            if self._closed:
                return
            if self._observer is None:
                self._observer = Observer()
                self._observer.start()
        self._watch_folders(self._observer)
        self._readings.look()  # what changed between the first look and the watch

    def _watch_folders(self, observer: BaseObserver) -> None:
        """Watch where the files are that are known by now."""
        handler = cast("FileSystemEventHandler", _Handler(self._happened))  # its base class is no more than this, and slow to import
        for folder in self._readings.folders():
            if folder in self._folders or len(self._folders) >= _MOST_WATCHED or not os.path.isdir(folder):  # noqa: PTH112 - `Path.is_dir` raises
                continue
            with self._scheduling:
                if self._closed:  # an observer that was stopped would watch it for ever
                    return
                try:
                    observer.schedule(handler, str(folder), recursive=False)
                except OSError as error:
                    if error.errno in _NO_WATCHES:
                        raise
                    continue  # it may not be looked into, or is gone
            self._folders.add(folder)

    def _happened(self, path: Path) -> None:
        """Something was done to a file in a folder that is watched."""
        if self._readings.look(path):
            self._ring()
            self._news.set()

    def _ring(self) -> None:
        """Wake the supervisor."""
        with self._lock:
            if self._bell >= 0:
                with contextlib.suppress(BlockingIOError):  # it has been rung often enough
                    os.write(self._bell, b"!")


def _printable(name: str) -> str:
    """A path that can be written on a terminal whatever bytes its folders are named with."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


class _Handler:
    """What watchdog calls, in its own thread."""

    def __init__(self, happened: Callable[[Path], None]) -> None:
        self._happened = happened

    def dispatch(self, event: FileSystemEvent) -> None:
        if event.event_type in _LOOKED_ONLY:
            return
        for path in dict.fromkeys((event.src_path, event.dest_path)):
            if path:
                self._happened(Path(os.fsdecode(path)))
