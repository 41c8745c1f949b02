"""CCR, compress-cache-retrieve: keep the original, put the footer under the rewrite, give the original back whole or in part."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline import markers
from pipeline.compressors import elision
from pipeline.compressors.api import Rewrite
from pipeline.store.api import Original, Store

if TYPE_CHECKING:
    import regex

_SEARCH_S = 3.0
_MAX_QUOTED = 200  # characters of an argument in a message
_MAX_PATTERN = 1_000  # characters; 30,000 alternatives take 3 s to compile, and nothing can stop that
_MAX_CAPTURES = 4_000_000  # groups times characters: every turn of a repeated group is kept, 110 bytes each

_RANGE = re.compile(r"(\d{1,18})(?:(-|–|:|\.\.)(\d{0,18}))?")
_CHARACTERS = re.compile(r"(\d{0,18}):(\d{1,18})[-–](\d{0,18})")


class RetrievalError(ValueError):
    """A handle, range or pattern that leads nowhere. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A part of an original.

    Args:
        text: the units asked for, one a line, their numbers in front; the text itself where the whole or characters were asked for.
        handle: whose.
        total: units in the whole original.
        shown: units that ``text`` has something of.
        unit: singular noun of a unit.
        what: what ``text`` is of it, e.g. ``3 of 612 lines``; ``""`` for all.
        cut: where it had to end before all that was asked for, what follows, and how to go on; else ``""``.
    """

    text: str
    handle: str
    total: int
    shown: int
    unit: str
    what: str = ""
    cut: str = ""


def handle_of(text: str) -> str:
    """The handle that a text gets in a store in which no other text has it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def render(rewrite: Rewrite, handle: str) -> str:
    """The text to send: the rewrite and its footer."""
    separator = "" if rewrite.text.endswith("\n") else "\n"
    return f"{rewrite.text}{separator}{markers.footer(handle, rewrite)}"


def retrieve(store: Store, handle: str, lines: str | None = None, pattern: str | None = None, *, limit: int = 0) -> Retrieved:
    """An original, or the part of it that is asked for.

    Args:
        store: where it is kept.
        handle: as printed in a footer.
        lines: units by number: ``"120"``, ``"120-480"``, ``"5-9,40-60"``, ``"480-"`` (1-based, inclusive); or characters of one unit or, without
            a number, of the whole: ``"401:50001-"``, ``":1-50000"``.
        pattern: a regular expression; only units that it is found in are returned.
        limit: characters of text at most; 0 for any number.

    Raises:
        RetrievalError: unknown handle, unreadable range or pattern.
    """
    named = markers.HANDLE.search(handle)
    if named is None:
        raise RetrievalError(f"{handle!r} is not a handle. A handle is the 8 or more hex digits after “[headroom ” in a footer.")
    original = store.original(named[0])
    if original is None:
        raise RetrievalError(f"No original with handle {named[0]} is in this machine's store. Run the tool again to see its output.")
    units = _units(original)
    if lines is None and pattern is None:
        found = Retrieved(original.text, original.handle, len(units), len(units), original.unit)
        return _limited(found, original, "", 1, limit)
    if lines is not None and (match := _CHARACTERS.fullmatch(lines.replace(" ", ""))):
        if pattern is not None:
            raise RetrievalError(f"{_short(lines)} are characters: ask for them without a pattern.")
        return _characters(original, units, match, limit)
    numbers: Sequence[int] = range(1, len(units) + 1) if lines is None else parse_ranges(lines, len(units))
    if pattern is not None:
        numbers = _matching(pattern, units, numbers)
    return _numbered(original, units, numbers, limit, " with the same pattern" if pattern is not None else "")


def closing(found: Retrieved, *, by_command: bool = False) -> str:
    """The line under a part for a model, which says what it is: a marker, so that the part is never compressed; ``""`` under the whole.

    Args:
        found: the part.
        by_command: the model may have a shell with our command.
    """
    if not found.cut:
        return f"[headroom {found.handle}: {found.what}]" if found.what else ""
    shell = f", or run: headroom show {found.handle}" if by_command else ""
    total = _count(found.total, found.unit)
    return f"[headroom {found.handle}: {found.cut}; it has {total}: ask for fewer with lines= or pattern={shell}]"


def parse_ranges(lines: str, total: int) -> list[int]:
    """Unit numbers of a range expression such as ``5-9,40-``, ascending, each once, none above ``total``.

    Raises:
        RetrievalError: it cannot be read, or names no unit that exists.
    """
    ranges: list[tuple[int, int]] = []
    for part in lines.replace(" ", "").split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise RetrievalError(f"{_short(lines)} is no range. Write 120-480, or several with commas: 5-9,40-60.")
        first = int(match[1])
        last = first if match[2] is None else _last(part, first, match[3], total)
        ranges.append((max(first, 1), min(last, total)))
    numbers: list[int] = []
    for first, last in sorted(ranges):  # each number once, however the ranges overlap: the time is that of the result
        numbers.extend(range(max(first, numbers[-1] + 1 if numbers else 1), last + 1))
    if not numbers:
        raise RetrievalError(f"{_short(lines)} is outside: there are {total}.")
    return numbers


def _last(part: str, first: int, said: str, total: int) -> int:
    """Where a range ends that says so, or that is open."""
    last = int(said) if said else total
    if said and last < first:
        raise RetrievalError(f"{_short(part)} is backwards: write {last}-{first}.")
    return last


