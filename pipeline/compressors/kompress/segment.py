"""A text in units: sentences, headings, list items, tables, code. Their offsets partition it, so any of them can be left out or got back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from pipeline.compressors.kompress.english import BEFORE_FIGURES, SENTENCE_STARTERS, TITLES, UNDECIDED
from pipeline.compressors.kompress.layout import Block, Kind, Layout


class Unit(NamedTuple):
    """Characters ``[start, end)`` of a text, blanks and line breaks behind them included.

    Args:
        start, end: where it stands.
        kind: SENTENCE; ITEM for the first sentence of a list item, or a described term with its first; HEADING with its underline; the whole
            of TABLE and CODE; BLANK for empty lines.
        paragraph: number of the paragraph, item, table … that it is a part of, from 0; empty lines have that of what stands before them. Lines
            that were ended on purpose are paragraphs of their own: within one a line break is as good as a blank.
    """

    start: int
    end: int
    kind: Kind
    paragraph: int


# The end of a sentence: marks, what closes quotes and brackets behind them, and blanks. East Asian marks need no blank.
_END = re.compile(r"[.!?…]{1,8}[\"'”’)\]»*_`]{0,4}\s+")
_EAST_ASIAN_END = re.compile(r"[。！？][”’」』）]{0,2}\s*")
_WORD_BEFORE = re.compile(r"[\w.&]{1,12}$")
_WORD = re.compile(r"[\"'“‘(\[*_`]{0,4}([^\W_]{1,20})")
_ITEM_MARK = re.compile(r"\s*\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]$")
_FIELD = re.compile(r"[A-Z][\w -]{1,30}: {1,8}\S")
_BEFORE = 14
_NONE: frozenset[int] = frozenset()


def segment(text: str) -> tuple[Unit, ...]:
    """The units of a text, in order and without a gap: joined they are the text again."""
    if not text:
        return ()
    layout = Layout(text.split("\n"))
    starts = [0, *accumulate(len(line) + 1 for line in layout.lines)]
    starts[-1] = len(text)
    units: list[Unit] = []
    paragraph = -1
    ascii_only = text.isascii()
    for block in layout.blocks():
        start, end = starts[block.first], starts[block.last]
        if start == end:  # behind the last line break
            continue
        kind = block.kind
        if kind is Kind.CODE and units and units[-1].kind is Kind.CODE:
            units[-1] = units[-1]._replace(end=end)
            continue
        if kind is not Kind.BLANK or paragraph < 0:
            paragraph += 1
        if kind is Kind.SENTENCE or kind is Kind.ITEM:
            breaks = {starts[n] for n in _hard_breaks(layout, block)} if block.last - block.first > 1 else _NONE
            ends = _sentence_ends(text, start, end)
            for cut in sorted({*ends, *breaks}) if breaks or not ascii_only else ends:  # in ASCII they come in their order
                units.append(Unit(start, cut, kind, paragraph))
                start, kind = cut, Kind.SENTENCE
                paragraph += cut in breaks
        units.append(Unit(start, end, kind, paragraph))
    return tuple(units)


def _hard_breaks(layout: Layout, block: Block) -> Iterator[int]:
    """Lines that begin a unit of their own: the line above was ended on purpose, long before it was full."""
    first, last = block.first, block.last
    width = layout.width
    if last - first > 2:
        longest = max(map(len, layout.lines[first:last]))
        width = min(width, longest) if longest * 2 >= width else width
    fields = block.kind is Kind.SENTENCE and _FIELD.match(layout.stripped[first]) is not None
    for n in range(first + 1, last):
        if n == first + 1 and block.kind is Kind.ITEM and layout.indents[n] > layout.indents[first]:
            continue  # a term and the first sentence of its description are one
        if (fields and _FIELD.match(layout.stripped[n])) or not layout.wrapped(n, width):
            yield n


def _sentence_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Positions behind sentences within ``[start, end)``, but for the last."""
    for match in _END.finditer(text, start, end):
        cut = match.end()
        if cut < end and _is_end(text, start, match.start(), cut):
            yield cut
    for match in _EAST_ASIAN_END.finditer(text, start, end) if not text.isascii() else ():
        if match.end() < end:
            yield match.end()


def _is_end(text: str, start: int, mark: int, cut: int) -> bool:
    """Whether the full stop at ``mark`` ends a sentence; what follows begins at ``cut``."""
    if text[mark] != ".":
        return not text[cut].islower()
    following = text[cut]
    if following.islower():
        return False
    if text[mark : mark + 2] == "..":
        return True
    before = _WORD_BEFORE.search(text, max(start, mark - _BEFORE), mark)
    if before is None:
        return True
    word = before[0].lower().lstrip(".")
    if word in TITLES or (word in BEFORE_FIGURES and following.isdigit()):
        return False
    if _ITEM_MARK.fullmatch(text[start : mark + 1] if mark - start < _BEFORE else ""):
        return False
    if word in UNDECIDED or (len(word) == 1 and word.isalpha()) or (len(word) == 3 and word[1] == "."):
        begins = _WORD.match(text, cut)
        return begins is not None and begins[1].lower() in SENTENCE_STARTERS and begins[1][0].isupper()
    return True
