"""``kompress``: prose in, prose in fewer tokens out. Pure: the same text, query and settings give the same bytes everywhere."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline import tokens
from pipeline.compressors.api import Gap, Rewrite
from pipeline.compressors.kompress import scorer as embedded
from pipeline.compressors.kompress.folds import fold
from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.outline import Outline
from pipeline.compressors.kompress.plugged import WordScorer
from pipeline.compressors.kompress.prose import is_fixed, is_foreign
from pipeline.compressors.kompress.render import gaps_of, render
from pipeline.compressors.kompress.salience import Salient, dropped
from pipeline.compressors.kompress.scorer import Scorer
from pipeline.compressors.kompress.segment import Unit, segment
from pipeline.compressors.kompress.select import FLOOR, Ranking, admonishes, by_facts, filled, repeats
from pipeline.compressors.kompress.squeeze import squeeze
from pipeline.compressors.kompress.words import DEEPEST, shorten
from pipeline.forks import cached_property
from pipeline.markers import carries_marker
from pipeline.query import Query

RECALL = 0.97
SAFE_RATIO = 0.85  # of the text: no level of words deeper than this takes is used unasked; texts with tables and code come to 0.88
BY_MODEL = DEEPEST + 1  # the level of words that a model left out
_LEAST = 640  # characters, about 160 tokens: of less nothing is made smaller
LEAST_ELIDED = 2000  # likewise, about 500 tokens: in less every sentence may matter
_GAIN = 0.95  # of the text at most; above it stays as it was …
_LEAST_GAIN = 0.98  # … but for a long one where no sentence is left out and so little is asked for again …
_SAVED = 400  # … if it is so many characters shorter, twice as many as its footer has
_PROSE = frozenset({Kind.SENTENCE, Kind.ITEM})
_SAMPLE = 60  # units show what a level of words takes …
_ERROR = 0.01  # … to within this
_MARKER = 24  # characters of prose that have as many tokens as a marker
_NAMED = 8  # more units than this, and more than a tenth of them, with a name: it names the text


class Mode(str, enum.Enum):
    """How a text is made smaller."""

    SAFE = "safe"  # nothing left out but repeats and, by level, words that a reader supplies
    FOCUS = "focus"  # the sentences that may answer the query
    BUDGET = "budget"  # as much as fits


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a text.

    Args:
        text: with markers in the places of what was left out; the text itself where nothing was gained.
        mode: what was done; None if nothing.
        units: of the original, with offsets.
        kept: 1 for every unit that stays.
        gaps: runs of units left out, by number, counted from 1 without empty lines.
        level: of words left out, 0 or 1 for none, ``BY_MODEL`` where a model chose them.
        summary: what was checked, for a footer.
    """

    text: str
    mode: Mode | None = None
    units: tuple[Unit, ...] = ()
    kept: bytes = b""
    gaps: tuple[Gap, ...] = ()
    level: int = 0
    summary: str = ""

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The offsets of the numbered units in the original."""
        return tuple((unit.start, unit.end) for unit in self.units if unit.kind is not Kind.BLANK)

    def rewrite(self) -> Rewrite:
        """The same for ``ccr``: with its footer the text says how much of what is left out, and by which handle it is had."""
        spans = self.spans
        return Rewrite(self.text, len(spans), self.gaps, self.summary, unit="sentence" if self.gaps else "passage", spans=spans)


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be done to a text; see ``kompress``."""

    mode: Mode = Mode.SAFE
    target: float = SAFE_RATIO
    recall: float = RECALL
    deepest: int = DEEPEST  # level of words that may be left out
    names: tuple[str, ...] = ()  # what has one of these in it stays
    first: int = 1  # number of the first unit, where others stand before it in a block
    gentler: bool = True  # where this mode has nothing to leave out, another may


def kompress(
    text: str,
    query: str = "",
    *,
    mode: Mode | str | None = None,
    target: float | None = None,
    recall: float = RECALL,
    scorer: Scorer | None = None,
    words: WordScorer | None = None,
) -> Result:
    """A text in fewer tokens.

    Args:
        text: prose, Markdown, a manual page; code and tables in it stay as they are.
        query: what is asked of it.
        mode: ``safe``, ``focus`` or ``budget``; by default ``budget`` with a target, else ``focus`` with a query, else ``safe``.
        target: for ``budget`` the share of the text that may stay, for ``safe`` the share at which it stops leaving out words.
        recall: for ``focus``, how often what the query asks for is to survive, as far as new questions are like those it was calibrated on.
        scorer: what judges sentences; by default the embedded model.
        words: a model of words: its scores count beside the scorer's, and for ``budget`` without a query it says which words go.

    Raises:
        ValueError: a target or recall outside of (0, 1], or an unknown mode.
    """
    chosen = Mode(mode) if mode is not None else Mode.BUDGET if target is not None else Mode.FOCUS if query.strip() else Mode.SAFE
    if not 0 < recall <= 1 or (target is not None and not 0 < target <= 1):
        raise ValueError("target and recall are shares: above 0, at most 1.")
    settings = Settings(chosen, SAFE_RATIO if target is None else target, recall)
    return compress(text, query, settings, scorer, words)


