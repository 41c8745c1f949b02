"""Bytes on the wire, whichever API they belong to: compact JSON, packed bodies, streams cut into pieces, deltas of a text."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from headroom.testing.errors import ApiError, invalid

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PIECE = 24  # characters of text in one delta, roughly what the APIs send
_MOST_PIECES = 200  # deltas of one block, so that a huge answer does not take a huge number of events


def dumps(value: object) -> str:
    """JSON as the APIs write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encode(value: object) -> bytes:
    """JSON as bytes; halves of surrogate pairs become question marks."""
    return dumps(value).encode("utf-8", "replace")


def parse(data: bytes, encoding: str, limit: int) -> Any:
    """The JSON of a request's body.

    Args:
        data: the body as it came.
        encoding: its ``content-encoding``: identity, gzip, deflate or zstd.
        limit: most bytes that it may unpack to.

    Raises:
        ApiError: 400, or 413 if it is too large.
    """
    try:
        return json.loads(_unpack(data, encoding, limit))
    except (ValueError, RecursionError, zlib.error, zstd.ZstdError) as error:
        raise invalid(f"The request body is not valid JSON: {error}") from None


def pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Re-cuts a stream of bytes into pieces of ``size``, wherever that falls; 0 leaves the chunks as they are."""
    if not size:
        yield from chunks
        return
    rest = b""
    for chunk in chunks:
        rest += chunk
        whole = len(rest) - len(rest) % size
        for start in range(0, whole, size):
            yield rest[start : start + size]
        rest = rest[whole:]
    if rest:
        yield rest


def deltas(value: str) -> Iterator[str]:
    """A text in the pieces that a model streams it in."""
    size = max(_PIECE, -(-len(value) // _MOST_PIECES))
    for start in range(0, len(value), size):
        yield value[start : start + size]


def _unpack(data: bytes, encoding: str, limit: int) -> bytes:
    if encoding in {"", "identity"}:
        return data
    if encoding in {"gzip", "deflate"}:
        unpacker = zlib.decompressobj(wbits=47)
        plain = unpacker.decompress(data, limit)
        more = bool(unpacker.unconsumed_tail)
    elif encoding == "zstd":
        unpacker = zstd.ZstdDecompressor()
        plain = unpacker.decompress(data, limit)
        more = not unpacker.eof and len(plain) >= limit
    else:
        raise invalid(f"content-encoding {encoding} is not supported")
    if more:
        raise ApiError(413, "request_too_large", "Request exceeds the maximum size")
    if not unpacker.eof:
        raise invalid("The compressed request body ends too early")
    return plain
