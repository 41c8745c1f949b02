from __future__ import annotations

import gzip
import random
import sys
import zlib

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy import codings
from tests.cpu import cpu_seconds

raw_deflate = zlib.compressobj(wbits=-15)
RAW = raw_deflate.compress(b"hello" * 99) + raw_deflate.flush()


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("", b"hello" * 99),
        ("Identity", b"hello" * 99),
        ("gzip", gzip.compress(b"hello" * 99)),
        ("x-gzip", gzip.compress(b"hello" * 50) + gzip.compress(b"hello" * 49)),
        ("deflate", zlib.compress(b"hello" * 99)),
        ("deflate", RAW),
        ("zstd", zstd.compress(b"hello" * 50) + zstd.compress(b"hello" * 49)),
    ],
)
def test_codings_are_undone_whole_and_byte_by_byte(coding, data):
    assert codings.decode(data, coding, 1000) == b"hello" * 99
    decoder = codings.decoder(coding, 1000)
    assert b"".join(decoder.feed(data[i : i + 1]) for i in range(len(data))) == b"hello" * 99


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
@given(data=st.binary(max_size=200))
def test_noise_is_refused_or_read_and_nothing_else(coding, data):
    try:
        assert isinstance(codings.decode(data, coding, 1000), bytes)
    except codings.CodingError:
        pass


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_what_would_become_too_much_is_refused(coding, pack):
    bomb = pack(bytes(50 << 20))
    with pytest.raises(codings.CodingError):
        codings.decode(bomb, coding, 5 << 20)


class Brotli:
    """As its library is asked, over another format: it stops at a limit, and an empty call gives what is left."""

    Decompressor = property(lambda self: lambda: self)

    def __init__(self):
        self._inflate, self._left, self.largest = zlib.decompressobj(), b"", 0

    def process(self, data, output_buffer_limit=0):
        piece = self._inflate.decompress(self._left + data, output_buffer_limit)
        self._left = self._inflate.unconsumed_tail
        self.largest = max(self.largest, len(piece))
        return piece


@pytest.mark.parametrize("size", [5, 1 << 20, (3 << 20) + 1])
def test_brotli_comes_whole_and_piece_by_piece(monkeypatch, size):
    monkeypatch.setitem(sys.modules, "brotli", library := Brotli())
    assert codings.decode(zlib.compress(bytes(size)), "br", 1 << 23) == bytes(size)
    assert library.largest <= 1 << 20


def test_what_brotli_would_become_is_bounded(monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", library := Brotli())
    with pytest.raises(codings.TooMuch):
        codings.decode(zlib.compress(bytes(50 << 20)), "br", 5 << 20)
    assert library.largest <= 1 << 20


def test_a_brotli_that_knows_no_limit_is_not_used(monkeypatch):
    class Old(Brotli):
        def process(self, data):
            raise AssertionError

    monkeypatch.setitem(sys.modules, "brotli", Old())
    with pytest.raises(codings.CodingError):
        codings.decode(b"x", "br", 5)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_full_pieces_are_not_the_end(pack):
    for size in (1 << 20, (1 << 20) + 1, (3 << 20) - 1):
        assert len(codings.decode(pack(bytes(size)), "gzip" if pack is gzip.compress else "deflate", 1 << 23)) == size


@settings(max_examples=30)
@given(st.binary(max_size=5000), st.lists(st.integers(1, 50), min_size=1))
def test_splits_do_not_matter(data, sizes):
    packed = zstd.compress(data)
    decoder = codings.decoder("zstd", 1 << 20)
    out, pos, turn = b"", 0, 0
    while pos < len(packed):
        size = sizes[turn % len(sizes)]
        out += decoder.feed(packed[pos : pos + size])
        pos, turn = pos + size, turn + 1
    assert out == data


@pytest.mark.parametrize("coding", ["compress", "gzip, br", "aws-chunked"])
def test_unknown_codings_are_refused(coding):
    with pytest.raises(codings.CodingError):
        codings.decoder(coding, 1)


PACKED = [("gzip", gzip.compress), ("zstd", zstd.compress)]


@pytest.mark.parametrize(("coding", "pack"), PACKED)
def test_parts_in_great_number_are_not_read(coding, pack):
    with pytest.raises(codings.CodingError, match="parts"):
        codings.decode(pack(b"") * 50_000, coding, 1 << 20)
    assert codings.decode(pack(b"") * 1000 + pack(b"end"), coding, 1 << 20) == b"end"


@pytest.mark.parametrize(("coding", "pack"), PACKED)
def test_a_stream_may_end_a_part_with_each_event(coding, pack):
    event = b"data: " + b"x" * 100
    decoder = codings.decoder(coding, 1 << 30)
    assert sum(len(decoder.feed(pack(event))) for _ in range(5000)) == 5000 * len(event)


@pytest.mark.parametrize(("coding", "pack"), PACKED)
def test_what_stands_behind_parts_is_not_gone_through_for_each_of_them(coding, pack):
    large = pack(random.Random(1).randbytes(4 << 20))

    def seconds(data):
        return cpu_seconds(lambda: codings.decode(data, coding, 1 << 23), runs=3)

    assert seconds(pack(b"") * 900 + large) < 5 * (seconds(pack(b"") * 900) + seconds(large))
