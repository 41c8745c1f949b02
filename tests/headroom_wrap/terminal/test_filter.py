from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.terminal.filter import OutputFilter
from tests.headroom_wrap.terminal.oracle import Terminal
from tests.headroom_wrap.terminal.replay import Pair

PANEL = [b"one", b"two", b"three"]


def started(rows=30, cols=100, panel=3):
    output = OutputFilter(rows, cols, panel)
    output.start((1, 1))
    return output


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_without_a_panel_it_is_the_identity(chunks):
    output = OutputFilter(30, 100, 0)
    assert output.start() == b""
    assert [output.feed(chunk) for chunk in chunks] == chunks
    assert (output.draw([]), output.cleanup(), output.finish(), output.resume()) == (b"", b"", b"", b"")
    assert output.take_replies() == b""
    assert not output.safe()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"\x1b[r", b"\x1b[1;27r"),
        (b"\x1b[5r", b"\x1b[5;27r"),
        (b"\x1b[2;999r", b"\x1b[2;27r"),
        (b"\x1b[9;9r", b""),
        (b"\x1b[?1r", b"\x1b[?1r"),
        (b"\x1b[0$r", b"\x1b[0;;27;$r"),
        (b"\x1b[999;999H", b"\x1b[27;999H"),
        (b"\x1b[27;5f", b"\x1b[27;5f"),
        (b"\x1b[30d", b"\x1b[27d"),
        (b"\x1b[4e", b"\x1b[4B"),
        (b"\x1b[?3h", b""),
        (b"\x1b[?3;4l", b"\x1b[?4l"),
        (b"\x1b[?40h\x1b[?2l", b""),
        (b"\x1b[8;40;80t", b"\x1b[8;43;80t"),
        (b"\x1b[40t", b"\x1b[43t"),
        (b"\x1b[22;0t", b"\x1b[22;0t"),
        (b"\x1b F\x1bl\x1bm\x1b%@", b""),
        (b"\x1b%G", b"\x1b%G"),
        (b"\x1b[3\n;1H", b"\n\x1b[3;1H"),
        (b"\xc2\x9b5;1H", b"\x1b[5;1H"),
        (b"\x1b[1;1;99;9$z", b"\x1b[1;1;27;9$z"),
        (b"\x1b[1;1;20;9;1;20;1$v", b"\x1b[1;1;8;9;1;20;1$v"),
        (b"\x1b[1?2m", b""),
        (b"\x1b[38:2::1:2:3m", b"\x1b[38:2::1:2:3m"),
        (b"\x1b]52;c;eA==\x07\x1b_Ga=q\x1b\\", b"\x1b]52;c;eA==\x07\x1b_Ga=q\x1b\\"),
        (b"\x1b[>c\x1b[?u\x1b[>0q\x1b[?2026$p\x1b[c", b"\x1b[>c\x1b[?u\x1b[>0q\x1b[?2026$p\x1b[c"),
    ],
)
def test_sequences(given, sent):
    assert started().feed(given) == sent


def test_the_size_in_characters_is_answered_for_the_terminal():
    output = started()
    assert output.feed(b"a\x1b[18tb") == b"ab"
    assert output.take_replies() == b"\x1b[8;27;100t"
    assert output.take_replies() == b""


@pytest.mark.parametrize("erase", [b"\x1b[J", b"\x1b[2J", b"\x1b[3J", b"\x1b[?J", b"\x1bc", b"\x1b#8", b"\x1b[!p"])
def test_an_erased_panel_comes_back_in_the_same_write(erase):
    pair = Pair(push_on_clear=True)
    pair.draw(PANEL)
    pair.feed(b"hello\r\nworld" + erase)
    assert pair.differences() == []
    assert pair.real.text(27) == ["one", "two", "three"]


def test_a_partial_erase_upwards_costs_nothing():
    assert started().feed(b"\x1b[5;5H\x1b[1J") == b"\x1b[5;5H\x1b[1J"


def test_under_the_childs_region_line_feeds_and_wraps_stay_off_the_panel():
    pair = Pair(rows=8, cols=10, panel=2)
    pair.draw([b"one", b"two"])
    pair.feed(b"\x1b[1;3r\x1b[6;1H" + b"0123456789abc\n\n\x1bD\x1b[9Bx\x1bEy\x1b[5Ez" + "日本語日本語".encode())
    assert pair.differences() == []


