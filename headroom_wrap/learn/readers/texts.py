"""Texts of tool results, bounded before they are decoded: of a result of megabytes only what is kept becomes a string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from headroom_wrap.learn.model import CUT, TEXT_LIMIT, bounded
from headroom_wrap.learn.readers.lines import decoded

_SLACK = 4  # bytes of JSON for a character at most, surrogates and \u escapes aside
_LARGE = 1 << 16
_MOST_ITEMS, _MOST_LEVELS = 64, 6


@dataclass(frozen=True, slots=True)
class Text:
    """A text of which the middle may be left out.

    Args:
        text: what is kept.
        size: of the whole, in bytes of UTF-8; by a few percent off where the text was large and full of escapes.
    """

    text: str = ""
    size: int = 0


class _Part(msgspec.Struct):
    text: str | None = None


_parts: msgspec.json.Decoder[list[_Part | str | None]] = msgspec.json.Decoder(list[_Part | str | None])


def of(raw: msgspec.Raw | None, limit: int) -> Text:
    """The text of a JSON value: a string, or a list of parts of which some have a ``text``. Anything else has none."""
    if not raw:
        return Text()
    data = bytes(memoryview(raw)) if len(memoryview(raw)) < _LARGE else memoryview(raw)
    if data[:1] == b'"':
        return _literal(data, limit)
    if data[:1] != b"[":
        return Text()
    try:
        parts = _parts.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Text()
    return given("\n".join(text for part in parts if (text := part if isinstance(part, str) else part.text if part else None)), limit)


def given(text: str, limit: int) -> Text:
    """A text that is a string already."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return Text(bounded(text, limit), size)


def _literal(data: bytes | memoryview, limit: int) -> Text:
    if len(data) < _LARGE:
        text = decoded(bytes(data))
        return given(text, limit) if isinstance(text, str) else Text()
    inner = data[1:-1]
    room = limit - len(CUT)
    head, tail = _head(bytes(inner[: room * _SLACK])), _tail(bytes(inner[-room * _SLACK :]))
    size = len(inner) - _escapes(bytes(inner[:_LARGE])) * len(inner) // min(len(inner), _LARGE)  # as many as in a sample
    return Text(head[: room - room // 4] + CUT + tail[-(room // 4) :], size)


def _escapes(data: bytes) -> int:
    """How many bytes the escapes in a literal take beyond what they stand for."""
    control, other = data.count(b"\\u00"), data.count(b"\\u")
    return data.count(b"\\") - data.count(b"\\\\") + 4 * control + 2 * (other - control)


def _head(data: bytes) -> str:
    """The start of a literal; an escape or a character that the cut took apart is left off."""
    for cut in range(16):
        text = decoded(b'"' + data[: len(data) - cut] + b'"')
        if isinstance(text, str):
            return text
    return ""


def _tail(data: bytes) -> str:
    """The end of a literal, from the first place that is no middle of an escape or of a character: after a space, else wherever it decodes."""
    space = data.find(b" ", 0, 256) + 1
    for start in range(space, space + 16):
        text = decoded(b'"' + data[start:] + b'"')
        if isinstance(text, str):
            return text
    return ""


def arguments(raw: msgspec.Raw | bytes | None) -> dict[str, object]:
    """A call's arguments with every string in them bounded. Empty where they are no JSON object."""
    value = decoded(raw) if raw else None
    return sized(value, large=len(memoryview(raw)) > TEXT_LIMIT) if raw and isinstance(value, dict) else {}


def sized(value: Mapping[str, object], *, large: bool = True) -> dict[str, object]:
    """Arguments with every string in them bounded, and lists and levels limited."""
    return {str(key)[:256]: _sized(item, 1) for key, item in list(value.items())[:_MOST_ITEMS]} if large else dict(value)


def _sized(value: object, level: int) -> object:
    if isinstance(value, str):
        return bounded(value, TEXT_LIMIT)
    if level >= _MOST_LEVELS:
        return None if isinstance(value, (dict, list)) else value
    if isinstance(value, dict):
        return {str(key)[:256]: _sized(item, level + 1) for key, item in list(value.items())[:_MOST_ITEMS]}
    if isinstance(value, list):
        return [_sized(item, level + 1) for item in value[:_MOST_ITEMS]]
    return value
