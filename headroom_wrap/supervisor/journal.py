"""What was put on disk outside the store, so that it can be undone: at a session's end, at the next start after a SIGKILL, or by ``headroom undo``.

An entry is written before the thing it undoes. It belongs to a process (pid and start time); once that is gone anyone may undo it. What was
installed to stay belongs to nobody, and is undone when the user says so. Ownership is by entry, never by name: what is not in an entry is not ours.

A file may be in several entries, as two sessions in one folder write the same. All of them know its content before the first, and the last one
to go puts that back.

Every step can be done again: a process that is killed at any point, while it undoes too, leaves an entry from which the next one goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from adapters import json_text

_UNFINISHED = ".new"  # an entry that is being written


@dataclass(frozen=True, slots=True)
class Edit:
    """A file of the user's that we changed.

    Args:
        path: which.
        before: its content before, None if it did not exist.
        after: SHA-256 of what we wrote. In a file that was changed since, no more is touched than what we added.
        added: the text that we put into it.
        removed: the text that stood in the place of that.
        folders: those that had to be made for it, the innermost first; they go once they are empty.
        text: what we wrote, where that adds members or items to JSON: they are known again in a file that a program has laid out anew.
        temporary: the file beside it in which a new content is put together; one is there only after a kill.
    """

    path: str
    before: str | None
    after: str
    added: str = ""
    removed: str = ""
    folders: tuple[str, ...] = ()
    text: str = ""
    temporary: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One session's traces, or with ``name`` those of something that was installed to stay."""

    file: Path
    pid: int
    started: float
    folder: str
    edits: tuple[Edit, ...] = ()
    name: str = ""


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
        with self._locked():
            self.write(entry)
            Path(entry.folder).mkdir(mode=0o700)
        return entry

    def install(self, name: str, changes: Mapping[Path, str]) -> Entry:
        """Change files of the user's until ``undo``; see ``apply``. An entry of that name that is there already is gone on with."""
        self._entries.mkdir(mode=0o700, parents=True, exist_ok=True)
        entry = self.installed().get(name) or Entry(self._entries / f"installed-{name}.json", 0, 0.0, "", (), name)
        return self.apply(entry, changes)

    def installed(self) -> dict[str, Entry]:
        """What was installed to stay, by name."""
        return {entry.name: entry for entry in self._all() if entry.name}

    def apply(self, entry: Entry, changes: Mapping[Path, str]) -> Entry:
        """Give files of the user's a new content, each recorded before it is written. Returns the entry with them.

        Raises:
            OSError: one cannot be read or written; those before it are in the journal.
            UnicodeDecodeError: one is no text, so it was not touched; likewise.
        """
        with self._locked():
            for path, text in changes.items():
                entry = replace(entry, edits=(*entry.edits, self._edit(path, text)))
                self.write(entry)
                target = Path(entry.edits[-1].path)
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(target, text, Path(entry.edits[-1].temporary))
        return entry

    def _edit(self, path: Path, text: str) -> Edit:
        target = Path(os.path.realpath(path))  # a link to the user's own collection of settings stays one
        now = _content(target)
        before = None if now is None else now.decode("utf-8")
        after = hashlib.sha256(text.encode("utf-8")).hexdigest()
        temporary = str(_temporary(target))
        others = [e for other in self._all() for e in other.edits if e.path == str(target)]
        known = next((e for e in others if now is not None and _sha(now) == e.after), None)
        if known is not None and text == before:
            return replace(known, after=after, temporary=temporary)
        folders = known.folders if known is not None else _missing(target.parent)
        if known is not None:
            before = known.before
        elif now is not None and others:  # another session's, and changed since: what it added was not there before us either
            before = next((found[0] for e in others if (found := _without(e, now)) is not None), before)
            folders = others[0].folders
        added, removed = _difference(before or "", text)
        members = text if _adds_members(before or "", text) else ""
        return Edit(str(target), before, after, added, removed, folders, members, temporary)

    def write(self, entry: Entry) -> None:
        """Record an entry durably, replacing what it said before."""
        said = {"pid": entry.pid, "started": entry.started, "folder": entry.folder, "edits": [asdict(e) for e in entry.edits], "name": entry.name}
        write_atomically(entry.file, json.dumps(said), entry.file.with_suffix(_UNFINISHED))

    def undo(self, entry: Entry) -> list[str]:
        """Undo an entry and forget it. Returns a sentence for every file of which the user should look at what is in it now.

        What the system refuses is among the sentences. It stays in the journal, so that it is tried again.
        """
        try:
            if not self._entries.is_dir():
                return []
            with self._locked():
                return self._undo(entry)
        except OSError as error:
            return [f"{entry.file} cannot be worked off: {_said(error)}. Mend that, then: headroom undo."]

    def _undo(self, entry: Entry) -> list[str]:
        # What others handed over is known there alone. If it is gone, somebody was faster; a session's own folder is looked after all the same.
        edits = () if not entry.file.exists() else entry.edits if (recorded := _read(entry.file)) is None else recorded.edits
        said: list[str] = []
        failed: list[Edit] = []
        for edit in reversed(edits):
            try:
                if edit.temporary:
                    _remove(Path(edit.temporary))
                if not self._hand_over(entry, edit):
                    said += _put_back(edit)
            except OSError as error:
                failed.insert(0, edit)
                said.append(f"{edit.path} could not be put back: {_said(error)}. Mend that, then: headroom undo.")
        folder = Path(entry.folder)
        if folder.parent == self._sessions:  # an entry that names any other folder is not ours
            shutil.rmtree(folder, ignore_errors=True)  # while the entry still names it
        if failed:
            with contextlib.suppress(OSError):  # then it goes on naming what has been put back, too, which is seen the next time
                self.write(replace(entry, edits=tuple(failed)))
        else:
            entry.file.unlink(missing_ok=True)  # before the next one looks who else has those files
        return said

    def _hand_over(self, entry: Entry, edit: Edit) -> bool:
        """Whether another entry has the same file, and will put it back."""
        others = [other for other in self._all() if other.file != entry.file and any(e.path == edit.path for e in other.edits)]
        now = _content(Path(edit.path))
        if now is not None and _sha(now) == edit.after:
            for other in others:
                edits = tuple(replace(edit, folders=e.folders, temporary=e.temporary) if e.path == edit.path else e for e in other.edits)
                self.write(replace(other, edits=edits))
        return bool(others)

    def stale(self) -> Iterator[Entry]:
        """Entries whose process is gone. One that cannot be read is skipped: it says nothing that could be undone."""
        return (entry for entry in self._all() if not entry.name and not _alive(entry))

    def live(self) -> Iterator[Entry]:
        """Entries of sessions that run."""
        return (entry for entry in self._all() if not entry.name and _alive(entry))

    def unreadable(self) -> list[Path]:
        """Files of entries that cannot be read, so that nobody knows what they name."""
        return [file for file in self._files() if _read(file) is None and file.exists()]

    def undo_stale(self) -> list[str]:
        """Undo what dead sessions left behind; see ``undo``.

        Raises:
            OSError: the journal cannot be read.
        """
        if not self._entries.is_dir():
            return []
        with self._locked():
            for unfinished in self._entries.glob(f"*{_UNFINISHED}"):  # whoever writes one does so alone, so these are of the dead
                _remove(unfinished)
        return [sentence for entry in list(self.stale()) for sentence in self.undo(entry)]

    def _all(self) -> list[Entry]:
        return [entry for file in self._files() if (entry := _read(file)) is not None]

    def _files(self) -> list[Path]:
        return sorted(self._entries.glob("*.json")) if self._entries.is_dir() else []

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among all sessions: what is written depends on what others wrote."""
        folder = os.open(self._entries, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _put_back(edit: Edit) -> list[str]:
    """Put a file back. Returns a sentence where it was changed since, so that it is not what it was before.

    Raises:
        OSError: the system refuses.
    """
    path = Path(edit.path)
    now = _content(path)
    if now is not None and _sha(now) == edit.after:
        if edit.before is None:
            path.unlink()
        else:
            write_atomically(path, edit.before, _temporary_of(edit))
    elif now == (None if edit.before is None else edit.before.encode("utf-8")):
        pass  # it was not written yet, or somebody has put it back already
    elif now is not None and (found := _without(edit, now)) is not None:
        # Somebody changed it meanwhile: what we added goes, and the rest is theirs.
        text, changed = found
        if edit.before is None and edit.text and text.split() in (["{}"], ["{", "}"]):
            path.unlink()
        else:
            write_atomically(path, text, _temporary_of(edit))
        if changed:
            return [f"{path}: {' and '.join(changed)} was changed since Headroom wrote it, so it was left as it is."]
    else:
        return [f"{path} was changed since Headroom wrote it, so it was left as it is."]
    for folder in edit.folders:
        try:
            Path(folder).rmdir()
        except FileNotFoundError:
            continue  # whoever began this was killed in between
        except OSError:
            break  # there is something in it by now
    return []


def _without(edit: Edit, now: bytes) -> tuple[str, list[str]] | None:
    """What a file that was changed since holds without what we added, and the names of what was changed of that; None where it cannot be told."""
    try:
        text = now.decode("utf-8")
        if text == edit.before:
            return text, []
        if edit.text:
            return json_text.without(text, edit.before or "", edit.text)
    except UnicodeDecodeError:
        return None
    except json_text.UnfitError:
        pass  # it may still stand there as text
    if edit.added and text.count(edit.added) == 1:
        return text.replace(edit.added, edit.removed), []
    return None


def _adds_members(before: str, after: str) -> bool:
    """Whether the texts are JSON, and the second is the first with members added."""
    try:
        json_text.without(after, before, after)
    except json_text.UnfitError:
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    """The text that is in ``after`` alone and the one in ``before`` in its place, both between the same beginning and end."""
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    return after[head : len(after) - tail], before[head : len(before) - tail]


def _alike(one: str, other: str) -> int:
    """How many characters of the beginning are the same."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _missing(folder: Path) -> tuple[str, ...]:
    """The folders that have to be made, the innermost first."""
    missing = []
    while not folder.exists():
        missing.append(str(folder))
        folder = folder.parent
    return tuple(missing)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()


