from __future__ import annotations

import os
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.model import Skipped
from headroom_wrap.learn.readers import lines as module
from headroom_wrap.learn.readers.lines import decoded, first, lines, rows

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Row(msgspec.Struct):
    n: int = 0


DECODER = msgspec.json.Decoder(Row)


def numbers(path: Path) -> tuple[list[int], Skipped]:
    skipped = Skipped()
    return [row.n for row in rows(path, DECODER, skipped)], skipped


@given(st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), max_size=8), st.booleans(), st.booleans(), st.integers(1, 40))
@settings(max_examples=60)
def test_lines_are_those_of_the_file(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], ended: bool, packed: bool, block: int) -> None:
    data = b"\n".join(parts) + (b"\n" if ended and parts else b"")
    path = tmp_path_factory.mktemp("lines") / "file"
    packed = packed or data.startswith(b"\x28\xb5\x2f\xfd")
    path.write_bytes(zstd.compress(data) if packed else data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        skipped = Skipped()
        assert list(lines(path, skipped)) == data.splitlines(keepends=True) if b"\r" not in data and not _odd(data) else True
        assert b"".join(lines(path, skipped)) == data
    assert not skipped


def _odd(data: bytes) -> bool:
    return any(mark in data for mark in (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85"))


def test_what_is_no_row_is_counted_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(
        b'{"n":1}\n{"n":"two"}\nnoise\n\n\xff\xfe\n{"n":3,"other":[1]}\n' + b"[" * 100_000 + b'\n{"x":' + b"[" * 100_000 + b'\n{"n":4}\n{"n":5'
    )
    found, skipped = numbers(path)
    assert found == [1, 3, 4]
    assert skipped == Skipped({}, {"unknown shape": 2, "malformed": 3, "truncated": 1})


def test_a_foreign_file_is_left_after_a_few_lines(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"not ours\n" * 10_000)
    found, skipped = numbers(path)
    assert (found, skipped.files) == ([], {"foreign": 1})
    assert skipped.rows["malformed"] < 50


def test_a_compressed_file_is_read_whatever_its_name_and_up_to_where_it_breaks_off(tmp_path: Path) -> None:
    data = b"".join(b'{"n":%d}\n' % n for n in range(50_000))
    whole, cut, damaged = tmp_path / "whole", tmp_path / "cut", tmp_path / "damaged"
    packed = zstd.compress(data) + zstd.compress(b'{"n":-1}\n')
    whole.write_bytes(packed)
    assert numbers(whole) == ([*range(50_000), -1], Skipped())
    cut.write_bytes(packed[: len(packed) // 2])
    found, skipped = numbers(cut)
    assert found == list(range(len(found)))
    assert "truncated" in skipped.rows
    checked = zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})
    damaged.write_bytes(checked[:-1] + bytes([checked[-1] ^ 1]))
    assert "damaged archive" in numbers(damaged)[1].rows


def test_a_compressed_file_may_not_ask_for_much_memory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    made = zstd.ZstdCompressor(options=options)
    path.write_bytes(made.compress(b'{"n":1}\n' * 100_000) + made.flush())
    assert numbers(path) == ([], Skipped({}, {"damaged archive": 1}))


@pytest.mark.slow
def test_a_line_that_is_too_long_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 1 << 20)
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(b'{"n":1}\n{"n":"')
        for _ in range(64):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n{"n":2}\n')
    tracemalloc.start()
    try:
        assert numbers(path) == ([1, 2], Skipped({}, {"too large": 1}))
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()


def test_a_file_that_unpacks_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1 << 20)
    path = tmp_path / "file"
    path.write_bytes(zstd.compress(b'{"n":1}\n' * (1 << 18)))
    found, skipped = numbers(path)
    assert 0 < len(found) < 1 << 18
    assert skipped.rows == {"too large": 1}


def test_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert numbers(tmp_path / "none")[1].files == {"unreadable": 1}
    assert numbers(tmp_path)[1].files == {"not a file": 1}
    assert numbers(tmp_path / "pipe")[1].files == {"not a file": 1}, "and nobody waits for its other end"


def test_lines_that_are_not_wanted_are_neither_decoded_nor_counted(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'no row\n{"n":1}\n')
    skipped = Skipped()
    assert [row.n for row in rows(path, DECODER, skipped, lambda line: line.startswith(b"{"))] == [1]
    assert not skipped


def test_rows_without_what_they_need_are_of_an_unknown_shape(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{}\n{"n":1}\n')
    skipped = Skipped()
    assert [row.n for row in rows(path, DECODER, skipped, least=lambda row: row.n > 0)] == [1]
    assert skipped.rows == {"unknown shape": 1}


def test_the_first_rows_are_read_without_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"

    def two(path: Path, skipped: Skipped) -> Iterator[bytes]:
        yield from (b'{"n":1}\n', b"noise\n", b'{"n":2}\n')
        pytest.fail("more was read than was asked for")

    monkeypatch.setattr(module, "lines", two)
    assert [row.n for row in first(path, DECODER, 3)] == [1, 2]


@given(st.binary(max_size=60))
def test_decoding_never_raises(data: bytes) -> None:
    decoded(data)