def compress(text: str, query: str, settings: Settings, scorer: Scorer | None = None, words: WordScorer | None = None) -> Result:
    """``kompress`` with every setting; what it cannot do well it leaves to a gentler mode, and at last to the text itself."""
    if len(text) < _LEAST or carries_marker(text):
        return Result(text)
    units = segment(text)
    if is_fixed(units):
        return Result(text)
    work = _Work(text, units, squeeze(text, units), settings.first)
    if is_foreign(text):
        return work.result(Mode.SAFE, work.said(1), bytearray(b"\1" * len(units)), 1)
    result = None
    if len(text) >= LEAST_ELIDED and settings.mode is not Mode.SAFE:
        if words is not None:
            scorer = Salient(scorer or embedded.load(), words)
        result = _focused(work, query, settings, scorer) if query.strip() else None
        if result is None and settings.mode is Mode.BUDGET:
            result = _budgeted(work, settings, words)
    if result is None or result.mode is None:
        return _safe(work, settings) if settings.gentler or settings.mode is Mode.SAFE else Result(text)
    return result


class _Work:
    """A text on its way."""

    def __init__(self, text: str, units: tuple[Unit, ...], squeezed: list[str], first: int) -> None:
        self.first = first
        self.text = text
        self.units = units
        self.squeezed = squeezed
        # Blanks that are squeezed out are no part of what a share is counted of.
        self.size = max(1, sum(map(len, squeezed)))
        self._said: dict[int, list[str]] = {1: squeezed}

    @cached_property
    def folded(self) -> list[str]:
        """The units without what they say again of people and links: only where what they said first stays."""
        return fold(self.units, self.squeezed)

    def said(self, level: int) -> list[str]:
        """The units at a level of words."""
        if level <= 1:
            return self.squeezed
        if level not in self._said:
            self._said[level] = self._shortened(self.squeezed, level)
        return self._said[level]

    def tersely(self, level: int) -> list[str]:
        """The same, folded from level 2 on."""
        return self.squeezed if level <= 1 else self._shortened(self.folded, level)

    def _shortened(self, said: Sequence[str], level: int) -> list[str]:
        return [shorten(s, level) if u.kind in _PROSE else s for u, s in zip(self.units, said, strict=True)]

    def shortened(self, deepest: int, share: float) -> int:
        """The first level at which no more than ``share`` of the tokens of a sample is left, else ``deepest``."""
        if deepest <= 1:
            return 1
        sample = range(0, len(self.units), max(1, len(self.units) // _SAMPLE))
        before = tokens.count("".join(self.text[self.units[n].start : self.units[n].end] for n in sample))
        for level in range(1, deepest):
            base = self.squeezed if level == 1 else self.folded
            said = (shorten(base[n], level) if self.units[n].kind in _PROSE else base[n] for n in sample)
            if tokens.count("\n".join(said)) <= (share - _ERROR) * before:
                return level
        return deepest

    def room(self, said: Sequence[str], target: float) -> float:
        """How many characters of what is said have ``target`` of the text's tokens."""
        before, after = tokens.about(self.text), tokens.about(" ".join(said))
        return target * before * sum(map(len, said)) / max(1, after)

    def result(self, mode: Mode, said: Sequence[str], kept: bytearray, level: int, same_as: dict[int, int] | None = None) -> Result:
        """The result, or the text itself where too little is gained."""
        found = gaps_of(self.units, said, kept, same_as or {}, self.first)
        text = render(self.text, self.units, said, found)
        size = len(self.text)
        if len(text) > _GAIN * size and (mode is not Mode.SAFE or len(text) > min(_LEAST_GAIN * size, size - _SAVED)):
            return Result(self.text)
        stays = bytearray(b"\1" * len(self.units))
        for _, start, end, _ in found:
            stays[start:end] = bytes(end - start)
        gaps = tuple(gap for gap, *_ in found)
        return Result(text, mode, self.units, bytes(stays), gaps, level, self._summary(stays, level, mode, same_as or {}))

    def _summary(self, stays: bytearray, level: int, mode: Mode, same_as: dict[int, int]) -> str:
        gone = [n for n, unit in enumerate(self.units) if not stays[n] and unit.kind is not Kind.BLANK]
        said = []
        if gone and all(n in same_as for n in gone):
            said.append("all of them said before")
        elif gone:
            warned = sum(admonishes(self.squeezed[n]) for n in gone)
            lines = self.text.count("\n") + 1
            said.append(f"chosen by the question; {warned or 'no'} warning{'s' if warned > 1 else ''} among them; {lines} lines in all")
        if level >= 2 and mode is Mode.SAFE and self.folded != self.squeezed:
            said.append("addresses behind names that had them before and texts of links that their addresses repeat left out")
        if level >= 2:
            said.append("words that a model takes for filler left out" if level == BY_MODEL else "articles and the like left out")
        return "; ".join([*said, "line breaks within paragraphs and extra blanks left out"])


def _safe(work: _Work, settings: Settings) -> Result:
    """Every sentence once, with as few words left out as the target takes."""
    level = work.shortened(settings.deepest, min(settings.target, SAFE_RATIO) if settings.mode is Mode.BUDGET else settings.target)
    same_as = repeats(work.text, work.units)
    kept = bytearray(b"\1" * len(work.units))
    for n in same_as:
        kept[n] = 0
    return work.result(Mode.SAFE, work.tersely(level), kept, level, same_as)


def _focused(work: _Work, query: str, settings: Settings, scorer: Scorer | None) -> Result | None:
    """The units that may answer the query with what they cannot do without; None where the text does not seem to be asked."""
    ranking = Ranking(work.units, work.squeezed, query, scorer or embedded.load(), coverage=embedded.coverage, gate=embedded.COVERAGE_GATE)
    outline = Outline(work.text, work.units, work.squeezed)
    asked = Query(query)
    sections = {n for section in outline.sections(query, asked.quoted) for n in section}
    if not ranking.passes and not sections:
        return None
    sizes = list(map(len, work.squeezed))
    order = ranking.by_score()
    if settings.mode is Mode.BUDGET:
        kept = _fitting(outline, order, sizes, work.room(work.squeezed, settings.target))
        return work.result(Mode.BUDGET, work.squeezed, kept, 1)
    chosen = ranking.probable(embedded.threshold(settings.recall)) | sections | _naming(work, settings.names)
    chosen |= {n for n, said in enumerate(work.squeezed) if admonishes(said)}
    chosen |= {below for n in chosen if work.units[n].kind is Kind.HEADING for below in outline.opening(n)}
    kept = outline.with_context(filled(sorted(chosen), order, sizes, FLOOR * work.size))
    level = min(settings.deepest, 2)
    return work.result(Mode.FOCUS, work.said(level), kept, level)


def _budgeted(work: _Work, settings: Settings, words: WordScorer | None) -> Result:
    """Words first, then the units with the fewest facts for their length."""
    level, said, room = 0, work.squeezed, 0.0
    if words is not None:
        prose = [unit.kind in _PROSE for unit in work.units]
        judged = dropped(work.squeezed, prose, words, work.room(work.squeezed, settings.target))
        if judged is not None:
            level, said, room = BY_MODEL, judged, work.room(judged, settings.target)
    while level < settings.deepest and (level == 0 or sum(map(len, said)) > room):
        level += 1
        said = work.said(level)
        room = work.room(said, settings.target)
    sizes = list(map(len, said))
    if sum(sizes) <= room:
        return work.result(Mode.BUDGET, said, bytearray(b"\1" * len(work.units)), level)
    outline = Outline(work.text, work.units, work.squeezed)
    kept = _fitting(outline, by_facts(work.units, work.squeezed), sizes, room, outline.needed)
    return work.result(Mode.BUDGET, said, kept, level)


def _fitting(
    outline: Outline, order: Sequence[int], sizes: Sequence[int], room: float, needed: Callable[[int], list[int]] | None = None
) -> bytearray:
    """Units in order, each with its headings and what else is needed, until there is no room for the next; markers take room too."""
    kept = bytearray(len(sizes))
    for n in order:
        more = [] if needed is None else needed(n)
        added = [m for m in dict.fromkeys((n, *more, *outline.headings(n))) if not kept[m]]
        beside = kept[max(0, n - 1)] + kept[min(n + 1, len(kept) - 1)]
        size = sum(sizes[m] for m in added) + _MARKER * (1 - beside)
        if size <= room:
            room -= size
            for m in added:
                kept[m] = 1
    return kept


def _naming(work: _Work, names: Sequence[str]) -> set[int]:
    """Units in which something named stands, unless it stands everywhere."""
    found: set[int] = set()
    for name in names:
        hits = [n for n, said in enumerate(work.squeezed) if name in said]
        if len(hits) <= max(_NAMED, len(work.units) // 10):
            found.update(hits)
    return found
