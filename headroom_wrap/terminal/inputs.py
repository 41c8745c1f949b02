"""From the terminal to the child: sizes in reports scaled, the mouse on the panel swallowed, answers to us kept, hot-key.

Everything else passes as it came. Keys: https://sw.kovidgoyal.net/kitty/keyboard-protocol/ and modifyOtherKeys of
https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, where the mouse encodings are as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from headroom_wrap.terminal.filter import OutputFilter

_PASTE_ON, _PASTE_OFF = b"\x1b[200~", b"\x1b[201~"
_SEQUENCE = re.compile(
    rb"\x1b\[(?:"
    rb"<(?P<sgr>\d{1,6};\d{1,6};\d{1,6}[Mm])"
    rb"|(?P<urxvt>\d{1,6};\d{1,6};\d{1,6}M)"
    rb"|M(?P<x10>[\x20-\xff]{3})"
    rb"|(?P<size>(?:8|4|48)(?:;\d{1,6}){2,4}t)"
    rb"|(?P<position>\d{1,6};\d{1,6}R)"
    rb"|(?P<paste>200~)"
    rb"|(?P<kitty>\d{1,7}(?::\d{0,7}){0,2};\d{1,4}(?::\d)?u)"
    rb"|(?P<other>27;\d{1,4};\d{1,7}~)"
    rb")"
)
_PARTIAL = re.compile(rb"\x1b(?:\[(?:<?[0-9;:]{0,40}|M[\x20-\xff]{0,2})?)?\Z")
_LOCKS = 64 | 128
"""Caps lock and num lock in the modifiers of the kitty protocol."""
_CONTROL = 4
_RELEASE, _MOTION, _WHEEL = 3, 32, 64


class InputFilter:
    """Filters what the user's terminal sends; `output` tells the geometry, the modes and who asked for the position.

    Args:
        output: the filter of the other direction.
        hotkey: one control character (28 is Ctrl-backslash) that is ours while there is a panel; None for no hot-key.
        on_hotkey: called when it is pressed outside a bracketed paste.
    """

    def __init__(
        self,
        output: OutputFilter,
        hotkey: bytes | None = None,
        on_hotkey: Callable[[], None] | None = None,
    ) -> None:
        self._output = output
        self._hotkey = hotkey
        self._on_hotkey = on_hotkey
        self._position: tuple[int, int] | None = None
        self._held = b""
        self._pasting = False
        self._button_ours = False
        self._button_theirs = False

    def feed(self, data: bytes) -> bytes:
        """Filter what was read; the start of a sequence may be kept until the rest comes or `flush` is called."""
        buf, self._held = self._held + data, b""
        out: list[bytes] = []
        pos = self._paste(buf, 0, out) if self._pasting else 0  # a paste ends, whatever became of the panel meanwhile
        if not (self._output.panel_rows or True in self._output.askers):
            out.append(buf[pos:])
            return b"".join(out)
        while pos < len(buf):
            pos = self._paste(buf, pos, out) if self._pasting else self._keys(buf, pos, out)
        return b"".join(out)

    def flush(self) -> bytes:
        """Give out what was kept: no more came, so it was a key of its own, such as ESC. The end of a paste is waited for however long it takes."""
        if self._pasting:
            return b""
        held, self._held = self._held, b""
        return held

    def take_position(self) -> tuple[int, int] | None:
        """Take the row and column (from 1) of the last answer to `OutputFilter.ask_position`, once."""
        position, self._position = self._position, None
        return position

    def _paste(self, buf: bytes, pos: int, out: list[bytes]) -> int:
        end = buf.find(_PASTE_OFF, pos)
        if end >= 0:
            self._pasting = False
            end += len(_PASTE_OFF)
            out.append(buf[pos:end])
            return end
        keep = next((n for n in range(5, 0, -1) if buf.endswith(_PASTE_OFF[:n])), 0)
        end = max(len(buf) - keep, pos)
        out.append(buf[pos:end])
        self._held = buf[end:]
        return len(buf)

    def _keys(self, buf: bytes, pos: int, out: list[bytes]) -> int:
        start = buf.find(b"\x1b", pos)
        plain = buf[pos : start if start >= 0 else len(buf)]
        if plain:
            out.append(self._plain(plain))
        if start < 0:
            return len(buf)
        match = _SEQUENCE.match(buf, start)
        if match is not None:
            out.append(self._sequence(match))
            return match.end()
        if _PARTIAL.match(buf, start) and self._expecting():
            self._held = buf[start:]
            return len(buf)
        out.append(b"\x1b")
        return start + 1

    def _expecting(self) -> bool:
        """Whether a sequence that we would treat may come; otherwise a lone ESC need not wait."""
        output = self._output
        return bool(self._hotkey or output.modes.mouse or output.modes.on(2048) or output.asked_size or True in output.askers)

    def _plain(self, data: bytes) -> bytes:
        if self._hotkey is None or self._hotkey not in data or not self._output.panel_rows:
            return data
        for _ in range(data.count(self._hotkey)):
            self._pressed()
        return data.replace(self._hotkey, b"")

    def _pressed(self) -> None:
        if self._on_hotkey is not None:
            self._on_hotkey()

    def _sequence(self, match: re.Match[bytes]) -> bytes:
        raw, kind = match.group(), match.lastgroup or ""
        if kind == "paste":
            self._pasting = True
            return raw
        if kind in ("kitty", "other"):
            return self._key(raw, match.group(kind)[:-1], kind == "kitty")
        if kind == "position":
            return self._answer(raw)
        if not self._output.panel_rows:
            return raw
        if kind == "size":
            return self._size(raw)
        if self._output.modes.on(1016) or not self._output.modes.mouse:
            return raw  # in pixels, whose size we do not know; or no mouse report at all
        return self._mouse(raw, kind)

    def _key(self, raw: bytes, body: bytes, kitty: bool) -> bytes:
        if self._hotkey is None or not self._output.panel_rows:
            return raw
        fields = body.split(b";")
        code, modifiers = (fields[0], fields[1]) if kitty else (fields[2], fields[1])
        letter = self._hotkey[0] + 0x40
        modifier, _, event = modifiers.partition(b":")
        wanted = (letter, letter + 0x20) if 0x41 <= letter <= 0x5A else (letter,)
        if int(code.partition(b":")[0]) not in wanted or (int(modifier) - 1) & ~_LOCKS != _CONTROL:
            return raw
        if event in (b"", b"1"):
            self._pressed()
        return b""

    def _answer(self, raw: bytes) -> bytes:
        """Give a position report to whoever asked first; one that nobody asked for is a key (F3 with modifiers)."""
        askers = self._output.askers
        if not askers or not askers.popleft():
            return raw
        row, column = raw[2:-1].split(b";")
        self._position = int(row), int(column)
        return b""

    def _size(self, raw: bytes) -> bytes:
        """Scale a report of the text area to the child's rows."""
        output = self._output
        numbers = [int(part) for part in raw[2:-1].split(b";")]
        if numbers[0] == 8:
            numbers[1] = max(numbers[1] - output.panel_rows, 1)
        elif numbers[0] == 4:
            numbers[1] = numbers[1] * output.child_rows // output.rows
        elif len(numbers) == 5:
            rows = max(numbers[1] - output.panel_rows, 1)
            numbers[3] = numbers[3] * rows // max(numbers[1], 1)
            numbers[1] = rows
        output.asked_size = max(output.asked_size - 1, 0) if numbers[0] != 48 else output.asked_size
        return b"\x1b[%st" % b";".join(b"%d" % n for n in numbers)

    def _mouse(self, raw: bytes, kind: str) -> bytes:
        """Keep what happens on the panel from the child, but let it see the end of what began on its screen."""
        if kind == "x10":
            button, row = raw[3] - 32, raw[5] - 32
            up = button & 3 == _RELEASE and button < _WHEEL
        else:
            button, _, row = (int(part) for part in raw[2:-1].lstrip(b"<").split(b";"))
            if kind == "urxvt":
                button -= 32
            up = raw.endswith(b"m") if kind == "sgr" else button & 3 == _RELEASE and button < _WHEEL
        last = self._output.child_rows
        inside = row <= last
        if button & _MOTION or up:
            held = self._button_theirs
            ours = self._button_ours
            if up and not button & _MOTION:
                self._button_theirs = self._button_ours = False
            if ours or (not inside and not held):
                return b""
        elif button < _WHEEL:
            self._button_theirs, self._button_ours = inside, not inside
        if inside:
            return raw
        if button & _MOTION or up:  # dragged or let go below the child's screen: at its edge, for the child
            if kind == "x10":
                return raw[:5] + bytes((last + 32,))
            return raw[: raw.rindex(b";") + 1] + b"%d" % last + raw[-1:]
        return b""
