from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.terminal.tokens import (
    CONTROL,
    CSI,
    ESCAPE,
    JUNK,
    MAX_HEAD,
    MAX_SEQUENCE,
    PLAIN,
    STRING,
    STRING_END,
    WIDE,
    Tokenizer,
    partial_utf8,
)

PIECES = [
    b"\x1b", b"[", b"\xc2", b"\x9b", b"\x9c", b"\x9d", b"\n", b"\r", b"a", b"1", b";", b"?", b" ", b"m", b"]", b"P", b"_",
    b"\x07", b"\\", b"\xe2\x94\x80", b"\xf0\x9f\x98\x80", b"\xe2", b"tmux;", b"\x18", b"\x1a", b"\x7f", b"(", b"7", b"\x00",
]  # fmt: skip


def joined(tokens):
    """Tokens with neighbouring texts and neighbouring pieces of a string put together."""
    out = []
    for kind, raw in tokens:
        kind = PLAIN if kind == WIDE else kind
        if out and out[-1][0] == kind and kind in (PLAIN, STRING):
            out[-1][1] += raw
        else:
            out.append([kind, raw])
    return out


def cut(data, points):
    edges = sorted({0, len(data), *(point % (len(data) + 1) for point in points)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.lists(st.integers(0, 10_000), max_size=12))
def test_tokens_do_not_depend_on_the_splits(pieces, points):
    data = b"".join(pieces)
    whole, parts = Tokenizer(), Tokenizer()
    expected = joined(whole.feed(data))
    got = [token for part in cut(data, points) for token in parts.feed(part)]
    assert joined(got) == expected
    assert (parts.held, parts.in_string) == (whole.held, whole.in_string)


@settings(max_examples=200)
@given(st.binary(max_size=200).filter(lambda data: b"\xc2" not in data and b"\x1b" not in data))
def test_without_escapes_nothing_is_lost_or_changed(data):
    tokenizer = Tokenizer()
    assert b"".join(raw for _, raw in tokenizer.feed(data)) + tokenizer.held == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"ab\r\ncd", [(PLAIN, b"ab\r\ncd")]),
        (b"a\xc3\xa9 b\x07", [(PLAIN, b"a"), (WIDE, b"\xc3\xa9 b"), (CONTROL, b"\x07")]),
        (b"\x1b[1;2H\x1b(0\x1b7", [(CSI, b"\x1b[1;2H"), (ESCAPE, b"\x1b(0"), (ESCAPE, b"\x1b7")]),
        (b"\x1b[?25l\x1b[ q\x1b[!p", [(CSI, b"\x1b[?25l"), (CSI, b"\x1b[ q"), (CSI, b"\x1b[!p")]),
        (b"\x1b]0;t\x07x", [(STRING, b"\x1b]"), (STRING, b"0;t"), (STRING_END, b"\x07"), (PLAIN, b"x")]),
        (b"\x1bPa\x07b\x1b\\", [(STRING, b"\x1bP"), (STRING, b"a\x07b"), (STRING_END, b"\x1b\\")]),
        (b"\x1b]0;t\x1b[m", [(STRING, b"\x1b]"), (STRING, b"0;t"), (STRING_END, b""), (CSI, b"\x1b[m")]),
        (b"\x1bPtmux;\x1b\x1b]x\x1b\\", [(STRING, b"\x1bP"), (STRING, b"tmux;\x1b\x1b]x"), (STRING_END, b"\x1b\\")]),
        # C1 controls in UTF-8 become 7 bits; a control inside a sequence comes before it; ESC ESC is one ESC.
        (b"\xc2\x9b2J\xc2\x85", [(CSI, b"\x1b[2J"), (ESCAPE, b"\x1bE")]),
        (b"\x1b[3\n;1H", [(CONTROL, b"\n"), (CSI, b"\x1b[3;1H")]),
        (b"\x1b\n7", [(CONTROL, b"\n"), (ESCAPE, b"\x1b7")]),
        (b"\x1b\x1bM", [(JUNK, b"\x1b"), (ESCAPE, b"\x1bM")]),
        (b"\x1b[1\x18m", [(JUNK, b"\x1b[1"), (CONTROL, b"\x18"), (PLAIN, b"m")]),
        (b"\x1b[ 1m", [(JUNK, b"\x1b[ 1m")]),
    ],
)
def test_grammar(data, expected):
    assert list(Tokenizer().feed(data)) == expected


@pytest.mark.parametrize("tail", [b"\x1b", b"\x1b[", b"\x1b[12;", b"\x1b(", b"\xe2\x94", b"\xf0\x9f\x98", b"\xc2"])
def test_what_is_cut_is_held(tail):
    tokenizer = Tokenizer()
    assert list(tokenizer.feed(b"ab" + tail)) == [(PLAIN, b"ab")]
    assert tokenizer.held == tail


def test_strings_stream_and_only_their_head_is_kept():
    tokenizer = Tokenizer()
    list(tokenizer.feed(b"\x1bPq"))
    for _ in range(100):
        assert list(tokenizer.feed(b"x" * 10_000)) == [(STRING, b"x" * 10_000)]
    assert len(tokenizer.head) == MAX_HEAD
    assert tokenizer.in_string


def test_an_endless_sequence_is_not_held_for_ever():
    tokenizer = Tokenizer()
    kinds = [kind for kind, _ in tokenizer.feed(b"\x1b[" + b"1" * 5000)]
    assert kinds == [JUNK, PLAIN]
    for _ in range(3 * MAX_SEQUENCE):
        list(tokenizer.feed(b"\x1b[1"[:1] if not tokenizer.held else b"\x00"))
        assert len(tokenizer.held) <= MAX_SEQUENCE


@pytest.mark.parametrize(
    ("data", "partial"),
    [(b"", 0), (b"a", 0), (b"\xc3", 1), (b"\xc3\xa9", 0), (b"\xe2\x94", 2), (b"\xf0\x9f\x98", 3), (b"\x80", 0), (b"\xff", 0)],
)
def test_partial_utf8(data, partial):
    assert partial_utf8(data) == partial