def test_alternate_screen_has_the_panel_too():
    pair = Pair()
    pair.draw(PANEL)
    pair.feed(b"shell$ \x1b[?1049h\x1b[H\x1b[2Jfull screen")
    assert pair.differences() == []
    pair.feed(b"\x1b[?1049l")
    assert pair.differences() == []
    assert pair.real.text(0, 1) == ["shell$"]


def test_the_childs_saved_cursor_survives_drawing():
    pair = Pair()
    pair.feed(b"\x1b[5;7Htext\x1b7\x1b[9;9H")
    assert pair.draw(PANEL)
    pair.feed(b"\x1b8!")
    assert pair.draw([b"other"])
    pair.feed(b"\x1b8?")
    assert pair.differences() == []
    assert pair.real.text(4, 5) == ["      text?"]


def test_a_restore_after_our_use_of_the_slot_is_made_up():
    pair = Pair()
    pair.draw(PANEL)
    pair.feed(b"\x1b[9;9Hx\x1b8")
    assert pair.differences() == []


@pytest.mark.parametrize("known", [True, False])
def test_origin_mode_and_a_restore_that_is_made_up(known):
    pair = Pair(cursor=(7, 1), known=known)
    pair.feed(b"ab\x1b7\x1b8")
    assert pair.draw(PANEL)
    pair.feed(b"\x1b[2;9r\x1b[?6h\x1b[3;3Hx\x1b8")
    assert pair.draw([b"other"])
    assert pair.panel_damage() == []
    pair.feed(b"\x1b[5;5Hy")
    assert pair.differences() == []


def test_modes_that_would_spoil_the_drawing_are_off_for_it():
    pair = Pair()
    pair.feed(b"\x1b[2;9r\x1b[?6h\x1b[4h\x1b[7m\x1b(0\x1b[3;3Hq")
    for lines in (PANEL, [b"q" * 99] * 3, PANEL):
        assert pair.draw(lines)
        assert pair.differences() == []
    pair.feed(b"\x1b[2;2Hq")
    assert pair.differences() == []


def test_no_drawing_where_it_would_leave_a_trace():
    output = started()
    for unsafe, safe_again in [
        (b"\x1b[H" + b"x" * 100, b"\r"),
        (b"\x1b]0;ti", b"tle\x07"),
        (b"\x1b[?2026h", b"\x1b[?2026l"),
        (b"\x1b[?69h", b"\x1b[?69l\x1b[H"),
        (b"\x1bN", b"x"),
        (b"\x1b[2;100H\x1b[K" + b"x\x1b[K", b"\x1b[H"),
    ]:
        output.feed(unsafe)
        assert not output.safe(), unsafe
        assert output.draw(PANEL) is None
        output.feed(safe_again)
        assert output.safe(), safe_again


def test_a_live_slot_with_an_unknown_cursor_is_not_touched():
    output = OutputFilter(30, 100, 3)
    output.start()
    output.feed(b"abc\x1b7def")
    assert output.draw(PANEL) is None
    output.feed(b"\x1b8")
    assert output.draw(PANEL)


def test_a_frame_that_is_open_too_long_does_not_keep_the_panel_away():
    output = started()
    output.feed(b"\x1b[?2026h\x1b[5;5Hx")
    drawn = output.draw(PANEL, overdue=True)
    assert drawn
    assert b"2026" not in drawn


def test_only_changed_rows_are_drawn():
    output = started()
    output.draw(PANEL)
    assert output.draw(PANEL) == b""
    changed = output.draw([b"one", b"2", b"three"])
    assert b"\x1b[29;1H" in changed
    assert b"one" not in changed


def test_a_repaint_that_must_wait_comes_with_later_output():
    pair = Pair()
    pair.draw(PANEL)
    pair.feed(b"x" * 100 + b"\x1b[J")
    assert pair.filter.dirty
    pair.feed(b"\r")
    assert not pair.filter.dirty
    assert pair.differences() == []


