"""What stands before the items of a list: its numbers are text that other text refers to.

https://html.spec.whatwg.org/multipage/grouping-content.html#the-ol-element
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_INTEGER = re.compile(r"[ \t\r\n\f]{0,99}([+-]?\d{1,9})(?!\d)", re.ASCII)
_ROMAN = tuple(
    zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"), strict=True)
)
_MOST_ROMAN = 3999


@dataclass(slots=True)
class ItemList:
    """A list that is open.

    Args:
        ordered: its items are numbered.
        style: the value of ``type``: ``a``, ``A``, ``i`` or ``I`` for letters, else digits.
        next: the number of the next item; None where it counts down from how many there are, which nobody knows yet.
        step: from one number to the next.
    """

    ordered: bool
    style: str = ""
    next: int | None = 1
    step: int = 1

    @classmethod
    def numbered(cls, start: str, style: str, *, down: bool) -> ItemList:
        """An ``ol`` with these values of ``start`` and ``type``, and whether it is ``reversed``."""
        first = _integer(start)
        return cls(True, style, 1 if first is None and not down else first, -1 if down else 1)

    def mark(self, value: str) -> str:
        """What stands before the next item, whose ``value`` is that."""
        if not self.ordered:
            return "- "
        own = _integer(value)
        number = self.next if own is None else own
        if number is None:
            return "- "
        self.next = number + self.step
        return f"{_numeral(number, self.style)}. "


def _integer(written: str) -> int | None:
    found = _INTEGER.match(written)
    return int(found[1]) if found is not None else None


def _numeral(number: int, style: str) -> str:
    """A number as letters, as Roman numerals, or, where the style is another or cannot write it, in digits."""
    if style in ("a", "A") and number > 0:
        letters = ""
        while number > 0:
            number, letter = divmod(number - 1, 26)
            letters = chr(ord(style) + letter) + letters
        return letters
    if style in ("i", "I") and 0 < number <= _MOST_ROMAN:
        roman = ""
        for worth, sign in _ROMAN:
            roman += sign * (number // worth)
            number %= worth
        return roman if style == "i" else roman.upper()
    return str(number)
