"""An agent's instruction files as values: what they weigh, what changed in them during the session and by whom, what stands in two of them.

Pure: `Watched` is told of files and events and gives snapshots. The files are found and watched by `headroom_wrap.supervisor.watcher`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from headroom_wrap.events import Began, Event
from pipeline import tokens

_LEAST_PARAGRAPH = 80  # characters: shorter ones are headings and commands, which may well stand twice
_MOST_CHANGES = 100
_BLANK = re.compile(r"\n[ \t]*\n")
_CONDITION = re.compile(r"^(?:paths|globs|applyTo):[ \t]*\S|^paths:[ \t]*$", re.MULTILINE)
_ALWAYS = re.compile(r"^alwaysApply:[ \t]*true\b|^applyTo:[ \t]*[\"']?\*\*[\"']?[ \t]*$", re.MULTILINE)
_MOST_HEAD = 4096  # characters


class Who(str, enum.Enum):
    """Who changed a file, as far as it can be told."""

    AGENT = "the agent"  # one of its tool calls named the file
    PERHAPS = "the agent, it seems"  # it was running tools, of which not all are told
    OTHER = "you or another program"
    HEADROOM = "Headroom"


@dataclass(frozen=True, slots=True)
class InstructionFile:
    """One file.

    Args:
        path: as it is shown: from the working folder, or from ``~``.
        tokens: what it weighs (estimated).
        always: it stands in every request; else only once the agent works where it belongs.
    """

    path: str
    tokens: int
    always: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not as it was.

    Args:
        path: as it is shown.
        time: of the last change, in Unix time.
        before, after: its tokens (estimated); None where there was, or is, no file.
        who: changed it.
    """

    path: str
    time: float
    before: int | None
    after: int | None
    who: Who


@dataclass(frozen=True, slots=True)
class Duplicate:
    """What stands in two files that are both read.

    Args:
        first, second: their paths as they are shown.
        paragraphs: how many.
        tokens: of them, once (estimated).
    """

    first: str
    second: str
    paragraphs: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Instructions:
    """All of an agent's instruction files at one time; the changes are in the order of time."""

    files: tuple[InstructionFile, ...] = ()
    changes: tuple[Change, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()

    @property
    def standing(self) -> int:
        """Tokens that stand in every request (estimated)."""
        return sum(file.tokens for file in self.files if file.always)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A change of which it is not known yet who made it: the agent's next request will tell."""

    text: str | None
    time: float


class Watched:
    """The files of one session.

    Args:
        ours: what Headroom itself writes into such files during the session, by path as it is shown.
    """

    def __init__(self, ours: Mapping[str, str] | None = None) -> None:
        self._ours = dict(ours or {})
        self._texts: dict[str, str] = {}
        self._always: dict[str, bool] = {}
        self._pending: dict[str, _Pending] = {}
        self._changes: list[Change] = []
        self._blocks = 0

    def found(self, path: str, text: str, *, always: bool) -> None:
        """A file as it stood when the session began, or when another began to import it."""
        self._texts[path] = text
        self._always[path] = always

    def dropped(self, path: str) -> None:
        """A file is not read any more, as no other imports it: that is a change of the other."""
        self._texts.pop(path, None)
        self._pending.pop(path, None)

    def changed(self, path: str, text: str | None, now: float, *, always: bool = True) -> None:
        """A file as it is now; None: it is gone. What is as it was is no change."""
        self._always.setdefault(path, always)
        before = self._pending[path].text if path in self._pending else self._texts.get(path)
        if text is not None:
            self._texts[path] = text
        else:
            self._texts.pop(path, None)
        if text == before:
            self._pending.pop(path, None)
        elif text is not None and text == self._ours.get(path):
            self._pending.pop(path, None)
            self._book(path, before, now, Who.HEADROOM)
        else:
            self._pending[path] = _Pending(before, now)

    def take(self, event: Event) -> bool:
        """Learn from the agent's requests who made the changes before them. True: it is known of a change now."""
        if not isinstance(event, Began) or (not event.blocks and self._blocks):
            return False  # a title, a summary: it says nothing of the conversation
        ran_tools = event.blocks > self._blocks
        self._blocks = event.blocks
        known = bool(self._pending)
        named = "\n".join(block.label for block in event.decided)
        for path, pending in list(self._pending.items()):
            who = Who.AGENT if PurePath(path).name in named else Who.PERHAPS if ran_tools else Who.OTHER
            del self._pending[path]
            self._book(path, pending.text, pending.time, who)
        return known

    def _book(self, path: str, before: str | None, now: float, who: Who) -> None:
        self._changes.append(Change(path, now, _weight(before), _weight(self._texts.get(path)), who))
        del self._changes[:-_MOST_CHANGES]

    def snapshot(self) -> Instructions:
        """As things stand. A change that no request has followed was not the agent's, as far as is known."""
        open_changes = [
            Change(path, pending.time, _weight(pending.text), _weight(self._texts.get(path)), Who.OTHER) for path, pending in self._pending.items()
        ]
        files = [InstructionFile(path, tokens.estimate(text), self._always[path] and not conditional(text)) for path, text in self._texts.items()]
        return Instructions(
            tuple(sorted(files, key=lambda file: (not file.always, -file.tokens, file.path))),
            tuple(sorted([*self._changes, *open_changes], key=lambda change: change.time)),
            duplicates(self._texts),
        )


def conditional(text: str) -> bool:
    """Whether a rule says in its head that it is for some files only."""
    if not text.startswith("---\n"):
        return False
    head = text[4 : max(text.find("\n---", 3, _MOST_HEAD), 4)]
    return _CONDITION.search(head) is not None and _ALWAYS.search(head) is None


def duplicates(texts: Mapping[str, str]) -> tuple[Duplicate, ...]:
    """Paragraphs that stand in more than one of several files, the heaviest pair first. White space does not count."""
    homes: dict[str, str] = {}
    found: dict[tuple[str, str], Duplicate] = {}
    for path in sorted(texts):
        own = dict.fromkeys(" ".join(part.split()) for part in _BLANK.split(texts[path]))
        for paragraph in own:
            if len(paragraph) < _LEAST_PARAGRAPH:
                continue
            home = homes.setdefault(paragraph, path)
            if home != path:
                known = found.get((home, path), Duplicate(home, path, 0, 0))
                weight = known.tokens + tokens.estimate(paragraph)
                found[home, path] = replace(known, paragraphs=known.paragraphs + 1, tokens=weight)
    return tuple(sorted(found.values(), key=lambda twice: (-twice.tokens, twice.first, twice.second)))


def _weight(text: str | None) -> int | None:
    return None if text is None else tokens.estimate(text)