def test_repeat_after_a_draw_repeats_the_childs_character():
    pair = Pair()
    pair.feed(b"abc")
    pair.draw(PANEL)
    pair.feed(b"\x1b[4b")
    assert pair.real.text(0, 1) == ["abccccc"]
    assert pair.differences() == []


def test_repeat_after_something_else_is_left_to_the_terminal_unless_we_drew():
    output = started()
    assert output.feed(b"abc\x1b[1m\x1b[4b") == b"abc\x1b[1m\x1b[4b"
    assert output.draw(PANEL) is None  # how far the cursor moved differs between terminals
    assert output.feed(b"\x1b[5;5Habc\r") == b"\x1b[5;5Habc\r"
    assert output.draw(PANEL)
    assert output.feed(b"\x1b[4b") == b""


def test_repeat_of_more_than_a_screen_passes_as_it_is():
    assert started().feed(b"a\x1b[99999b") == b"a\x1b[99999b"


def test_origin_mode_is_put_back_where_the_terminal_does_not_restore_it():
    output = started()
    output.feed(b"\x1b[3;9r\x1b[?6h")
    assert output.feed(b"\x1b[40;5H") == b"\x1b[7;5H"
    drawn = output.draw(PANEL)
    assert drawn.index(b"\x1b[?6l") < drawn.index(b"one") < drawn.index(b"\x1b[?6h\x1b8")
    output.feed(b"\x1b[?6l")
    assert b"\x1b[?6l" in output.draw([b"other"])  # a DECRC may have left it on


def test_no_draw_between_the_halves_of_an_emoji():
    output = started()
    output.feed("\N{THUMBS UP SIGN}".encode())
    assert output.draw(PANEL) is None
    assert output.draw(PANEL, overdue=True)
    output.feed("\N{EMOJI MODIFIER FITZPATRICK TYPE-4}\r".encode())
    assert output.draw([b"other"])


def test_a_string_that_ends_in_a_sequence_of_ours_to_keep_ends_all_the_same():
    assert started().feed(b"\x1b]0;open\x1b[9;3rtext") == b"\x1b]0;open\x1b\x18text"


def test_an_open_link_is_closed_around_the_panel():
    output = started()
    output.feed(b"\x1b]8;;http://x\x1b\\link")
    drawn = output.draw(PANEL)
    assert drawn.index(b"\x1b]8;;\x1b\\") < drawn.index(b"one") < drawn.index(b"\x1b]8;;http://x\x1b\\")
    output.feed(b"\x1b]8;;\x1b\\")
    assert b"]8;" not in output.draw([b"other"])


def test_start_makes_room_wherever_the_cursor_is():
    for row in (1, 20, 26, 30):
        real = Terminal(30, 100)
        real.feed(b"\x1b[%d;1Hprompt" % row)
        real.feed(OutputFilter(30, 100, 3).start())
        assert real.text(min(row, 27) - 1, min(row, 27)) == ["prompt"]
        assert real.where == (min(row, 27) - 1, 6)
        assert real.text(27) == ["", "", ""]


def test_finish_leaves_the_childs_last_line_and_no_panel():
    pair = Pair()
    pair.draw(PANEL)
    pair.feed(b"\x1b[?2004h\x1b[?25l\x1b[31m" + b"line\r\n" * 40 + b"last")
    pair.write(pair.filter.finish())
    assert pair.real.text(26) == ["last", "", "", ""]
    assert pair.real.where == (26, 4)
    assert pair.real.margins is None or tuple(pair.real.margins) == (0, 29)
    assert not pair.real.flags & {2004}
    assert not pair.real.cursor.hidden
    assert pair.real.cursor.attrs == pair.real.default_char


def test_finish_with_a_wrap_pending_starts_a_new_line():
    pair = Pair()
    pair.feed(b"x" * 100)
    pair.write(pair.filter.finish())
    pair.real.feed(b"$ ")
    assert pair.real.text(0, 2) == ["x" * 100, "$"]


def test_finish_on_the_alternate_screen_goes_back_to_the_main_one():
    pair = Pair()
    pair.feed(b"$ vim\r\n\x1b[?1049h\x1b[Hediting")
    pair.draw(PANEL)
    pair.write(pair.filter.finish())
    assert pair.real.text() == ["$ vim", *[""] * 29]
    assert not pair.real.alternate


