"""Members and elements put into JSON bodies as bytes: what stands there already stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.dialects.json_spans import Malformed
from pipeline.transcript import Span

_SPACE = b" \t\r\n"


def top(body: bytes) -> dict[str, Span]:
    """The members of the body. Raises ``Malformed``."""
    return json_spans.members(body, json_spans.whole(body))


def at(body: bytes, span: Span | None) -> bytes:
    """What stands at a span, ``b""`` for none and for ``null``."""
    raw = b"" if span is None else body[span.start : span.end]
    return b"" if raw == b"null" else raw


def extended(body: bytes, array: Span, elements: Sequence[bytes]) -> bytes:
    """The body with more elements at the end of the array at ``array``. Raises ``Malformed`` if there is none."""
    if body[array.start : array.start + 1] != b"[":
        raise Malformed("an array was expected")
    if not elements:
        return body
    end = array.end - 1
    comma = b"" if body[array.start + 1 : end].strip(_SPACE) == b"" else b","
    return splice(body, [(Span(end, end), comma + b",".join(elements))])


def first(body: bytes, array: Span, elements: Sequence[bytes]) -> tuple[Span, bytes]:
    """Where and how elements stand first in an array. Raises ``Malformed`` if there is none."""
    start = array.start + 1
    if body[array.start : start] != b"[":
        raise Malformed("an array was expected")
    empty = body[start : array.end - 1].strip(_SPACE) == b""
    return Span(start, start), b",".join(elements) + (b"" if empty else b",")


def with_member(body: bytes, whole: Span, name: str, value: bytes) -> bytes:
    """The body with one more member in the object at ``whole``, before its others."""
    start = whole.start + 1
    if body[whole.start : start] != b"{":
        raise Malformed("an object was expected")
    empty = body[start : whole.end - 1].strip(_SPACE) == b""
    return splice(body, [(Span(start, start), json_spans.literal(name) + b":" + value + (b"" if empty else b","))])


def with_element(body: bytes, fields: dict[str, Span], name: str, element: bytes) -> bytes:
    """The body with one more element at the end of its member ``name``, an array that is made where there is none."""
    span = fields.get(name)
    if span is None:
        return with_member(body, json_spans.whole(body), name, b"[" + element + b"]")
    if body[span.start : span.end] == b"null":
        return splice(body, [(span, b"[" + element + b"]")])
    return extended(body, span, [element])
