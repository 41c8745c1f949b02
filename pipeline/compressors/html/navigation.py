"""Which parts of a page are navigation that the question has no use for."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from pipeline.compressors.api import Gap
from pipeline.compressors.html.markdown import Markdown, Region
from pipeline.compressors.severity import ERROR, severity
from pipeline.query import Query, stem

_LINE_END = re.compile("\n")
_LEAST_LINKS = 11
_LINK_SHARE = 0.6  # of its characters in the texts of links: a sidebar with sentences is no navigation
_MOST_SHARE = 0.5  # of the page's text: what is most of the page is the page
_LEAST_CHARACTERS = 300
# Words that questions about pages have in common and that name nothing in them.
_GENERAL = frozenset("page pages site website section link links article docs documentation summarize summary explain".split())


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of the text that a marker stands for.

    Args:
        first: index of its first part in ``Markdown.parts``.
        last: index after its last part.
        gap: its lines in the original.
        note: what it is.
    """

    first: int
    last: int
    gap: Gap
    note: str


def folds(markdown: Markdown, text: str, offset: int, query: Query) -> list[Fold]:
    """The navigation to fold, in order and disjoint, also in the original's lines.

    Args:
        markdown: the page.
        text: the original.
        offset: where in it the page begins.
        query: what was asked.
    """
    line_ends: list[int] = []
    found: list[Fold] = []
    for region in sorted(markdown.regions, key=lambda r: (r.first, -r.last)):
        if (found and region.first < found[-1].last) or not _is_navigation(region, markdown):
            continue
        shown = "".join(markdown.parts[region.first : region.last])
        if _asked(shown, query) or (region.name == "aside" and any(severity(line) == ERROR for line in shown.split("\n"))):
            continue
        line_ends = line_ends or [m.start() for m in _LINE_END.finditer(text)]
        gap = Gap(bisect_left(line_ends, offset + region.start) + 1, bisect_left(line_ends, offset + region.end) + 1)
        if len(gap) < 2 or (found and gap.first <= found[-1].gap.last):
            continue  # a marker counts lines: a page without line ends has none to count
        found.append(Fold(region.first, region.last, gap, f"navigation, {region.links} links"))
    return found


def _is_navigation(region: Region, markdown: Markdown) -> bool:
    return (
        region.first < region.last
        and region.links >= _LEAST_LINKS
        and region.characters >= _LEAST_CHARACTERS
        and region.link_characters >= _LINK_SHARE * region.characters
        and region.characters <= _MOST_SHARE * markdown.characters
    )


def _asked(shown: str, query: Query) -> bool:
    """Whether anything that the question names stands in a text."""
    lower = shown.lower()
    names = [n.lower() for n in (*query.entities, *query.quoted, *query.numbers)]
    words = [stem(w) for w in query.words if w not in _GENERAL]
    return any(n in lower for n in names) or any(w in lower for w in words)
