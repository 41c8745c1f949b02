"""Where the records of a document stand in the original text, so that they can be retrieved by number.

Nothing is located before it is asked for, and no container is scanned twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import cast

from pipeline.compressors.smart_crusher.collect import VALUE
from pipeline.compressors.smart_crusher.flatten import ITEM
from pipeline.compressors.smart_crusher.parse import blank, scan
from pipeline.forks import cached_property

_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """A JSON text.

    Args:
        text: it parses.
        shift: where it starts in the original.
        holder: the string that holds it, if it is not part of the original as it stands.
    """

    text: str
    shift: int = 0
    holder: Place | None = None

    def in_original(self, spans: Sequence[Span]) -> list[Span]:
        """Offsets in this text as offsets in the original, through the escapes of the string that holds it."""
        if self.holder is None:
            return [(start + self.shift, end + self.shift) for start, end in spans]
        inner, outer = _escapes(self.holder.source.text, self.holder.at + 1)

        def place(offset: int) -> int:
            i = bisect_right(inner, offset) - 1
            return outer[i] + offset - inner[i]

        return self.holder.source.in_original([(place(start), place(end)) for start, end in spans])


@dataclass(frozen=True)
class Place:
    """A value in a source: its root, or the member ``index`` of the container at ``parent``."""

    source: Source
    parent: Place | None = None
    index: int = 0

    def member(self, index: int) -> Place:
        """The place of an element or of a key's value."""
        return Place(self.source, self, index)

    @cached_property
    def at(self) -> int:
        """Where the value starts."""
        return blank(self.source.text, 0) if self.parent is None else self.parent.members[self.index][1]

    @cached_property
    def end(self) -> int:
        """Where the value ends; what follows the root counts as part of it."""
        return len(self.source.text) if self.parent is None else scan(self.source.text, self.at)[1]

    @cached_property
    def members(self) -> list[tuple[int, int, int]]:
        """Of each element or member: where it starts, where its value starts, where it ends."""
        return list(_members(self.source.text, self.at))

    def records(self, chain: Sequence[tuple[str, ...]]) -> list[Span]:
        """The offsets, in the source, of every element of the collection here, or of a collection within its elements.

        Args:
            chain: the keys that lead from an element to the inner list, level by level; empty for the collection itself.
        """
        if not chain:
            return [(start, end) for start, _, end in self.members]
        return [span for _, start, _ in self.members for span in _inner(self.source.text, start, chain)]


def _inner(text: str, at: int, chain: Sequence[tuple[str, ...]]) -> Iterator[Span]:
    found: int | None = at
    for key in chain[0]:
        found = None if found is None else _below(text, found, key)
    if found is None or text[found] != "[":
        return
    for start, value, end in _members(text, found):
        if len(chain) == 1:
            yield start, end
        else:
            yield from _inner(text, value, chain[1:])


def _below(text: str, at: int, key: str) -> int | None:
    """Where a step leads: into an object, to the only element of a list, or nowhere where the value itself was named."""
    if text[at] == "{":
        return _value(text, at, key)
    if text[at] != "[" or key == VALUE:
        return at if text[at] == "[" else None
    return next((start for start, _, _ in _members(text, at)), None) if key == ITEM else None


def _value(text: str, at: int, key: str) -> int | None:
    for start, value, _ in _members(text, at):
        if cast("str", scanstring(text, start + 1, True)[0]) == key:
            return value
    return None


def _members(text: str, at: int) -> Iterator[tuple[int, int, int]]:
    is_object = text[at] == "{"
    at = blank(text, at + 1)
    if text[at] in "]}":
        return
    while True:
        start = value = at
        if is_object:
            value = blank(text, blank(text, scanstring(text, at + 1, True)[1]) + 1)
        _, end = scan(text, value)
        yield start, value, end
        at = blank(text, end)
        if text[at] != ",":
            return
        at = blank(text, at + 1)


def _escapes(text: str, at: int) -> tuple[list[int], list[int]]:
    """Behind each escape of the string that starts at ``at``: the offset in its value, and in the text."""
    _, end = scanstring(text, at, True)
    inner, outer = [0], [at]
    for match in _ESCAPE.finditer(text, at, end - 1):
        inner.append(inner[-1] + match.start() - outer[-1] + 1)
        outer.append(match.end())
    return inner, outer
