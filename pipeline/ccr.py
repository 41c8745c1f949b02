"""CCR, compress-cache-retrieve: keep the original, put the footer under the rewrite, give the original back whole or in part."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline import markers
from pipeline.compressors.api import Rewrite
from pipeline.store.api import Original, Store

_SEARCH_S = 3.0
_MAX_QUOTED = 200  # characters of an argument in a message
_MAX_PATTERN = 1_000  # characters; 30,000 alternatives take 3 s to compile, and nothing can stop that


class RetrievalError(ValueError):
    """A handle, range or pattern that leads nowhere. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A part of an original.

    Args:
        text: the units asked for, one a line; unit numbers in front where only a part was asked for.
        handle: whose.
        total: units in the whole original.
        shown: units in ``text``.
        unit: singular noun of a unit.
    """

    text: str
    handle: str
    total: int
    shown: int
    unit: str


def handle_of(text: str) -> str:
    """The handle that a text gets in a store in which no other text has it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def render(rewrite: Rewrite, handle: str) -> str:
    """The text to send: the rewrite and its footer."""
    separator = "" if rewrite.text.endswith("\n") else "\n"
    return f"{rewrite.text}{separator}{markers.footer(handle, rewrite)}"


def retrieve(store: Store, handle: str, lines: str | None = None, pattern: str | None = None) -> Retrieved:
    """An original, or the part of it that is asked for.

    Args:
        store: where it is kept.
        handle: as printed in a footer.
        lines: units by number: ``"120"``, ``"120-480"``, ``"5-9,40-60"``, ``"480-"`` (1-based, inclusive).
        pattern: a regular expression; only units that it is found in are returned.

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
        return Retrieved(original.text, original.handle, len(units), len(units), original.unit)
    numbers: Sequence[int] = range(1, len(units) + 1) if lines is None else parse_ranges(lines, len(units))
    if pattern is not None:
        numbers = _matching(pattern, units, numbers)
    text = "\n".join(f"{n}\t{units[n - 1]}" for n in numbers)
    return Retrieved(text, original.handle, len(units), len(numbers), original.unit)


def parse_ranges(lines: str, total: int) -> list[int]:
    """Unit numbers of a range expression such as ``5-9,40-``, ascending, each once, none above ``total``.

    Raises:
        RetrievalError: it cannot be read, or names no unit that exists.
    """
    ranges: list[tuple[int, int]] = []
    for part in lines.replace(" ", "").split(","):
        match = re.fullmatch(r"(\d{1,18})(?:(-|–|:|\.\.)(\d{0,18}))?", part)
        if match is None:
            raise RetrievalError(f"{_short(lines)} is no range. Write 120-480, or several with commas: 5-9,40-60.")
        first = int(match[1])
        last = first if match[2] is None else (int(match[3]) if match[3] else total)
        ranges.append((max(first, 1), min(last, total)))
    numbers: list[int] = []
    for first, last in sorted(ranges):  # each number once, however the ranges overlap: the time is that of the result
        numbers.extend(range(max(first, numbers[-1] + 1 if numbers else 1), last + 1))
    if not numbers:
        raise RetrievalError(f"{_short(lines)} is outside: there are {total}.")
    return numbers


def _matching(pattern: str, units: list[str], numbers: Iterable[int]) -> list[int]:
    """The units in which a model's or a person's pattern is found, within a bound of time."""
    import regex  # unlike re it can be told when to stop

    too_long = RetrievalError(f"The pattern {_short(pattern)} takes too long. Write a simpler one, or ask for lines by number.")
    if len(pattern) > _MAX_PATTERN:
        raise too_long
    left = _SEARCH_S
    found = []
    try:
        search = regex.compile(pattern).search
        for n in numbers:
            began = time.monotonic()
            if search(units[n - 1], timeout=left):
                found.append(n)
            left -= time.monotonic() - began
            if left <= 0:
                raise too_long
    except regex.error as error:
        raise RetrievalError(f"The pattern {_short(pattern)} is no regular expression: {error}.") from None
    except (TimeoutError, RecursionError, MemoryError):  # parentheses by the hundred; a pattern that calls itself
        raise too_long from None
    return found


def _short(text: str) -> str:
    return repr(text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…")


def _units(original: Original) -> list[str]:
    if original.spans:
        return [original.text[a:b] for a, b in original.spans]
    return original.text.split("\n")
