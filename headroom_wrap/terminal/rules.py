"""What becomes of each control sequence of the child: passed, rewritten, swallowed or answered.

A rule takes (child, parameters, whole sequence), moves the model and returns what the terminal gets. Rows and columns
count from 1; the child's last row is `model.rows`, and the rows after it are the panel's. Sequences without a rule pass.
"""

from __future__ import annotations

from collections.abc import Callable

from headroom_wrap.terminal.child import Child
from headroom_wrap.terminal.model import Model

Rule = Callable[[Child, bytes, bytes], bytes]

_REFUSED_MODES = frozenset((2, 3, 40, 95))
"""VT52, DECCOLM, what enables it and what keeps it from clearing: they change the terminal's language or width."""
_BUFFER_MODES = frozenset((47, 1047, 1049))
_RULED_MODES = frozenset((6, 7, 69, 1048, 2026)) | _BUFFER_MODES | _REFUSED_MODES


def number(params: bytes, index: int = 0, default: int = 1) -> int:
    """Read a parameter, where absent and zero mean `default`; bounded, as in terminals."""
    if not params:
        return default
    if not index and params.isdigit():
        return min(int(params), 99999) or default
    parts = params.split(b";", index + 1)
    text = parts[index].partition(b":")[0] if index < len(parts) else b""
    return min(int(text), 99999) or default if text else default


def _move(move: Callable[[Model, int], None]) -> Rule:
    """Make the rule of a sequence that passes as it is and moves the cursor by one count."""

    def rule(child: Child, params: bytes, raw: bytes) -> bytes:
        move(child.model, number(params))
        return raw

    return rule


def _note(note: Callable[[Model], None]) -> Rule:
    """Make the rule of a sequence that passes as it is and that the model notes."""

    def rule(child: Child, params: bytes, raw: bytes) -> bytes:
        del params
        note(child.model)
        return raw

    return rule


def swallow(child: Child, params: bytes, raw: bytes) -> bytes:
    """Keep a sequence from the terminal."""
    del child, params, raw
    return b""


# Cursor


def _last_row(model: Model) -> int:
    """The number of the last row that the child can name."""
    return model.bottom - model.top + 1 if model.origin else model.rows


def cursor_position(child: Child, params: bytes, raw: bytes) -> bytes:
    """CUP, HVP: no row after the child's last; so a size probe at 999;999 finds the child's size."""
    model = child.model
    row, column = number(params), number(params, 1)
    model.place(row, column)
    return b"\x1b[%d;%dH" % (_last_row(model), column) if row > _last_row(model) else raw


def row_position(child: Child, params: bytes, raw: bytes) -> bytes:
    """VPA."""
    model = child.model
    row = number(params)
    model.row(row)
    return b"\x1b[%dd" % _last_row(model) if row > _last_row(model) else raw


def row_relative(child: Child, params: bytes, raw: bytes) -> bytes:
    """VPR knows no margins; where the child's region ends at its last row, CUD does the same and stops there."""
    del raw
    model = child.model
    count = number(params)
    if model.bottom < model.rows and not model.origin:
        model.row(model.y + count)
        return b"\x1b[%dd" % model.y
    model.down(count)
    return b"\x1b[%dB" % count


def _downward(*, to_column_1: bool) -> Rule:
    def rule(child: Child, params: bytes, raw: bytes) -> bytes:
        model = child.model
        count = number(params)
        child.unsure()
        if model.below and (model.y + count > model.rows or not model.sure):
            model.row(model.y + count)
            raw = b"\x1b[%dd" % model.y
            raw += b"\r" if to_column_1 else b""
        else:
            model.down(count)
        if to_column_1:
            model.carriage_return()
        return raw

    return rule


def _up_to_column_1(model: Model, count: int) -> None:
    model.up(count)
    model.carriage_return()


