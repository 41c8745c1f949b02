from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.terminal.filter import OutputFilter
from headroom_wrap.terminal.inputs import InputFilter


def both(child=b"", panel=3, **options):
    output = OutputFilter(30, 100, panel)
    output.start()
    output.feed(child)
    return output, InputFilter(output, **options)


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=30), max_size=6))
def test_without_a_panel_it_is_the_identity(chunks):
    _, keys = both(panel=0)
    assert [keys.feed(chunk) for chunk in chunks] == chunks
    assert keys.flush() == b""


@settings(max_examples=200)
@given(st.lists(st.sampled_from([b"\x1b", b"[", b"a", b"1", b";", b"A", b"O", b"~", b"\xe2\x82\xac", b"\r", b"?"]), max_size=30))
def test_keys_pass_unchanged_and_in_order(pieces):
    _, keys = both(b"\x1b[?1003h\x1b[?1006h")
    got = b"".join(keys.feed(piece) for piece in pieces) + keys.flush()
    assert got == b"".join(pieces)


@pytest.mark.parametrize(
    ("report", "passed"),
    [
        (b"\x1b[8;30;100t", b"\x1b[8;27;100t"),
        (b"\x1b[4;600;1000t", b"\x1b[4;540;1000t"),
        (b"\x1b[48;30;100;600;1000t", b"\x1b[48;27;100;540;1000t"),
        (b"\x1b[6;20;10t", b"\x1b[6;20;10t"),
        (b"\x1b[?1;2c\x1bP>|term\x1b\\\x1b]11;rgb:0/0/0\x07", b"\x1b[?1;2c\x1bP>|term\x1b\\\x1b]11;rgb:0/0/0\x07"),
        (b"\x1b[1;5A\x1bOP\x1bx", b"\x1b[1;5A\x1bOP\x1bx"),
    ],
)
def test_reports(report, passed):
    _, keys = both()
    assert keys.feed(report) == passed


@pytest.mark.parametrize(
    ("events", "passed"),
    [
        (b"\x1b[<0;5;27M\x1b[<0;5;27m", b"\x1b[<0;5;27M\x1b[<0;5;27m"),
        (b"\x1b[<0;5;28M\x1b[<32;5;20M\x1b[<0;5;20m", b""),
        (b"\x1b[<0;5;9M\x1b[<32;5;29M\x1b[<0;5;30m", b"\x1b[<0;5;9M\x1b[<32;5;27M\x1b[<0;5;27m"),
        (b"\x1b[<35;5;29M\x1b[<64;5;29M\x1b[<64;5;3M", b"\x1b[<64;5;3M"),
        (b"\x1b[M !9\x1b[M#!9", b"\x1b[M !9\x1b[M#!9"),
        (b"\x1b[M !<\x1b[M#!<", b""),
        (b"\x1b[M !9\x1b[M#!<", b"\x1b[M !9\x1b[M#!;"),
        (b"\x1b[32;5;29M\x1b[35;5;29M\x1b[32;5;9M", b"\x1b[32;5;9M"),
    ],
)
def test_the_mouse_on_the_panel_is_not_the_childs(events, passed):
    _, keys = both(b"\x1b[?1002h\x1b[?1006h")
    assert b"".join(keys.feed(events[at : at + 2]) for at in range(0, len(events), 2)) == passed


def test_without_mouse_mode_or_in_pixels_nothing_is_swallowed():
    for child in (b"", b"\x1b[?1003h\x1b[?1016h"):
        _, keys = both(child)
        assert keys.feed(b"\x1b[<0;5;300M") == b"\x1b[<0;5;300M"


def test_position_reports_find_their_askers():
    output, keys = both()
    output.feed(b"\x1b[6n")
    assert output.ask_position() == b"\x1b[6n"
    output.feed(b"\x1b[6n")
    assert keys.feed(b"\x1b[1;1R\x1b[2;7R\x1b[3;1Rx") == b"\x1b[1;1R\x1b[3;1Rx"
    assert keys.take_position() == (2, 7)
    assert keys.take_position() is None
    assert keys.feed(b"\x1b[1;2R") == b"\x1b[1;2R"


