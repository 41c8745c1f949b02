"""Where the records of a document stand in its text, so that they can be retrieved by number."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import cast

from pipeline.compressors.smart_crusher.parse import Document, Steps, blank, scan

_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")


def record_spans(text: str, root: Steps, chain: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    """The offsets ``[start, end)`` of every element of a collection.

    Args:
        text: a JSON document that parses.
        root: keys and indexes that lead to the outermost collection.
        chain: for a collection within the elements of another, the keys that lead from an element to the inner list, level by level.
    """
    at = _find(text, root)
    return [] if at is None else _elements(text, at, chain)


def in_original(document: Document, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Offsets in a document's source as offsets in the original text, through the escapes of the string that holds it."""
    if document.parent is None:
        return [(start + document.start, end + document.start) for start, end in spans]
    at = _find(document.parent.source, document.steps)
    if at is None:
        return []
    inner, outer = _escapes(document.parent.source, at + 1)

    def place(offset: int) -> int:
        i = bisect_right(inner, offset) - 1
        return outer[i] + offset - inner[i]

    return in_original(document.parent, [(place(start), place(end)) for start, end in spans])


def _escapes(text: str, at: int) -> tuple[list[int], list[int]]:
    """Behind each escape of the string that starts at ``at``: the offset in its value, and in the text."""
    _, end = scanstring(text, at, True)
    inner, outer = [0], [at]
    for match in _ESCAPE.finditer(text, at, end - 1):
        inner.append(inner[-1] + match.start() - outer[-1] + 1)
        outer.append(match.end())
    return inner, outer


def _find(text: str, root: Steps) -> int | None:
    at: int | None = blank(text, 0)
    for step in root:
        if at is None:
            return None
        at = _member(text, at, step)
    return at


def _elements(text: str, at: int, chain: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    if not chain:
        return [(start, end) for start, _, end in _members(text, at)]
    found: list[tuple[int, int]] = []
    for _, start, _ in _members(text, at):
        inner: int | None = start
        for key in chain[0]:
            inner = None if inner is None or text[inner] != "{" else _member(text, inner, key)
        if inner is not None and text[inner] == "[":
            found += _elements(text, inner, chain[1:])
    return found


def _member(text: str, at: int, step: str | int) -> int | None:
    """Where the value of a key or index starts, in the container that starts at ``at``."""
    for i, (start, value, _) in enumerate(_members(text, at)):
        if step == i if type(step) is int else _key(text, start) == step:
            return value
    return None


def _key(text: str, at: int) -> str:
    return cast("str", scanstring(text, at + 1, True)[0])


def _members(text: str, at: int) -> Iterator[tuple[int, int, int]]:
    """Of each element of a list, or member of an object: where it starts, where its value starts, where it ends."""
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
