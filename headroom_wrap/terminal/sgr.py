"""Select Graphic Rendition as state: what must be sent to make a terminal's attributes what they were."""

from __future__ import annotations

import re

RESET = b"\x1b[m"
_LONG = 48
"""Sequences kept before they are folded into one per attribute; folding costs about 1 µs for each. Where more stay, as many again may come."""
_RESETS = re.compile(rb"\x1b\[(?:0*;)*0*m")
_CLEARS = {
    b"22": (b"1", b"2"),
    b"23": (b"3", b"20"),
    b"24": (b"4",),
    b"25": (b"5", b"6"),
    b"27": (b"7",),
    b"28": (b"8",),
    b"29": (b"9",),
    b"39": (b"38",),
    b"49": (b"48",),
    b"50": (b"26",),
    b"54": (b"51",),
    b"55": (b"53",),
    b"59": (b"58",),
    b"65": (b"60",),
    b"75": (b"73",),
}
_EXTENDED = (b"38", b"48", b"58")
_HIGHEST = 107
_HIGHER = (221, 222)
"""kitty's ends of bold and of faint alone (https://sw.kovidgoyal.net/kitty/misc-protocol/)."""


class Rendition:
    """The attributes in force, as the sequences that set them since the last reset."""

    __slots__ = ("_limit", "_saved", "_sequences")

    def __init__(self) -> None:
        self._sequences: list[bytes] = []
        self._limit = _LONG
        self._saved: list[list[bytes]] = []

    def clear(self) -> None:
        """Forget everything, as SGR 0 does."""
        self._sequences.clear()

    def add(self, raw: bytes) -> None:
        """Record one whole SGR sequence."""
        if _RESETS.fullmatch(raw):
            self._sequences.clear()
            return
        self._sequences.append(raw)
        if len(self._sequences) > self._limit:
            self._fold()

    def extend(self, sequences: list[bytes]) -> None:
        """Record many sequences."""
        self._sequences += sequences
        if len(self._sequences) > self._limit:
            self._fold()

    def push(self) -> None:
        """XTPUSHSGR; the stack holds 10 in xterm."""
        if len(self._saved) < 10:
            self._saved.append(list(self._sequences))

    def pop(self) -> None:
        """XTPOPSGR."""
        if self._saved:
            self._sequences = self._saved.pop()

    @property
    def state(self) -> tuple[bytes, ...]:
        """The attributes as a value, for a later `restore`."""
        return tuple(self._sequences)

    def restore(self, state: tuple[bytes, ...]) -> None:
        """Go back to a `state`."""
        self._sequences = list(state)

    def render(self) -> bytes:
        """Give the bytes that set exactly these attributes, whatever was set before."""
        if len(self._sequences) > 8:
            self._fold()
        return RESET + b"".join(self._sequences)

    def _fold(self) -> None:
        self._sequences = fold(self._sequences)
        self._limit = max(_LONG, 2 * len(self._sequences))


def _units(raw: bytes) -> list[bytes]:
    """Split the parameters of an SGR into units: `1`, `4:3`, `38;5;196`, `38:2::1:2:3`."""
    parts = raw[2:-1].split(b";")
    units: list[bytes] = []
    at = 0
    while at < len(parts):
        size = 1
        if parts[at].lstrip(b"0") in _EXTENDED and at + 1 < len(parts):
            size = {b"5": 3, b"2": 5}.get(parts[at + 1].lstrip(b"0"), 2)
        units.append(b";".join(parts[at : at + size]))
        at += size
    return units


def _attribute(unit: bytes) -> bytes:
    """Name the attribute that a unit sets, by the lowest code that sets it; empty where no terminal knows one: of such there is no end."""
    code = unit.split(b":", 1)[0].split(b";", 1)[0].lstrip(b"0") or b"0"
    if not code.isdigit() or len(code) > 3:
        return b""
    number = int(code)
    if number > _HIGHEST and number not in _HIGHER:
        return b""
    if 30 <= number <= 37 or 90 <= number <= 97:
        return b"38"
    if 40 <= number <= 47 or 100 <= number <= 107:
        return b"48"
    if 10 <= number <= 19:
        return b"10"
    return {21: b"4", 52: b"51", 74: b"73"}.get(number, code)


def fold(sequences: list[bytes]) -> list[bytes]:
    """Reduce SGR sequences to one for each attribute they leave set."""
    state: dict[bytes, bytes] = {}
    for raw in sequences:
        for unit in _units(raw):
            attribute = _attribute(unit)
            if attribute == b"0":
                state.clear()
            elif unit == b"4:0":
                state.pop(b"4", None)
            elif attribute in _CLEARS:
                for cleared in _CLEARS[attribute]:
                    state.pop(cleared, None)
            elif attribute:
                state.pop(attribute, None)
                state[attribute] = unit
    return [b"\x1b[" + unit + b"m" for unit in state.values()]
