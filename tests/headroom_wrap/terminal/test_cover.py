from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.headroom_wrap.terminal.replay import Pair
from tests.headroom_wrap.terminal.test_fuzz import COLS, PANEL, ROWS, tame
from tests.headroom_wrap.terminal.test_replay import FILES, inline

PAGE = [b"\x1b[1mheadroom\x1b[m  blocks", b"", b"a row of the page"]


def glance(pair, lines=PAGE):
    """Open the page, look at it, close it; False where it could not be opened."""
    out = pair.filter.cover()
    if out is None:
        return False
    pair.write(out + pair.filter.show(lines))
    rows = pair.plain.lines
    assert pair.real.text(0, rows) == [b"".join(line.split(b"\x1b[1m")).replace(b"\x1b[m", b"").decode() for line in lines] + [""] * (
        rows - len(lines)
    )
    pair.panel = [b"the panel goes on"]
    pair.write(pair.filter.draw(pair.panel))
    assert pair.panel_damage() == []
    pair.write(pair.filter.uncover())
    return True


def comes_back(pair):
    """Whether the screen under a page is drawn by us again."""
    return not pair.filter.alternate or pair.filter._drawing.whole


@pytest.mark.parametrize(
    "before",
    [
        b"one\r\ntwo\r\n$ ",
        b"\x1b[5;7H\x1b[1;31mred",
        b"\x1b[3;9r\x1b[?6h\x1b[2;2Hin the region",
        b"\x1b[?7l\x1b[4h\x1b(0lqk\x0e",
        b"\x1b7\x1b[8;9Hsaved elsewhere",
        b"\x1b[?25lhidden",
        b"\x1b]8;;http://x\x1b\\link",
        b"line\r\n" * 50,
    ],
)
def test_the_screen_is_back_as_it_was(before):
    pair = Pair()
    pair.feed(before)
    assert glance(pair)
    assert pair.differences() == []
    pair.feed(b"on\x1b8!\r\n" * 3)
    assert pair.differences() == []


def test_not_where_it_would_leave_a_trace():
    pair = Pair()
    for unsafe, safe in ((b"x" * 100, b"\r"), (b"\x1b]0;ti", b"tle\x07"), (b"\x1b[?2026h", b"\x1b[?2026l")):
        pair.feed(unsafe)
        assert not glance(pair)
        pair.feed(safe)
        assert glance(pair)
    assert Pair(panel=0).filter.cover() is None


def test_a_frame_that_is_open_too_long_does_not_keep_it_away():
    pair = Pair()
    pair.feed(b"\x1b[?2026hforever")
    assert (pair.filter.cover(overdue=True) or b"").startswith(b"\x1b[?2026l")


def test_on_the_alternate_screen_the_child_gets_blank_rows_and_its_cursor_back():
    pair = Pair()
    pair.feed(b"before\x1b[?1049h\x1b[3;4H\x1b[7mfull screen")
    assert glance(pair)
    assert pair.real.text(0, 27) == [""] * 27
    assert pair.real.where == pair.plain.where
    assert pair.real.cursor.attrs == pair.plain.cursor.attrs
    assert pair.panel_damage() == []
    repainted = b"\x1b[m\x1b[2J\x1b[3;4Hfull screen again"
    pair.feed(repainted)
    pair.feed(b"\x1b[?1049l")
    assert pair.differences() == []


def test_only_changed_rows_are_drawn():
    pair = Pair()
    pair.filter.cover()
    pair.filter.show(PAGE)
    assert pair.filter.show(PAGE) == b""
    assert pair.filter.show([*PAGE[:2], b"other"]) == b"\x1b[?2026h\x1b[3;1H\x1b[mother\x1b[m\x1b[K\x1b[?2026l"


@pytest.mark.parametrize("last", ["finish", "resize"])
def test_an_end_or_a_resize_takes_it_away(last):
    pair = Pair()
    pair.feed(b"words\r\n")
    pair.write(pair.filter.cover() + pair.filter.show(PAGE))
    assert pair.filter.repair().startswith(b"\x1b[?7h\x1b[?1049l\x1b[?25h")
    pair.write(pair.filter.finish() if last == "finish" else pair.filter.resize(30, 100, 3, (2, 1)))
    assert not pair.filter.covered
    assert not pair.real.alternate
    assert pair.real.text(0, 1) == ["words"]
    assert pair.filter.uncover() == b""
    assert pair.filter.show(PAGE) == b""


@pytest.mark.slow
@settings(max_examples=200)
@given(st.lists(tame, max_size=30), st.lists(st.tuples(st.integers(1, 25), st.booleans()), min_size=1, max_size=40))
def test_glances_in_between_leave_no_trace(pieces, cuts):
    data = b"".join(pieces)
    pair = Pair(ROWS, COLS, PANEL)
    at = turn = 0
    while at < len(data):
        size, look = cuts[turn % len(cuts)]
        turn += 1
        pair.feed(data[at : at + size])
        at += size
        if look and comes_back(pair):
            glance(pair)
        if pair.settled:
            assert pair.differences() == [], bytes(pair.written)


@pytest.mark.slow
@pytest.mark.parametrize("path", [None, *FILES], ids=lambda path: "inline" if path is None else path.stem)
def test_glances_at_programs(path):
    data = inline() if path is None else path.read_bytes()[:15_000]
    rnd = random.Random(5)
    pair = Pair()
    at = glances = 0
    while at < len(data):
        to = min(at + rnd.randint(1, 120), len(data))
        pair.feed(data[at:to])
        at = to
        if rnd.random() < 0.2 and comes_back(pair):
            glances += glance(pair)
        if pair.settled:
            assert pair.differences() == [], (to, data[:to][-120:])
    assert glances or path is not None
