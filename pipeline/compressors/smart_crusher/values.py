"""JSON values with their numbers as text, and how a value is written in a cell.

Numbers are ``bytes`` holding exactly what the document said: they hash and compare in C, are never equal to a string, and ``1.0``,
``1.00`` and ``1e400`` stay three different things. Containers that stay whole in a cell are a one-tuple of their compact JSON text.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring as quote
from typing import Final


class Absent:
    """The type of ``ABSENT``: there is no such key, which is neither null nor an empty string."""

    __slots__ = ()


ABSENT: Final = Absent()
ABSENT_TEXT: Final = "∅"

# What a bare cell would be read as something else for: a number, a literal, JSON, a directive, a marker, a text line.
_READS_AS_LITERAL = re.compile(r"(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)\Z")
_NEEDS_QUOTES = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]|\s\Z|\A[\s\"\[{#|@∅×]")
_NEEDS_QUOTES_IN_LIST = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029|;]|\s\Z|\A[\s\"\[{#|@∅×]")
_FIRST = ' "[{#|@∅×'
_PLAIN_KEY = re.compile(r"[\w$/+()-]+\Z")


def dumps(value: object) -> str:
    """Compact JSON of a value, every number as it was written."""
    kind = type(value)
    if kind is str:
        return quote(value)  # type: ignore[arg-type]
    if kind is bytes:
        return value.decode()  # type: ignore[attr-defined, no-any-return]
    if kind is dict:
        return "{" + ",".join([f"{quote(k)}:{dumps(v)}" for k, v in value.items()]) + "}"  # type: ignore[attr-defined]
    if kind is list:
        return "[" + ",".join(map(dumps, value)) + "]"  # type: ignore[call-overload]
    if kind is tuple:
        return value[0]  # type: ignore[index, no-any-return]
    if value is None:
        return "null"
    return "true" if value else "false"


def _needs_quotes(text: str, *, in_list: bool) -> bool:
    """Whether a cell cannot be bare. What is printable needs no search: that is three times as fast on long texts."""
    if text.isprintable():
        return text[0] in _FIRST or text[-1] == " " or (in_list and ("|" in text or ";" in text))
    return (_NEEDS_QUOTES_IN_LIST if in_list else _NEEDS_QUOTES).search(text) is not None


def cell(value: object, *, textual: bool = False, in_list: bool = False) -> str:
    """A value as a cell: strings bare where nothing else could be meant, everything else as JSON, ``∅`` for an absent key.

    Args:
        value: a leaf.
        textual: the column holds strings only, so that a bare number in it is a string.
        in_list: the cell stands in a list of items, where ``;`` and ``|`` separate.
    """
    if type(value) is str:
        if not value or _needs_quotes(value, in_list=in_list) or (not textual and _READS_AS_LITERAL.match(value)):
            return quote(value)
        return value
    if value is ABSENT:
        return ABSENT_TEXT
    if in_list and value == ("[]",):
        return "[ ]"  # "[]" alone is the list without items
    return dumps(value)


def reads_as_literal(text: str) -> bool:
    """Whether a bare string would be taken for a number, true, false or null."""
    return _READS_AS_LITERAL.match(text) is not None


def step(path: str, key: str) -> str:
    """The path of ``key`` below ``path``: ``a.b``; keys that hold anything unusual are quoted."""
    name = key if _PLAIN_KEY.match(key) else quote(key)
    return f"{path}.{name}" if path else name


def leaf(value: object) -> object:
    """A value as a hashable leaf: containers become their compact JSON text."""
    return (dumps(value),) if type(value) in {list, dict} else value
