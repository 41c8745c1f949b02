"""Which terminal modes the child has switched, so that exactly those can be undone if it leaves them behind."""

from __future__ import annotations

_OFF_BY_DEFAULT = frozenset((1, 5, 9, 45, 66, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026, 2027, 2031, 2048, 5522))
_ON_BY_DEFAULT = frozenset((7, 25))
_MOUSE = (9, 1000, 1001, 1002, 1003)
_COLOURS = {b"10": b"110", b"11": b"111", b"12": b"112", b"17": b"117", b"19": b"119", b"4": b"104"}


class Modes:
    """Modes of the terminal that are not at their default, by the child's doing."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Be as after RIS."""
        self._private: dict[int, bool] = {}
        self._keyboard = [0, 0]
        self._modify_keys = b""
        self._cursor_style = b""
        self._keypad = False
        self._colours: dict[bytes, None] = {}

    def set(self, mode: int, on: bool) -> None:
        """Note DECSET or DECRST of a private mode."""
        if mode in _OFF_BY_DEFAULT:
            default = False
        elif mode in _ON_BY_DEFAULT:
            default = True
        else:
            return
        self._private.pop(mode, None)
        if on != default:
            self._private[mode] = on

    def on(self, mode: int) -> bool:
        """Whether the child switched this private mode on."""
        return self._private.get(mode, False)

    @property
    def cursor_hidden(self) -> bool:
        """Whether the child hid the cursor."""
        return 25 in self._private

    @property
    def mouse(self) -> bool:
        """Whether the child asked for mouse reports."""
        return any(self.on(mode) for mode in _MOUSE)

    def keypad(self, application: bool) -> None:
        """DECKPAM, DECKPNM."""
        self._keypad = application

    def csi(self, prefix: bytes, params: bytes, final: bytes, alternate: bool) -> None:
        """Note kitty keyboard flags, modifyOtherKeys and the cursor's style."""
        if final == b"u" and prefix == b">":
            self._keyboard[alternate] = min(self._keyboard[alternate] + 1, 64)
        elif final == b"u" and prefix == b"<":
            self._keyboard[alternate] = max(self._keyboard[alternate] - (int(params) if params.isdigit() else 1), 0)
        elif final == b"u" and prefix == b"=":
            self._keyboard[alternate] = max(self._keyboard[alternate], 0 if params.split(b";")[0] in (b"", b"0") else 1)
        elif final == b"m" and prefix == b">" and params.split(b";")[0] == b"4":
            self._modify_keys = b"" if params.partition(b";")[2] in (b"", b"0") else params
        elif final == b" q":
            self._cursor_style = b"" if params in (b"", b"0") else params

    def osc(self, head: bytes) -> None:
        """Note colours that an OSC set (a query, `?`, sets none)."""
        number, _, value = head[2:].partition(b";")
        if number in _COLOURS and value and not value.endswith(b"?"):
            self._colours[number] = None
        else:
            for setter, resetter in _COLOURS.items():
                if number == resetter:
                    self._colours.pop(setter, None)

    def undo(self, alternate: bool) -> bytes:
        """Give the bytes that put every switched mode back, on the buffer on show."""
        out = [b"\x1b[?%d%c" % (mode, b"lh"[not on]) for mode, on in self._private.items()]
        if self._keyboard[alternate]:
            out.append(b"\x1b[<%du" % self._keyboard[alternate])
        if self._modify_keys:
            out.append(b"\x1b[>4m")
        if self._cursor_style:
            out.append(b"\x1b[0 q")
        if self._keypad:
            out.append(b"\x1b>")
        out += [b"\x1b]%s\x1b\\" % _COLOURS[number] for number in self._colours]
        return b"".join(out)

    def redo(self) -> bytes:
        """Give the bytes that set again what `undo` put back (colours excepted), for a child that goes on."""
        out = [b"\x1b[?%d%c" % (mode, b"lh"[on]) for mode, on in self._private.items() if mode != 2026]
        if self._modify_keys:
            out.append(b"\x1b[>%sm" % self._modify_keys)
        if self._cursor_style:
            out.append(b"\x1b[%s q" % self._cursor_style)
        if self._keypad:
            out.append(b"\x1b=")
        return b"".join(out)
