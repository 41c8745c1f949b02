from __future__ import annotations

from headroom_wrap.terminal.modes import Modes


def test_only_what_is_left_on_is_undone():
    modes = Modes()
    for mode in (1000, 1006, 2004):
        modes.set(mode, True)
    modes.set(1000, False)
    modes.set(25, False)
    modes.set(7, True)
    modes.set(12, True)
    assert modes.undo(False) == b"\x1b[?1006l\x1b[?2004l\x1b[?25h"
    assert modes.redo() == b"\x1b[?1006h\x1b[?2004h\x1b[?25l"


def test_keyboard_protocols_style_and_colours():
    modes = Modes()
    modes.csi(b">", b"7", b"u", False)
    modes.csi(b">", b"1", b"u", False)
    modes.csi(b"<", b"", b"u", False)
    modes.csi(b">", b"4;2", b"m", False)
    modes.csi(b"", b"5", b" q", False)
    modes.keypad(True)
    modes.osc(b"\x1b]11;#000000")
    modes.osc(b"\x1b]10;?")
    modes.osc(b"\x1b]12;red")
    modes.osc(b"\x1b]112")
    assert modes.undo(False) == b"\x1b[<1u\x1b[>4m\x1b[0 q\x1b>\x1b]111\x1b\\"
    assert b"u" not in modes.undo(True)
    modes.csi(b"<", b"9", b"u", False)
    modes.csi(b">", b"4;0", b"m", False)
    modes.csi(b"", b"", b" q", False)
    modes.keypad(False)
    modes.reset()
    assert modes.undo(False) == b""


def test_mouse():
    modes = Modes()
    assert not modes.mouse
    modes.set(1003, True)
    assert modes.mouse
