"""Where the parts of a JSON text stand in its bytes, without building the parts.

The fast path lets msgspec find the values (C, about 1 GB/s) and works out their positions from their lengths: between two values JSON allows
only white space and punctuation, so the sum is exact. msgspec refuses what JavaScript clients do send (lone surrogates); for those bytes a
scanner of our own does the same more slowly.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from pipeline.dialects.brackets import STRING, container_end
from pipeline.transcript import Span

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_STRING = msgspec.json.Decoder(str)
_SPACE = re.compile(rb"[ \t\n\r]*")
_SCALAR = re.compile(rb"[^\s,\]}\[{\":]+")
_OPEN = b"[{"
# json and pickle go down by recursion, and how far that goes depends on who calls: what is nested deeper than this is built for nobody.
_DEEPEST = 200


class Malformed(ValueError):
    """The bytes are not the JSON that was expected there."""


def members(buf: bytes, span: Span) -> dict[str, Span]:
    """The values of the object at ``span`` by key, in order, as absolute spans.

    Raises:
        Malformed: no object stands there, or a key stands in it twice.
    """
    try:
        values = _OBJECT.decode(memoryview(buf)[span.start : span.end])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _scan_members(buf, span)
    found: dict[str, Span] = {}
    pos = _past(buf, span.start, b"{")
    for key, raw in values.items():
        literal = STRING.match(buf, pos)
        if literal is None:
            raise Malformed("a key was expected")
        pos = _past(buf, literal.end(), b":")
        end = pos + len(raw)
        if buf[pos:end] != bytes(raw):  # a duplicate key: the decoder keeps one value, the bytes hold two
            raise Malformed("an object with a key that stands in it twice")
        found[key] = Span(pos, end)
        pos = _separator(buf, end)
    if buf[pos : pos + 1] != b"}":
        raise Malformed("an object with a key that stands in it twice")
    return found


def pairs(buf: bytes, span: Span) -> list[tuple[Span, Span]]:
    """The keys and values of the object at ``span``, in order, one that stands there twice included.

    Raises:
        Malformed: no object stands there.
    """
    found: list[tuple[Span, Span]] = []
    pos = _past(buf, span.start, b"{")
    while buf[pos : pos + 1] != b"}":
        name = STRING.match(buf, pos, span.end)
        if name is None:
            raise Malformed(f"a key was expected at byte {pos}")
        start = _past(buf, name.end(), b":")
        end = _value_end(buf, start, span.end)
        found.append((Span(*name.span()), Span(start, end)))
        pos = _after_value(buf, end, b"}")
    return found


def elements(buf: bytes, span: Span) -> list[Span]:
    """The elements of the array at ``span`` as absolute spans.

    Raises:
        Malformed: no array stands there.
    """
    try:
        values = _ARRAY.decode(memoryview(buf)[span.start : span.end])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _scan_elements(buf, span)
    found = []
    pos = _past(buf, span.start, b"[")
    for raw in values:
        end = pos + len(raw)
        found.append(Span(pos, end))
        pos = _separator(buf, end)
    return found


def string(buf: bytes, span: Span) -> str:
    """The string literal at ``span``, decoded; lone surrogates stay what they are.

    Raises:
        Malformed: no string stands there.
    """
    try:
        return _STRING.decode(memoryview(buf)[span.start : span.end])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = plain(buf, span)
        if not isinstance(value, str):
            raise Malformed("a string was expected") from None
        return value


def plain(buf: bytes, span: Span) -> object:
    """The value at ``span`` as Python objects.

    Raises:
        Malformed: it is not JSON, or nested deeper than 200 levels.
    """
    return _built(buf[span.start : span.end])


def mapping(data: bytes | str) -> dict[str, Any]:
    """The object that a JSON text is; empty where it is none, or nested deeper than 200 levels."""
    try:
        value = _built(data)
    except Malformed:
        return {}
    return value if isinstance(value, dict) else {}


def _built(data: bytes | str) -> object:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    brackets = data.count("[") + data.count("{") if isinstance(data, str) else data.count(b"[") + data.count(b"{")
    if brackets > _DEEPEST and _is_too_deep(value):
        raise Malformed(f"nested deeper than {_DEEPEST} levels")
    return value


def _is_too_deep(value: object) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(_DEEPEST):
        level = [held for at in level for held in (at.values() if isinstance(at, dict) else at) if isinstance(held, (dict, list))]
        if not level:
            return False
    return True


def literal(text: str) -> bytes:
    """A text as a JSON string literal in UTF-8; lone surrogates (a path in a reference has them) as the escapes that JSON has for them."""
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace")


def whole(buf: bytes) -> Span:
    """The span of the one value that ``buf`` holds, white space around it left off."""
    start = _skip_space(buf, 0)
    end = len(buf)
    while end > start and buf[end - 1 : end] in (b" ", b"\t", b"\n", b"\r"):
        end -= 1
    return Span(start, end)


def _skip_space(buf: bytes, pos: int) -> int:
    match = _SPACE.match(buf, pos)
    return match.end() if match else pos


def _past(buf: bytes, pos: int, mark: bytes) -> int:
    """The position of the next value after ``mark``, which must stand at ``pos`` but for white space."""
    pos = _skip_space(buf, pos)
    if buf[pos : pos + 1] != mark:
        raise Malformed(f"{mark.decode()} was expected at byte {pos}")
    return _skip_space(buf, pos + 1)


def _separator(buf: bytes, pos: int) -> int:
    """The position of the next value after a comma, or of the closing bracket."""
    pos = _skip_space(buf, pos)
    return _skip_space(buf, pos + 1) if buf[pos : pos + 1] == b"," else pos


def _scan_members(buf: bytes, span: Span) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for name, value in pairs(buf, span):
        key = string(buf, name)
        if key in found:
            raise Malformed(f"the key {key!r} stands twice")
        found[key] = value
    return found


def _scan_elements(buf: bytes, span: Span) -> list[Span]:
    found: list[Span] = []
    pos = _past(buf, span.start, b"[")
    while buf[pos : pos + 1] != b"]":
        end = _value_end(buf, pos, span.end)
        found.append(Span(pos, end))
        pos = _after_value(buf, end, b"]")
    return found


def _after_value(buf: bytes, pos: int, close: bytes) -> int:
    pos = _skip_space(buf, pos)
    if buf[pos : pos + 1] == b",":
        return _skip_space(buf, pos + 1)
    if buf[pos : pos + 1] != close:
        raise Malformed(f"a comma was expected at byte {pos}")
    return pos


def _value_end(buf: bytes, start: int, limit: int) -> int:
    """Where the value that starts at ``start`` ends."""
    first = buf[start : start + 1]
    if first == b'"':
        match = STRING.match(buf, start, limit)
    elif first and first in _OPEN:
        end = container_end(buf, start, limit)
        if end is None:
            raise Malformed("an object or array without an end")
        return end
    else:
        match = _SCALAR.match(buf, start, limit)
    if match is None:
        raise Malformed(f"a value was expected at byte {start}")
    return match.end()
