"""What the user types while a page of ours is shown, as names of keys; what the terminal says by itself is for the child.

Encodings: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html (keys, mouse),
https://sw.kovidgoyal.net/kitty/keyboard-protocol/ (kitty).
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    rb"\x1b\[(?P<paste>200)~"
    rb"|\x1b\[<(?P<mouse>\d{1,4});\d{1,5};\d{1,5}[Mm]"
    rb"|\x1b\[M(?P<x10>[\x20-\xff])[\x20-\xff]{2}"
    rb"|\x1b\[(?P<kitty>\d{1,7})(?::\d{0,7}){0,2}(?:;(?P<mods>\d{1,4})(?::(?P<event>\d))?)?(?:;[\d:]{0,40})?u"
    rb"|\x1b\[27;(?P<othermods>\d{1,4});(?P<other>\d{1,7})~"
    rb"|\x1b\[(?:\d{1,2}(?:;\d{1,4}(?::(?P<arrowevent>\d))?)?)?(?P<arrow>[A-HPQSZ])"
    rb"|\x1bO(?:\d{1,2}(?:;\d{1,4})?)?(?P<ss3>[ @-~])"
    rb"|\x1b\[(?P<number>\d{1,2})(?:(?:;\d{1,4}(?::(?P<numberevent>\d))?)?[~^@]|\$)"
    rb"|\x1b\[(?:\[[A-E]|[Ra-d])"  # F1 to F5 of a Linux console, F3, arrows of rxvt with Shift: nothing
    rb"|(?P<report>\x1b\[(?![M[])[<-?]?[\d;:]{0,200}[ -/]{0,4}[@-~]|\x1b[\]P_^X][^\x07\x1b]{0,100000}(?:\x07|\x1b\\))"
    rb"|\x1b(?:[\x20-NQ-WYZ\\`-~]|[O\]P_^X](?=\x1b[^\\]))",  # with Alt held: nothing
    re.DOTALL,
)
_PARTIAL = re.compile(
    rb"\x1b(?:(?:O(?:\d{1,2}(?:;\d{0,4})?)?\x1b?)?"
    rb"|\[(?:\[|[<-?]?[\d;:]{0,200}[ -/]{0,4}|M[\x20-\xff]{0,2})"
    rb"|[\]P_^X][^\x07\x1b]{0,100000}\x1b?)\Z",
    re.DOTALL,
)
_PASTE_OFF = b"\x1b[201~"
_LETTERS = {b"A": "up", b"B": "down", b"C": "right", b"D": "left", b"F": "end", b"H": "home", b"Z": "backtab", b"M": "enter"}
_NUMBERS = {1: "home", 4: "end", 5: "pageup", 6: "pagedown", 7: "home", 8: "end"}
_CONTROLS = {8: "backspace", 9: "tab", 10: "enter", 13: "enter", 27: "escape", 127: "backspace"}
_KITTY = {57419: "up", 57420: "down", 57417: "left", 57418: "right", 57421: "pageup", 57422: "pagedown", 57423: "home", 57424: "end", 57414: "enter"}
_WHEEL_UP, _WHEEL_DOWN, _MODIFIERS = 64, 65, 0b11100
_CONTROL, _LOCKS = 4, 64 | 128


class KeyReader:
    """Cuts what comes from the keyboard into keys.

    A key is its character, or one of ``up down left right pageup pagedown home end enter escape tab backtab backspace`` and
    ``ctrl-x``; the wheel of the mouse counts as ``up`` and ``down``. Pasted text and other mouse events are nothing.
    """

    def __init__(self) -> None:
        self._held = b""
        self._pasting = False

    def feed(self, data: bytes) -> list[str | bytes]:
        """Give the keys in order; bytes among them are a report of the terminal, which is for the child."""
        buf, self._held = self._held + data, b""
        found: list[str | bytes] = []
        pos = 0
        while pos < len(buf):
            if self._pasting:
                pos = self._paste(buf, pos)
            elif buf[pos] != 0x1B:
                pos = self._text(buf, pos, found)
            elif (match := _SEQUENCE.match(buf, pos)) is not None:
                self._pasting = match["paste"] is not None
                if key := _name(match):
                    found.append(key)
                pos = match.end()
            elif _PARTIAL.match(buf, pos):
                self._held = buf[pos:]
                break
            else:
                found.append("escape")
                pos += 1
        return found

    def flush(self) -> list[str | bytes]:
        """Give what waited for more that did not come: the Escape key. The end of a paste is waited for however long it takes."""
        if self._pasting:
            return []
        held, self._held = self._held, b""
        if held == b"\x1b":
            return ["escape"]
        return [held] if held and not held.startswith(b"\x1bO") else []  # no report begins so: it was an O with Alt held

    def _paste(self, buf: bytes, pos: int) -> int:
        """Skip pasted text; its end may be cut."""
        end = buf.find(_PASTE_OFF, pos)
        if end >= 0:
            self._pasting = False
            return end + len(_PASTE_OFF)
        self._held = buf[max(pos, len(buf) - len(_PASTE_OFF) + 1) :]
        return len(buf)

    def _text(self, buf: bytes, pos: int, found: list[str | bytes]) -> int:
        end = buf.find(b"\x1b", pos)
        end = len(buf) if end < 0 else end
        found.extend(_character(ord(char)) for char in buf[pos:end].decode("utf-8", "replace"))
        return end


def control(key: str) -> bytes:
    """The byte that a terminal sends for a key written as ``ctrl-x``; empty for ``off``.

    Raises:
        ValueError: it is no such key, or one that no agent can do without.
    """
    if key == "off":
        return b""
    name = key.lower().removeprefix("ctrl-")
    if name == key.lower() or len(name) != 1 or not ("a" <= name <= "z" or name in "\\]^_") or name in "chijmqsz":
        raise ValueError(key)
    return bytes((ord(name.upper()) & 0x1F,))


def _name(match: re.Match[bytes]) -> str | bytes:
    if match["report"] is not None:
        return match["report"]
    for button in (match["mouse"], match["x10"]):
        if button is not None:
            number = (int(button) if match["mouse"] is not None else button[0] - 32) & ~_MODIFIERS
            return {_WHEEL_UP: "up", _WHEEL_DOWN: "down"}.get(number, "")
    if b"3" in (match["event"], match["arrowevent"], match["numberevent"]):
        return ""  # let go
    if match["kitty"] is not None:
        return _modified(int(match["kitty"]), int(match["mods"] or 1))
    if match["other"] is not None:
        return _modified(int(match["other"]), int(match["othermods"]))
    if match["number"] is not None:
        return _NUMBERS.get(int(match["number"]), "")
    return _LETTERS.get(match["arrow"] or match["ss3"] or b"", "")


def _modified(code: int, modifiers: int) -> str:
    if (modifiers - 1) & ~_LOCKS & _CONTROL:
        return f"ctrl-{chr(code).lower()}" if 0x20 < code < 0x7F else ""
    return _KITTY.get(code) or _character(code)


def _character(code: int) -> str:
    if code in _CONTROLS:
        return _CONTROLS[code]
    if code < 0x20:
        return f"ctrl-{chr(code + 0x40).lower()}"
    return "" if 0xE000 <= code <= 0xF8FF or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else chr(code)