def _said(error: OSError) -> str:
    return error.strerror or str(error)


def _temporary(path: Path) -> Path:
    """A name beside a file that nobody else takes."""
    return path.with_name(f".{path.name}.{os.urandom(6).hex()}")


def _temporary_of(edit: Edit) -> Path | None:
    return Path(edit.temporary) if edit.temporary else None


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def start_time(pid: int) -> float:
    """When a process began, in the system's own ticks, so that a reused pid is not taken for it; 0.0 where that cannot be told."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return float(said.rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        pass
    import psutil

    with contextlib.suppress(psutil.Error):
        return float(psutil.Process(pid).create_time())
    return 0.0


def write_atomically(
    path: Path, text: str | bytes, temporary: Path | None = None, *, mode: int = 0o600, still: Callable[[], None] = lambda: None
) -> None:
    """Replace a file's content in one step; a crash leaves the old or the new, nothing between. Its owner and its mode stay, whoever writes.

    Args:
        path: which.
        text: its new content.
        temporary: where that is put together, in the same folder: for who must find it after a kill. What is there is replaced.
        mode: of a file that is new; by default its owner's alone.
        still: called at the last moment, right before the step. What it raises leaves the file as it is.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    temporary = temporary or _temporary(path)
    _remove(temporary)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            _take_after(path, file.fileno(), mode)
            os.fsync(file.fileno())
        still()
        temporary.replace(path)
        _sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _take_after(path: Path, new: int, mode: int) -> None:
    """Give a new file the owner and the mode of the one whose place it takes."""
    try:
        before = path.stat()
    except FileNotFoundError:
        os.fchmod(new, mode)
        return
    made = os.fstat(new)
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(new, before.st_uid, before.st_gid)  # before the mode, as it takes parts of that away
        except OSError:  # only root gives files away, anybody to a group of their own; and a sandbox knows few users
            with contextlib.suppress(OSError):
                os.fchown(new, -1, before.st_gid)
    os.fchmod(new, stat.S_IMODE(before.st_mode))


def _sync(folder: Path) -> None:
    """Put a folder's names on disk: without that, a crash of the machine may bring an old file back."""
    with contextlib.suppress(OSError):  # not every file system can
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read(file: Path) -> Entry | None:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        edits = tuple(_edit(e) for e in value["edits"])
        return Entry(file, int(value["pid"]), float(value["started"]), str(value["folder"]), edits, str(value.get("name", "")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _edit(said: dict[str, Any]) -> Edit:
    folders = tuple(str(f) for f in said.get("folders", ()))
    return Edit(
        str(said["path"]),
        said["before"],
        str(said["after"]),
        str(said.get("added", "")),
        str(said.get("removed", "")),
        folders,
        str(said.get("text", "")),
        str(said.get("temporary", "")),
    )


def _alive(entry: Entry) -> bool:
    try:
        os.kill(entry.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return entry.started in (0.0, start_time(entry.pid))
