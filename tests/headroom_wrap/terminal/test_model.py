from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.terminal.model import Model
from tests.headroom_wrap.terminal.oracle import Terminal


def at(model):
    return model.y, model.x


def fresh(rows=10, cols=20):
    model = Model(rows, cols)
    model.reset()
    return model


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab cé─日本\r\n"), max_size=200))
def test_text_moves_the_cursor_as_in_a_terminal(text):
    model, terminal = fresh(), Terminal(10, 20)
    terminal.feed(text.encode())
    for run in text.replace("\r", "\0\r\0").replace("\n", "\0\n\0").split("\0"):
        (model.plain if run.isascii() else model.wide)(run.encode())
    assert at(model) == (terminal.cursor.y + 1, terminal.cursor.x + 1)


@settings(max_examples=100)
@given(st.text(st.sampled_from("ab cd\r\n"), max_size=300))
def test_plain_text_in_one_piece_is_as_in_pieces(text):
    model, terminal = fresh(), Terminal(10, 20)
    terminal.feed(text.encode())
    model.plain(text.encode())
    assert model.slack or at(model) == (terminal.cursor.y + 1, terminal.cursor.x + 1)
    assert model.y == terminal.cursor.y + 1


def test_many_lines_make_an_unknown_row_certain():
    model = Model(10, 20)
    assert not model.sure
    model.plain(b"line\r\n" * 30)
    assert model.certain
    assert at(model) == (10, 1)


def test_a_full_line_leaves_a_wrap_pending():
    model = fresh()
    model.ascii(20)
    assert at(model) == (1, 21)
    assert model.at_edge
    model.ascii(1)
    assert at(model) == (2, 2)
    assert not model.at_edge


@pytest.mark.parametrize("text", ["👨‍👩‍👧", "❤️", "🇩🇪", "👍🏽"])
def test_characters_that_terminals_measure_differently_leave_doubt(text):
    model = fresh()
    model.wide(text.encode())
    assert model.slack
    assert not model.certain
    model.carriage_return()
    assert model.certain


def test_what_follows_an_erase_at_the_edge_is_doubtful():
    model = fresh()
    model.ascii(20)
    model.touched()
    assert model.slack
    model.ascii(1)
    assert not model.sure


def test_movement_knows_the_margins():
    model = fresh()
    model.top, model.bottom = 3, 6
    model.place(4, 1)
    model.up(9)
    assert model.y == 3
    model.down(9)
    assert model.y == 6
    model.line_feed()
    assert model.y == 6
    model.place(8, 1)
    assert model.below
    model.down(9)
    assert model.y == 10
    model.place(2, 1)
    model.up(9)
    assert model.y == 1


def test_saved_cursor_is_one_for_each_buffer():
    model = fresh()
    model.place(3, 4)
    model.save()
    model.alternate = True
    assert model.restore().x == 1
    model.alternate = False
    assert (model.restore().x, model.slot.live) == (4, False)
    assert at(model) == (3, 4)


def test_endless_text_is_linear():
    model = fresh()
    model.plain(b"x" * 5_000_000)
    model.wide("日".encode() * 300_000)
    assert model.y == 10
