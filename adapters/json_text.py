"""One member or item more in a JSON text, or one less, every other byte of it as it was. Pure.

JSON with comments or commas at ends is refused: what a program takes for a comment differs from program to program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_INDENT = re.compile(r"\n([ \t]+)\S")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()

_FORMAT = ("version",)  # says how the rest is to be read

_Path = tuple[str | int, ...]  # names of members, numbers of items


class UnfitError(Exception):
    """The text cannot be added to. The message says why, without its beginning: the file's name goes there."""


@dataclass(frozen=True, slots=True)
class _Member:
    key: str | int  # of an item in a list, its number
    start: int
    value: int  # where that begins
    end: int


def insert(text: str, path: tuple[str, ...], new: Any) -> str:
    """The text with a member at ``path``; objects on the way to it are made where they are missing. An empty text is an empty object.

    Raises:
        UnfitError: it is no plain JSON, holds other things than objects on the way, or has the member already.
    """
    if not text.strip():
        return json.dumps(_nested(path, new), indent=2, ensure_ascii=False) + "\n"
    _check(text)
    at = _skip(text, 0)
    for depth, key in enumerate(path):
        if text[at] != "{":
            raise UnfitError(f"has no object as {'.'.join(path[:depth]) or 'the whole of it'}")
        members = list(_members(text, at))
        found = next((m for m in members if m.key == key), None)
        if found is None:
            return _added(text, (at, depth), members, key, _nested(path[depth + 1 :], new))
        at = found.value
    raise UnfitError(f"has {'.'.join(path)} already")


def append(text: str, path: tuple[str, ...], item: Any) -> str:
    """The text with one item more at the end of the list at ``path``, which is made where it is missing.

    Raises:
        UnfitError: it is no plain JSON, or holds other things on the way.
    """
    at = _found(text, path)
    if at is None:
        return insert(text, path, [item])
    items, end = _DECODER.raw_decode(text, at)
    if not isinstance(items, list):
        raise UnfitError(f"has no list as {'.'.join(path)}")
    last = len(text[: end - 1].rstrip())
    return f"{text[:last]}{',' if items else ''}{json.dumps(item, ensure_ascii=False)}{text[last:] if items else text[end - 1 :]}"


def value(text: str, path: tuple[str, ...]) -> Any:
    """The value at ``path``, None where there is none.

    Raises:
        UnfitError: it is no plain JSON.
    """
    at = _found(text, path)
    return None if at is None else _DECODER.raw_decode(text, at)[0]


def _found(text: str, path: tuple[str, ...]) -> int | None:
    """Where the value at ``path`` begins."""
    if not text.strip():
        return None
    _check(text)
    at: int | None = _skip(text, 0)
    for key in path:
        at = next((m.value for m in _members(text, at) if m.key == key), None) if at is not None and text[at] == "{" else None
    return at


def remove(text: str, path: _Path) -> str:
    """The text without the member or, where ``path`` ends in a number, the item at ``path``.

    Raises:
        UnfitError: it is no plain JSON, or has no such member.
    """
    _check(text)
    at = _skip(text, 0)
    for depth, key in enumerate(path):
        members = list(_members(text, at)) if text[at] in "{[" else []
        n = next((n for n, m in enumerate(members) if m.key == key), None)
        if n is None:
            break
        if depth < len(path) - 1:
            at = members[n].value
        elif n + 1 < len(members):
            return text[: members[n].start] + text[members[n + 1].start :]
        elif n:
            return text[: members[n - 1].end] + text[members[n].end :]
        else:
            return text[: at + 1] + text[_skip(text, members[n].end) :]
    raise UnfitError(f"has no {_named(path)}")


def without(text: str, before: str, after: str) -> tuple[str, list[str]]:
    """A text that was written anew since members were added to it, or items to its lists: those go, whatever else changed stays.

    Args:
        text: as it is now.
        before: as it was without them, ``""`` if there was none.
        after: as it was with them.

    Returns:
        The text without those that are still as they were added, and the names of those that are not: they are left.

    Raises:
        UnfitError: one of the texts is no plain JSON, or ``after`` is not ``before`` with members and last items added.
    """
    was, added, now = (_object(t) for t in (before, after, text))
    try:
        gone, changed = _added_members(was, added, now, ())
    except RecursionError:
        raise UnfitError("is nested too deeply") from None
    for path in gone:
        if path != _FORMAT:
            text = remove(text, path)
    if _FORMAT in gone and len(_object(text)) == 1:  # what others have put beside ours is worth nothing without it
        text = remove(text, _FORMAT)
    return text, [_named(path) for path in changed]


