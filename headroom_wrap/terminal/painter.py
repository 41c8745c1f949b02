"""The panel's rows on the real terminal: paint them and leave the child's cursor and attributes as they were."""

from __future__ import annotations

from collections.abc import Sequence

from headroom_wrap.terminal.model import Model

SAVE, RESTORE = b"\x1b7", b"\x1b8"
SYNC_ON, SYNC_OFF = b"\x1b[?2026h", b"\x1b[?2026l"
LINK_OFF = b"\x1b]8;;\x1b\\"
LONGEST_LINK = 4000
"""Longer links (bytes) are not kept, so nothing is drawn while one is open."""


class Painter:
    """Draws the last `panel_rows` of a terminal of `rows` on which the child's `model` lives above."""

    def __init__(self, model: Model, panel_rows: int) -> None:
        self.model = model
        self.panel_rows = panel_rows
        self.dirty = False
        """The panel on the terminal is not what it should be and could not be painted yet."""
        self.drew = False
        """Something of ours was written since the child's last glyph."""
        self.in_string = False
        """The terminal is inside a string of the child."""
        self._lines = [b""] * panel_rows
        self._shown: list[bytes | None] = [None] * panel_rows

    def set_lines(self, lines: Sequence[bytes]) -> None:
        """Say what the panel is to show."""
        self._lines = [*lines, *([b""] * self.panel_rows)][: self.panel_rows]

    def set_height(self, panel_rows: int) -> None:
        """Change how many rows the panel has; none is taken as painted."""
        self.panel_rows = panel_rows
        self.set_lines(self._lines)
        self.forget()

    def forget(self) -> None:
        """Take no row as painted."""
        self._shown = [None] * self.panel_rows

    def soil(self) -> None:
        """Note that the panel may have been overwritten; it is painted again as soon as that is safe."""
        self.forget()
        self.dirty = True

    @property
    def ready(self) -> bool:
        """Whether painting leaves no trace on the child's screen now."""
        model = self.model
        return not (
            self.in_string
            or model.single_shift
            or model.sides
            or model.at_edge
            or (model.slot.live and not model.certain)
            or len(model.link) > LONGEST_LINK
        )

    def repaint(self) -> bytes:
        """Paint the rows that differ from what is shown; where that is not safe, become `dirty`."""
        if not self.panel_rows:
            return b""
        if not self.ready:
            self.dirty = True
            return b""
        self.dirty = False
        body = self.rows()
        return self.aside(body, frame=True) if body else b""

    def spoiled(self) -> bytes:
        """Repaint a panel that was erased or overwritten."""
        self.forget()
        return self.repaint()

    def blank(self) -> bytes:
        """Erase the panel's rows, before the terminal pushes its screen into its history.

        A pending wrap is lost with it, as many terminals drop it at an erase themselves.
        """
        model = self.model
        if not self.panel_rows or self.in_string or model.sides or (model.slot.live and not model.certain):
            return b""
        model.x = min(model.x, model.cols)
        self.forget()
        start = self.model.rows + 1
        rows = b"".join(b"\x1b[%d;1H\x1b[K" % row for row in range(start, start + self.panel_rows))
        return self.aside(b"\x1b[m" + rows)

    def fenced(self) -> bytes:
        """Set the scroll region again and repaint, after a sequence that reset the region; the cursor stays.

        This is not put off: without the region the next line feed would scroll the panel away. At worst a pending wrap
        is lost.
        """
        if not self.panel_rows:
            return b""
        self.forget()
        self.dirty = False
        return self.aside(self.margins() + self.rows(), frame=True)

    def margins(self) -> bytes:
        """Give the DECSTBM that is in force; it sends the cursor home."""
        return b"\x1b[%d;%dr" % (self.model.top, self.model.bottom)

    def rows(self) -> bytes:
        """Paint the rows that differ; nobody's cursor or attributes are kept here."""
        out = []
        for index, line in enumerate(self._lines):
            if self._shown[index] != line:
                out.append(b"\x1b[%d;1H\x1b[m%s\x1b[m\x1b[K" % (self.model.rows + 1 + index, line))
                self._shown[index] = line
        return b"".join(out)

    def aside(self, body: bytes, *, frame: bool = False) -> bytes:
        """Wrap bytes of ours so that cursor, attributes, character sets and modes are as before.

        DECSC has one slot. Where the child uses it and the cursor is known, the slot is left to the child.

        Args:
            body: what to write in between, with the attributes, sets and modes at their defaults and no wrap.
            frame: make it one synchronized frame, unless the child has one open.
        """
        model = self.model
        slot = model.slot
        frame = frame and not model.sync
        by_address = slot.saved is not None and model.certain and not model.at_edge
        plain_sets = not model.shift and model.charsets[0] == b"B"
        self.drew = True
        out = [SYNC_ON] if frame else []
        if not by_address:
            out.append(SAVE)
            slot.clobbered = True
        if model.link:
            out.append(LINK_OFF)
        if not plain_sets:
            out.append(b"\x0f\x1b(B")
        out.append(self.unruled())
        if model.insert:
            out.append(b"\x1b[4l")
        if model.wrap:
            out.append(b"\x1b[?7l")
        out.append(body)
        if model.wrap:
            out.append(b"\x1b[?7h")
        if model.insert:
            out.append(b"\x1b[4h")
        if by_address:
            out.append(self.address(model.x, model.y, origin=model.origin))
        else:
            out.append(self.restored())
        if not plain_sets:
            out.append(self.charsets())
        # Not every terminal keeps all attributes in DECSC: the style of an underline is lost in some.
        out += [model.rendition.render(), model.link, SYNC_OFF if frame else b""]
        return b"".join(out)

    def address(self, x: int, y: int, *, origin: bool) -> bytes:
        """Put the cursor at a column and row of the screen and leave origin mode as `origin`; it is off before."""
        if origin:
            return b"\x1b[?6h\x1b[%d;%dH" % (max(y - self.model.top + 1, 1), min(x, self.model.cols))
        return b"\x1b[%d;%dH" % (y, min(x, self.model.cols))

    def unruled(self) -> bytes:
        """Switch origin mode off where it may be on, so that rows count from the top of the screen; it sends the cursor home."""
        return b"\x1b[?6l" if self.model.origin_used else b""

    def restored(self) -> bytes:
        """Give the DECRC to a DECSC of ours; origin mode, which moves the cursor, goes before for terminals that do not restore it."""
        return (b"\x1b[?6h" if self.model.origin else b"") + RESTORE

    def charsets(self) -> bytes:
        """Designate and shift the child's character sets."""
        model = self.model
        sets = [b"\x1b%c%s" % (b"()*+"[index], name) for index, name in enumerate(model.charsets) if name]
        return b"".join(sets) + (b"\x0f", b"\x0e", b"\x1bn", b"\x1bo")[model.shift]
