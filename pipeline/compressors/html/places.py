"""Where in a page the sentences of its Markdown stand, so that those left out can be had from the page by number."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from pipeline.compressors.html.markdown import Markdown
from pipeline.compressors.html.scan import TEXT, Piece

_WORD = re.compile(r"\S+")


def places(
    page: str, pieces: Iterable[Piece], units: Sequence[tuple[int, int]], anchors: Sequence[tuple[int, str]] = ()
) -> tuple[tuple[int, int], ...]:
    """For each unit the characters ``[start, end)`` of the page from its first word to its last.

    Args:
        page: what the pieces are of.
        pieces: as they were when the Markdown was made.
        units: offsets in the Markdown, ascending.
        anchors: as they were when the Markdown was made.
    """
    markdown = Markdown(anchors)
    sources: list[Piece] = []
    markdown.read(_watched(pieces, markdown.parts, sources))
    text = "".join(markdown.parts)
    origin = _Origin(page, markdown.parts, sources)
    found = []
    for start, end in units:
        words = text[start:end]
        first = start + len(words) - len(words.lstrip())
        last = max(first, start + len(words.rstrip()) - 1)
        found.append((origin.of(first)[0], origin.of(last)[1]))
    return tuple(found)


def _watched(pieces: Iterable[Piece], parts: Sequence[str], sources: list[Piece]) -> Iterator[Piece]:
    """The pieces, noting for each part of the Markdown, once it is written, from which piece it came."""
    for piece in pieces:
        yield piece
        more = len(parts) - len(sources)
        if more > 0:
            sources += [piece] * more
        elif more < 0:  # marks that nothing followed were taken back
            del sources[more:]


class _Origin:
    """From an offset in the Markdown to the word of the page that stands there; asked in ascending order it takes linear time."""

    def __init__(self, page: str, parts: Sequence[str], sources: Sequence[Piece]) -> None:
        self._page = page
        self._parts = parts
        self._sources = sources
        self._starts = [0, *accumulate(map(len, parts))]
        self._part = -1
        self._shown: list[int] = []  # where the words of the part in hand begin in it …
        self._written: list[tuple[int, int]] = []  # … and where they stand in the page

    def of(self, offset: int) -> tuple[int, int]:
        """The characters of the page that the word at an offset stands for; those of the whole tag for what is no text."""
        if not self._sources:
            return 0, len(self._page)
        part = min(bisect_right(self._starts, offset) - 1, len(self._sources) - 1)
        kind, _, text, start, end = self._sources[part]
        if part != self._part:
            self._part = part
            as_written = kind == TEXT and len(text) == end - start and self._page.startswith(text, start)
            self._shown = [m.start() for m in _WORD.finditer(self._parts[part])] if as_written else []
            self._written = [(start + m.start(), start + m.end()) for m in _WORD.finditer(text) for _ in range(_words(m[0]))] if as_written else []
        if not self._written:
            return start, end
        word = bisect_right(self._shown, offset - self._starts[part]) - 1
        return self._written[min(max(0, word), len(self._written) - 1)]


def _words(written: str) -> int:
    """How many words it is that are written without a blank: character references may stand for blanks."""
    return len(html.unescape(written).split()) if "&" in written else 1
