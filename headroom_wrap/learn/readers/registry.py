"""Which agents' transcripts are read, and where they are found. Adding an agent is a file with a reader and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from adapters.plan import Adapter, Transcripts
from adapters.registry import ADAPTERS
from headroom_wrap.learn import hook_log
from headroom_wrap.learn.git import root
from headroom_wrap.learn.model import Session, Skipped
from headroom_wrap.learn.readers import cursor
from headroom_wrap.learn.readers.api import Reader, Wanted
from headroom_wrap.learn.readers.claude import Claude
from headroom_wrap.learn.readers.codex import Codex
from headroom_wrap.learn.readers.copies import Copies
from headroom_wrap.learn.readers.copilot import Copilot
from headroom_wrap.learn.readers.cursor import Cursor
from headroom_wrap.learn.readers.gemini import Gemini
from headroom_wrap.learn.readers.opencode import OpenCode

READERS: dict[str, Reader] = {
    reader.agent: reader for reader in (kind(ADAPTERS[kind.agent].tool_kinds) for kind in (Claude, Codex, Copilot, Cursor, Gemini, OpenCode))
}
_COMPRESSED = ".zst"


def sessions(
    environ: Mapping[str, str],
    home: Path,
    *,
    project: Path | None = None,
    agent: str | None = None,
    since: float = 0.0,
    state: Path | None = None,
    skipped: Skipped | None = None,
    goes_on: Callable[[], bool] | None = None,
) -> Iterator[Session]:
    """The sessions that agents have kept, an agent after the other, the files of each in the order of their names.

    What a session has copied from another is left out of it, so that nothing counts twice as evidence. Its ``project`` is the repository that it
    was started in, whichever folder of it that was: what is learned in one holds in the other, and goes to the same files.

    Args:
        environ: the user's environment: it moves agents' folders.
        home: the user's.
        project: only sessions started in this folder or below it.
        agent: only this one's, by the adapter's name.
        since: only what went on after this Unix time in seconds.
        state: our own state folder, where the log of Cursor's hooks is.
        skipped: is added to.
        goes_on: once it says no, nothing more is read; what was read of a session until then comes as all of it.
    """
    skipped = Skipped() if skipped is None else skipped
    wanted = Wanted(str(project) if project is not None else "", since, *([goes_on] if goes_on is not None else []))
    copies = Copies()
    repository = lru_cache(maxsize=4096)(lambda folder: str(root(Path(folder), home)))
    for reader, path in files(environ, home, wanted, agent=agent, state=state):
        for session in reader.read(path, skipped, wanted):
            own = copies.cut(session)
            if own is not None and wanted.wants(own):
                yield replace(own, project=repository(own.project)) if own.project else own


def files(
    environ: Mapping[str, str], home: Path, wanted: Wanted, *, agent: str | None = None, state: Path | None = None
) -> Iterator[tuple[Reader, Path]]:
    """The files that may hold wanted sessions, each with what reads it."""
    for name, reader in READERS.items():
        if agent not in (None, name):
            continue
        for path in _found(_place(ADAPTERS[name], environ, home, state)):
            if _changed(path) >= wanted.since and reader.concerns(path, wanted):
                yield reader, path


def _place(adapter: Adapter, environ: Mapping[str, str], home: Path, state: Path | None) -> Transcripts | None:
    if adapter.name == Cursor.agent:
        return Transcripts(state / hook_log.FOLDER, cursor.PATTERN) if state is not None else None
    return adapter.transcripts(environ, home)


def _found(place: Transcripts | None) -> list[Path]:
    if place is None:
        return []
    try:
        if not place.pattern:
            return [place.root] if place.root.is_file() else []
        found = {path for pattern in (place.pattern, place.pattern + _COMPRESSED) for path in place.root.glob(pattern)}
        return sorted(path for path in found if path.is_file())
    except OSError:
        return []


def _changed(path: Path) -> float:
    """When a file last changed; a database also by the log beside it."""
    times = [0.0]
    for one in (path, path.with_name(path.name + "-wal")):
        try:
            times.append(one.stat().st_mtime)
        except OSError:
            continue
    return max(times)