def _numbered(original: Original, units: Sequence[str], numbers: Sequence[int], limit: int, by: str) -> Retrieved:
    """Units with their numbers, as many whole ones as there is room for, or some of the first. ``by`` says how they were chosen."""
    pieces = [f"{n}\t{units[n - 1]}" for n in numbers]
    size = sum(map(len, pieces)) + len(pieces) - 1
    found = Retrieved("\n".join(pieces), original.handle, len(units), len(numbers), original.unit)
    found = replace(found, what=f"{len(numbers)} of {_count(len(units), original.unit)}")
    if not limit or size <= limit:
        return found
    room = limit
    fit = 0
    while len(pieces[fit]) <= room:
        room -= len(pieces[fit]) + 1
        fit += 1
    if fit:
        onward, text = _onward(numbers[fit:], len(units)) + by, "\n".join(pieces[:fit])
    else:
        text = pieces[0][:limit]
        at = limit - len(f"{numbers[0]}\t") + 1
        onward = f"{numbers[0]}:{at}- ({original.unit} {numbers[0]} from character {at} on)"
        if len(numbers) > 1:
            onward += f", then lines={_onward(numbers[1:], len(units))}{by}"
    return replace(found, text=text, shown=max(fit, 1), cut=_cut(size - len(text) - bool(fit), size, onward))


def _onward(numbers: Sequence[int], total: int) -> str:
    """A range from the first to the last of some units, short however many gaps are between them."""
    last = "" if numbers[-1] == total else str(numbers[-1])
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{last}"


def _characters(original: Original, units: Sequence[str], asked: re.Match[str], limit: int) -> Retrieved:
    """Characters of one unit or of the whole, as they are."""
    number, first = asked[1], max(int(asked[2]), 1)
    if number and not 0 < int(number) <= len(units):
        raise RetrievalError(f"{_short(asked[0])} is outside: there are {len(units)}.")
    whole = units[int(number) - 1] if number else original.text
    last = min(_last(asked[0].partition(":")[2], first, asked[3], len(whole)), len(whole))
    if first > last:
        raise RetrievalError(f"{_short(asked[0])} is outside: there are {len(whole):,} characters.")
    shown = 1 if number else _touched(original, first - 1, last)
    found = Retrieved(whole[first - 1 : last], original.handle, len(units), shown, original.unit)
    of = f"{len(whole):,} of {original.unit} {number}" if number else f"{len(whole):,}"
    return _limited(replace(found, what=f"characters {first}-{last} of {of}"), original, number, first, limit)


def _limited(found: Retrieved, original: Original, number: str, first: int, limit: int) -> Retrieved:
    """As much of a text as there is room for, to the end of a line where it has one.

    Args:
        found: all of it.
        original: that it is of.
        number: of the unit that its characters are counted in, ``""`` for the whole.
        first: its first one there.
        limit: characters.
    """
    size = len(found.text)
    if not limit or size <= limit:
        return found
    end = found.text.rfind("\n", 0, limit)
    at = end + 1 if end > 0 else limit  # the marker stands on a line of its own, so the line's end is there
    place = first + at
    if end > 0 and not number and not original.spans:
        onward = f"{original.text.count(chr(10), 0, place - 1) + 1}-"
    else:
        onward = f"{number}:{place}- ({f'{found.unit} {number} ' if number else ''}from character {place} on)"
    return replace(found, text=found.text[: end if end > 0 else limit], cut=_cut(size - at, size, onward))


def _cut(left: int, size: int, onward: str) -> str:
    return f"cut here, {left:,} of {size:,} characters follow: go on with lines={onward}"


def _touched(original: Original, start: int, end: int) -> int:
    """How many units have characters in a part of the text."""
    if not original.spans:
        return original.text.count("\n", start, end) + 1
    return sum(a < end and b > start for a, b in original.spans)


def _matching(pattern: str, units: list[str], numbers: Iterable[int]) -> list[int]:
    """The units in which a model's or a person's pattern is found, within a bound of time."""
    too_long = RetrievalError(f"The pattern {_short(pattern)} takes too long. Write a simpler one, or ask for lines by number.")
    if len(pattern) > _MAX_PATTERN:
        raise too_long
    left = _SEARCH_S
    found = []
    try:
        compiled = _compiled(pattern)
        for n in numbers:
            unit = units[n - 1].removesuffix("\r")  # of a line's end, which $ must find
            if compiled.groups * len(unit) > _MAX_CAPTURES:
                raise RetrievalError(
                    f"The pattern {_short(pattern)} has too many groups for {len(unit):,} characters in one unit, {n}: write (?:…) for (…)."
                )
            began = time.monotonic()
            if compiled.search(unit, timeout=left):
                found.append(n)
            left -= time.monotonic() - began
            if left <= 0:
                raise too_long
    except (TimeoutError, RecursionError, MemoryError):  # parentheses by the hundred; a pattern that calls itself
        raise too_long from None
    return found


def _compiled(pattern: str) -> regex.Pattern[str]:
    import regex  # unlike re it can be told when to stop

    try:
        return regex.compile(pattern)
    except (regex.error, ValueError) as error:  # flags that exclude each other are plain values to it
        raise RetrievalError(f"The pattern {_short(pattern)} is no regular expression: {error}.") from None


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _short(text: str) -> str:
    return repr(text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…")


def _units(original: Original) -> list[str]:
    if original.spans:
        return [original.text[a:b] for a, b in original.spans]
    return elision.units(original.text.split("\n"))
