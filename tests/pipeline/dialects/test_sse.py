from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialects.sse import Event, SseParser

PIECES = st.lists(
    st.sampled_from([b"event: a", b"event:b", b"data: x", b"data:", b"data: y\xc3\xa4: ", b": ping", b"", b"", b"id: 1", b"data"]), max_size=20
)


def parsed(chunks: list[bytes]) -> list[Event]:
    parser = SseParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def test_lines_events_and_comments() -> None:
    data = b"event: a\ndata: 1\ndata: 2\n\n: ping\n\nevent: b\n\ndata: 3\nid: 9\n\ndata: cut off\n"
    assert parsed([data]) == [Event("a", b"1\n2"), Event("message", b"3")]


@settings(max_examples=100, deadline=None)
@given(PIECES, st.lists(st.integers(0, 200), max_size=9), st.lists(st.integers(0, 200), max_size=9))
def test_neither_the_line_ends_nor_where_it_is_split_make_a_difference(lines: list[bytes], places: list[int], others: list[int]) -> None:
    def split(end: bytes, at: list[int]) -> list[bytes]:
        data = b"".join(line + end for line in lines) + b"x"  # after a CR at the very end a LF might come
        bounds = sorted({0, *[min(place, len(data)) for place in at], len(data)})
        return [data[a:b] for a, b in zip(bounds, bounds[1:])]

    plain = parsed(split(b"\n", places))
    assert plain == parsed(split(b"\r\n", others)) == parsed(split(b"\r", others))
