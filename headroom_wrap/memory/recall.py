"""Answering from memory: what was read of a path, or which lines of what was read match, each held against the disk before it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from headroom_wrap.memory import disk
from pipeline import ccr, tokens
from pipeline.memory import notes
from pipeline.memory.notes import Note, State
from pipeline.memory.recall import shared_key, shown_key
from pipeline.store.api import Store

_MOST_MEMORIES = 2_000
_MOST_HITS = 20  # lines of one content
_SEARCH_S = 2.0


@dataclass(frozen=True, slots=True)
class Recall:
    """The memory of one project.

    Args:
        project: its identity.
        top: its folder, ``""`` where files cannot be looked at.
        clock: Unix time in seconds.
    """

    project: str
    top: str = ""
    clock: Callable[[], float] = time.time

    def notes(self, store: Store, wanted: str = "") -> list[Note]:
        """What is remembered of a path or a part of one, all for ``""``: newest first, held against the disk.

        Raises:
            StoreError: the store cannot be read.
        """
        found = notes.gather(store.memories(self.project, limit=_MOST_MEMORIES)) if self.project else []
        return [self._checked(store, note) for note in found if _is_of(note.key, wanted)]

    def answer(self, store: Store, wanted: str) -> str:
        """What an agent is told.

        Args:
            store: where memories are.
            wanted: a path, a part of one, or a regular expression for what was read; ``""`` for what was read last.

        Raises:
            StoreError: the store cannot be read.
            RetrievalError: it is no path that was read, and no expression that can be searched for.
        """
        wanted = wanted.strip()
        now = self.clock()
        found = self.notes(store, wanted.removeprefix("./"))
        if found and len({note.key for note in found}) == 1:
            return notes.single(found[0], self.text(store, found[0]), now)
        if found:
            return notes.listing(found, now)
        if not wanted:
            return "Nothing has been read in this project with memory on yet."
        hits = list(self._searched(store, wanted))
        return notes.lines_found(hits, now) if hits else f"Nothing that was read in this project before is called {wanted!r}, or matches it."

    def text(self, store: Store, note: Note) -> str:
        """What is shown of a note: what its first reader was sent, or an outline where that was too long to show."""
        key = shared_key(note.digest) if note.state is State.NOTE else shown_key(note.digest)
        decision = store.decisions([key]).get(key)
        if decision is not None and decision.text is not None:
            return decision.text
        original = store.original(note.handle)
        if original is None:
            return ""
        return original.text if tokens.estimate(original.text) <= notes.BUDGET else outline(original.text, note.key)

    def _searched(self, store: Store, pattern: str) -> Iterator[tuple[Note, list[str]]]:
        deadline = time.monotonic() + _SEARCH_S
        for note in notes.gather(store.memories(self.project, limit=_MOST_MEMORIES)) if self.project else []:
            if time.monotonic() > deadline:
                return
            found = ccr.retrieve(store, note.handle, None, pattern) if store.original(note.handle) is not None else None
            if found is not None and found.shown:
                yield self._checked(store, note), found.text.split("\n")[:_MOST_HITS]

    def _checked(self, store: Store, note: Note) -> Note:
        original = store.original(note.handle) if self.top else None
        return replace(note, state=disk.state(note, original.text, Path(self.top))) if original is not None else note


def outline(text: str, path: str) -> str:
    """A file in fewer tokens, its beginning if nothing else is known of its kind."""
    from pipeline.compressors.api import Content  # late: the compressors and their grammars are large
    from pipeline.policy import Policy, Profile
    from pipeline.router import route
    from pipeline.tool_calls import describe

    call = describe("", "Read", {"file_path": path}, {})
    outcome = route(Content(text, call=call), (), Policy(profile=Profile.AGGRESSIVE, floor_tokens=notes.BUDGET // 2))
    return outcome.text if outcome.text is not None else text


def _is_of(key: str, wanted: str) -> bool:
    return not wanted or wanted.rstrip("/") in key or (wanted.startswith("/") and wanted.endswith("/" + key))