def test_an_answer_that_was_given_up_is_not_waited_for():
    output, keys = both()
    output.ask_position()
    output.forget_position()
    output.feed(b"\x1b[6n")
    assert keys.feed(b"\x1b[5;5R") == b"\x1b[5;5R"


def test_before_there_is_a_panel_the_position_can_be_asked_for():
    output, keys = both(panel=0)
    output.ask_position()
    assert keys.feed(b"a\x1b[5;") + keys.feed(b"5Rb") == b"ab"
    assert keys.take_position() == (5, 5)


def test_a_lone_escape_waits_only_where_something_of_ours_may_follow():
    _, keys = both()
    assert keys.feed(b"\x1b") == b"\x1b"
    _, keys = both(b"\x1b[?1000h")
    assert keys.feed(b"\x1b") == b""
    assert keys.flush() == b"\x1b"
    assert keys.flush() == b""


@pytest.mark.parametrize("cut", range(1, 6))
def test_the_end_of_a_paste_is_known_however_late_its_rest_comes(cut):
    count = []
    _, keys = both(hotkey=b"\x1c", on_hotkey=lambda: count.append(1))
    end = b"\x1b[201~"
    got = keys.feed(b"\x1b[200~x\x1c" + end[:cut]) + keys.flush() + keys.feed(end[cut:] + b"\x1c") + keys.flush()
    assert (got, len(count)) == (b"\x1b[200~x\x1c\x1b[201~", 1)


def test_a_paste_ends_though_there_is_no_panel_any_more():
    count = []
    output, keys = both(hotkey=b"\x1c", on_hotkey=lambda: count.append(1))
    got = keys.feed(b"\x1b[200~x\x1b[2")
    output.panel_rows = 0
    got += keys.flush() + keys.feed(b"01~y\x1c")
    output.panel_rows = 3
    assert (got + keys.feed(b"z\x1c"), len(count)) == (b"\x1b[200~x\x1b[201~y\x1cz", 1)


@pytest.mark.parametrize(
    ("typed", "passed", "pressed"),
    [
        (b"a\x1cb", b"ab", 1),
        (b"\x1b[92;5u", b"", 1),
        (b"\x1b[92;133u", b"", 1),
        (b"\x1b[92;5:3u", b"", 0),
        (b"\x1b[92;6u", b"\x1b[92;6u", 0),
        (b"\x1b[27;5;92~", b"", 1),
        (b"\x1b[27;5;65~", b"\x1b[27;5;65~", 0),
        (b"\x1b[200~x\x1cy\x1b[92;5u\x1b[201~\x1c", b"\x1b[200~x\x1cy\x1b[92;5u\x1b[201~", 1),
    ],
)
def test_hotkey(typed, passed, pressed):
    count = []
    for step in (1, 3, 100):
        count.clear()
        _, keys = both(hotkey=b"\x1c", on_hotkey=lambda: count.append(1))
        got = b"".join(keys.feed(typed[at : at + step]) for at in range(0, len(typed), step)) + keys.flush()
        assert (got, len(count)) == (passed, pressed)


def test_letters_as_hotkeys():
    count = []
    _, keys = both(hotkey=b"\x07", on_hotkey=lambda: count.append(1))
    assert keys.feed(b"\x1b[103;5u\x1b[27;5;71~\x07g") == b"g"
    assert len(count) == 3


def test_a_big_paste_passes_whole():
    _, keys = both(b"\x1b[?1003h", hotkey=b"\x1c")
    data = b"\x1b[200~" + b"\x1b[<0;1;30M\x1c" * 50_000 + b"\x1b[201~"
    assert b"".join(keys.feed(data[at : at + 4096]) for at in range(0, len(data), 4096)) == data
