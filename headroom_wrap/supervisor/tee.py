"""Which terminal modes the agent has set, seen in its output as it passes, so that the guardian can undo them.

Numbers: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, https://sw.kovidgoyal.net/kitty/keyboard-protocol/
"""

from __future__ import annotations

import re

from headroom_wrap.terminal.modes import Modes

_ALTERNATE_SCREENS = frozenset((47, 1047, 1049))

# Nothing in it matches a colour or a cursor position, which are the bulk of all sequences.
_SEQUENCE = re.compile(
    rb"\x1b(?:\[(?:"
    rb"\?(?P<private>[0-9;]{1,40})(?P<on>[hl])"
    rb"|(?P<prefix>[<=>])(?P<params>[0-9;]{0,12})(?P<final>[um])"
    rb"|(?P<style>[0-9]?) q"
    rb"|(?P<soft>!p))"
    rb"|(?P<escape>[=>c]))"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]{0,42}[ !]?)?\Z")
_LONGEST = 46


class ModeTee:
    """The modes left on by the bytes fed so far. Passive: it changes nothing."""

    def __init__(self) -> None:
        self._tail = b""
        self._modes = Modes()
        self._alternate = 0  # the mode that switched to the alternate screen

    def feed(self, data: bytes) -> bool:
        """Read on. True: something may have changed, so `undo` is worth asking."""
        if self._tail:
            data = self._tail + data
            self._tail = b""
        elif b"\x1b" not in data:
            return False
        changed = False
        for match in _SEQUENCE.finditer(data):
            changed = True
            self._see(match)
        last = data.rfind(b"\x1b", max(0, len(data) - _LONGEST))
        if last >= 0 and _UNFINISHED.match(data, last):
            self._tail = data[last:]
        return changed

    def _see(self, match: re.Match[bytes]) -> None:
        if match["private"] is not None:
            on = match["on"] == b"h"
            for number in map(int, filter(None, match["private"].split(b";"))):
                if number in _ALTERNATE_SCREENS:
                    self._alternate = number if on else 0
                self._modes.set(number, on)
        elif match["final"] is not None:
            self._modes.csi(match["prefix"], match["params"], match["final"], bool(self._alternate))
        elif match["style"] is not None:
            self._modes.csi(b"", match["style"], b" q", bool(self._alternate))
        elif match["escape"] == b"c":
            self._modes.reset()
            self._alternate = 0
        elif match["soft"] is not None:  # DECSTR
            self._modes.set(1, False)
            self._modes.set(25, True)
            self._modes.keypad(False)
        else:
            self._modes.keypad(match["escape"] == b"=")

    def undo(self) -> bytes:
        """What to write to switch off exactly what is on; the keyboard's stack before the screen it belongs to."""
        return self._modes.undo(bool(self._alternate)) + (b"\x1b[?%dl" % self._alternate if self._alternate else b"")
