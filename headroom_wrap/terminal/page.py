"""A page over the whole screen: lines of styled text in, bytes for each row out. Words and signs say what the colours say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from headroom_wrap.terminal.panel import encode

BAD, GOOD, QUIET, STRONG, PLAIN = "red", "green", "dim", "bold", ""
_LONGEST = 1000  # characters of a line that are looked at
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
    return [encode([(_clean(span.text), span.style) for span in line], width, color=color) for line in lines]


def _marked(line: Line, selected: bool) -> Line:
    if not selected:
        return (Span("  "), *line)
    return (Span("› ", STRONG), *(span._replace(style=STRONG) for span in line))


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("·", text[:_LONGEST].expandtabs(4))
