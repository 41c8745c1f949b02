"""Where a JSON array or object ends, whatever it holds.

Bracket by bracket that takes half a second for a megabyte of them, and each reader of a body asks anew. So after the first few, what follows is
taken piece by piece: a piece that closes fewer brackets than are open holds no end and is only counted, which C does.
"""

from __future__ import annotations

import re
from array import array
from itertools import accumulate

STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_REST_OF_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NEXT = re.compile(rb'["\[\]{}]')
_OPEN = b"[{"
_FEW = 64  # brackets and strings; most containers have no more
_LEAST, _MOST = 256, 64 << 10  # bytes of a piece
_GROWTH = 4
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: a level down, a level up
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


def container_end(buf: bytes, start: int, limit: int) -> int | None:
    """Where the container that opens at ``start`` ends, its closing bracket included; None if it has no end before ``limit``."""
    pos, depth = _one_by_one(buf, start, limit, 0, _FEW)
    size, grows = _LEAST * _GROWTH, True
    while depth and pos < limit:
        end = _between_escapes(buf, pos, min(pos + size, limit))
        steps, in_string = _levels(buf[pos:end])
        ups = steps.count(b"\xff")
        if ups >= depth and 0 in accumulate(array("b", steps), initial=depth):  # the end stands in this piece
            if end - pos <= _LEAST:
                pos, depth = _one_by_one(buf, pos, limit, depth)
                break
            size, grows = max(size // _GROWTH, _LEAST), False
            continue
        pos, depth = end, depth + len(steps) - 2 * ups
        if in_string:
            rest = _REST_OF_STRING.match(buf, pos, limit)
            pos = rest.end() if rest is not None else limit
        size = min(size * _GROWTH, _MOST) if grows else size
    return None if depth else pos


def _one_by_one(buf: bytes, pos: int, limit: int, depth: int, most: int = -1) -> tuple[int, int]:
    """The position after so many brackets and strings, or after the one that closes the container, and how many are open there.

    Where there is no more of them, or a string has no end, the position is ``limit``.
    """
    while most and (token := _NEXT.search(buf, pos, limit)) is not None:
        most -= 1
        pos = token.start()
        mark = token[0]
        if mark == b'"':
            text = STRING.match(buf, pos, limit)
            if text is None:
                return limit, depth
            pos = text.end()
            continue
        depth += 1 if mark in _OPEN else -1
        pos += 1
        if depth == 0:
            return pos, 0
    return (pos, depth) if most == 0 else (limit, depth)


def _levels(piece: bytes) -> tuple[bytes, bool]:
    """The brackets of a piece that begins outside of a string as steps down and up, and whether it ends inside one."""
    if b"\\" in piece:  # then each quote that is left begins or ends a string
        piece = piece.replace(rb"\\", b"").replace(rb"\"", b"")
    parts = piece.split(b'"')
    return b"".join(parts[::2]).translate(_STEPS, _OTHERS), len(parts) % 2 == 0


def _between_escapes(buf: bytes, start: int, end: int) -> int:
    """A place at ``end``, or one byte before, that does not stand inside of an escape."""
    piece = buf[start:end]
    backslashes = len(piece) - len(piece.rstrip(b"\\"))
    return end - 1 if backslashes % 2 and backslashes < len(piece) else end
