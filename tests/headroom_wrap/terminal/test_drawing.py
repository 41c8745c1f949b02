from __future__ import annotations

import tracemalloc

import pytest

from headroom_wrap.terminal import drawing
from headroom_wrap.terminal.filter import OutputFilter
from tests.headroom_wrap.terminal.replay import Pair
from tests.headroom_wrap.terminal.test_cover import glance

FULL_SCREEN = b"$ vim\r\n\x1b[?1049h\x1b[1;27r\x1b[H\x1b[2J"


@pytest.mark.parametrize(
    "drawn",
    [
        b'text\r\n~\r\n\x1b[27;1H"notes.txt" 1L, 5B written\x1b[1;3H',
        b"\x1b[5;20r\x1b[20;1H\n\n\nscrolled\x1b[?6h\x1b[2;2Hin the region",
        b"\x1b[44m\x1b[2J\x1b[4;4Hon blue\x1b[4h\x1b[?7l",
        b"\x1b(0lqqk\x0e\x1b[10;10H\x1b7\x1b[1;31mred\x1b8",
        b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1b]8;;http://y\x1b\\open",
        b"\x1b[?25l" + b"\x1b[7;1Hline\x1b[K" * 200,
        b"one\x1b[3;1H\x1b[Jtwo\x1b[H\x1b[Jthree",
    ],
)
def test_the_alternate_screen_is_drawn_again(drawn):
    pair = Pair()
    pair.feed(FULL_SCREEN + drawn)
    assert glance(pair)
    assert pair.differences() == []
    pair.feed(b"and on\x1b[3B.\x1b8!")
    assert pair.differences() == []
    pair.feed(b"\x1b[?1049l")
    assert pair.differences() == []


def test_what_draws_nothing_is_not_said_twice():
    output = OutputFilter(30, 100, 3)
    output.start((1, 1))
    said = [b"\x1b]0;title\x07", b"\x07", b"\x1b[6n", b"\x1b[c", b"\x1b]52;c;?\x07", b"\x1b[?2048h", b"\x1b[?1000h", b"\x1bP$qm\x1b\\", b"\x1b[18t"]
    output.feed(FULL_SCREEN + b"text" + b"".join(said) + b"on")
    output.cover()
    again = output.uncover()
    assert b"text" in again
    assert not any(one in again for one in said)


@pytest.mark.parametrize(
    "unknown",
    [
        b"\x1b[?1049l\x1b[?1049h\x1b[5;5H",  # empty, but nobody says where the cursor is then
        b"\x1bPq#0;1~\x1b\\\x1b[5;5H",
        b"\x1b[3g\x1b[5;5H",
        b"\x1b[5;5Hx" * (1000 // 5),
        b"\x1b[!p\x1b[?1h\x1b[5;5H",  # said again, it would reset the cursor keys
        b'\x1b[62;1"p\x1b[?1h\x1b[5;5H',
        b'\x1b[1"qthis stays\x1b[0"q\x1b[?2J\x1b[5;5H',
        b'\x1b[1"q\x1b[H\x1b[2J\x1b[5;5H',
    ],
    ids=["entered anew", "picture", "tabs", "too much", "soft reset", "level", "protected", "protected from the start"],
)
def test_what_is_not_known_as_a_whole_is_the_childs_to_paint(unknown, monkeypatch):
    monkeypatch.setattr(drawing, "MOST", 1000)
    pair = Pair()
    pair.feed(FULL_SCREEN + b"text" + unknown)
    assert pair.filter.cover()
    assert pair.filter.repaints
    pair.write(pair.filter.uncover())
    assert pair.real.text(0, 27) == [""] * 27
    pair.feed(b"\x1b[H\x1b[2Jpainted")
    assert pair.filter._model.protects or glance(pair)
    assert pair.differences() == []


def test_another_size_is_a_new_beginning():
    pair = Pair()
    pair.feed(FULL_SCREEN + b"text")
    pair.write(pair.filter.resize(30, 100, 3, (1, 5)))
    assert pair.filter.cover()
    assert pair.filter.repaints


def test_on_the_main_screen_nothing_is_kept():
    pair = Pair()
    pair.feed(FULL_SCREEN + b"text\x1b[?1049l" + b"line\r\n" * 100)
    assert not pair.filter._drawing.whole
    assert pair.filter._drawing.again() == b""


@pytest.mark.parametrize("moves", [b"\x1b[2 @", b"\x1b[3 A", b"\x1b[2'}", b"\x1b[4'~", b"\x1b[2^", b"\x1b[2+T"])
def test_what_moves_cells_is_said_again(moves):
    output = OutputFilter(30, 100, 3)
    output.start((1, 1))
    output.feed(FULL_SCREEN + b"hello\x1b[1;3H" + moves + b"\x1b[5;5H")
    assert output.cover()
    assert output.uncover().count(b"hello\x1b[1;3H" + moves) == 1


@pytest.mark.slow
def test_a_screen_of_very_many_pieces_takes_no_more_than_their_bytes():
    output = OutputFilter(30, 100, 3)
    output.start((1, 1))
    output.feed(FULL_SCREEN)
    frame = b"\x1b[5;5fx" * 5_000
    tracemalloc.start()
    try:
        for _ in range(4):
            output.feed(frame)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert output._drawing.whole
    assert held < 3 * 4 * len(frame)
