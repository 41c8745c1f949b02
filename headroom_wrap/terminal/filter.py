"""The child's output on a terminal whose last rows are ours: rewrite what would reach them, draw them when it is safe.

The terminal keeps a scroll region (DECSTBM) of the rows above the panel, and the child is told that its terminal is that
small. Nearly everything then passes as it came; what addresses rows of ours, resets the region or erases the panel is
rewritten by `rules`. Sequences: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, synchronized output (2026):
https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence

from headroom_wrap.terminal import tokens
from headroom_wrap.terminal.child import Child
from headroom_wrap.terminal.cover import Cover
from headroom_wrap.terminal.drawing import Drawing
from headroom_wrap.terminal.model import Model
from headroom_wrap.terminal.modes import Modes
from headroom_wrap.terminal.painter import LINK_OFF, RESTORE, SAVE, Painter
from headroom_wrap.terminal.rules import CONTROL_RULES, CSI_RULES, ESCAPE_RULES
from headroom_wrap.terminal.sgr import RESET

ASK_POSITION = b"\x1b[6n"
_CANCEL = b"\x18"
_ABORT = b"\x1b\x18"
"""Ends a string that the child ended with a sequence, which the terminal may never get to see: an ESC, and no sequence of it."""
_FAST_SLICE = 16 << 10
"""Bytes the fast path takes at a time: its regular expression keeps a record for each sequence."""
_FAST_LEAST = 64
_SLOW_SLICE = 512
_CSI = re.compile(rb"\x1b\[([<-?]?)([0-9;:]*)([ -/]*[@-~])")
_SGRS = re.compile(rb"\x1b\[[0-9;:]*m")
_UPWARDS = re.compile(rb"\x1b\[[0-9]*A")
_SIXEL = re.compile(rb"\x1bP[0-9;]*q")
_PICTURES = (b"\x1b]1337;File=", b"\x1b]1337;MultipartFile=", b"\x1b]1337;FileEnd", b"\x1b]66;")
"""Inline images, and text in other sizes."""


def _fast_patterns(rows: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Compile what may pass unread while the child's region reaches its last row: nothing in it can leave the region.

    Group 1 is the last absolute cursor position, group 2 the last begin or end of a synchronized frame. The first pattern
    tells UTF-8 from what is none; the second, several times faster, is for bytes that are known to be UTF-8.
    """
    row = b"|".join(b"%d" % n for n in range(rows, 0, -1))
    strict = (
        rb"[\x20-\x7e\r\n]+"
        rb"|(?:[\xc3-\xdf][\x80-\xbf]|\xc2[\xa0-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
    )
    sequences = (
        rb"|\x1b\[[0-9;:]{0,99}m"
        rb"|(\x1b\[(?:(?:" + row + rb")(?:;[0-9]{0,4})?)?H)"
        rb"|\x1b\[[0-9]{0,4}[ABCDGKX]"
        rb"|\x1b\[\?25[hl]"
        rb"|(\x1b\[\?2026[hl])"
    )
    known = rb"[\x20-\x7e\r\n\x80-\xff]+"
    return re.compile(b"(?:" + strict + sequences + b")*"), re.compile(b"(?:" + known + sequences + b")*")


