from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.run.held import Held


@given(st.lists(st.binary(max_size=12), max_size=20), st.integers(0, 60), st.integers(0, 20))
def test_no_byte_is_lost_or_moved(chunks: list[bytes], limit: int, release_at: int) -> None:
    held = Held(limit)
    out = b""
    for n, chunk in enumerate(chunks):
        if n == release_at:
            out += held.release()
        out += held.feed(chunk)
    assert out + held.release() == b"".join(chunks)


def test_text_is_held_to_the_limit() -> None:
    held = Held(4)
    assert held.feed(b"ab") == held.feed(b"cd") == b""
    assert not held.passing
    assert held.feed(b"e") == b"abcde"
    assert held.passing
    assert held.feed(b"f") == b"f"


def test_what_is_no_text_is_passed_on() -> None:
    held = Held(100)
    assert held.feed(b"\x7fELF") == b""
    assert held.feed(b"\0") == b"\x7fELF\0"
