"""The state that the rules share: the child's model, its modes, the painter, and how text and saved cursors are carried."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from headroom_wrap.terminal.model import Model, Saved
from headroom_wrap.terminal.modes import Modes
from headroom_wrap.terminal.painter import Painter

_LINE_ENDS = re.compile(rb"([\r\n])")


class Child:
    """The child's side of the terminal."""

    def __init__(self, model: Model, modes: Modes, painter: Painter) -> None:
        self.model, self.modes, self.painter = model, modes, painter
        self.replies = b""
        """What the child is to be answered in the terminal's place."""
        self.askers: deque[bool] = deque(maxlen=256)
        """Who waits for a cursor position report, in order; True is us."""
        self.asked_size = 0
        """How many size reports of the terminal the child waits for."""
        self.kept_modes: dict[int, bool] = {}
        """Modes that XTSAVE keeps."""
        self.glyphs = b""
        """The text that came last, for REP; empty after anything else."""

    def text(self, raw: bytes) -> bytes:
        """Write text (CR and LF may be in it where it is ASCII)."""
        model = self.model
        self.glyphs = raw
        if raw[-1] >= 0x20 or raw.strip(b"\r\n"):
            self.painter.drew = False
        model.single_shift = False
        if model.bottom < model.rows:
            if model.below:
                return b"".join(self._text_below(raw))
            self.unsure()
        if raw.isascii():
            model.plain(raw)
        else:
            model.wide(raw)
        return raw

    def line_feed(self, raw: bytes) -> bytes:
        """Write LF, VT, FF or IND; in the last row under the child's region it must not move."""
        model = self.model
        returns = model.newline and raw != b"\x1bD"
        if model.below and model.y == model.rows:
            if returns:
                model.carriage_return()
                return b"\r"
            if model.x > model.cols:
                # A terminal drops the pending wrap at a line feed, so the swallowed one must too.
                model.column(model.cols)
                return b"\x1b[%dG" % model.cols
            return b""
        self.unsure()
        model.line_feed(returns=returns)
        return raw

    def unsure(self) -> None:
        """Have the panel painted anew if the cursor may stand under the child's region without our knowing."""
        if not self.model.sure and self.model.bottom < self.model.rows:
            self.painter.soil()

    def picture(self) -> None:
        """Note that a picture moved the cursor by an unknown way and may have scrolled."""
        self.model.sure = False
        self.model.doubt()
        self.painter.soil()

    def restore(self, raw: bytes) -> bytes:
        """DECRC: the terminal's own if it still holds what the child saved, otherwise one made of our record."""
        model = self.model
        clobbered = model.slot.clobbered
        origin, before = model.origin, (model.x, model.y, model.slack, model.sure)
        saved = model.restore()
        if not clobbered:
            return raw
        return self._rebuilt(saved, before if not saved.sure and saved.origin == origin else None)

    def _rebuilt(self, saved: Saved, stay: tuple[int, int, int, bool] | None) -> bytes:
        model, painter = self.model, self.painter
        place = b""
        if stay is not None:
            # The slot was used only after a first restore; a second one mostly finds the cursor where that put it.
            model.x, model.y, model.slack, model.sure = stay
        else:
            if model.x > model.cols:
                model.column(model.cols)  # no sequence brings a pending wrap back
            place = b"\x1b[?6l" + painter.address(saved.x, model.y, origin=saved.origin)
        return place + painter.charsets() + model.rendition.render()

    def _text_below(self, raw: bytes) -> Iterator[bytes]:
        """Write under the child's scroll region, where wraps and line feeds of the last row would reach the panel."""
        for run in _LINE_ENDS.split(raw):
            if run == b"\r":
                self.model.carriage_return()
                yield run
            elif run == b"\n":
                yield self.line_feed(run)
            elif self.model.slack and (self.model.y == self.model.rows or not self.model.sure) and self.model.wrap:
                # Where the line ends is not known, so none may end in the panel.
                self.model.doubt()
                yield b"\x1b[?7l" + run + b"\x1b[?7h"
            elif run.isascii():
                yield from self._ascii_below(run)
            else:
                for char in run.decode("utf-8", "surrogateescape"):
                    yield self._char_below(char)

    def _ascii_below(self, run: bytes) -> Iterator[bytes]:
        model = self.model
        at = 0
        while at < len(run):
            if model.x > model.cols and model.wrap and model.y == model.rows:
                yield b"\r"
                model.carriage_return()
            room = model.cols - (0 if model.x > model.cols else model.x - 1)
            piece = run[at : at + room] if model.wrap else run[at:]
            at += len(piece)
            model.ascii(len(piece))
            yield piece

    def _char_below(self, char: str) -> bytes:
        model = self.model
        raw = char.encode("utf-8", "surrogateescape")
        x, y = model.x, model.y
        model.wide(raw)
        if y == model.rows and model.x < x:
            slack = model.slack
            model.carriage_return()
            model.wide(raw)
            model.slack = max(slack, model.slack)
            return b"\r" + raw
        return raw
