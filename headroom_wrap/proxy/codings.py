"""Content codings (RFC 9110, section 8.4.1): undone for those who read a body beside the relay, which itself never decodes."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

_PIECE = 1 << 20
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
        return _Streamed(_zstd(), limit)
    if name == "br":
        return _Streamed(_brotli(), limit)
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


class _Zlib:
    """gzip, of one or more members, and deflate.

    Args:
        limit: bytes that may come out.
        bare: the data may be without its zlib header, as some send deflate.
    """

    def __init__(self, limit: int, *, bare: bool) -> None:
        self._left = limit
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
            chunk = self._step(chunk, out)
            while chunk or len(out[-1]) == _PIECE:  # a full piece may have more behind it, though all input is taken
                chunk = self._step(chunk, out)
        except zlib.error as error:
            raise CodingError(str(error)) from None
        return b"".join(out)

    def _step(self, chunk: bytes, out: list[bytes]) -> bytes:
        if self._inflate.eof:
            self._inflate = zlib.decompressobj(_WITH_HEADER)  # the next member
        piece = self._inflate.decompress(chunk, _PIECE)
        self._left -= len(piece)
        if self._left < 0:
            raise TooMuch("more behind a coding than may be read")
        out.append(piece)
        rest: bytes = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        return rest


def _zlib_header(data: bytes) -> bool:
    """Whether data begins with a zlib header (RFC 1950, section 2.2): method 8, and a multiple of 31."""
    return data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0


class _Streamed:
    """A decompressor of another library."""

    def __init__(self, decompressor: Callable[[bytes], Iterator[bytes]], limit: int) -> None:
        self._decompressor = decompressor
        self._left = limit

    def feed(self, chunk: bytes) -> bytes:
        out = []
        pieces = self._decompressor(chunk)
        while (piece := self._next(pieces)) is not None:
            self._left -= len(piece)
            if self._left < 0:
                raise TooMuch("more behind a coding than may be read")
            out.append(piece)
        return b"".join(out)

    def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        try:
            return next(pieces, None)
        except Exception as error:  # each library has errors of its own
            raise CodingError(str(error)) from None


def _zstd() -> Callable[[bytes], Iterator[bytes]]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise CodingError("zstd is not installed") from None
    state = [zstd.ZstdDecompressor()]

    def pieces(chunk: bytes) -> Iterator[bytes]:
        while True:
            if state[0].eof:
                if not chunk:
                    return
                state[0] = zstd.ZstdDecompressor()  # the next frame
            piece = state[0].decompress(chunk, _PIECE)
            yield piece
            chunk = state[0].unused_data if state[0].eof else b""
            if not chunk and (state[0].eof or state[0].needs_input):
                return

    return pieces


def _brotli() -> Callable[[bytes], Iterator[bytes]]:
    try:
        import brotli  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise CodingError("brotli is not installed") from None
    state = brotli.Decompressor()

    def pieces(chunk: bytes) -> Iterator[bytes]:
        for start in range(0, len(chunk), 1 << 12):  # small bites bound what one of them can become
            yield state.process(chunk[start : start + (1 << 12)])

    return pieces
