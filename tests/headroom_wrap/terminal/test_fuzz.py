"""Hostile streams: the panel is never damaged, and well-formed programs see the terminal they were promised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.headroom_wrap.terminal.replay import Pair

ROWS, COLS, PANEL = 12, 30, 2
counts = st.sampled_from([b"", b"0", b"1", b"2", b"3", b"5", b"9", b"10", b"11", b"12", b"40", b"999"])
texts = st.sampled_from([b"a", b"hello world", b"x" * 29, b"x" * 30, b"x" * 65, "é日本".encode(), "─".encode() * 30, "👍🏽".encode(), b"  "])
lines = st.sampled_from([b"\r\n", b"\n", b"\n\n\n", b"\r", b"\b", b"\t", b"\x0b"])
moves = st.builds(lambda n, f: b"\x1b[" + n + f, counts, st.sampled_from([b"%c" % c for c in b"deABCDEFGJKLMPSTX@`abIZ"]))
places = st.builds(lambda a, b, f: b"\x1b[" + a + b";" + b + f, counts, counts, st.sampled_from([b"H", b"H", b"f", b"r", b"r"]))
colours = st.sampled_from([b"\x1b[m", b"\x1b[1;31m", b"\x1b[44m", b"\x1b[38;5;100m", b"\x1b[7;4m", b"\x1b[0m"])
rare = st.sampled_from(
    [
        b"\x1b7", b"\x1b8", b"\x1b[s", b"\x1b[u", b"\x1bD", b"\x1bE", b"\x1bM", b"\x1bc", b"\x1b[!p", b"\x1b#8",
        b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?47h", b"\x1b[?47l", b"\x1b[?1048h", b"\x1b[?1048l", b"\x1b[?7l", b"\x1b[?7h",
        b"\x1b[?6h", b"\x1b[?6l", b"\x1b[?2026h", b"\x1b[?2026l", b"\x1b[4h", b"\x1b[4l", b"\x1b[20h", b"\x1b[20l", b"\x1b(0",
        b"\x1b(B", b"\x0e", b"\x0f", b"\x1b]0;title\x07", b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", b"\x1bPq#0;1\x1b\\",
        b"\x1b[3\n;1H", b"\x1b[?3h", b"\x1b[", b"\xc2\x9b2J", b"\x18", b"\x1b[?25l", b"\x1b[1;2;3;4$z", b"\x1b[?69h", b"\x1b[?69l",
        b"\x1b]0;open", b"\x1b\\", b"\x1bN", b"\x1b[?6;7r", b"\x1b[?6;7s",
    ]
)  # fmt: skip
streams = st.lists(st.one_of(texts, texts, lines, lines, moves, moves, places, colours, rare), max_size=40)
cuts = st.lists(st.tuples(st.integers(1, 25), st.booleans()), min_size=1, max_size=60)


def run(pieces, cuts, check, **kind):
    data = b"".join(pieces)
    pair = Pair(ROWS, COLS, PANEL, **kind)
    at = turn = 0
    while at < len(data):
        size, draw = cuts[turn % len(cuts)]
        turn += 1
        pair.feed(data[at : at + size])
        at += size
        if draw:
            pair.draw([b"panel-%d-%d" % (turn, row) for row in range(PANEL)])
        check(pair)
    return pair


@pytest.mark.slow
@settings(max_examples=300)
@given(streams, cuts, st.booleans())
def test_the_panel_is_never_damaged(pieces, cuts, keeps_wrap):
    def check(pair):
        assert pair.panel_damage() == [], bytes(pair.written)

    pair = run(pieces, cuts, check, keeps_wrap=keeps_wrap)
    # Whatever the child left open, a terminal that it resets shows the panel.
    pair.feed(b"\x18\x1b\\\x1b[?69l\x1b[Hx")
    assert pair.draw([b"first", b"second"], overdue=True)
    assert pair.real.text(ROWS - PANEL) == ["first", "second"]


# What programs do, as against what a terminal would take: no erase or switch of screens with a wrap pending, none but
# absolute positions after a switch, and no characters that terminals measure differently.
tame = st.one_of(
    texts.filter(lambda text: "👍".encode() not in text),
    st.sampled_from([b"\r\n", b"\n", b"\r", b"\x0b"]),
    st.builds(lambda n, f: b"\x1b[" + n + f, counts, st.sampled_from([b"%c" % c for c in b"dABEFG"])),
    st.builds(lambda n, f: b"\r\x1b[" + n + f, counts, st.sampled_from([b"%c" % c for c in b"JKPX@LMST"])),
    places,
    colours,
    st.sampled_from([b"\r\x1b7", b"\x1b8", b"\x1b[s", b"\x1bM", b"\r\x1bc", b"\r\x1b[!p", b"\r\x1b[?1049h\x1b[H", b"\r\x1b[?1049l"]),
    st.sampled_from([b"\x1b[?2026h", b"\x1b[?2026l", b"\x1b(0", b"\x1b(B", b"\x0e", b"\x0f", b"\x1b]0;title\x07", b"\x1b[?25l"]),
)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(tame, max_size=40), cuts, st.booleans())
def test_the_child_sees_a_terminal_without_the_panels_rows(pieces, cuts, push):
    def check(pair):
        if pair.settled:
            assert pair.differences() == [], bytes(pair.written)

    run(pieces, cuts, check, push_on_clear=push)
