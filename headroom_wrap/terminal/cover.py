"""A page of ours over the child's screen, and the screen back as it was: the child's output is held meanwhile by the caller.

Over the main screen the page is on the alternate one, which every terminal throws away again. Over the alternate screen
there is no third: the page is drawn on it, and then what the child has drawn is drawn again. Where that is not known as a
whole the page leaves blank rows, which the child is to fill when its size changes back.
"""

from __future__ import annotations

from collections.abc import Sequence

from headroom_wrap.terminal.drawing import Drawing
from headroom_wrap.terminal.model import Model
from headroom_wrap.terminal.modes import Modes
from headroom_wrap.terminal.painter import LINK_OFF, SAVE, SYNC_OFF, SYNC_ON, Painter

HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"
TO_ALTERNATE, TO_MAIN = b"\x1b[?1049h", b"\x1b[?1049l"


class Cover:
    """The page over a child that `model`, `modes` and `painter` tell of. While it is open, nothing of the child may be written."""

    def __init__(self, model: Model, modes: Modes, painter: Painter, drawing: Drawing) -> None:
        self.open = False
        self._model, self._modes, self._painter, self._drawing = model, modes, painter, drawing
        self._shown: list[bytes] = []
        self._by_address = False

    @property
    def repaints(self) -> bool:
        """Whether the child must paint what the page lies on."""
        return self.open and self._model.alternate and not self._drawing.whole

    def lay(self) -> bytes:
        """Open it; to be called where `Painter.ready` holds."""
        model = self._model
        self.open, self._shown = True, []
        out = [LINK_OFF if model.link else b""]
        if model.sync:
            # A frame that is open for too long is none, and would hide the page.
            model.sync = False
            self._modes.set(2026, False)
            out.append(SYNC_OFF)
        self._by_address = model.alternate and model.slot.saved is not None and model.certain
        if not self._by_address:
            out.append(SAVE if model.alternate else TO_ALTERNATE)
            model.slot.clobbered = True
        out.append(HIDE + b"\x0f\x1b(B")
        out += [self._painter.unruled(), b"\x1b[4l" if model.insert else b"", b"\x1b[?7l"]
        self._painter.forget()
        return b"".join(out) + self.panel()

    def show(self, lines: Sequence[bytes]) -> bytes:
        """Draw the page where it differs from what is shown: at most a line for each row of the child, at most cols - 1 cells wide."""
        wanted = [*lines[: self._model.rows], *[b""] * (self._model.rows - len(lines))]
        shown: list[bytes | None] = [*self._shown] or [None] * len(wanted)
        self._shown = wanted
        rows = [b"\x1b[%d;1H\x1b[m%s\x1b[m\x1b[K" % (row + 1, new) for row, (new, old) in enumerate(zip(wanted, shown, strict=True)) if new != old]
        return SYNC_ON + b"".join(rows) + SYNC_OFF if rows else b""

    def panel(self) -> bytes:
        """Draw the panel below it where it differs from what is shown."""
        rows = self._painter.rows()
        return SYNC_ON + rows + SYNC_OFF if rows else b""

    def lift(self) -> bytes:
        """Close it: cursor, attributes, modes, margins and panel as they were."""
        model, painter = self._model, self._painter
        self.open = False
        out = [b"\x1b[?7h" if model.wrap else b"", b"\x1b[4h" if model.insert else b""]
        if model.alternate and self._drawing.whole:
            return b"".join([*out, self._drawing.again(), SYNC_OFF, self._cursor()]) + painter.fenced()
        if model.alternate:
            out.append(b"\x1b[m" + b"".join(b"\x1b[%d;1H\x1b[K" % row for row in range(1, model.rows + 1)))
        if self._by_address:
            out.append(painter.address(model.x, model.y, origin=model.origin))
        else:
            out.append(painter.restored() if model.alternate else (b"\x1b[?6h" if model.origin else b"") + TO_MAIN)
        out += [painter.charsets(), model.rendition.render(), model.link, self._cursor()]
        return b"".join(out) + painter.fenced()

    def _cursor(self) -> bytes:
        return HIDE if self._modes.cursor_hidden else SHOW

    def repair(self) -> bytes:
        """What takes it away if we cannot any more."""
        if not self.open:
            return b""
        return b"\x1b[?7h" + (b"" if self._model.alternate else TO_MAIN) + SHOW
