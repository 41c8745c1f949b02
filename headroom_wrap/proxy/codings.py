"""Content codings (RFC 9110, section 8.4.1): undone for those who read a body beside the relay, which itself never decodes."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

_PIECE = 1 << 20
# The libraries copy all that stands behind the end of a part: a chunk of many parts would take the square of its length, so it is taken in bites.
_BITE = 16 << 10
# gzip's members, zstd's frames. Empty ones take 13 microseconds for as many bytes; who streams may end one with each event.
_MOST_PARTS = 1000
_LEAST_PART = 64  # bytes; one more part for as many that come out
_WITH_HEADER = zlib.MAX_WBITS | 32  # gzip's or zlib's


class CodingError(ValueError):
    """The bytes are not of this coding, the coding is unknown, or there is more behind them than may be read."""


class TooMuch(CodingError):
    """There is more behind a coding than may be read."""


class Decoder(Protocol):
    """Undoes one coding, chunk by chunk."""

    def feed(self, chunk: bytes) -> bytes:
        """What the next bytes stand for.

        Raises:
            CodingError: they stand for nothing, or for too much.
        """
        ...


def decoder(coding: str, limit: int) -> Decoder:
    """A decoder of a ``Content-Encoding``.

    Args:
        coding: the header's value, ``""`` for none.
        limit: bytes that may come out in all: a few kilobytes can stand for gigabytes.

    Raises:
        CodingError: the coding is not known here.
    """
    name = coding.strip().lower()
    if name in ("", "identity"):
        return _Identity()
    if name in ("gzip", "x-gzip", "deflate"):
        return _Zlib(limit, bare=name == "deflate")
    if name == "zstd":
        return _Streamed(_zstd, limit)
    if name == "br":
        return _Streamed(_brotli, limit)
    raise CodingError(f"content coding {name!r} is not known")


def decode(data: bytes, coding: str, limit: int) -> bytes:
    """A whole body without its coding.

    Raises:
        CodingError: it cannot be had.
    """
    return decoder(coding, limit).feed(data)


class _Identity:
    def feed(self, chunk: bytes) -> bytes:
        return chunk


class _Allowance:
    """What may still come out of a coding.

    Args:
        limit: bytes in all.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._out = 0
        self._parts = 0

    def count(self, piece: bytes) -> None:
        """Something came out. Raises ``TooMuch``."""
        self._out += len(piece)
        if self._out > self._limit:
            raise TooMuch("more behind a coding than may be read")

    def count_part(self) -> None:
        """Another part begins. Raises ``CodingError``."""
        self._parts += 1
        if self._parts > _MOST_PARTS + self._out // _LEAST_PART:
            raise CodingError("in more parts than may be read")


def _bites(chunk: bytes, size: int = _BITE) -> Iterator[bytes]:
    return (chunk[start : start + size] for start in range(0, len(chunk), size))


class _Zlib:
    """gzip, of one or more members, and deflate.

    Args:
        limit: bytes that may come out.
        bare: the data may be without its zlib header, as some send deflate.
    """

    def __init__(self, limit: int, *, bare: bool) -> None:
        self._allowance = _Allowance(limit)
        self._bare = bare
        self._head = b""
        self._inflate: Any = None

    def feed(self, chunk: bytes) -> bytes:
        if self._inflate is None:
            self._head += chunk
            if len(self._head) < 2:  # a header is two bytes at least
                return b""
            chunk, self._head = self._head, b""
            self._inflate = zlib.decompressobj(_WITH_HEADER if not self._bare or _zlib_header(chunk) else -zlib.MAX_WBITS)
        out: list[bytes] = []
        try:
            for bite in _bites(chunk):
                rest = self._step(bite, out)
                while rest or len(out[-1]) == _PIECE:  # a full piece may have more behind it, though all input is taken
                    rest = self._step(rest, out)
        except zlib.error as error:
            raise CodingError(str(error)) from None
        return b"".join(out)

    def _step(self, chunk: bytes, out: list[bytes]) -> bytes:
        if self._inflate.eof:
            self._allowance.count_part()
            self._inflate = zlib.decompressobj(_WITH_HEADER)  # the next member
        piece = self._inflate.decompress(chunk, _PIECE)
        self._allowance.count(piece)
        out.append(piece)
        rest: bytes = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        return rest


def _zlib_header(data: bytes) -> bool:
    """Whether data begins with a zlib header (RFC 1950, section 2.2): method 8, and a multiple of 31."""
    return data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0


class _Streamed:
    """A decompressor of another library."""

    def __init__(self, make: Callable[[_Allowance], Callable[[bytes], Iterator[bytes]]], limit: int) -> None:
        self._allowance = _Allowance(limit)
        self._decompressor = make(self._allowance)

    def feed(self, chunk: bytes) -> bytes:
        out = []
        pieces = self._decompressor(chunk)
        while (piece := self._next(pieces)) is not None:
            self._allowance.count(piece)
            out.append(piece)
        return b"".join(out)

    def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        try:
            return next(pieces, None)
        except Exception as error:  # each library has errors of its own
            raise CodingError(str(error)) from None


def _zstd(allowance: _Allowance) -> Callable[[bytes], Iterator[bytes]]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise CodingError("zstd is not installed") from None
    state = [zstd.ZstdDecompressor()]

    def pieces(chunk: bytes) -> Iterator[bytes]:
        for bite in _bites(chunk):
            yield from of_bite(bite)

    def of_bite(bite: bytes) -> Iterator[bytes]:
        while True:
            if state[0].eof:
                if not bite:
                    return
                allowance.count_part()
                state[0] = zstd.ZstdDecompressor()  # the next frame
            yield state[0].decompress(bite, _PIECE)
            bite = state[0].unused_data if state[0].eof else b""
            if not bite and (state[0].eof or state[0].needs_input):
                return

    return pieces


def _brotli(_: _Allowance) -> Callable[[bytes], Iterator[bytes]]:
    try:
        import brotli  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise CodingError("brotli is not installed") from None
    state = brotli.Decompressor()

    def pieces(chunk: bytes) -> Iterator[bytes]:
        for bite in _bites(chunk):
            piece = state.process(bite, output_buffer_limit=_PIECE)  # older ones, which know no limit, raise a TypeError
            while piece:  # that it takes more data does not mean that all has come out
                yield piece
                piece = state.process(b"", output_buffer_limit=_PIECE)

    return pieces
