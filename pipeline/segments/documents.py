"""JSON documents on lines of their own, and whether they are data: many objects or rows of a kind, not settings and not prose in quotes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline.compressors.smart_crusher.parse import Refused, scan
from pipeline.segments.sentences import worded

_MOST_PASSES = 8  # over the text, for places that look like JSON and are none
_MOSTLY = 0.8  # of a value
_MOST_LOOKED = 2_000  # containers
_LEAST_ALIKE = 8  # objects or rows
_LEAST_HELD = 100  # values of any kind: settings hold fewer
_OPENS = re.compile(r"\s{0,200}(?:\{\s{0,200}(?:[\"}]|$)|\[\s{0,200}(?:[\[{\"]|$))")
_STRING = re.compile(r'"([^"\\]{40,4000}(?:\\.[^"\\]{0,4000}){0,200})')
_SAMPLE = 200_000  # characters
_PROSE = 0.4  # of the characters


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document.

    Args:
        end: the line after its last.
        bulk: it is data.
    """

    end: int
    bulk: bool


class Documents:
    """Looks for documents in lines ``[start, end)`` of a text."""

    def __init__(self, lines: Sequence[str], start: int, end: int) -> None:
        self._lines = lines[start:end]
        self._first = start
        self._text = ""
        self._starts: list[int] = []
        self._passes = 0.0  # in vain

    def at(self, line: int) -> Document | None:
        """The document that begins with the first character of a line but for blanks, and ends with the last one of a line; None if none does."""
        at = line - self._first
        if self._passes >= _MOST_PASSES or not _OPENS.match(self._lines[at][:500]):
            return None
        if not self._starts:
            self._text = "\n".join(self._lines)
            self._starts = [0, *accumulate(len(one) + 1 for one in self._lines)]
        start = self._starts[at] + len(self._lines[at]) - len(self._lines[at].lstrip())
        try:
            value, end = scan(self._text, start)
        except (ValueError, Refused):
            self._passes += 1  # at most: an error does not say how far it was looked for
            return None
        last = bisect_right(self._starts, end - 1) - 1
        if self._text[end : self._starts[last + 1] - 1].strip():
            self._passes += (end - start) / len(self._text)
            return None
        return Document(self._first + last + 1, _many(value) and not prose(self._text[start:end]))


def _many(value: object) -> bool:
    """Whether a value is lists of objects or rows, or very many values, nearly all of it: what holds a list among other things may be settings."""
    waiting = [value]
    lists: list[object] = []
    at = 0
    while at < len(waiting) and at < _MOST_LOOKED:
        one = waiting[at]
        at += 1
        inside: Sequence[object] = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else ()
        if len(inside) >= _LEAST_HELD or (isinstance(one, list) and sum(isinstance(held, (dict, list)) for held in inside) >= _LEAST_ALIKE):
            lists.append(one)
        else:
            waiting += [held for held in inside if isinstance(held, (dict, list))]
    return bool(lists) and sum(len(repr(one)) for one in lists) >= _MOSTLY * len(repr(value))


def prose(source: str) -> bool:
    """Whether a good part of a JSON text is what people wrote: messages, instructions, examples."""
    sample = source[:_SAMPLE]
    written = sum(len(found[0]) for found in _STRING.finditer(sample) if worded(found[1].replace("\\n", " ")))
    return written > _PROSE * len(sample)