def _object(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    _check(text)
    found = json.loads(text)
    if not isinstance(found, dict):
        raise UnfitError("is no JSON object")
    return found


def _added_members(was: dict[str, Any], added: dict[str, Any], now: dict[str, Any], path: _Path) -> tuple[list[_Path], list[_Path]]:
    """Where ``added`` has more than ``was``: what of it is still so in ``now``, in the order to take it away, and what was changed there since."""
    gone: list[_Path] = []
    changed: list[_Path] = []
    if any(key not in added for key in was):
        raise UnfitError("had members taken away")
    for key, new in added.items():
        old, there, here = was.get(key), now.get(key), (*path, key)
        if key in was and old == new:
            continue
        if key in was and not (isinstance(old, (dict, list)) and type(old) is type(new)):
            raise UnfitError(f"had {_named(here)} changed")
        if key not in was and there == new:
            gone.append(here)
        elif isinstance(new, (dict, list)) and (key in was or _holds_others(new)):
            below = (
                _added_members(old or {}, new, there if isinstance(there, dict) else {}, here)
                if isinstance(new, dict)
                else _added_items(old or [], new, there if isinstance(there, list) else [], here)
            )
            gone += below[0]
            changed += below[1]
        elif key in now:
            changed.append(here)
    return gone, changed


def _added_items(was: list[Any], added: list[Any], now: list[Any], path: _Path) -> tuple[list[_Path], list[_Path]]:
    """The same for a list. Of items that are equal the last are taken for those that were added."""
    if added[: len(was)] != was:
        raise UnfitError(f"had {_named(path)} changed")
    left = list(range(len(now)))
    taken = []
    for item in reversed(added[len(was) :]):
        number = next((n for n in reversed(left) if now[n] == item), None)
        if number is not None:
            left.remove(number)
            taken.append(number)
    lost = len(taken) < len(added) - len(was)
    unknown = any(now[n] not in was for n in left)  # what is missing may be there in another form
    return [(*path, n) for n in sorted(taken, reverse=True)], [path] if lost and unknown else []


def _holds_others(new: Any) -> bool:
    """Whether something only holds other objects, so that it may have got more of them since; anything else is one thing."""
    if isinstance(new, dict):
        return all(isinstance(v, (dict, list)) and _holds_objects(v) for v in new.values())
    return _holds_objects(new)


def _holds_objects(new: dict[str, Any] | list[Any]) -> bool:
    return isinstance(new, dict) or all(isinstance(item, dict) for item in new)


def _named(path: _Path) -> str:
    return ".".join(map(str, path))


def _check(text: str) -> None:
    try:
        json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise UnfitError(f"is no plain JSON ({error})") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _members(text: str, at: int) -> Iterator[_Member]:
    """The members of the object, or the items of the list, that begins at ``at``, in a text that is JSON."""
    keyed = text[at] == "{"
    at = _skip(text, at + 1)
    number = 0
    while text[at] not in "}]":
        start = value = at
        key: str | int = number
        if keyed:
            key, at = _DECODER.raw_decode(text, start)
            value = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, value)
        yield _Member(key, start, value, end)
        number += 1
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def _added(text: str, where: tuple[int, int], members: list[_Member], key: str, value: Any) -> str:
    """The text with a member at the end of the object that begins ``where`` (offset and depth), in the way in which the text is laid out."""
    at, depth = where
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _INDENT.search(text)
    unit = found[1] if found else "  "
    inner = newline + unit * (depth + 1)
    member = f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, indent=unit, ensure_ascii=False)}".replace("\n", inner)
    if members:
        end = members[-1].end
        return f"{text[:end]},{inner}{member}{text[end:]}"
    close = _skip(text, at + 1)
    return f"{text[: at + 1]}{inner}{member}{newline}{unit * depth}{text[close:]}"


def _nested(path: tuple[str, ...], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value
