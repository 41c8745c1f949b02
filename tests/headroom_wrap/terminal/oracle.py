"""A terminal to judge by: pyte's cells and drawing, with its own parser and the behaviour of real terminals.

pyte 0.8.2 alone keeps cursor movement inside the margins from anywhere, has a stack of saved cursors, no alternate
screen, no SU, SD, REP, DECSTR, no strings but OSC, and fails on private prefixes such as `CSI > 4 m`.
"""

from __future__ import annotations

import codecs
import copy
import re

import pyte
from pyte import modes
from pyte.screens import Margins
from wcwidth import wcwidth

PARAMS = re.compile(r"([<-?]?)([0-9;:]*)([ -/]*)([@-~])")


class Terminal(pyte.Screen):
    """A terminal of rows by cols.

    Args:
        push_on_clear: on ED 2 the screen goes to the history, as in VTE and tmux.
        keeps_wrap: a pending wrap stays pending over an erase; in xterm it does not.
    """

    def __init__(self, rows, cols, *, push_on_clear=False, keeps_wrap=False):
        self.keeps_wrap = keeps_wrap
        self.history = []
        self.push_on_clear = push_on_clear
        self.alternate = False
        self.slots = [None, None]
        self.flags = set()
        self.replies = []
        super().__init__(cols, rows)
        self._other = copy.copy(self.buffer)
        self._other.clear()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state, self._pending = "ground", ""
        self._last = ""

    # What tests compare

    def cells(self, first, last):
        return [tuple(self.buffer[y][x] for x in range(self.columns)) for y in range(first, last)]

    def text(self, first=0, last=None):
        return ["".join(cell.data for cell in row).rstrip() for row in self.cells(first, self.lines if last is None else last)]

    @property
    def where(self):
        return self.cursor.y, min(self.cursor.x, self.columns - 1)

    # Parser

    def feed(self, data):
        text = self._decoder.decode(data)
        run = []
        for char in text:
            if self._state == "ground" and char >= " " and not "\x7f" <= char <= "\x9f":
                run.append(char)
                continue
            if run:
                self.draw("".join(run))
                run = []
            self._step(char)
        if run:
            self.draw("".join(run))

    def _step(self, char):
        if self._state == "string":
            if char in "\x18\x1a\x9c" or (char == "\x07" and self._pending == "]"):
                self._state = "ground"
            elif char == "\x1b":
                self._state, self._pending = "escape", ""
        elif char == "\x1b":
            self._state, self._pending = "escape", ""
        elif char in "\x18\x1a":
            self._state = "ground"
        elif char < " ":
            self._control(char)
        elif char == "\x7f":
            pass
        elif "\x80" <= char <= "\x9f":
            self._state, self._pending = "escape", ""
            self._step(chr(ord(char) - 0x40))
        elif char > "\x7f":
            self._state = "ground"
            self.draw(char)
        elif self._state == "escape":
            if not self._pending and char == "[":
                self._state = "csi"
            elif not self._pending and char in "]PX^_":
                self._state, self._pending = "string", char
            elif char <= "/":
                self._pending += char
            else:
                self._state = "ground"
                self._escape(self._pending + char)
        elif self._state == "csi":
            self._pending += char
            if "@" <= char <= "~":
                self._state = "ground"
                match = PARAMS.fullmatch(self._pending)
                if match:
                    self._csi(*match.groups())
        else:
            self.draw(char)

    def _control(self, char):
        {
            "\b": self.backspace,
            "\t": self.tab,
            "\n": self.linefeed,
            "\v": self.linefeed,
            "\f": self.linefeed,
            "\r": self.carriage_return,
            "\x0e": self.shift_out,
            "\x0f": self.shift_in,
        }.get(char, self.bell)()

    def _escape(self, sequence):
        if sequence[0] in "()":
            self.define_charset(sequence[1], sequence[0])
        elif sequence == "E":
            self.carriage_return()
            self.index()
        elif sequence == "#8":
            self.margins = None
            self.reset_mode(modes.DECOM)
            self.cursor_position()
            self.alignment_display()
        else:
            call = {
                "7": self.save_cursor,
                "8": self.restore_cursor,
                "D": self.index,
                "M": self.reverse_index,
                "H": self.set_tab_stop,
                "c": self.reset,
            }.get(sequence)
            if call:
                call()

    def _csi(self, prefix, params, middle, final):
        numbers = [int(part.split(":")[0] or 0) for part in params.split(";")] if params else []
        key = prefix + middle + final
        one = numbers[0] if numbers else 0
        simple = {
            "A": self.cursor_up,
            "B": self.cursor_down,
            "e": self._vpr,
            "C": self.cursor_forward,
            "a": self.cursor_forward,
            "D": self.cursor_back,
            "E": self.cursor_down1,
            "F": self.cursor_up1,
            "G": self.cursor_to_column,
            "`": self.cursor_to_column,
            "d": self.cursor_to_line,
            "@": self.insert_characters,
            "P": self.delete_characters,
            "X": self.erase_characters,
            "L": self.insert_lines,
            "M": self.delete_lines,
            "S": self._scroll_up,
            "T": self._scroll_down,
            "b": self._repeat,
            "Z": self._back_tab,
        }
        if key in simple:
            simple[key](min(one or 1, 9999))
        elif key in ("H", "f"):
            self.cursor_position(*numbers[:2])
        elif key in ("J", "?J"):
            self.erase_in_display(one)
        elif key in ("K", "?K"):
            self.erase_in_line(one)
        elif key == "g":
            self.clear_tab_stop(one)
        elif key == "m":
            self.select_graphic_rendition(*numbers)
        elif key == "r":
            self._region(numbers)
        elif key == "s":
            self.save_cursor()
        elif key == "u":
            self.restore_cursor()
        elif key == "!p":
            self._soft_reset()
        elif key in ("h", "l"):
            (self.set_mode if final == "h" else self.reset_mode)(*[n for n in numbers if n in (4, 20)])
        elif key in ("?h", "?l"):
            for number in numbers:
                self._private(number, final == "h")
        elif key == "n" and one == 6:
            self.replies.append((self.where[0] + 1, self.where[1] + 1))

    def _private(self, number, on):
        if number in (6, 7, 25):
            (self.set_mode if on else self.reset_mode)(number, private=True)
        elif number == 1048:
            (self.save_cursor if on else self.restore_cursor)()
        elif number in (47, 1047, 1049):
            if number == 1049 and on:
                self.save_cursor()
            if on != self.alternate:
                self.buffer, self._other = self._other, self.buffer
                self.alternate = on
            if number == 1049 and on:
                self.buffer.clear()
            if number == 1049 and not on:
                self.restore_cursor()
        (self.flags.add if on else self.flags.discard)(number)

    # Screen

    def reset(self):
        self.alternate, self.slots, self.flags = False, [None, None], set()
        self._other = copy.copy(self.buffer)
        self._other.clear()
        super().reset()

    def resize_to(self, rows, cols):
        """Like a terminal without reflow that keeps the bottom lines when it shrinks."""
        gone = max(self.cursor.y - rows + 1, 0)
        for _ in range(gone):
            self._scroll(0, self.lines - 1)
            self.cursor.y -= 1
        for y in list(self.buffer):
            if y >= rows:
                del self.buffer[y]
        self.lines, self.columns, self.margins = rows, cols, None
        self.ensure_hbounds()

    @property
    def _limits(self):
        return self.margins or Margins(0, self.lines - 1)

    def _region(self, numbers):
        top = numbers[0] if numbers and numbers[0] else 1
        bottom = numbers[1] if len(numbers) > 1 and numbers[1] else self.lines
        bottom = min(bottom, self.lines)
        if top < bottom:
            self.margins = Margins(top - 1, bottom - 1)
            self.cursor_position()

    def _scroll(self, top, bottom):
        if top == 0 and not self.alternate:
            self.history += self.text(0, 1)
        for y in range(top, bottom):
            self.buffer[y] = self.buffer[y + 1]
        self.buffer.pop(bottom, None)

    def _scroll_up(self, count):
        top, bottom = self._limits
        for _ in range(min(count, bottom - top + 1)):
            self._scroll(top, bottom)

    def _scroll_down(self, count):
        top, bottom = self._limits
        for _ in range(min(count, bottom - top + 1)):
            for y in range(bottom, top, -1):
                self.buffer[y] = self.buffer[y - 1]
            self.buffer.pop(top, None)

    def index(self):
        top, bottom = self._limits
        if self.cursor.y == bottom:
            self._scroll(top, bottom)
        elif self.cursor.y < self.lines - 1:
            self.cursor.y += 1

    def reverse_index(self):
        if self.cursor.y == self._limits.top:
            self._scroll_down(1)
        elif self.cursor.y:
            self.cursor.y -= 1

    def cursor_up(self, count=None):
        top = self._limits.top
        self.cursor.y = max(self.cursor.y - (count or 1), top if self.cursor.y >= top else 0)

    def cursor_down(self, count=None):
        bottom = self._limits.bottom
        self.cursor.y = min(self.cursor.y + (count or 1), bottom if self.cursor.y <= bottom else self.lines - 1)

    def _vpr(self, count):
        self.cursor.y = min(self.cursor.y + count, self.lines - 1)

    def _back_tab(self, count):
        for _ in range(min(count, 99)):
            self.cursor.x = max([stop for stop in self.tabstops if stop < self.cursor.x], default=0)

    def cursor_position(self, line=None, column=None):
        row = (line or 1) - 1
        top, bottom = self._limits if modes.DECOM in self.mode else (0, self.lines - 1)
        self.cursor.y = min(row + top, bottom)
        self.cursor.x = min((column or 1) - 1, self.columns - 1)

    def cursor_to_line(self, line=None):
        x = self.cursor.x
        self.cursor_position(line, 1)
        self.cursor.x = x

    def save_cursor(self):
        self.slots[self.alternate] = (
            copy.copy(self.cursor),
            self.g0_charset,
            self.g1_charset,
            self.charset,
            modes.DECOM in self.mode,
        )

    def restore_cursor(self):
        slot = self.slots[self.alternate]
        if slot is None:
            self.reset_mode(modes.DECOM)
            self.cursor.attrs = self.default_char
            self.g0_charset, self.charset = pyte.charsets.LAT1_MAP, 0
            self.cursor_position()
            return
        hidden = self.cursor.hidden
        cursor, self.g0_charset, self.g1_charset, self.charset, origin = slot
        self.mode = self.mode | {modes.DECOM} if origin else self.mode - {modes.DECOM}
        self.cursor = copy.copy(cursor)
        self.cursor.hidden = hidden
        self.cursor.y = min(self.cursor.y, self.lines - 1)
        self.ensure_hbounds()

    def _soft_reset(self):
        self.margins = None
        self.mode = self.mode - {modes.DECOM, modes.IRM}
        self.cursor.attrs = self.default_char
        self.g0_charset, self.charset = pyte.charsets.LAT1_MAP, 0
        self.slots = [None, None]

    def _settle(self):
        if not self.keeps_wrap:
            self.cursor.x = min(self.cursor.x, self.columns - 1)

    def insert_characters(self, count=None):
        self._settle()
        super().insert_characters(count)

    def delete_characters(self, count=None):
        self._settle()
        super().delete_characters(count)

    def erase_characters(self, count=None):
        self._settle()
        super().erase_characters(count)

    def erase_in_line(self, how=0, private=False):
        self._settle()
        x = min(self.cursor.x, self.columns - 1)
        span = {0: range(x, self.columns), 1: range(x + 1), 2: range(self.columns)}.get(how, ())
        for column in span:
            self.buffer[self.cursor.y][column] = self.cursor.attrs

    def erase_in_display(self, how=0, *_args, **_kwargs):
        self._settle()
        if how == 2 and self.push_on_clear and not self.alternate:
            lines = self.text()
            while lines and not lines[-1]:
                lines.pop()
            self.history += lines
        y = self.cursor.y
        for row in {0: range(y + 1, self.lines), 1: range(y), 2: range(self.lines)}.get(how, ()):
            for column in range(self.columns):
                self.buffer[row][column] = self.cursor.attrs
        if how in (0, 1):
            self.erase_in_line(how)

    def select_graphic_rendition(self, *attrs, private=False):
        super().select_graphic_rendition(*attrs)

    def draw(self, data):
        table = self.g1_charset if self.charset else self.g0_charset
        self._last = data[-1:]
        for char in data.translate(table):
            width = wcwidth(char)
            if width <= 0:
                continue
            if self.cursor.x + width > self.columns:
                if modes.DECAWM in self.mode:
                    self.carriage_return()
                    self.index()
                else:
                    self.cursor.x = self.columns - width
            if modes.IRM in self.mode:
                # Not ours: it would take the wrap for settled.
                super().insert_characters(width)
            line = self.buffer[self.cursor.y]
            line[self.cursor.x] = self.cursor.attrs._replace(data=char)
            if width == 2:
                line[self.cursor.x + 1] = self.cursor.attrs._replace(data="")
            self.cursor.x += width

    def _repeat(self, count):
        if self._last:
            self.draw(self._last * min(count, 9999))

    def alignment_display(self):
        for y in range(self.lines):
            for x in range(self.columns):
                self.buffer[y][x] = self.default_char._replace(data="E")
