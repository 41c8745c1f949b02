"""A question, taken apart: the words that must be found again, how much each weighs, and what kind of thing the answer is."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cached_property

from pipeline.compressors.kompress.answers import kind_of
from pipeline.compressors.kompress.lexicon import STOP_WORDS, rarity, stem

WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]{1,2})?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAX_QUERY = 2_000  # characters at each end that are looked at: a long message asks at its start or at its end
_MAX_TERMS = 24
_LEAST_RARITY = 6  # the commonest word that is no stop word still weighs something
UNIT = 1000

_ASKING = frozenset("who whom whose what which when where why how did does do is was were are".split())
_FOCUS = re.compile(
    r"\b(?:what|which|how many|how much|whose)\s+(?:(?:kind|kinds|type|types|sort|form|name|number|percentage|part)\s+of\s+)?([a-z]{3,})"
)


@dataclass(frozen=True)
class Term:
    """A word of a question.

    Args:
        word: lower case.
        stem: what its other forms share with it.
        weight: its share of the question, in 1/1000: the rarer the word the greater.
    """

    word: str
    stem: str
    weight: int


@dataclass(frozen=True)
class Question:
    """What is asked. ``words`` are all words of the text, lower case, stop words included."""

    text: str
    words: tuple[str, ...]
    terms: tuple[Term, ...]

    @classmethod
    def of(cls, text: str) -> Question:
        """Take a question apart. Of a long text the start and the end are read."""
        if len(text) > 2 * _MAX_QUERY:
            text = text[:_MAX_QUERY] + "\n" + text[-_MAX_QUERY:]
        text = text.replace("’", "'")
        words = tuple(word.lower() for word in WORD.findall(text))
        return cls(text, words, _terms(text, words))

    @cached_property
    def kind(self) -> str:
        """Which of ``answers.KINDS`` it is."""
        return kind_of(self.text)

    @cached_property
    def focus(self) -> frozenset[int]:
        """Terms that name the kind of answer (``city`` in "which city"): an answer need not repeat them."""
        found = _FOCUS.search(self.text.lower())
        return frozenset(i for i, term in enumerate(self.terms) if found and term.word == found[1])

    @cached_property
    def names(self) -> frozenset[int]:
        """Terms written with a capital within the question."""
        first = WORD.search(self.text)
        inner = self.text[first.end() :] if first else ""
        capital = {word.lower() for word in WORD.findall(inner) if word[0].isupper()}
        return frozenset(i for i, term in enumerate(self.terms) if term.word in capital)

    @cached_property
    def numbers(self) -> frozenset[int]:
        """Terms with a digit."""
        return frozenset(i for i, term in enumerate(self.terms) if any(c.isdigit() for c in term.word))

    @cached_property
    def pairs(self) -> frozenset[tuple[int, int]]:
        """Terms that follow each other, at most one stop word between."""
        places = {term.stem: i for i, term in enumerate(self.terms)}
        row = [places.get(stem(word), -1) for word in self.words]
        near = [(row[i], row[j]) for i in range(len(row)) for j in (i + 1, i + 2) if j < len(row)]
        return frozenset((a, b) for a, b in near if a >= 0 and b >= 0 and a != b)

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """Two words that follow each other, stop words included, one at least a term: titles are made of such."""
        couples = dict.fromkeys(itertools.pairwise(self.words))
        return tuple(f"{a} {b}" for a, b in couples if (a not in STOP_WORDS or b not in STOP_WORDS) and not {a, b} & _ASKING)[:_MAX_TERMS]


def _terms(text: str, words: tuple[str, ...]) -> tuple[Term, ...]:
    found: dict[str, str] = {}
    pieces = [piece.lower() for word in WORD.findall(text) for piece in _CAMEL.split(word)]
    for word in (*words, *(p for p in pieces if len(p) > 2)):
        bare = word.removesuffix("'s")
        if bare not in STOP_WORDS and (len(bare) > 1 or bare.isdigit()):
            found.setdefault(stem(bare), bare)
    weighed = [(max(rarity(word), _LEAST_RARITY), stemmed, word) for stemmed, word in found.items()]
    if len(weighed) > _MAX_TERMS:
        least = sorted((w[0] for w in weighed), reverse=True)[_MAX_TERMS - 1]
        weighed = [w for w in weighed if w[0] >= least][:_MAX_TERMS]
    total = sum(rare for rare, _, _ in weighed)
    return tuple(Term(word, stemmed, rare * UNIT // total) for rare, stemmed, word in weighed)
