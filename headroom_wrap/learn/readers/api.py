"""What a reader of an agent's transcripts is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from headroom_wrap.learn.model import Session, Skipped


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions are read.

    Args:
        project: absolute path of a folder; sessions started in it or below it. ``""`` for those of any folder.
        since: Unix time in seconds; sessions that went on after it.
        goes_on: asked now and then; once it says no, what was read so far of a session is all of it, and `OUT_OF_TIME` is counted.
    """

    project: str = ""
    since: float = 0.0
    goes_on: Callable[[], bool] = _always

    def covers(self, folder: str) -> bool:
        """Whether a session that was started in this folder is wanted."""
        return not self.project or PurePath(folder).is_relative_to(self.project)

    def wants(self, session: Session) -> bool:
        """Whether this session, or this part of one, is wanted. One that does not tell its time is."""
        return self.covers(session.project) and (not session.ended or session.ended >= self.since)


def counted(found: Iterator[Session], skipped: Skipped) -> Iterator[Session]:
    """The sessions found in a file; one without any is counted, unless the reason is known already."""
    before = sum(skipped.files.values())
    empty = True
    for session in found:
        empty = False
        yield session
    if empty and sum(skipped.files.values()) == before:
        skipped.file("no session")


class Reader(Protocol):
    """Reads the transcripts of one agent."""

    agent: str

    def concerns(self, path: Path, wanted: Wanted) -> bool:
        """Whether a file may hold a wanted session, told from its name, what stands beside it or its first lines: without reading it whole."""
        ...

    def read(self, path: Path, skipped: Skipped, wanted: Wanted = ...) -> Iterator[Session]:
        """The sessions in a file, as they are read. Whatever the file holds, nothing is raised: what is not understood is counted.

        Args:
            path: a file as `adapters.plan.Transcripts` names it.
            skipped: is added to.
            wanted: lets a reader pass over what it need not read; it may yield more.
        """
        ...
