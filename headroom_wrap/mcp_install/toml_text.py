"""One table more at the end of a TOML text, every other byte of it as it was. Pure."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from adapters.json_text import UnfitError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def append(text: str, path: tuple[str, ...], values: Mapping[str, str | bool | list[str]]) -> str:
    """The text with a table at ``path``; the names in it must be such as need no quotes.

    Raises:
        UnfitError: it is no TOML, has the table already, or is laid out so that none can be added at its end.
    """
    before = _parsed(text)
    into: Any = before
    for key in path[:-1]:
        into = into.setdefault(key, {}) if isinstance(into, dict) else None
    if not isinstance(into, dict):
        raise UnfitError(f"has no table as {'.'.join(path[:-1])}")
    if path[-1] in into:
        raise UnfitError(f"has {'.'.join(path)} already")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [f"[{'.'.join(path)}]", *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())]
    gap = "" if not text else newline if text.endswith("\n") else 2 * newline
    added = text + gap + newline.join(lines) + newline
    into[path[-1]] = dict(values)
    if _meaning(added) != before:
        raise UnfitError(f"is laid out so that [{'.'.join(path)}] cannot stand at its end")
    return added


def _meaning(text: str) -> dict[str, Any] | None:
    try:
        return _parsed(text)
    except UnfitError:
        return None


def _parsed(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnfitError(f"is no TOML ({error})") from None
    return found
