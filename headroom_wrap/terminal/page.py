"""A page over the whole screen: lines of styled text in, bytes for each row out. Words and signs say what the colours say."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from headroom_wrap.terminal.panel import encode

BAD, GOOD, QUIET, STRONG, PLAIN = "red", "green", "dim", "bold", ""
_LONGEST = 1000  # characters of a row that are looked at
_TAB = 4
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe0f\ufeff]")


class Span(NamedTuple):
    """Text in one style."""

    text: str
    style: str = PLAIN


Line = tuple[Span, ...]


class Page(NamedTuple):
    """What is to be shown.

    Args:
        title: the first row.
        body: what can be scrolled.
        keys: the last row.
        selected: index in `body` of the line that a key acts on; -1 where none is.
    """

    title: Line
    body: Sequence[Line]
    keys: Line
    selected: int = -1


def body_rows(rows: int) -> int:
    """How many rows of a page of `rows` are its body's."""
    return max(rows - 3, 1)


def render(page: Page, top: int, cols: int, rows: int, *, color: bool = True) -> list[bytes]:
    """Render `rows` lines of at most cols - 1 cells; `top` is the first line of the body that is shown."""
    width = max(cols - 1, 1)
    shown = [_marked(line, top + index == page.selected) for index, line in enumerate(page.body[top : top + body_rows(rows)])]
    shown += [()] * (body_rows(rows) - len(shown))
    lines = [page.title, (), *shown, page.keys][:rows]
    return [encode([(_clean(span.text[:_LONGEST]), span.style) for span in line], width, color=color) for line in lines]


def cut(text: str, cells: int, most: int) -> tuple[list[str], int]:
    """A text as `render` shows it, in at most `most` rows of at most `cells` cells.

    Returns:
        The rows, and how many characters of the text are in none of them; then there is one row less, for who says so.
    """
    head = text[: most * _LONGEST]
    shown = _clean(head)
    starts = [0]
    while starts[-1] < len(shown) and len(starts) <= most:
        starts.append(_row_end(shown, starts[-1], min(cells, _LONGEST)))
    if starts[-1] < len(shown) or len(head) < len(text):
        del starts[most:]
    return [shown[start:end] for start, end in itertools.pairwise(starts)], len(text) - _before(head, starts[-1])


def _row_end(text: str, start: int, cells: int) -> int:
    """Where the row that begins at `start` ends."""
    end = min(start + cells, len(text))
    if text.isascii() or max(text[start:end]) < "\u0300":  # nothing below it takes two cells
        return end
    from rich.cells import get_character_cell_size  # late: whoever does not open the page does without

    room = cells
    for at in range(start, min(start + _LONGEST, len(text))):
        room -= get_character_cell_size(text[at])
        if room < 0:
            return max(at, start + 1)
    return min(start + _LONGEST, len(text))


def _before(text: str, place: int) -> int:
    """How many characters of a text end at `place` or before once its tabs are spaces."""
    if "\t" not in text:
        return place
    return bisect_right(range(len(text) + 1), place, key=lambda end: len(text[:end].expandtabs(_TAB))) - 1


def _marked(line: Line, selected: bool) -> Line:
    if not selected:
        return (Span("  "), *line)
    return (Span("› ", STRONG), *(span._replace(style=STRONG) for span in line))


def _clean(text: str) -> str:
    """What can be shown of a text, tabs as spaces."""
    return _UNPRINTABLE.sub("·", text.expandtabs(_TAB))
