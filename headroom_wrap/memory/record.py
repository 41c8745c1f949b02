"""Remembering: which files of the project stood in the tool results of a request. In a thread of the store's, after the response."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headroom_wrap.memory import disk
from pipeline import ccr, tokens
from pipeline.dialects.api import Transcript
from pipeline.memory import reading
from pipeline.memory.recall import shown_key
from pipeline.store.api import Decision, Memory, Store
from pipeline.transcript import Item, ItemKind, ToolKind

log = logging.getLogger(__name__)

_FOLDERS = ("workdir", "cwd", "working_directory", "directory", "dir_path")  # what agents call the folder that a command runs in


@dataclass(frozen=True, slots=True)
class Recorder:
    """Remembers for one session.

    Args:
        project: identity of the project.
        top: its folder.
        folder: where the agent runs, which its relative paths are relative to.
        agent: its name.
        clock: Unix time in seconds.
    """

    project: str
    top: Path
    folder: Path
    agent: str
    clock: Callable[[], float] = time.time

    def record(self, store: Store, transcript: Transcript, forms: Mapping[str, str], session: str) -> int:
        """Remember the files that the request's new tool results show. Returns how many.

        A result is held against the file: what does not stand there, word for word, is not remembered as that file.

        Args:
            store: where to.
            transcript: the request.
            forms: what was sent in place of blocks, by the first 8 digits of their originals' handles.
            session: of the agent.

        Raises:
            StoreError: it cannot be written.
        """
        made: list[Memory] = []
        shown: list[Decision] = []
        for item in transcript.items[transcript.turn :]:
            for found in self._files(item):
                part = reading.shown(item.text, found.text)
                if part is None:
                    continue
                digest = hashlib.sha256(part.text.encode()).hexdigest()
                handle = store.put_original(part.text, label=found.key)
                count = tokens.estimate(part.text)
                now = self.clock()
                made.append(Memory(self.project, found.key, digest, handle, "file", self.agent, session, now, count, found.stamp, part.label))
                form = forms.get(ccr.handle_of(item.text))
                shown.append(Decision(shown_key(digest), form, "shown", handle=handle, tokens_before=count))
                break
        store.remember(made)
        store.freeze(shown)
        return len(made)

    def _files(self, item: Item) -> Iterator[disk.Found]:
        """Files that a tool result may show, the likeliest first."""
        call = item.call
        if item.kind is not ItemKind.TOOL_RESULT or item.is_error or call is None or call.kind is not ToolKind.READ or not call.path:
            return
        if len(item.text) < reading.LEAST_CHARS:
            return
        folders = [v for k in _FOLDERS if isinstance(v := call.arguments.get(k), str) and v]
        for base in dict.fromkeys([*(self.folder / f for f in folders), self.folder, self.top]):
            found = disk.look(base / call.path, self.top)
            if found is not None:
                yield found
