from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.channels.window_title import words
from headroom_wrap.terminal.snapshot import Snapshot
from headroom_wrap.terminal.title import TitleRewriter

PIECES = st.lists(
    st.sampled_from(
        [b"\x1b", b"]", b"0;", b"2;", b"4;1;red", b"title", b"\x07", b"\\", b"\x1b]0;a\x07", b"\x1b]2;\xc3\xa9\x1b\\", b"\x1b[31m", b"x" * 1030]
    ),
    max_size=24,
)
WHOLE = re.compile(rb"(\x1b\][02];[^\x07\x1b]{1,1024}) - saved(\x07|\x1b\\)")


def rewritten(chunks: list[bytes], said: str = "saved") -> bytes:
    title = TitleRewriter()
    title.say(said)
    return b"".join(map(title.feed, chunks)) + title.flush()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"\x1b]0;claude\x07", b"\x1b]0;claude - saved\x07"),
        (b"a\x1b]2;\xe2\x9c\xb3 work\x1b\\b", b"a\x1b]2;\xe2\x9c\xb3 work - saved\x1b\\b"),
        (b"\x1b]0;\x07", b"\x1b]0;\x07"),  # the terminal's own again
        (b"\x1b]1;icon\x07", b"\x1b]1;icon\x07"),
        (b"\x1b]52;c;QUJD\x07", b"\x1b]52;c;QUJD\x07"),
        (b"\x1b]0;" + b"x" * 5000 + b"\x07", b"\x1b]0;" + b"x" * 5000 + b"\x07"),
        (b"\x1bPtmux;\x1b\x1b]0;t\x1b\x1b\\\x1b\\", b"\x1bPtmux;\x1b\x1b]0;t\x1b\x1b\\\x1b\\"),
    ],
)
def test_titles(given: bytes, sent: bytes) -> None:
    assert rewritten([given]) == sent


@settings(max_examples=300)
@given(PIECES, st.data())
def test_however_it_is_split_it_is_the_same(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    cut = data.draw(st.lists(st.integers(0, len(whole)), max_size=8).map(sorted))
    chunks = [whole[a:b] for a, b in zip([0, *cut], [*cut, len(whole)], strict=True)]
    assert rewritten(chunks) == rewritten([whole])
    assert WHOLE.sub(rb"\1\2", rewritten([whole])) == whole, "nothing else is changed"
    assert rewritten(chunks, said="") == whole


def test_what_is_held_is_little_and_comes_with_the_next_byte() -> None:
    title = TitleRewriter()
    assert title.feed(b"text\x1b]0;my ti") == b"text"
    assert title.feed(b"tle") == b""
    assert title.feed(b"\x07") == b"\x1b]0;my title\x07"
    assert title.feed(b"\x1b]0;" + b"y" * 2000) == b"\x1b]0;" + b"y" * 2000


def test_our_words_are_one_line() -> None:
    assert rewritten([b"\x1b]0;a\x07"], said="x\x07\x1b]0;evil\n") == b"\x1b]0;a - x ]0;evil\x07"


@pytest.mark.parametrize(
    ("snapshot", "said"),
    [
        (Snapshot(), ""),
        (Snapshot(bill=0.11, bill_without=0.15, share_saved=0.27), "headroom: saved $0.040 (27%)"),
        (Snapshot(bill=0.15, bill_without=0.11, share_saved=-0.36), "headroom: lost $0.040 (36%)"),
        (Snapshot(bill=0.15, bill_without=0.15, alarm="NOT ROUTED"), "headroom: NOT ROUTED"),
    ],
)
def test_words(snapshot: Snapshot, said: str) -> None:
    assert words(snapshot) == said
