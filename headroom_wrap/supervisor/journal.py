"""What a session has put on disk outside the store, so that it can be undone: at its end, at the next start after a SIGKILL, or by ``headroom undo``.

An entry is written before the thing it undoes. It belongs to a process (pid and start time); once that is gone anyone may undo it. Ownership is by
entry, never by name: what is not in an entry is not ours.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Edit:
    """A file of the user's that we changed.

    Args:
        path: which.
        before: its content before, None if it did not exist.
        after: SHA-256 of what we wrote. A file that the user changed since is not touched.
    """

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One session's traces."""

    file: Path
    pid: int
    started: float
    folder: str
    edits: tuple[Edit, ...] = ()


class Journal:
    """The entries in a state folder.

    Args:
        state: the state folder.
    """

    def __init__(self, state: Path) -> None:
        self._entries = state / "journal"
        self._sessions = state / "sessions"

    def open_session(self) -> Entry:
        """A new private folder for a session of this process, with its entry.

        Raises:
            OSError: the state folder cannot be written.
        """
        for folder in (self._entries, self._sessions):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{os.getpid()}-{os.urandom(6).hex()}"
        entry = Entry(self._entries / f"{name}.json", os.getpid(), start_time(os.getpid()), str(self._sessions / name))
        self.write(entry)
        Path(entry.folder).mkdir(mode=0o700)
        return entry

    def write(self, entry: Entry) -> None:
        """Record an entry durably, replacing what it said before."""
        edits = [{"path": e.path, "before": e.before, "after": e.after} for e in entry.edits]
        text = json.dumps({"pid": entry.pid, "started": entry.started, "folder": entry.folder, "edits": edits})
        write_atomically(entry.file, text)

    def undo(self, entry: Entry) -> list[str]:
        """Undo an entry and forget it. Returns a sentence for every file that could not be put back, because it changed since."""
        kept = []
        for edit in reversed(entry.edits):
            path = Path(edit.path)
            try:
                now: bytes | None = path.read_bytes()
            except FileNotFoundError:
                now = None
            if now is None or hashlib.sha256(now).hexdigest() != edit.after:
                kept.append(f"{path} was changed since Headroom wrote it, so it was left as it is.")
            elif edit.before is None:
                path.unlink()
            else:
                write_atomically(path, edit.before)
        folder = Path(entry.folder)
        if folder.parent == self._sessions:  # an entry that names any other folder is not ours
            shutil.rmtree(folder, ignore_errors=True)
        entry.file.unlink(missing_ok=True)
        return kept

    def stale(self) -> Iterator[Entry]:
        """Entries whose process is gone. One that cannot be read is skipped: it says nothing that could be undone."""
        if not self._entries.is_dir():
            return
        for file in sorted(self._entries.glob("*.json")):
            entry = _read(file)
            if entry is not None and not _alive(entry):
                yield entry

    def undo_stale(self) -> list[str]:
        """Undo what dead sessions left behind; see ``undo``."""
        return [sentence for entry in list(self.stale()) for sentence in self.undo(entry)]


def start_time(pid: int) -> float:
    """When a process began, in the system's own ticks, so that a reused pid is not taken for it; 0.0 where that cannot be told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return float(stat.rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        pass
    import psutil

    with contextlib.suppress(psutil.Error):
        return float(psutil.Process(pid).create_time())
    return 0.0


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's content in one step, readable by its owner alone; a crash leaves the old or the new, nothing between."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(file: Path) -> Entry | None:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        edits = tuple(Edit(str(e["path"]), e["before"], str(e["after"])) for e in value["edits"])
        return Entry(file, int(value["pid"]), float(value["started"]), str(value["folder"]), edits)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _alive(entry: Entry) -> bool:
    try:
        os.kill(entry.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return entry.started in (0.0, start_time(entry.pid))
