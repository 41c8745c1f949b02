"""Parsed JSON, walked without trusting its shape."""

from __future__ import annotations

from collections.abc import Mapping

JsonObject = Mapping[str, object]


def mapping(value: object) -> JsonObject:
    """An object as it is, anything else as an empty one."""
    return value if isinstance(value, Mapping) else {}


def objects(value: object) -> list[JsonObject]:
    """The objects of a list; none if it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def string(value: object) -> str:
    """A string as it is, anything else as ``""``."""
    return value if isinstance(value, str) else ""
