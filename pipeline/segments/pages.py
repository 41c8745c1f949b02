"""HTML pages that were published: they say themselves where. Any other may be what the person is working on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BEGIN = re.compile(r"\s{0,200}<(?:!doctype\s{1,9}html|html)(?=[\s>])", re.IGNORECASE)
_END = "</html>"
_PUBLISHED = re.compile(
    r"<link\s(?=[^<>]{0,300}\brel=[\"']?canonical)[^<>]{0,300}\bhref=[\"']?(https?://[^\s\"'<>]{4,300})"
    r"|<meta\s(?=[^<>]{0,300}\bproperty=[\"']?og:url)[^<>]{0,300}\bcontent=[\"']?(https?://[^\s\"'<>]{4,300})",
    re.IGNORECASE,
)
_TEMPLATE = ("{{", "{%", "<?php", "<%")
_HEAD = 100_000  # characters


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Args:
        end: the line after its last.
        address: where it was published, ``""`` if it does not say or is a template.
    """

    end: int
    address: str


class Pages:
    """Looks for pages in lines before ``end``, from the first line to the last."""

    def __init__(self, lines: Sequence[str], end: int) -> None:
        self._lines = lines
        self._end = end
        self._none = -1  # no page that begins on or before this line is whole

    def at(self, line: int) -> Page | None:
        """The page that begins at a line and ends with the last character of one; None if none does."""
        if line <= self._none or not _BEGIN.match(self._lines[line][:400]):
            return None
        last = next((i for i in range(line, self._end) if _END in self._lines[i].lower()), self._end)
        if last == self._end or not self._lines[last].rstrip().lower().endswith(_END):
            self._none = last
            return None
        source = "\n".join(self._lines[line : last + 1])
        published = _PUBLISHED.search(source[:_HEAD])
        address = "" if published is None or any(mark in source for mark in _TEMPLATE) else published[1] or published[2]
        return Page(last + 1, address)