def _boundary(buf: bytes, start: int, stop: int) -> int:
    """Move `stop` back to where a character begins, which is 3 bytes at most."""
    for back in range(min(3, stop - start)):
        if stop - back >= len(buf) or not 0x80 <= buf[stop - back] <= 0xBF:
            return stop - back
    return max(stop - 3, start)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class OutputFilter:
    """From the child to the terminal: `feed` what the child wrote, write what comes back, `draw` the panel in between.

    Args:
        rows: height of the real terminal.
        cols: width of the real terminal.
        panel_rows: rows kept for the panel at the bottom; with 0, `feed` is the identity and nothing of ours is written.
    """

    def __init__(self, rows: int, cols: int, panel_rows: int) -> None:
        self.rows, self.cols, self.panel_rows = rows, cols, panel_rows
        self.modes = Modes()
        self._model = Model(self.child_rows, cols)
        self._painter = Painter(self._model, panel_rows)
        self._child = Child(self._model, self.modes, self._painter)
        self._drawing = Drawing(self._model, self._painter)
        self._cover = Cover(self._model, self.modes, self._painter, self._drawing)
        self._tokens = tokens.Tokenizer()
        self._fast = _fast_patterns(self.child_rows)
        self._tracking = panel_rows > 0
        self._cut_string = False
        self._left_alternate = False

    @property
    def child_rows(self) -> int:
        """Height of the terminal that the child is told of."""
        return max(self.rows - self.panel_rows, 1)

    @property
    def alternate(self) -> bool:
        """Whether the child is on the alternate screen."""
        return self._model.alternate

    @property
    def dirty(self) -> bool:
        """Whether the panel on the terminal waits to be painted again; `feed` and `draw` do it when it is safe."""
        return self._painter.dirty

    @property
    def askers(self) -> deque[bool]:
        """Who waits for a cursor position report, in order; True is us."""
        return self._child.askers

    @property
    def asked_size(self) -> int:
        """How many size reports of the terminal the child waits for."""
        return self._child.asked_size

    @asked_size.setter
    def asked_size(self, count: int) -> None:
        self._child.asked_size = count

    def start(self, cursor: tuple[int, int] | None = None) -> bytes:
        """Make room for the panel and set the scroll region; also after a stopped child was continued.

        Args:
            cursor: row and column (from 1) of the terminal's cursor where they are known.
        """
        if not self.panel_rows:
            return b""
        self._at(cursor)
        out = b"" if self._model.alternate else self._room(0)
        if self._left_alternate:
            self._left_alternate, self._model.alternate = False, True
            out += b"\x1b[?1049h"
        return out + self._framed()

    def feed(self, data: bytes) -> bytes:
        """Filter what the child wrote; what was cut in the middle of a sequence comes out with the next call."""
        if not self.panel_rows:
            if self._tracking:
                for _ in self._filter(data):  # so that the state is known if the terminal grows again
                    pass
            return data
        return b"".join(self._filter(data))

    def safe(self) -> bool:
        """Whether `draw` would draw now."""
        return self.panel_rows > 0 and self._painter.ready and not self._amid

    @property
    def _amid(self) -> bool:
        """Whether the child seems to be within something that it will finish: a synchronized frame, an emoji with its skin."""
        return self._model.sync or self._model.joins

    def draw(self, lines: Sequence[bytes], *, overdue: bool = False) -> bytes | None:
        """Draw the panel where it differs from what is shown.

        Args:
            lines: one for each panel row, at most cols - 1 cells wide.
            overdue: draw even inside a synchronized frame of the child or after half an emoji, for what stays so for too long (1 s).

        Returns:
            What to write (empty where nothing changed); None where it is not safe now.
        """
        if not self.panel_rows:
            return b""
        if self._cover.open:
            self._painter.set_lines(lines)
            return self._cover.panel()
        if not self._painter.ready or (self._amid and not overdue):
            return None
        self._painter.set_lines(lines)
        return self._painter.repaint()

    @property
    def covered(self) -> bool:
        """Whether a page of ours lies over the child's screen; then what the child writes must be held until `uncover`."""
        return self._cover.open

    @property
    def repaints(self) -> bool:
        """Whether the child must paint its screen anew once the page is away."""
        return self._cover.repaints

    def cover(self, *, overdue: bool = False) -> bytes | None:
        """Lay a page of ours over the child's screen, for `show`; the panel stays below it.

        Returns:
            What to write; None where it is not safe now (`overdue` as for `draw`) or there is no panel.
        """
        if not self.panel_rows or self._cover.open or not self._painter.ready or (self._amid and not overdue):
            return None
        return self._cover.lay()

    def show(self, lines: Sequence[bytes]) -> bytes:
        """Draw the page: a line for each row of the child, at most cols - 1 cells wide."""
        return self._cover.show(lines) if self._cover.open else b""

    def uncover(self) -> bytes:
        """Take the page away; where `repaints` was true its rows are blank then, until the child paints them."""
        return self._cover.lift() if self._cover.open else b""

    def repair(self) -> bytes:
        """What clears the terminal of us if we cannot: the page, the region, the panel; the cursor stays."""
        if not self.panel_rows:
            return b""
        return self._cover.repair() + self._wipe(self.child_rows + 1)

    def take_replies(self) -> bytes:
        """Take what the child is to be answered in the terminal's place."""
        replies, self._child.replies = self._child.replies, b""
        return replies

    def ask_position(self) -> bytes:
        """Ask the terminal where its cursor is; `InputFilter` keeps the answer from the child."""
        self.askers.append(True)
        return ASK_POSITION

    def forget_position(self) -> None:
        """Give up waiting for the terminal's answer to `ask_position`; one that comes late goes to the child."""
        askers = [ours for ours in self.askers if not ours]
        self.askers.clear()
        self.askers.extend(askers)

    def resize(self, rows: int, cols: int, panel_rows: int, cursor: tuple[int, int] | None = None) -> bytes:
        """Adapt to a new size: wipe the old panel, make room, set the region, paint the panel again.

        To be written before the child learns its new size, with no output of the child in between; the terminal has
        already moved and wrapped its lines.

        Args:
            rows: height of the real terminal.
            cols: width of the real terminal.
            panel_rows: rows for the panel from now on; 0 takes it away.
            cursor: row and column (from 1) where the terminal says that its cursor is, asked for after the resize.
        """
        model, had = self._model, self.panel_rows
        page = self.uncover()
        self._drawing.void()
        if cursor is None:
            self.forget_position()
        under, old_height = max(model.rows - model.y, 0) if model.sure else 0, model.rows
        interrupt = page + (self._interrupt() if had or panel_rows else b"")
        self.rows, self.cols, self.panel_rows = rows, cols, panel_rows
        model.resize(self.child_rows, cols)
        self._painter.set_height(panel_rows)
        self._fast = _fast_patterns(model.rows)
        if not had and not panel_rows:
            return b""
        if not had:
            self._tracking = True
        out = [interrupt]
        if model.alternate or cursor is None:
            out.append(self._wipe(model.rows + 1) if panel_rows else SAVE + b"\x1b[r" + RESTORE)
            if cursor is not None and cursor[0] > model.rows:  # a terminal of the child's size would have moved it up
                cursor = model.rows, cursor[1]
                out.append(b"\x1b[%d;%dH" % cursor)
            self._at(cursor)
        else:
            row, column = min(cursor[0], rows), cursor[1]
            # A lower terminal loses rows below the cursor first; the child's own would have, too.
            under = min(max(under - max(old_height - model.rows, 0), 0), rows - row)
            if row + under < rows:
                out.append(self._wipe(row + under + 1))
            out += [b"\x1b[r\x1b[%d;%dH" % (row, column), self._room(under)]
            self._at((row, column))
        out.append(self._framed())
        return b"".join(out)

    def cleanup(self) -> bytes:
        """Undo what the child left behind: modes, alternate screen, attributes; nothing that it did not set."""
        if not self._tracking:
            return b""
        model = self._model
        out = [self._interrupt(), self.modes.undo(model.alternate)]
        for left, undo in (
            (model.sides, b"\x1b[?69l"),
            (model.origin, b"\x1b[?6l"),
            (model.insert, b"\x1b[4l"),
            (model.newline, b"\x1b[20l"),
            (model.alternate, b"\x1b[?1049l"),
            (model.link, LINK_OFF),
            (model.shift or model.charsets[0] != b"B", b"\x0f\x1b(B"),
            (model.rendition.state, RESET),
        ):
            if left:
                out.append(undo)
        return b"".join(out)

    def finish(self) -> bytes:
        """Leave a clean terminal with the child's last line on it: `cleanup`, panel wiped, region reset.

        The state is forgotten; `start` begins anew, on the alternate screen if the child was there.
        """
        out = [self.uncover(), self.cleanup()]
        self._left_alternate = self._model.alternate
        if self.panel_rows:
            if self._model.at_edge and not self._model.alternate:
                out.append(b"\r\n")  # the pending wrap is lost below, and with it the last cell of the child's line
            out.append(self._wipe(self.child_rows + 1))
        self.modes.reset()
        self._model.reset()
        self._drawing.void()
        self._painter.forget()
        self._painter.dirty = False
        return b"".join(out)

    def resume(self) -> bytes:
        """Set again the modes that `cleanup` undoes; taken before `finish`, written after `start`, for a stopped child."""
        return self.modes.redo() if self._tracking else b""

    # The panel's place

    def _at(self, cursor: tuple[int, int] | None) -> None:
        """Take over where the terminal's cursor is."""
        model = self._model
        model.carriage_return()
        model.sure = False
        if cursor is not None:
            model.y, model.x, model.sure = min(cursor[0], model.rows), min(cursor[1], model.cols), True

    def _room(self, under: int) -> bytes:
        """Scroll until the panel's rows are free below the cursor and the `under` rows of the child that follow it."""
        if not self.panel_rows:
            return b""
        down = b"\x1b[%dB" % under if under else b""
        return down + b"\n" * self.panel_rows + b"\x1b[%dA" % (self.panel_rows + under)

    def _framed(self) -> bytes:
        """Set the region and paint the panel, by DECSC, whoever has the slot."""
        model, painter = self._model, self._painter
        if not self.panel_rows:
            return model.rendition.render()
        model.slot.clobbered = True
        painter.forget()
        painter.dirty = False
        return SAVE + painter.unruled() + painter.margins() + painter.rows() + painter.restored() + model.rendition.render()

    def _wipe(self, row: int) -> bytes:
        """Reset the region and erase from `row` on; the cursor stays."""
        return SAVE + b"\x1b[r\x1b[m\x1b[%d;1H\x1b[J" % row + RESTORE

    def _interrupt(self) -> bytes:
        """End what the terminal is in the middle of, so that bytes of ours are not taken as part of it."""
        if self._tokens.in_string and not self._cut_string:
            self._cut_string, self._painter.in_string = True, False
            return b"\x1b\\"
        # Without a panel the cut sequence was passed on; it comes again, whole, from the tokenizer.
        return _CANCEL if not self.panel_rows and self._tokens.held else b""

    # The child's output

    def _filter(self, data: bytes) -> Iterator[bytes]:
        """Yield what the terminal gets for `data`."""
        cutter, model, painter, drawing = self._tokens, self._model, self._painter, self._drawing
        buf = cutter.take(data)
        pos, end = 0, len(buf)
        whole = end - tokens.partial_utf8(buf)
        fast = self._fast[_is_utf8(buf[:whole])]
        size = _SLOW_SLICE
        while pos < end:
            if model.bottom == model.rows and not (cutter.in_string or self._unusual()):
                match = fast.match(buf, pos, _boundary(buf, pos, min(pos + _FAST_SLICE, whole)))
                if match is not None and match.end() - pos >= _FAST_LEAST:
                    yield match.group()
                    if drawing.whole:
                        drawing.add(match.group())
                    self._follow(buf, pos, match)
                    pos = match.end()
                    continue
            stop = min(pos + size, end)
            for kind, raw in cutter.tokens(buf, pos, stop):
                written = self._token(kind, raw)
                yield written
                if model.alternate or drawing.whole:
                    drawing.token(kind, raw, written)
                if painter.dirty and painter.ready and not model.joins:
                    yield painter.repaint()
            if stop == end:
                break
            # A slice may end inside a sequence, which the next slice then takes whole.
            size = _SLOW_SLICE if len(cutter.held) < _SLOW_SLICE else _FAST_SLICE
            pos = stop - len(cutter.held)
            cutter.held = b""

    def _unusual(self) -> bool:
        model = self._model
        return model.origin or model.sides or model.single_shift or not model.wrap or self._painter.dirty

    def _follow(self, buf: bytes, pos: int, match: re.Match[bytes]) -> None:
        """Move the model over what the fast path passed: attributes and modes of all, the cursor from where it was set."""
        model = self._model
        end, placed = match.end(), max(match.start(1), pos)
        line = self._bulk(buf, placed, end)
        if line > placed:
            # So many lines end at the bottom wherever they began, and what follows begins in column 1.
            model.x, model.slack, model.y, model.sure = 1, 0, model.bottom, True
            self._child.glyphs, self._painter.drew = b"", False
            placed = line
        if placed > pos:
            reset = max(buf.rfind(b"\x1b[m", pos, placed), buf.rfind(b"\x1b[0m", pos, placed))
            if reset >= 0:
                model.rendition.clear()
            model.rendition.extend(_SGRS.findall(buf, max(reset, pos), placed))
            shown, hidden = buf.rfind(b"\x1b[?25h", pos, placed), buf.rfind(b"\x1b[?25l", pos, placed)
            if shown != hidden:
                self.modes.set(25, shown > hidden)
            if pos <= match.start(2) < placed:
                model.sync = match.group(2).endswith(b"h")
                self.modes.set(2026, model.sync)
        for kind, raw in self._tokens.tokens(buf, placed, end):
            self._token(kind, raw)

    def _bulk(self, buf: bytes, start: int, end: int) -> int:
        """Find where the last lines of bulk text begin, which alone tell where the cursor is; `start` where they do not."""
        line = buf.rfind(b"\r\n", start, buf.rfind(b"\r\n", start, end) + 1)
        if line < 0 or buf.count(b"\n", start, line) <= self._model.rows or _UPWARDS.search(buf, start, line):
            return start
        return line + 2

    def _token(self, kind: int, raw: bytes) -> bytes:
        """Take one token of the child; return what the terminal gets."""
        child, self._model.joins = self._child, False
        if kind in (tokens.PLAIN, tokens.WIDE):
            return child.text(raw)
        written = self._control(kind, raw)
        child.glyphs = b""
        return written

    def _control(self, kind: int, raw: bytes) -> bytes:
        """Take a token that is no text."""
        child = self._child
        if kind == tokens.CSI:
            if raw[-1] == 0x6D and 0x30 <= raw[2] <= 0x3B and raw[-2] >= 0x30:  # SGR, the most frequent by far
                self._model.rendition.add(raw)
                return raw
            match = _CSI.fullmatch(raw)
            if match is None:
                return b""
            prefix, params, final = match.groups()
            if final == b"m" and not prefix:
                self._model.rendition.add(raw)
                return raw
            rule = CSI_RULES.get(prefix + final)
            if rule is not None:
                return rule(child, params, raw)
            self.modes.csi(prefix, params, final, self._model.alternate)
            return raw
        if kind == tokens.CONTROL:
            rule = CONTROL_RULES.get(raw)
            return raw if rule is None else rule(child, b"", raw)
        if kind == tokens.ESCAPE:
            rule = ESCAPE_RULES.get(raw)
            if rule is not None:
                return rule(child, b"", raw)
            if len(raw) == 3 and raw[1] in b"()*+":
                self._model.designate(b"()*+".index(raw[1]), raw[2:])
            return raw
        if kind == tokens.STRING:
            self._painter.in_string = not self._cut_string
            return b"" if self._cut_string else raw
        return self._string_end(raw) if kind == tokens.STRING_END else b""

    def _string_end(self, raw: bytes) -> bytes:
        """Take the end of a string and note what the string did."""
        self._painter.in_string = False
        raw = raw or _ABORT
        if self._cut_string:
            self._cut_string = False
            return b""
        head = self._tokens.head
        if raw in (b"\x18", b"\x1a"):
            return raw  # cancelled
        if head.startswith(b"\x1b]8;"):
            target = head.split(b";", 2)[2:]
            self._model.link = head + (b"\x1b\\" if raw == _ABORT else raw) if target and target[0] else b""
            if self._drawing.whole:
                self._drawing.add(self._model.link or LINK_OFF)
        elif head.startswith(_PICTURES) or _SIXEL.match(head):
            self._picture()
        elif head.startswith(b"\x1b_G"):
            keys = head[3:].partition(b";")[0].split(b",")
            if not {b"a=q", b"a=d", b"C=1"}.intersection(keys):
                self._picture()
        elif head.startswith(b"\x1b]"):
            self.modes.osc(head)
        return raw

    def _picture(self) -> None:
        self._child.picture()
        self._drawing.void()
