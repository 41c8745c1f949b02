"""What a unit cannot do without: its headings, the term it describes, the sentence that announces it, the sentence it points back to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compressors.kompress.english import ANAPHORA
from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import Unit

_SECTION = 0.5  # of the text at most: a longer section is the text
_LEAST_NAME = 4  # characters of a heading that is looked for in a question
_TERM = 100  # characters of a term that stands alone above its description
_LISTED = 50  # units of a list that are gone back over for its announcement
_ANNOUNCED = 3000  # characters of code or a table that is kept with its announcement
_FIRST_WORD = re.compile(r"\W{0,8}([A-Za-z]{1,12})\b")
_ANCHOR = re.compile(r"\{#([\w.:@/+-]{2,120})\}")  # as Markdown writes the id of a heading
_DECORATION = re.compile(r"^[#*\s]+|[#*:\s]+$")
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,5})\.? ")
_DEEPEST = 9
_MOST_SECTIONS = 20


class Outline:
    """Headings over units, and what else they belong to.

    Args:
        text: the whole text.
        units: its units.
        squeezed: the same, squeezed.
    """

    def __init__(self, text: str, units: Sequence[Unit], squeezed: Sequence[str]) -> None:
        self._units = units
        self._squeezed = squeezed
        self._firsts = self._first_units()
        self._levels = self._heading_levels()
        self._above = self._parents()
        self._terms = self._terms_of(text)

    def with_context(self, chosen: bytearray) -> bytearray:
        """What was chosen, and what it cannot do without."""
        kept = bytearray(chosen)
        for index in range(len(chosen)):
            if chosen[index]:
                for needed in self.needed(index):
                    kept[needed] = 1
        for index in [i for i, stays in enumerate(kept) if stays]:
            for heading in self.headings(index):
                kept[heading] = 1
        return kept

    def headings(self, index: int) -> list[int]:
        """The headings above a unit, the nearest first."""
        found: list[int] = []
        above = self._above[index]
        while above >= 0:
            found.append(above)
            above = self._above[above]
        return found

    def needed(self, index: int) -> list[int]:
        """What must stay with a unit, headings left out."""
        unit = self._units[index]
        found = [self._terms[index]] if self._terms[index] >= 0 else []
        if unit.kind is Kind.SENTENCE:
            first = self._firsts[index]
            if first != index and self._units[first].kind is Kind.ITEM:
                found.append(first)
            if index > first and self._points_back(index):
                found.append(index - 1)
        if unit.kind in (Kind.CODE, Kind.TABLE, Kind.ITEM):
            found += self._announcement(index)
        if unit.kind in (Kind.SENTENCE, Kind.ITEM) and self._squeezed[index].endswith(":"):
            found += self._announced(index)
        return found

    def sections(self, question: str, quoted: Sequence[str]) -> list[range]:
        """The sections whose heading a question names: by its anchor, in quotes, or by two words or more on end. Never most of the text."""
        lower = question.lower()
        names = {q.strip().lower() for q in quoted}
        total = sum(map(len, self._squeezed))
        found: list[range] = []
        for index, level in self._levels.items():
            if len(found) == _MOST_SECTIONS:
                break
            line = self._squeezed[index].split("\n")[0].lower()
            anchored = any(anchor in lower for anchor in _ANCHOR.findall(line))
            name = _DECORATION.sub("", _ANCHOR.sub("", line)).strip()
            bare = name.replace("`", "")
            called = name in names or bare in names or (" " in bare and (name in lower or bare in lower))
            if not anchored and (len(bare) < _LEAST_NAME or not called):
                continue
            end = next((i for i, other in self._levels.items() if i > index and other <= level), len(self._units))
            if sum(map(len, self._squeezed[index:end])) <= _SECTION * total:
                found.append(range(index, end))
        return found

    def opening(self, heading: int) -> list[int]:
        """The first paragraph below a heading."""
        below = heading + 1
        while below < len(self._units) and self._units[below].kind is Kind.BLANK:
            below += 1
        end = below
        while end < len(self._units) and self._units[end].kind is not Kind.BLANK and self._units[end].paragraph == self._units[below].paragraph:
            end += 1
        return list(range(below, end))

    def _first_units(self) -> list[int]:
        """Of every unit the first of its paragraph."""
        firsts: list[int] = []
        for index, unit in enumerate(self._units):
            firsts.append(firsts[-1] if index and self._units[index - 1].paragraph == unit.paragraph else index)
        return firsts

    def _heading_levels(self) -> dict[int, int]:
        """Index of every heading -> how deep it is; underlines rank in the order in which they are first used."""
        levels: dict[int, int] = {}
        rules: dict[str, int] = {}
        for index, unit in enumerate(self._units):
            if unit.kind is not Kind.HEADING:
                continue
            heading = self._squeezed[index].strip()
            number = _NUMBER.match(heading)
            if heading.startswith("#"):
                levels[index] = len(heading) - len(heading.lstrip("#"))
            elif "\n" in heading:
                levels[index] = rules.setdefault(heading[-1] + heading[0] * (heading[0] == heading[-1]), len(rules) + 1)
            elif number is not None:
                levels[index] = number[1].count(".") + 1
            else:
                levels[index] = 1 if heading.isupper() else _DEEPEST
        return levels

    def _parents(self) -> list[int]:
        """Of every unit the heading directly above it, of a heading the one that it is below; -1 for none."""
        parents: list[int] = []
        open_headings: list[int] = []
        for index in range(len(self._units)):
            level = self._levels.get(index)
            if level is not None:
                while open_headings and self._levels[open_headings[-1]] >= level:
                    open_headings.pop()
            parents.append(open_headings[-1] if open_headings else -1)
            if level is not None:
                open_headings.append(index)
        return parents

    def _terms_of(self, text: str) -> list[int]:
        """Of every unit the term that stands alone above it and further out, -1 for none."""
        terms: list[int] = []
        term, column, indent = -1, 0, 0
        paragraph = -1
        for index, unit in enumerate(self._units):
            if unit.paragraph != paragraph:
                paragraph = unit.paragraph
                raw = text[unit.start : unit.start + _TERM]
                indent = len(raw) - len(raw.lstrip())
                if unit.kind is Kind.HEADING or indent <= column:
                    term = -1
                if unit.kind is Kind.ITEM and unit.end - unit.start <= _TERM and self._alone(index):
                    terms.append(-1)
                    term, column = index, indent
                    continue
            terms.append(term)
        return terms

    def _alone(self, index: int) -> bool:
        return index + 1 < len(self._units) and self._units[index + 1].kind is Kind.BLANK and "\n" not in self._squeezed[index]

    def _points_back(self, index: int) -> bool:
        word = _FIRST_WORD.match(self._squeezed[index])
        return word is not None and word[1].lower() in ANAPHORA

    def _announcement(self, index: int) -> list[int]:
        """The sentence that ends with a colon above a list, code or a table."""
        kind = self._units[index].kind
        at = index - 1
        while at >= max(0, index - _LISTED):
            unit = self._units[at]
            if unit.kind is Kind.HEADING:
                break
            if unit.kind is not Kind.BLANK and self._squeezed[at].endswith(":"):
                return [at]
            if unit.kind is not Kind.BLANK and (kind is not Kind.ITEM or self._units[self._firsts[at]].kind is not Kind.ITEM):
                break
            at -= 1
        return []

    def _announced(self, index: int) -> list[int]:
        """The code or table below a sentence that ends with a colon."""
        below = index + 1
        while below < len(self._units) and self._units[below].kind is Kind.BLANK:
            below += 1
        if below < len(self._units) and self._units[below].kind in (Kind.CODE, Kind.TABLE) and len(self._squeezed[below]) <= _ANNOUNCED:
            return [below]
        return []
