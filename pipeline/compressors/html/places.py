"""Where in a page the sentences of its Markdown stand, so that those left out can be had from the page by number."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from pipeline.compressors.html.markdown import Markdown

_WORD = re.compile(r"\S+")


def places(page: str, markdown: Markdown, units: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """For each unit the characters ``[start, end)`` of the page from its first word to its last.

    Args:
        page: what the Markdown is of.
        markdown: all of it.
        units: offsets in the Markdown, ascending.
    """
    text = "".join(markdown.parts)
    origin = _Origin(page, markdown)
    found = []
    for start, end in units:
        words = text[start:end]
        first = start + len(words) - len(words.lstrip())
        last = max(first, start + len(words.rstrip()) - 1)
        found.append((origin.of(first)[0], origin.of(last)[1]))
    return tuple(found)


class _Origin:
    """From an offset in the Markdown to the word of the page that stands there; asked in ascending order it takes linear time."""

    def __init__(self, page: str, markdown: Markdown) -> None:
        self._page = page
        self._parts = markdown.parts
        self._sources = markdown.sources
        self._starts = [0, *accumulate(map(len, markdown.parts))]
        self._part = -1
        self._whole = (0, 0)  # the piece of the page that the part in hand came from
        self._shown: Sequence[int] = ()  # where the words of the part in hand begin in it …
        self._begin: Sequence[int] = ()  # … and where they begin and end in the page
        self._end: Sequence[int] = ()

    def of(self, offset: int) -> tuple[int, int]:
        """The characters of the page that the word at an offset stands for; those of the whole tag for what is no text."""
        if not len(self._sources):
            return 0, len(self._page)
        part = min(bisect_right(self._starts, offset) - 1, len(self._sources) - 1)
        if part != self._part:
            self._part = part
            self._read(part)
        if not self._begin:
            return self._whole
        word = bisect_right(self._shown, offset - self._starts[part]) - 1
        word = min(max(0, word), len(self._begin) - 1)
        return self._begin[word], self._end[word]

    def _read(self, part: int) -> None:
        """Finds the words of a part, here and in the page."""
        start, end, plain = self._sources[part]
        self._whole = start, end
        self._shown = self._begin = self._end = ()
        if not plain:
            return
        written = self._page[start:end]
        shown = self._parts[part].strip()
        self._shown, ends = _words(self._parts[part])
        if "&" not in written and written.strip() == shown:
            offset = start + written.index(shown) - (self._shown[0] if self._shown else 0)
            self._begin, self._end = [at + offset for at in self._shown], [at + offset for at in ends]
        else:
            found = [m for m in _WORD.finditer(written) for _ in range(_shown_as(m[0]))]
            self._begin, self._end = [start + m.start() for m in found], [start + m.end() for m in found]


def _words(text: str) -> tuple[list[int], list[int]]:
    """Where the words of a text begin and end."""
    words = text.split()
    if sum(map(len, words)) + len(words) - 1 != len(text):
        spans = [m.span() for m in _WORD.finditer(text)]
        return [a for a, b in spans], [b for a, b in spans]
    ends = list(accumulate([len(word) + 1 for word in words]))  # one blank between two, none elsewhere
    return [0, *ends[:-1]], [end - 1 for end in ends]


def _shown_as(written: str) -> int:
    """How many words it is that are written without a blank: character references may stand for blanks."""
    return len(html.unescape(written).split()) if "&" in written else 1
