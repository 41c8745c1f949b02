"""Which units stay: those that probably hold the answer to a question, or, without one, those with the most facts for their length."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.scorer import Scorer
from pipeline.compressors.kompress.segment import Unit, segment

FLOOR = 0.25  # of a text stays at least: what a question does not say it needs

_CLIPPED = 1000  # characters of code or a table that are judged
_QUESTIONS = 8  # that are looked at one by one
_LONGEST_QUESTION = 2000  # characters; more is no question
_LEAST_REPEAT = 400  # characters of a paragraph that is worth a marker; a shorter one may be said twice on purpose
_SCALE = 1 << 40  # weights are whole numbers, so that no processor's rounding decides

_INNER = re.compile(r"[a-z][A-Z]|\w[_/.:@=]\w")
_FACT_ENDS = ".,;:!?()[]{}<>\"'`*“”"
_LONGEST_FACT = 200
_BINDING = re.compile(
    r"\b(?:not?|never|cannot|must|shall|only|always|without|unless|except|require[sd]?|forbidden|warning|error|errors|fail(?:s|ed|ure)?|deprecated|danger|"
    r"caution|important|security|\w{1,8}n['’]t)\b",
    re.IGNORECASE,
)
_ADMONITION = re.compile(r"\W{0,6}(?:error|fatal|warning|caution|danger|important|deprecated|security)\b", re.IGNORECASE)


Coverage = Callable[[Sequence[str], str], float]


def admonishes(squeezed: str) -> bool:
    """Whether a unit begins as an error or a warning does."""
    return _ADMONITION.match(squeezed) is not None


def questions(query: str) -> list[str]:
    """The questions of a query, where there are several; else the query."""
    query = query.strip()[:_LONGEST_QUESTION]
    asked = [query[u.start : u.end].strip() for u in segment(query)] if query.count("?") > 1 else []
    asked = [part for part in asked if "?" in part][:_QUESTIONS]
    return asked if len(asked) > 1 else [query] if query else []


def repeats(text: str, units: Sequence[Unit]) -> dict[int, int]:
    """Units of paragraphs that stand before, word for word -> the units they repeat."""
    found: dict[int, int] = {}
    seen: dict[str, int] = {}
    start = 0
    for end in range(1, len(units) + 1):
        if end < len(units) and units[end].paragraph == units[start].paragraph and units[end].kind is not Kind.BLANK:
            continue
        if units[start].kind not in (Kind.BLANK, Kind.HEADING) and units[end - 1].end - units[start].start >= _LEAST_REPEAT:
            first = seen.setdefault(" ".join(text[units[start].start : units[end - 1].end].split()), start)
            if first != start:
                found.update((n, first + n - start) for n in range(start, end))
        start = end
    return found


class Ranking:
    """Units by how probably they answer a query, for one question or several.

    Args:
        units: of a text.
        squeezed: the same, squeezed.
        query: one question or more.
        scorer: judges every unit by every question.
        coverage: the share of a question that the best unit covers.
        gate: what that must reach; where it does for less than half of the questions, ``passes`` is False and nothing else is to be used.
    """

    def __init__(self, units: Sequence[Unit], squeezed: Sequence[str], query: str, scorer: Scorer, *, coverage: Coverage, gate: float) -> None:
        self._candidates = [i for i, unit in enumerate(units) if unit.kind is not Kind.BLANK and squeezed[i]]
        sentences = self._sentences(units, squeezed)
        parts = questions(query) if sentences else []
        passing = sum(coverage(sentences, part) >= gate for part in parts)
        self.passes = passing > 0 and passing * 2 >= len(parts)
        self._scores = [scorer.scores(sentences, part) for part in parts] if self.passes else []

    def _sentences(self, units: Sequence[Unit], squeezed: Sequence[str]) -> list[str]:
        """The candidates as scorers are given them: with a line break behind the last of a paragraph."""
        following = [units[i].paragraph for i in self._candidates[1:]] + [-1]
        ends = ["" if units[i].paragraph == after else "\n" for i, after in zip(self._candidates, following, strict=True)]
        return [squeezed[i][:_CLIPPED].strip() + end for i, end in zip(self._candidates, ends, strict=True)]

    def by_score(self) -> list[int]:
        """The units, best first; of several questions the one that a unit answers best counts."""
        tops = [max(scores) for scores in self._scores]
        best = [max(s[n] - top for s, top in zip(self._scores, tops, strict=True)) for n in range(len(self._candidates))] if tops else []
        return [self._candidates[n] for n in sorted(range(len(best)), key=best.__getitem__, reverse=True)]

    def probable(self, mass: float) -> set[int]:
        """For every question the fewest units that together hold ``mass`` of the probability."""
        found: set[int] = set()
        for scores in self._scores:
            top = max(scores)
            weights = [round(math.exp((s - top) / 1000) * _SCALE) for s in scores]
            wanted = sum(weights) * mass
            held = 0
            for n in sorted(range(len(scores)), key=scores.__getitem__, reverse=True):
                if held >= wanted:
                    break
                held += weights[n]
                found.add(self._candidates[n])
        return found


def filled(chosen: Iterable[int], order: Iterable[int], sizes: Sequence[int], floor: float) -> bytearray:
    """What was chosen and, where that is less than ``floor`` characters, the next in order."""
    kept = bytearray(len(sizes))
    size = 0
    for n in chosen:
        kept[n] = 1
        size += sizes[n]
    for n in order:
        if size >= floor:
            break
        if not kept[n]:
            kept[n] = 1
            size += sizes[n]
    return kept


def by_facts(units: Sequence[Unit], squeezed: Sequence[str]) -> list[int]:
    """Units by facts for their length, most first: what stands nowhere else counts whole, negations, obligations and errors count too."""
    facts = [_facts(s) if u.kind in (Kind.SENTENCE, Kind.ITEM) else set() for u, s in zip(units, squeezed, strict=True)]
    counts = Counter(fact for own in facts for fact in own)
    worth: list[tuple[float, int]] = []
    opened = -1
    for n, (unit, own, said) in enumerate(zip(units, facts, squeezed, strict=True)):
        if unit.kind in (Kind.BLANK, Kind.HEADING) or not said:
            continue
        if unit.kind in (Kind.CODE, Kind.TABLE):
            worth.append((-math.inf, n))
            continue
        first = unit.paragraph != opened
        opened = unit.paragraph
        # Rounded, as a sum over a set has no order.
        value = 1 + 0.5 * first + round(sum(sorted(1 / counts[fact] for fact in own)), 6) + 2 * len(_BINDING.findall(said))
        worth.append((-round(value / (len(said) + 20), 9), n))
    return [n for _, n in sorted(worth)]


def _facts(squeezed: str) -> set[str]:
    """Numbers, identifiers, options, paths and addresses."""
    words = (word.strip(_FACT_ENDS)[:_LONGEST_FACT] for word in squeezed.split() if not word.isalpha())
    words = (word for word in words if word)
    return {w for w in words if (w[0] in "-/~" and len(w) > 1) or any(c.isdigit() for c in w) or _INNER.search(w)}
