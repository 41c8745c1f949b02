from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialects.event_stream import Frame, FrameParser
from tests.pipeline.dialects.aws_frames import event, frame, header

# The values of all types that a header may have: booleans, numbers, bytes, a text, a time, a UUID.
OTHERS = b"".join(
    b"\x01" + bytes([97 + kind, kind]) + value
    for kind, value in enumerate((b"", b"", b"1", b"12", b"1234", b"12345678", b"\x00\x031\x002", b"\x00\x02\xc3\xa4", b"12345678", b"0" * 16))
)
texts = st.text(max_size=9)
frames = st.lists(
    st.tuples(st.dictionaries(st.text(st.sampled_from("ab:-"), min_size=1, max_size=9), texts, max_size=3), st.binary(max_size=60)), max_size=6
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({0, *[min(p, len(data)) for p in places], len(data)})
    return [data[a:b] for a, b in zip(at, at[1:])]


def test_the_specifications_own_example() -> None:
    assert FrameParser().feed(bytes.fromhex("000000100000000005c248eb7d98c8ff")) == [Frame()]


def test_headers_of_all_types() -> None:
    assert FrameParser().feed(frame(b"{}", OTHERS + header(":event-type", "chunk"))) == [Frame({"h": "ä", ":event-type": "chunk"}, b"{}")]


@settings(max_examples=80, deadline=None)
@given(frames, st.lists(st.integers(0, 700), max_size=20))
def test_where_it_is_split_makes_no_difference(sent: list[tuple[dict[str, str], bytes]], places: list[int]) -> None:
    data = b"".join(frame(payload, b"".join(header(k, v) for k, v in headers.items())) for headers, payload in sent)
    parser = FrameParser()
    found = [made for chunk in cut(data, places) for made in parser.feed(chunk)]
    assert found == [Frame(headers, payload) for headers, payload in sent]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2), st.integers(0, 10_000), st.integers(1, 255), st.lists(st.integers(0, 700), max_size=9))
def test_a_damaged_frame_ends_the_parse_and_those_before_it_count(number: int, place: int, noise: int, places: list[int]) -> None:
    whole = [event("chunk", {"n": n}) for n in range(3)]
    damaged = bytearray(whole[number])
    damaged[place % len(damaged)] ^= noise
    data = b"".join([*whole[:number], bytes(damaged), *whole[number + 1 :]])
    parser = FrameParser()
    found = [made for chunk in cut(data, places) for made in parser.feed(chunk)]
    assert [made.payload for made in found] == [b'{"n": %d}' % n for n in range(number)]
    assert parser.feed(whole[0]) == [], "where the next one begins is unknown"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=9))
def test_noise_is_no_frame(chunks: list[bytes]) -> None:
    parser = FrameParser()
    assert [made for chunk in chunks for made in parser.feed(chunk)] == []


HEADERS = [
    b"\x05ab",
    b"\x01a",
    b"\x01a\x0b",
    b"\x01a\x07\x00",
    b"\x01a\x07\x00\x05ab",
    b"\x01a\x04\x00",
    b"\x01\xff\x07\x00\x00",
    b"\x01a\x07\x00\x01\xff",
]


@pytest.mark.parametrize("headers", HEADERS)
def test_headers_that_are_none(headers: bytes) -> None:
    parser = FrameParser()
    assert parser.feed(frame(b"{}", headers)) == []
    assert parser.feed(frame()) == []


@pytest.mark.parametrize(("size", "headers"), [(15, 0), (0, 0), (16, 1), (40, 25), (25 << 20, 0), (0xFFFFFFFF, 0)])
def test_lengths_that_cannot_be(size: int, headers: int) -> None:
    prelude = struct.pack(">II", size, headers)
    parser = FrameParser()
    assert parser.feed(prelude + struct.pack(">I", zlib.crc32(prelude)) + b"x" * 64) == []
    assert parser.feed(frame()) == []