def _back_tab(model: Model, count: int) -> None:
    if model.tabs_known and not model.slack and model.x <= model.cols:
        model.x = max(((model.x + 6) // 8 - count) * 8 + 1, 1)
    else:
        model.doubt()


def index(child: Child, params: bytes, raw: bytes) -> bytes:
    """LF, VT, FF, IND."""
    del params
    return child.line_feed(raw)


def next_line(child: Child, params: bytes, raw: bytes) -> bytes:
    """NEL."""
    del params
    model = child.model
    model.carriage_return()
    if model.below and model.y == model.rows:
        return b"\r"
    child.line_feed(raw)
    return raw


def _reverse_index(model: Model) -> None:
    model.touched()
    if model.y != model.top:
        model.y = max(model.y - 1, 1)


def _columns_moved(model: Model) -> None:
    # DECBI, DECFI, SL, SR, DECIC, DECDC: where the cursor ends differs between terminals.
    model.doubt()


def save(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECSC, and SCOSC where there are no side margins."""
    if raw[-1:] == b"s" and (child.model.sides or params):
        if child.model.sides:
            child.model.home()
        return raw
    child.model.save()
    return raw


def restore(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECRC, SCORC."""
    del params
    return child.restore(raw)


def _lines_moved(model: Model, count: int) -> None:
    # IL and DL go to column 1 in most terminals, and stay in others; outside the margins they do nothing in any.
    del count
    if (model.x != 1 or model.slack) and not (model.sure and not model.top <= model.y <= model.bottom):
        model.doubt()


# Margins, erasing, resets


def scroll_region(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECSTBM: the child's whole screen is the rows above the panel."""
    del raw
    model = child.model
    top, bottom = number(params), min(number(params, 1, model.rows), model.rows)
    if top >= bottom:
        return b""
    model.top, model.bottom = top, bottom
    model.home()
    return child.painter.margins()


def erase_display(child: Child, params: bytes, raw: bytes) -> bytes:
    """ED: the panel goes with it and is painted again."""
    model, painter = child.model, child.painter
    what = number(params, 0, 0)
    model.touched()
    if what == 1:
        return raw
    before = b""
    if what in (2, 22) and not model.alternate:
        before = painter.blank()  # some terminals push the screen to their history, and the panel with it
    return before + raw + painter.spoiled()


def selective_erase(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECSED."""
    child.model.touched()
    return raw if number(params, 0, 0) == 1 else raw + child.painter.spoiled()


def protect(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECSCA."""
    if number(params, 0, 0) == 1:
        child.model.protects = True
    return raw


def full_reset(child: Child, params: bytes, raw: bytes) -> bytes:
    """RIS."""
    del params
    painter = child.painter
    before = painter.blank()
    child.model.reset()
    child.modes.reset()
    painter.forget()
    return before + raw + painter.margins() + painter.repaint()


def soft_reset(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECSTR, DECSCL."""
    del params
    child.model.soften()
    child.modes.keypad(False)
    return raw + child.painter.fenced()


def alignment(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECALN fills the whole screen and resets the region."""
    del params
    model = child.model
    model.top, model.bottom, model.origin = 1, model.rows, False
    model.home()
    return raw + child.painter.fenced()


# Rectangles: https://vt100.net/docs/vt510-rm/chapter4.html


def _rectangle(at: int) -> Rule:
    """Make the rule of a rectangle operation whose top, left, bottom, right start at parameter `at`."""

    def rule(child: Child, params: bytes, raw: bytes) -> bytes:
        last = child.model.rows
        parts = params.split(b";")
        parts += [b""] * (at + 4 - len(parts))
        copy = raw[-2:] == b"$v"
        if child.model.origin:
            last = max(child.model.bottom - child.model.top + 1, 1)
        top, bottom = number(parts[at]), min(number(parts[at + 2], 0, last), last)
        if copy:
            bottom = min(bottom, top + last - number(params, 5))
        if bottom < top:
            return b""
        parts[at + 2] = b"%d" % bottom
        return b"\x1b[" + b";".join(parts) + raw[-2:]

    return rule


# Size


def window(child: Child, params: bytes, raw: bytes) -> bytes:
    """XTWINOPS: the size in characters is the child's; a wish for rows is a wish for rows above the panel."""
    model, panel = child.model, child.painter.panel_rows
    what = number(params, 0, 0)
    if what == 18:
        child.replies += b"\x1b[8;%d;%dt" % (model.rows, model.cols)
        return b""
    if what in (14, 15):
        child.asked_size += 1
    if what == 8 and number(params, 1, 0):
        rest = params.split(b";", 2)[2:]
        return b"\x1b[8;%d%st" % (number(params, 1) + panel, b"".join(b";" + part for part in rest))
    if what >= 24:
        return b"\x1b[%dt" % (what + panel)
    return raw


def device_status(child: Child, params: bytes, raw: bytes) -> bytes:
    """DSR: note who asks where the cursor is, so that the answers find their askers."""
    if params == b"6" and raw[2:3] != b"?":
        child.askers.append(False)
    return raw


# Attributes


def push_rendition(child: Child, params: bytes, raw: bytes) -> bytes:
    """XTPUSHSGR."""
    del params
    child.model.rendition.push()
    return raw


def pop_rendition(child: Child, params: bytes, raw: bytes) -> bytes:
    """XTPOPSGR."""
    del params
    child.model.rendition.pop()
    return raw


def repeat(child: Child, params: bytes, raw: bytes) -> bytes:
    """REP: after a draw of ours the terminal's last character is not the child's.

    Not right after a character it is not defined (ECMA-48): xterm, tmux and xterm.js do nothing then, kitty repeats the last one.
    """
    model, ours = child.model, child.painter.drew or child.model.below
    text = child.glyphs.decode("utf-8", "replace")
    if not text or text[-1] in "\r\n":
        if ours:
            return b""
        model.sure = False
        model.doubt()
        return raw
    count, full = number(params), model.rows * model.cols
    if count > full:  # a screen of them and the same column
        count = full + count % model.cols
    repeated = child.text((text[-1] * count).encode())
    return repeated if ours else raw


def _shift(to: int) -> Rule:
    def note(model: Model) -> None:
        model.shift = to

    return _note(note)


def _single_shift(model: Model) -> None:
    model.single_shift = True


def _tabs_changed(model: Model) -> None:
    model.tabs_known = False


def keypad(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECKPAM, DECKPNM."""
    del params
    child.modes.keypad(raw == b"\x1b=")
    return raw


# Modes


def ansi_mode(child: Child, params: bytes, raw: bytes) -> bytes:
    """SM, RM."""
    for part in params.split(b";"):
        if part == b"4":
            child.model.insert = raw[-1:] == b"h"
        elif part == b"20":
            child.model.newline = raw[-1:] == b"h"
    return raw


def private_mode(child: Child, params: bytes, raw: bytes) -> bytes:
    """DECSET, DECRST; a list with a mode of ours to rule is taken apart."""
    on = raw[-1:] == b"h"
    modes = [int(part) if part.isdigit() else 0 for part in params.split(b";")]
    if _RULED_MODES.isdisjoint(modes):
        for mode in modes:
            child.modes.set(mode, on)
        return raw
    return b"".join(_one_mode(child, mode, on) for mode in modes)


def _one_mode(child: Child, mode: int, on: bool) -> bytes:
    model = child.model
    raw = b"\x1b[?%d%c" % (mode, b"lh"[on])
    child.modes.set(mode, on)
    if mode in _REFUSED_MODES:
        return b""
    if mode in _BUFFER_MODES:
        return _switch_buffer(child, raw, on=on, with_cursor=mode == 1049)
    if mode == 2026:
        model.sync = on
    elif mode == 7:
        model.wrap = on
        model.touched()
    elif mode == 6:
        model.origin = on
        model.origin_used = model.origin_used or on
        model.home()
    elif mode == 69:
        model.sides = on
        model.sure = False
        model.doubt()
    elif mode == 1048:
        if not on:
            return child.restore(raw)
        model.save()
    return raw


def _switch_buffer(child: Child, raw: bytes, *, on: bool, with_cursor: bool) -> bytes:
    model, painter = child.model, child.painter
    if with_cursor and on:
        model.save()
    was, model.alternate = model.alternate, on
    if was == on and not with_cursor:
        return raw
    if on:
        model.slot.live = False
        model.sure = False  # some terminals go home, others stay
        model.touched()
    elif with_cursor:
        rebuilt = model.slot.clobbered
        after = child.restore(b"")
        if rebuilt and not was:
            return after  # the terminal would restore a position of ours
        raw += after
    return raw + painter.fenced()


def keep_modes(child: Child, params: bytes, raw: bytes) -> bytes:
    """XTSAVE."""
    model = child.model
    now = {6: model.origin, 7: model.wrap, 69: model.sides, 2026: model.sync}
    now.update(dict.fromkeys(_BUFFER_MODES, model.alternate))
    for part in params.split(b";"):
        if part.isdigit() and int(part) in now:
            child.kept_modes[int(part)] = now[int(part)]
    return raw


def recall_modes(child: Child, params: bytes, raw: bytes) -> bytes:
    """XTRESTORE: modes that we follow are set by name."""
    modes = [int(part) if part.isdigit() else 0 for part in params.split(b";")]
    ruled = [mode for mode in modes if mode in _RULED_MODES]
    if not ruled:
        return raw
    rest = b";".join(b"%d" % mode for mode in modes if mode not in _RULED_MODES)
    out = [b"\x1b[?%sr" % rest] if rest else []
    out += [_one_mode(child, mode, child.kept_modes[mode]) for mode in ruled if mode in child.kept_modes]
    return b"".join(out)


_TOUCHED = _note(Model.touched)

CSI_RULES: dict[bytes, Rule] = {
    b"H": cursor_position,
    b"f": cursor_position,
    b"d": row_position,
    b"e": row_relative,
    b"A": _move(Model.up),
    b"k": _move(Model.up),
    b"B": _downward(to_column_1=False),
    b"E": _downward(to_column_1=True),
    b"F": _move(_up_to_column_1),
    b"C": _move(Model.right),
    b"a": _move(Model.right),
    b"D": _move(Model.left),
    b"j": _move(Model.left),
    b"G": _move(Model.column),
    b"`": _move(Model.column),
    b"I": _move(Model.tab),
    b"Z": _move(_back_tab),
    b"L": _move(_lines_moved),
    b"M": _move(_lines_moved),
    b"K": _TOUCHED,
    b"?K": _TOUCHED,
    b"P": _TOUCHED,
    b"@": _TOUCHED,
    b"X": _TOUCHED,
    b"J": erase_display,
    b"?J": selective_erase,
    b"r": scroll_region,
    b"?r": recall_modes,
    b"?s": keep_modes,
    b"s": save,
    b"u": restore,
    b"h": ansi_mode,
    b"l": ansi_mode,
    b"?h": private_mode,
    b"?l": private_mode,
    b"b": repeat,
    b"g": _note(_tabs_changed),
    b"?W": _note(_tabs_changed),
    b"t": window,
    b"n": device_status,
    b"!p": soft_reset,
    b'"p': soft_reset,
    b'"q': protect,
    b"*|": swallow,
    b"$|": swallow,
    b"#{": push_rendition,
    b"#p": push_rendition,
    b"#}": pop_rendition,
    b"#q": pop_rendition,
    b"$z": _rectangle(0),
    b"${": _rectangle(0),
    b"$r": _rectangle(0),
    b"$t": _rectangle(0),
    b"$x": _rectangle(1),
    b"$v": _rectangle(0),
    b" @": _note(_columns_moved),
    b" A": _note(_columns_moved),
    b"'}": _note(_columns_moved),
    b"'~": _note(_columns_moved),
}

CONTROL_RULES: dict[bytes, Rule] = {
    b"\b": _note(Model.backspace),
    b"\t": _note(Model.tab),
    # CR and LF come with the text, and alone where they stood inside a sequence.
    b"\n": index,
    b"\r": _note(Model.carriage_return),
    b"\v": index,
    b"\f": index,
    b"\x0e": _shift(1),
    b"\x0f": _shift(0),
    b"\x1a": _note(Model.doubt),
}

ESCAPE_RULES: dict[bytes, Rule] = {
    b"\x1b7": save,
    b"\x1b8": restore,
    b"\x1bD": index,
    b"\x1bE": next_line,
    b"\x1bM": _note(_reverse_index),
    b"\x1bc": full_reset,
    b"\x1b#8": alignment,
    b"\x1b#3": _note(Model.doubt),
    b"\x1b#4": _note(Model.doubt),
    b"\x1b#6": _note(Model.doubt),
    b"\x1bH": _note(_tabs_changed),
    b"\x1bN": _note(_single_shift),
    b"\x1bO": _note(_single_shift),
    b"\x1bn": _shift(2),
    b"\x1bo": _shift(3),
    b"\x1b6": _note(_columns_moved),
    b"\x1b9": _note(_columns_moved),
    b"\x1b=": keypad,
    b"\x1b>": keypad,
    # Memory lock, 8-bit controls, the character set that is not UTF-8.
    b"\x1bl": swallow,
    b"\x1bm": swallow,
    b"\x1b F": swallow,
    b"\x1b G": swallow,
    b"\x1b%@": swallow,
    # GNU screen's title string: terminals that do not know it print the title.
    b"\x1bk": _note(Model.doubt),
}
