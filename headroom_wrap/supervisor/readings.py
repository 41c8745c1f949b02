"""Which instruction files are read and what stands in them: those that the agent looks for, and what they import.

It reads the disk when it is told to and knows nothing of watching. One file counts once, whatever links lead to it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from headroom_wrap.supervisor import regular
from headroom_wrap.supervisor.imports import Importer
from headroom_wrap.supervisor.instructions import conditional

_MOST_BYTES = 1 << 20  # of a file
_MOST_IMPORTED = 200  # files, the missing ones too


class Candidate(NamedTuple):
    """A file that may be there.

    Args:
        path: where.
        always: it would stand in every request.
        top: the instruction file whose imports lead to it, by several hops perhaps; its own path where the agent looks for it by itself.
        hops: how many imports lead to it.
    """

    path: Path
    always: bool
    top: Path
    hops: int = 0


def root(path: Path, *, always: bool) -> Candidate:
    """A file that the agent looks for by itself."""
    return Candidate(path, always, path)


class Seen(NamedTuple):
    """A file as it was found.

    Args:
        candidate: which.
        text: what stands in it; None where it is not there, or counts under another name.
        time: when, in Unix time.
        first: it was not known before, so that this is no change of it.
        dropped: it is not read any more.
    """

    candidate: Candidate
    text: str | None
    time: float
    first: bool
    dropped: bool = False


class Readings:
    """The files of one session. Its methods may be called from several threads.

    Args:
        importer: where imports lead.
        tell: takes what was found, in its order; it must not block.
    """

    def __init__(self, importer: Importer, tell: Callable[[Seen], None]) -> None:
        self._importer, self._tell = importer, tell
        self._lock = threading.Lock()  # what is read first is told first
        self._candidates: dict[Path, Candidate] = {}
        self._leads: dict[Path, tuple[Path, ...]] = {}  # what each imports
        self._reals: dict[Path, Path] = {}  # where each is behind links
        self._counted: dict[Path, Path] = {}  # by that place: the name under which it counts

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Know of files that the agent looks for, and of what they import."""
        with self._lock:
            for candidate in candidates:
                known = self._candidates.get(candidate.path)
                if known is None or known.hops:
                    self._take(candidate._replace(always=candidate.always or (known is not None and known.always)))

    def look(self, path: Path | None = None) -> bool:
        """Read the files that are at a path, links aside; all of them without one. False: none is."""
        with self._lock:
            found = [c for c in self._candidates.values() if path is None or path in (c.path, self._reals.get(c.path))]
            for candidate in found:
                if self._candidates.get(candidate.path) is candidate:  # those before it may have dropped it
                    self._read(candidate)
            return bool(found)

    def folders(self) -> list[Path]:
        """Where the files are, and where links to them lead."""
        with self._lock:
            return list(dict.fromkeys(place.parent for path in self._candidates for place in (path, self._reals.get(path, path))))

    # The lock is held

    def _take(self, candidate: Candidate) -> None:
        self._candidates[candidate.path] = candidate
        self._read(candidate, first=True)

    def _read(self, candidate: Candidate, *, first: bool = False) -> None:
        """Read a file, tell what was found, and follow what it imports."""
        path = candidate.path
        freed = self._settle(path)
        text = _text(candidate) if self._counted.get(self._reals[path]) == path else None
        self._tell(Seen(candidate, text, time.time(), first))
        self._follow(candidate, text or "")
        self._recount(freed)

    def _settle(self, path: Path) -> set[Path]:
        """See where a path leads and whether what is there counts under this name; return the place where none counts any more."""
        real, before = Path(os.path.realpath(path)), self._reals.get(path)
        self._reals[path] = real
        freed = set() if before is None or before == real else self._free(path, before)
        self._counted.setdefault(real, path)
        return freed

    def _free(self, path: Path, real: Path) -> set[Path]:
        """A name does not lead to a place any more: return the place if that was the name under which it counted."""
        if self._counted.get(real) != path:
            return set()
        del self._counted[real]
        return {real}

    def _recount(self, freed: set[Path]) -> None:
        """Read the files at these places under other names that lead there: one of those counts now."""
        for candidate in [c for c in self._candidates.values() if self._reals.get(c.path) in freed] if freed else ():
            if self._candidates.get(candidate.path) is candidate:  # those before it may have dropped it
                self._read(candidate, first=True)

    def _follow(self, candidate: Candidate, text: str) -> None:
        """Know of what a file imports, and drop what none imports any more."""
        before = self._leads.get(candidate.path, ())
        deeper = candidate.hops < self._importer.hops
        leads = self._importer.targets(text, candidate.path, candidate.top)[:_MOST_IMPORTED] if deeper else ()
        self._leads[candidate.path] = leads
        always, hops = candidate.always and not conditional(text), candidate.hops + 1
        for path in leads:
            known = self._candidates.get(path)
            if known is None and sum(1 for c in self._candidates.values() if c.hops) < _MOST_IMPORTED:
                self._take(Candidate(path, always, candidate.top, hops))
            elif known is not None and ((always and not known.always) or hops < known.hops):
                self._take(known._replace(always=always or known.always, hops=min(hops, known.hops)))
        if not set(before) <= set(leads):
            self._drop()

    def _drop(self) -> None:
        """Drop the files to which no import leads any more."""
        reached = [c.path for c in self._candidates.values() if not c.hops]
        kept = set(reached)
        for path in reached:  # it grows meanwhile
            new = [lead for lead in self._leads.get(path, ()) if lead in self._candidates and lead not in kept]
            kept.update(new)
            reached += new
        freed: set[Path] = set()
        for path in [path for path in self._candidates if path not in kept]:
            candidate = self._candidates.pop(path)
            self._leads.pop(path, None)
            freed |= self._free(path, self._reals.pop(path, path))
            self._tell(Seen(candidate, None, time.time(), first=False, dropped=True))
        self._recount(freed)


def _text(candidate: Candidate) -> str | None:
    data = regular.read(candidate.path, _MOST_BYTES)
    if data is None or (candidate.hops and b"\0" in data):  # a picture, say
        return None
    return data.decode("utf-8", "replace")