def test_cleanup_undoes_nothing_that_was_not_set():
    output = started()
    output.feed(b"hello\x1b[31mred\x1b[m\x1b[?2004h\x1b[?2004l\x1b[?1049h\x1b[?1049l")
    assert output.cleanup() == b""
    output.feed(b"\x1b]0;unfinished")
    assert output.cleanup() == b"\x1b\\"


def test_a_stopped_child_finds_its_modes_and_screen_again():
    pair = Pair()
    pair.feed(b"\x1b[?1049h\x1b[?2004h\x1b[Hfull")
    again = pair.filter.resume()
    pair.write(pair.filter.finish())
    assert not pair.real.alternate
    pair.write(pair.filter.start() + again)
    assert pair.real.alternate
    assert 2004 in pair.real.flags
    assert pair.filter.alternate


@pytest.mark.parametrize(("rows", "cols", "panel"), [(24, 100, 3), (36, 100, 3), (16, 100, 1), (30, 60, 3), (12, 100, 0)])
def test_resize(rows, cols, panel):
    pair = Pair()
    pair.draw(PANEL)
    pair.feed(b"history\r\n" * 3 + b"prompt")
    pair.real.resize_to(rows, cols)
    row, column = pair.real.where
    pair.write(pair.filter.resize(rows, cols, panel, (row + 1, column + 1)))
    assert pair.filter.child_rows == rows - panel
    assert pair.real.text(3, 4) == ["prompt"]
    assert pair.real.where == (3, 6)
    assert [line for line in pair.real.text(4) if line] == [line.decode() for line in PANEL[:panel]]
    assert pair.real.text(rows - panel) == [line.decode() for line in PANEL[:panel]]
    pair.write(pair.filter.feed(b"\x1b[999;1Hlast"))
    assert pair.real.text(rows - panel - 1, rows - panel) == ["last"]


def test_resize_with_the_cursor_at_the_bottom_scrolls_nothing_away():
    pair = Pair()
    pair.draw(PANEL)
    pair.feed(b"\r\n".join(b"%d" % n for n in range(60)))
    pair.real.resize_to(20, 100)
    row, column = pair.real.where
    pair.write(pair.filter.resize(20, 100, 3, (row + 1, column + 1)))
    assert [*pair.real.history, *pair.real.text(0, 17)][-17:] == [str(n) for n in range(43, 60)]
    assert pair.real.text(17) == ["one", "two", "three"]


def test_a_lower_terminal_leaves_the_cursor_of_the_alternate_screen_above_the_panel():
    pair = Pair()
    pair.draw(PANEL)
    pair.feed(b"\x1b[?1049h\x1b[25;7H")
    pair.real.resize_to(20, 100)
    row, column = pair.real.where
    pair.write(pair.filter.resize(20, 100, 3, (row + 1, column + 1)))
    assert pair.real.where == (16, 6)
    pair.write(pair.filter.feed(b"x"))
    assert pair.real.text(16) == ["      x", "one", "two", "three"]


def test_away_and_back_keeps_what_is_known_of_the_child():
    pair = Pair()
    pair.draw(PANEL)
    pair.write(pair.filter.resize(12, 100, 0, (1, 1)))
    data = b"\x1b[?1049h\x1b[?2004h\x1b[Hx"
    assert pair.filter.feed(data) == data
    assert pair.filter.alternate
    assert pair.filter.resize(30, 100, 3, (1, 2))
    assert b"\x1b[?2004l" in pair.filter.cleanup()


def test_resize_inside_a_string_ends_it_and_drops_its_rest():
    output = started()
    output.feed(b"\x1b]0;ti")
    assert output.resize(40, 100, 3, (1, 1)).startswith(b"\x1b\\")
    assert output.feed(b"tle\x07next") == b"next"


@pytest.mark.parametrize("data", [b"x" * 3_000_000, b"\n" * 1_000_000, "日".encode() * 300_000, b"\x1b[" + b"1;" * 500_000])
@pytest.mark.slow
def test_hostile_streams_take_linear_time(data):
    output = started()
    output.feed(b"\x1b[1;5r\x1b[20;1H")
    output.feed(data)
    output.feed(b"\x1b[r\x18")
    output.feed(data)
