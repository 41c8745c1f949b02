"""What is known of the child's terminal without its cells: cursor, margins, modes, attributes, saved cursors.

The cursor is tracked with its doubt: how wide a terminal draws an emoji, or whether a wrap is still pending after an
erase, differs between terminals. `slack` is that doubt in cells; whoever draws waits until there is none that matters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from headroom_wrap.terminal.sgr import Rendition

_DOUBT = 1 << 32
_EMOJI = "\U0001f000"  # the first of them, as far as they have a plane of their own
_ASCII_SETS: tuple[bytes, ...] = (b"B", b"", b"", b"")


class _Widths(dict[str, int]):
    """Cells of each character, with `_DOUBT` added where terminals disagree."""

    def __missing__(self, char: str) -> int:
        code = ord(char)
        if char == "\ufffd" or code in (0x200D, 0xFE0F, 0x20E3) or 0x1F1E6 <= code <= 0x1F1FF or 0x1F3FB <= code <= 0x1F3FF:
            width = _DOUBT + (0 if code < 0x10000 and char != "\ufffd" else 2 if code > 0xFFFF else 1)
        elif unicodedata.category(char) in ("Mn", "Me", "Cf") or 0x1160 <= code <= 0x11FF:
            width = 0
        else:
            width = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        self[char] = width
        return width


_widths = _Widths()
_width = _widths.__getitem__


class Saved(NamedTuple):
    """What DECSC keeps: position with its doubt, attributes, character sets, origin mode."""

    x: int
    y: int
    slack: int
    sure: bool
    rendition: tuple[bytes, ...]
    charsets: tuple[bytes, ...]
    shift: int
    origin: bool


HOME = Saved(1, 1, 0, True, (), _ASCII_SETS, 0, False)


@dataclass
class Slot:
    """The one place of a screen buffer where a cursor can be saved."""

    saved: Saved | None = None
    """What the child saved there; None where it never did."""
    live: bool = False
    """The child saved and has not restored yet."""
    clobbered: bool = False
    """The terminal's slot holds a position of ours, so the child's restore must be synthesized."""


class Model:
    """The child's terminal of `rows` by `cols`; rows and columns count from 1."""

    def __init__(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols
        self.reset()
        self.sure = False

    def reset(self) -> None:
        """Be as after RIS: cursor at home, everything at its default."""
        self.x = self.y = 1
        """The cursor; x = cols + 1 says that a wrap is pending."""
        self.slack = 0
        """By how many cells x may be wrong."""
        self.sure = True
        """Whether y is right."""
        self.top, self.bottom = 1, self.rows
        self.origin = self.insert = self.newline = self.sides = False
        self.origin_used = False
        """Origin mode has been on. It may be still where we take it as off: not every terminal restores it with the cursor."""
        self.joins = False
        """The last glyph is one that what follows may become a part of, as a skin does of an emoji."""
        self.wrap = True
        self.protects = False
        """Some cells may be proof against a selective erase, which of them nobody here knows."""
        self.sync = False
        self.tabs_known = True
        self.alternate = False
        self.rendition = Rendition()
        self.charsets = _ASCII_SETS
        self.shift = 0
        self.single_shift = False
        self.link = b""
        """The OSC 8 that opened the link in force."""
        self.slots = (Slot(), Slot())

    def resize(self, rows: int, cols: int) -> None:
        """Take a new size, which also resets the scroll region."""
        self.rows, self.cols = rows, cols
        self.top, self.bottom = 1, rows
        self.y = min(self.y, rows)
        self.x = min(self.x, cols)

    @property
    def slot(self) -> Slot:
        """The save slot of the buffer on show."""
        return self.slots[self.alternate]

    @property
    def certain(self) -> bool:
        """Whether the cursor is known exactly."""
        return self.sure and not self.slack

    @property
    def at_edge(self) -> bool:
        """Whether a wrap is pending, or may be."""
        return self.x + self.slack > self.cols or (self.slack > 0 and self.x <= self.slack + 1)

    @property
    def below(self) -> bool:
        """Whether the cursor stands under the child's scroll region, where a line feed does not scroll."""
        return self.y > self.bottom

    # Text

    def plain(self, raw: bytes) -> None:
        """Take printable ASCII with CR and LF in it."""
        if b"\r" not in raw and b"\n" not in raw:
            self.ascii(len(raw))
            return
        lines = raw.split(b"\n")
        feeds = len(lines) - 1
        many = feeds > self.rows and not self.below
        if many:
            # So many line feeds end at the bottom margin wherever they started; only the last lines tell x.
            self.y = self.bottom
            if not self.newline:
                self.x, self.slack = 1, self.cols
            lines = lines[-3:]
        for index, line in enumerate(lines):
            if index:
                self.line_feed()
                self.sure = self.sure or many
            if line.endswith(b"\r") and b"\r" not in line[:-1]:
                self.ascii(len(line) - 1)
                self.x, self.slack = 1, 0
            elif b"\r" in line:
                for part in line.split(b"\r")[:-1]:
                    self.ascii(len(part))
                    self.x, self.slack = 1, 0
                self.ascii(len(line) - line.rfind(b"\r") - 1)
            else:
                self.ascii(len(line))

    def ascii(self, count: int) -> None:
        """Advance by `count` cells of single-width text."""
        if not count:
            return
        end = self.x + count
        if self.slack and end + self.slack > self.cols + 1:
            self.sure = False
        if end <= self.cols + 1:
            self.x = end
        elif not self.wrap:
            self.x = self.cols + 1
        else:
            lines = (end - 2) // self.cols
            self.x = end - lines * self.cols
            self._wrapped(lines)

    def wide(self, raw: bytes) -> None:
        """Take printable text with characters beyond ASCII."""
        text = raw.decode("utf-8", "replace")
        doubt, cells = divmod(sum(map(_width, text)), _DOUBT)
        before = self.x
        if self.x + cells <= self.cols + 1:
            self.ascii(cells)
        else:
            for char in text:
                cells = _width(char) % _DOUBT
                if cells == 2 and self.x == self.cols:
                    # A character of two cells does not fit in the last column and wraps before it.
                    if self.wrap:
                        self.x = self.cols + 1
                    else:
                        doubt += 1
                self.ascii(cells)
        self.joins = text[-1] >= _EMOJI or _width(text[-1]) >= _DOUBT
        if doubt:
            self.slack = min(self.slack + 2 * doubt, self.cols)
            if self.x < before:
                self.doubt()  # it may have wrapped or not
            if self.x + self.slack > self.cols + 1:
                self.sure = False

    def _wrapped(self, lines: int) -> None:
        self.y = min(self.y + lines, self.rows if self.below else self.bottom)

    # Controls

    def line_feed(self, *, returns: bool | None = None) -> None:
        """LF, VT, FF, IND: down, or scroll at the bottom margin; `returns` is newline mode where it counts."""
        if self.y != self.bottom:
            self.y = min(self.y + 1, self.rows)
        if self.newline if returns is None else returns:
            self.x, self.slack = 1, 0
        elif self.x > self.cols:
            self._unsettle()

    def carriage_return(self) -> None:
        """CR."""
        self.x, self.slack = 1, 0

    def backspace(self) -> None:
        """BS; terminals differ on one that follows a full line."""
        if self.x > self.cols:
            self.x, self.slack = self.cols - 1, max(self.slack, 2)
        elif self.x > 1:
            self.x -= 1

    def tab(self, count: int = 1) -> None:
        """HT, CHT; stops at every 8 columns until the child moves them."""
        if self.x > self.cols:
            self._unsettle()
            return
        if not self.tabs_known or self.slack:
            self.doubt()
            return
        self.x = min(((self.x - 1) // 8 + count) * 8 + 1, self.cols)

    def _unsettle(self) -> None:
        """Note that a pending wrap may or may not have been kept."""
        if self.x > self.cols:
            self.slack = max(self.slack, 1)

    def touched(self) -> None:
        """Note an operation after which a pending wrap may or may not be pending still."""
        self._unsettle()

    def doubt(self) -> None:
        """Forget the column until it is set again."""
        self.slack = self.cols

    # Movement

    def place(self, row: int, column: int) -> None:
        """CUP: rows count from the top margin in origin mode."""
        self.row(row)
        self.x, self.slack = min(max(column, 1), self.cols), 0

    def row(self, row: int) -> None:
        """VPA."""
        self._unsettle()
        row = max(row, 1)
        self.y = min(self.top + row - 1, self.bottom) if self.origin else min(row, self.rows)
        self.sure = True

    def column(self, column: int) -> None:
        """CHA."""
        self.x, self.slack = min(max(column, 1), self.cols), 0

    def up(self, count: int) -> None:
        """CUU."""
        self._unsettle()
        limit = 1 if self.y < self.top else self.top
        self.y = max(self.y - count, limit)
        if count >= self.rows and self.top == 1:
            self.sure = True

    def down(self, count: int) -> None:
        """CUD."""
        self._unsettle()
        self.y = min(self.y + count, self.rows if self.below else self.bottom)
        if count >= self.rows and self.bottom == self.rows:
            self.sure = True

    def right(self, count: int) -> None:
        """CUF."""
        self._unsettle()
        self.x = min(self.x + count, self.cols)
        if count >= self.cols:
            self.slack = 0

    def left(self, count: int) -> None:
        """CUB."""
        self._unsettle()
        self.x = max(min(self.x, self.cols) - count, 1)
        if count >= self.cols:
            self.slack = 0

    def home(self) -> None:
        """Go where DECSTBM and DECOM put the cursor."""
        self.x, self.y, self.slack, self.sure = 1, self.top if self.origin else 1, 0, True

    # Saved cursor

    def save(self) -> None:
        """DECSC."""
        slot = self.slot
        slot.saved = Saved(self.x, self.y, self.slack, self.sure, self.rendition.state, self.charsets, self.shift, self.origin)
        slot.live, slot.clobbered = True, False

    def restore(self) -> Saved:
        """DECRC; return what was restored."""
        slot = self.slot
        saved = slot.saved or HOME
        self.x, self.y, self.slack, self.sure = saved.x, min(saved.y, self.rows), saved.slack, saved.sure
        self._unsettle()
        self.rendition.restore(saved.rendition)
        self.charsets, self.shift, self.origin = saved.charsets, saved.shift, saved.origin
        slot.live = False
        return saved

    def soften(self) -> None:
        """DECSTR: modes and attributes to their defaults, the cursor stays."""
        self.top, self.bottom = 1, self.rows
        self.origin = self.insert = False
        self.rendition.clear()
        self.charsets, self.shift, self.single_shift = _ASCII_SETS, 0, False
        for slot in self.slots:
            slot.saved = None
            slot.live, slot.clobbered = False, False

    def designate(self, index: int, charset: bytes) -> None:
        """Designate a character set to G0 (`index` 0) to G3."""
        sets = list(self.charsets)
        sets[index] = charset
        self.charsets = tuple(sets)
