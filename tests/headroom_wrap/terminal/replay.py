"""Feed a stream through the filter into a tall terminal and, as it is, into one without the panel's rows; compare."""

from __future__ import annotations

from headroom_wrap.terminal.filter import OutputFilter
from tests.headroom_wrap.terminal.oracle import Terminal


class Pair:
    """A real terminal behind the filter, and the terminal that the child believes to have."""

    def __init__(self, rows=30, cols=100, panel=3, *, cursor=(1, 1), known=True, **kind):
        self.filter = OutputFilter(rows, cols, panel)
        self.real = Terminal(rows, cols, **kind)
        self.plain = Terminal(rows - panel, cols, **kind)
        self.panel = [b""] * panel
        self.written = bytearray()
        self.draws = 0
        for terminal in (self.real, self.plain):
            terminal.feed(b"\x1b[%d;%dH" % cursor)
        self.write(self.filter.start(cursor if known else None))

    def write(self, data):
        self.written += data
        self.real.feed(data)

    def feed(self, data):
        self.plain.feed(data)
        self.write(self.filter.feed(data))

    def draw(self, lines, **options):
        out = self.filter.draw(lines, **options)
        if out is not None:
            self.panel = list(lines)
            self.draws += 1
            self.write(out)
        return out is not None

    @property
    def settled(self):
        """Whether the filter holds nothing back that the plain terminal has seen."""
        return not self.filter._tokens.held

    def differences(self):
        rows = self.plain.lines
        found = []
        if self.real.text(0, rows) != self.plain.text():
            found.append("text")
        elif self.real.cells(0, rows) != self.plain.cells(0, rows):
            found.append("attributes")
        if self.real.where != self.plain.where:
            found.append(f"cursor {self.real.where} {self.plain.where}")
        if self.real.history != self.plain.history:
            found.append("history")
        if self.real.mode != self.plain.mode:
            found.append("modes")
        if self.real.alternate != self.plain.alternate:
            found.append("buffer")
        if self.real.cursor.attrs != self.plain.cursor.attrs:
            found.append("rendition")
        return found + self.panel_damage()

    def panel_damage(self):
        if self.filter.dirty:
            return []
        shown = self.real.text(self.plain.lines)
        wanted = [line.decode() for line in self.panel] + [""] * (len(shown) - len(self.panel))
        return [] if shown == wanted else [f"panel {shown}"]
