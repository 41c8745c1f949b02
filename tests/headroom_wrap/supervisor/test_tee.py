"""What the guardian would have to undo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.supervisor.tee import ModeTee


def undo(*pieces: bytes) -> bytes:
    tee = ModeTee()
    for piece in pieces:
        tee.feed(piece)
    return tee.undo()


@pytest.mark.parametrize(
    ("output", "undone"),
    [
        (b"", b""),
        (b"plain text \x1b[1;31mred\x1b[0m \x1b[5;5H", b""),
        (b"\x1b[?2004h", b"\x1b[?2004l"),
        (b"\x1b[?2004h\x1b[?2004l", b""),
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?25l\x1b[?25h", b""),
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?47h", b"\x1b[?47l"),
        (b"\x1b[?1049h\x1b[?1049l", b""),
        (b"\x1b[?1000;1006h", b"\x1b[?1000l\x1b[?1006l"),
        (b"\x1b[>1u", b"\x1b[<1u"),
        (b"\x1b[>1u\x1b[>3u", b"\x1b[<2u"),
        (b"\x1b[>1u\x1b[<u", b""),
        (b"\x1b[>4;2m", b"\x1b[>4m"),
        (b"\x1b=", b"\x1b>"),
        (b"\x1b[5 q", b"\x1b[0 q"),
        (b"\x1b[?1h\x1b[?25l\x1b[!p", b""),
        (b"\x1b[?1049h\x1b[?2004h\x1bc", b""),
    ],
)
def test_exactly_what_is_on_is_undone(output: bytes, undone: bytes) -> None:
    assert undo(output) == undone


def test_the_screen_is_left_last() -> None:
    assert undo(b"\x1b[?1049h\x1b[>1u\x1b[?25l").endswith(b"\x1b[?1049l")


def test_it_says_when_there_may_be_news() -> None:
    tee = ModeTee()
    assert not tee.feed(b"text")
    assert not tee.feed(b"\x1b[31mtext\x1b[3;4H\x1b[K")
    assert tee.feed(b"\x1b[?1000h")


PIECES = st.lists(
    st.sampled_from(
        [
            *(b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25l", b"\x1b[?1000;1002;1006h", b"\x1b[>1u", b"\x1b[<1u", b"\x1b[>4;2m", b"\x1b[>4m"),
            *(b"\x1b=", b"\x1b>", b"\x1bc", b"text", b"\x1b[31m", b"\x1b[10;20H", b"\x1b]0;title\x07", b"\xff\xfe", b"\x1b", b"[?2004h"),
        ]
    ),
    max_size=20,
)


@given(PIECES, st.randoms(use_true_random=False))
def test_it_does_not_matter_where_the_output_is_cut(pieces: list[bytes], random) -> None:
    data = b"".join(pieces)
    cut = sorted(random.sample(range(len(data) + 1), min(len(data), 5)))
    parts = [data[a:b] for a, b in zip([0, *cut], [*cut, len(data)], strict=True)]
    assert undo(*parts) == undo(data)


def test_hostile_output_takes_linear_time() -> None:
    tee = ModeTee()
    for _ in range(20):
        tee.feed(b"\x1b[?" * 100_000)
        tee.feed(b"\x1b[?" + b"1;" * 100_000)
    assert tee.undo() == b""
