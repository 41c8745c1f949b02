"""Where in a page the sentences of its Markdown stand, so that those left out can be had from the page by number."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from pipeline.compressors.html.markdown import Markdown, unescaped

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
        found.append((origin.begin(first), origin.end(last)))
    return tuple(found)


class _Origin:
    """From an offset in the Markdown to the word of the page that stands there; asked in ascending order it takes linear time.

    Words of what is no text are not told apart: they stand for the whole tag.
    """

    def __init__(self, page: str, markdown: Markdown) -> None:
        self._page = page
        self._parts = markdown.parts
        self._sources = markdown.sources
        self._starts = [0, *accumulate(map(len, markdown.parts))]
        self._part = -1
        self._from = self._to = 0  # where the part in hand stands in the Markdown
        self._text = ""  # the part in hand
        self._shift: int | None = None  # from the Markdown to the page, where the part stands there as it is but for the kind of its blanks
        self._read = False  # the words of the part are known …
        self._shown: Sequence[int] = ()  # … where they begin in it …
        self._written: Sequence[tuple[int, int]] = ()  # … and where they stand in what it came from

    def begin(self, offset: int) -> int:
        """Where the word begins in the page."""
        if not self._from <= offset < self._to:
            self._take(offset)
        at, text = offset - self._from, self._text
        if self._shift is not None and at < len(text) and not text[at].isspace() and (at == 0 or text[at - 1].isspace()):
            return offset + self._shift
        return self._word(at)[0]

    def end(self, offset: int) -> int:
        """Where the word ends in the page."""
        if not self._from <= offset < self._to:
            self._take(offset)
        at, text = offset - self._from, self._text
        if self._shift is not None and at < len(text) and not text[at].isspace() and (at + 1 == len(text) or text[at + 1].isspace()):
            return offset + 1 + self._shift
        return self._word(at)[1]

    def _take(self, offset: int) -> None:
        """Takes the part that an offset stands in."""
        part = min(bisect_right(self._starts, offset) - 1, len(self._sources) - 1)
        if part < 0 or part == self._part:
            return
        self._part, self._text = part, self._parts[part]
        self._from, self._to = self._starts[part], self._starts[part + 1]
        self._shift, self._read = None, False
        start, end, plain = self._sources[part]
        written = self._page[start:end]
        if plain:
            shown, bare = self._text.strip(), written.strip()
            if shown and _alike(bare, shown):
                self._shift = start + written.index(bare[0]) - self._from - self._text.index(shown[0])

    def _word(self, at: int) -> tuple[int, int]:
        """The characters of the page that the word of the part in hand stands for."""
        if self._part < 0:
            return 0, len(self._page)
        start, end, plain = self._sources[self._part]
        if not self._read:
            self._read = True
            written = self._page[start:end] if plain else ""
            self._written = [m.span() for m in _WORD.finditer(written)]
            if "&" in written and self._shift is None:
                self._written = [(a, b) for a, b in self._written for _ in range(_words(written[a:b]))]
            self._shown = [m.start() for m in _WORD.finditer(self._text)] if self._written else ()
        if not self._written:
            return start, end
        first, last = self._written[min(max(0, bisect_right(self._shown, at) - 1), len(self._written) - 1)]
        return start + first, start + last


def _alike(written: str, shown: str) -> bool:
    """Whether two texts have the same words in the same places."""
    return written == shown or (len(written) == len(shown) and " ".join(written.split()) == shown)


def _words(written: str) -> int:
    """How many words it is that are written without a blank: character references may stand for blanks."""
    return len(unescaped(written).split())
