"""What `learn` remembers in the state folder: what sessions showed, and for each project what was written where and what the user does not want."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from headroom_wrap.learn.evidence import KEEPS_FIRM
from headroom_wrap.learn.findings import Mined, decode, distinct, encode
from headroom_wrap.supervisor.journal import write_atomically

_MOST_BYTES = 4 << 20  # of observations; beyond that the oldest half goes
_MOST_SESSIONS = 20_000  # with parts and subagents' conversations; so too
_KEEPS_S = 2 * KEEPS_FIRM  # before the newest: a finding is stale long before, but what speaks against a rule of the user's may be older than it
_MOST_REFUSED = 2000  # of one project


class Written(msgspec.Struct, frozen=True):
    """What of ours stands in a file.

    Args:
        rules: sentences by the id of their finding.
        made: the file was made by us.
    """

    rules: dict[str, str] = {}
    made: bool = False


class Record(msgspec.Struct, frozen=True):
    """What is known of one project.

    Args:
        project: its absolute path.
        files: what stands where, by absolute path, links followed.
        refused: sentences that the user edited or deleted, by the id of their finding.
    """

    project: str
    files: dict[str, Written] = {}
    refused: dict[str, str] = {}

    def with_file(self, path: Path, rules: Mapping[str, str], refused: Mapping[str, str], *, made: bool) -> Record:
        """The record after a file was written, ``made`` by us just now; a file without rules is forgotten."""
        before = self.files.get(str(path), Written())
        files = {**self.files, str(path): Written(dict(rules), before.made or made)}
        if not rules:
            del files[str(path)]
        return Record(self.project, files, self.refused).refusing(refused)

    def refusing(self, refused: Mapping[str, str]) -> Record:
        """The record after the user did not want these sentences."""
        said = {**self.refused, **refused}
        return Record(self.project, self.files, dict(list(said.items())[-_MOST_REFUSED:]))


class Memory:
    """The folder where it is kept.

    Args:
        state: the state folder.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / "learn"
        self._observations = self._folder / "observations.jsonl"

    def recall(self) -> tuple[Mined, ...]:
        """What sessions showed, as far as it is kept: each once, the oldest first."""
        try:
            data = self._observations.read_bytes()
        except OSError:
            return ()
        return distinct(mined for line in data.split(b"\n") if line and (mined := decode(line)) is not None)

    def add(self, mined: Iterable[Mined]) -> tuple[Mined, ...]:
        """Take in what sessions showed. Returns all that is known; what cannot be kept, because the disk is full, counts all the same."""
        new = tuple(mined)
        known = self.recall()
        before = {one.key: one for one in known}
        with contextlib.suppress(OSError):
            self._keep([one for one in new if before.get(one.key) != one and (one.observations or one.outcomes)], known)
        return distinct((*known, *new))

    def _keep(self, mined: Sequence[Mined], known: Sequence[Mined]) -> None:
        lines = b"".join(map(_line, mined))
        if not lines:
            return
        with self._locked():
            with open(self._observations, "a+b", opener=_private) as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    lines = lines if file.read() == b"\n" else b"\n" + lines  # who wrote last was killed: that line is lost, and no other
                file.write(lines)
                size = file.tell()
            everything = (*known, *mined)
            if size > _MOST_BYTES or len(everything) > _MOST_SESSIONS or len(_young(everything)) < len(everything):
                self._forget()

    def _forget(self) -> None:
        """Drop what was said again since and what is too old, and if that is too much still, the oldest until half of the room is free."""
        young = _young(self.recall())
        lines = [_line(one) for one in (young if len(young) <= _MOST_SESSIONS else young[-_MOST_SESSIONS // 2 :])]
        size = sum(map(len, lines))
        if size <= _MOST_BYTES:
            size = 0
        while lines and size > _MOST_BYTES // 2:
            size -= len(lines[0])
            del lines[0]
        write_atomically(self._observations, b"".join(lines))

    def record(self, project: Path) -> Record:
        """What is known of a project."""
        try:
            found = msgspec.json.decode(self._file(project).read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return Record(str(project))
        return found if found.project == str(project) else Record(str(project))

    def save(self, record: Record) -> None:
        """Remember it, whatever was remembered before.

        Raises:
            OSError: the state folder cannot be written.
        """
        self.update(Path(record.project), lambda _: record)

    def update(self, project: Path, change: Callable[[Record], Record]) -> Record:
        """Remember a change of what is known by now: another session may have ended since that was read. Returns the record with the change.

        Raises:
            OSError: the state folder cannot be written.
        """
        with self._locked():
            before = self.record(project)
            after = change(before)
            if after != before:
                write_atomically(self._file(project), msgspec.json.encode(after))
        return after

    def _file(self, project: Path) -> Path:
        name = hashlib.sha256(os.fsencode(project)).hexdigest()[:24]
        return self._folder / f"project-{name}.json"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _young(known: Sequence[Mined]) -> list[Mined]:
    """Without what is too old to matter. What has no time is as old as what stands beside it, and none was yet to come."""
    newest = min(max(map(_time, known), default=0.0), time.time())
    return [one for one in known if not 0 < _time(one) < newest - _KEEPS_S]


def _time(mined: Mined) -> float:
    """When a session last showed anything, 0 if that is not known."""
    shown = [seen.evidence.time for seen in mined.observations] + [outcome.evidence.time for outcome in mined.outcomes]
    return max(shown, default=0.0)


def _line(mined: Mined) -> bytes:
    """One line; nothing where a transcript's text is none that JSON can hold (half a surrogate pair)."""
    try:
        return encode(mined) + b"\n"
    except UnicodeEncodeError:
        return b""


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
