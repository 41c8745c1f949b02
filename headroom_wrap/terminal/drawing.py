"""What the child has drawn since its screen was last empty, as it was written to the terminal: to be drawn again under a page of ours.

No cells are kept: the bytes are, so that every terminal draws them as it did. What is said to the terminal and draws
nothing (titles, questions, modes of the keyboard and mouse) is left out, as it must not be said twice.
"""

from __future__ import annotations

import re

from headroom_wrap.terminal import tokens
from headroom_wrap.terminal.model import Model
from headroom_wrap.terminal.painter import Painter

MOST = 2 << 20
"""How much is kept, in bytes: what terminals draw in about a tenth of a second."""

_CSI = re.compile(rb"\x1b\[(\??)([0-9;:]*)([ -/]*[@-~])")
_DRAWING = frozenset(
    [*b"A B C D E F G H I J K L M P S T X @ ^ ` a b d e f j k m r s u Z '} '~ $z ${ $x $r $t $v *x +T #{ #p #} #q".split(), b" @", b" A"]
)
_UNREPEATABLE = frozenset((b"g", b"W", b"!p", b'"p'))
_MODES = frozenset((b"6", b"7", b"25", b"69", b"1048"))
_ANSI_MODES = frozenset((b"4", b"20"))
_SILENT = frozenset((b"\x05", b"\x07"))  # ENQ is a question, BEL a noise
_DRAWING_ESCAPES = frozenset(b"\x1b%c" % final for final in b"78DEMNOno69")


class Drawing:
    """The bytes since the last erase of the whole screen, as long as they are all that is on it."""

    def __init__(self, model: Model, painter: Painter) -> None:
        self.whole = False
        """Whether `again` gives the child's screen."""
        self._model, self._painter = model, painter
        self._kept = bytearray()

    def void(self) -> None:
        """Keep nothing until the screen is empty again."""
        self.whole = False
        self._kept.clear()

    def add(self, data: bytes) -> None:
        """Keep what was written to the terminal."""
        self._kept += data
        if len(self._kept) > MOST:
            self.void()

    def token(self, kind: int, raw: bytes, written: bytes) -> None:
        """Note a token of the child and what the terminal got for it; the model has taken it already."""
        model = self._model
        if not model.alternate or model.sides or model.protects or not _repeatable(kind, raw):
            self.void()
        elif kind == tokens.CSI and self._empties(raw):
            # Where the child's saved cursor is in the terminal's hands, an erase is no new beginning.
            if model.certain and (model.slot.saved is None or model.slot.clobbered):
                self._begin()
            elif self.whole:
                self.add(written)
        elif self.whole and written and draws(kind, raw):
            self.add(written)

    def again(self) -> bytes:
        """Give what draws the child's screen, with the cursor and the attributes as they were left."""
        return bytes(self._kept)

    def _empties(self, raw: bytes) -> bool:
        return raw == b"\x1b[2J" or (raw in (b"\x1b[J", b"\x1b[0J") and (self._model.x, self._model.y) == (1, 1))

    def _begin(self) -> None:
        model, painter = self._model, self._painter
        self.void()
        self.whole = True
        modes = ((b"?7", model.wrap), (b"4", model.insert), (b"20", model.newline))
        rows = b"".join(b"\x1b[%d;1H\x1b[K" % row for row in range(1, model.rows + 1))
        self.add(
            b"".join(b"\x1b[%s%c" % (mode, b"lh"[on]) for mode, on in modes)
            + painter.unruled()
            + painter.margins()
            + b"\x0f\x1b(B"
            + model.rendition.render()  # an erase takes the colour of the background
            + rows
            + painter.address(model.x, model.y, origin=model.origin)
            + painter.charsets()
            + model.link
        )


def _repeatable(kind: int, raw: bytes) -> bool:
    """Whether what was drawn would be drawn the same once a token has been said twice.

    Not with HTS, TBC, DECST8C: all of it would be drawn to the new tab stops. Nor with DECSTR, DECSCL: they also reset what
    was said of the keyboard since.
    """
    if kind == tokens.CSI:
        return raw[-1:] not in _UNREPEATABLE and raw[-2:] not in _UNREPEATABLE
    return raw != b"\x1bH"


def draws(kind: int, raw: bytes) -> bool:
    """Whether a token changes what is on the screen, or where and how the next one does."""
    if kind in (tokens.PLAIN, tokens.WIDE):
        return True
    if kind == tokens.CONTROL:
        return raw not in _SILENT
    if kind == tokens.ESCAPE:
        return raw in _DRAWING_ESCAPES or raw[1:2] in b"()*+#"
    if kind != tokens.CSI:
        return False
    match = _CSI.fullmatch(raw)
    if match is None:
        return False
    private, params, final = match.groups()
    if final in (b"h", b"l"):
        # Reports of the window's size begin with one as soon as they are asked for.
        return b"2048" not in params and not (_MODES if private else _ANSI_MODES).isdisjoint(params.split(b";"))
    return final in _DRAWING and (not private or final in (b"J", b"K", b"r"))
