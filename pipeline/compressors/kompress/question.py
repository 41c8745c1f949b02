"""A question, taken apart: the words that must be found again, how much each weighs, and what kind of thing the answer is."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass

from pipeline.compressors.kompress.answers import kind_of
from pipeline.compressors.kompress.lexicon import STOP_WORDS, rarity, stem
from pipeline.forks import cached_property

WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]{1,2})?")
# The letters and digits of ASCII in lower case, a blank for all else: words without an apostrophe need no pattern, which takes four times as long.
_SPACED = bytes(ord(chr(c).lower()) if chr(c).isalnum() else ord(" ") for c in range(128)) + bytes(128)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAX_QUERY = 2_000  # characters at each end that are looked at: a long message asks at its start or at its end
_MAX_TERMS = 24
_LEAST_RARITY = 6  # the commonest word that is no stop word still weighs something
UNIT = 1000

Couples = dict[tuple[str, str], tuple[int, int, int]]

_BETWEEN = 40  # what a stop word within a run of the question's words weighs
_LATIN = range(0xC0, 0x250), range(0x1E00, 0x1F00)  # letters with marks
_MARKS = range(0x300, 0x370)
# A stop word beside them makes these words mean what they do not by themselves.
_IDIOMS = tuple(
    (re.compile(rf"\b{pattern}\b"), meant)
    for pattern, meant in {
        r"(com(?:e|es|ing)|came) (?:\w+ )?out": "release publish premiere launch available",
        r"(com(?:e|es)|came|originat(?:e|ed|es)) from": "origin derive born descend root source",
        r"(place) (?:in|at|during)": "set setting location town city live move",
        r"(?:take|takes|took|taking) (place)": "set setting occur happen held location town city move",
        r"(pass(?:es|ed)?) away": "die death dead",
        r"(stands?) for": "abbreviation acronym mean initials",
        r"(look|looks|looked) like": "appearance resemble shape color",
        r"(grow|grew|grown) up": "childhood raise childhood youth born",
        r"(break|broke|broken) (?:up|down)": "separate split divorce fail collapse",
        r"(go|goes|went|gone) (?:up|down)": "rise fall increase decrease",
        r"(turn|turns|turned) into": "become transform convert change",
        r"(carr(?:y|ied|ies)) out": "perform conduct execute",
        r"(run|runs|ran) out": "exhaust expire end",
        r"(point|points|pointed) out": "note observe mention",
        r"(find|found|finds) out": "learn discover reveal",
        r"(known|famous) for": "renowned note reputation fame",
        r"(call(?:ed|s)?) off": "cancel postpone abandon",
        r"(put|puts) off": "postpone delay",
    }.items()
)

_ASKING = frozenset("who whom whose what which when where why how did does do is was were are".split())
_FOCUS = re.compile(
    r"\b(?:what|which|how many|how much|whose)\s+(?:(?:kind|kinds|type|types|sort|form|name|number|percentage|part)\s+of\s+)?([a-z]{3,})"
)


class _Plain(dict[int, int | None]):
    """Latin letters without their marks, for ``str.translate``; marks that stand by themselves go."""

    def __missing__(self, code: int) -> int | None:
        latin = any(code in letters for letters in _LATIN)
        self[code] = None if code in _MARKS else ord(unicodedata.normalize("NFD", chr(code))[0]) if latin else code
        return self[code]


_PLAIN = _Plain()


def plain(text: str) -> str:
    """A text without marks on Latin letters, as people type what they search for."""
    return text if text.isascii() else text.translate(_PLAIN)


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case and without marks on Latin letters."""
    if text.isascii() and "'" not in text:
        return text.encode("ascii").translate(_SPACED).decode("ascii").split()
    return WORD.findall(plain(text).lower())


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
        words = tuple(words_of(text))
        return cls(text, words, _terms(text, words))

    @cached_property
    def kind(self) -> str:
        """Which of ``answers.KINDS`` it is."""
        return kind_of(self.text)

    @cached_property
    def keywords(self) -> bool:
        """Whether it is words to look for and no sentence."""
        return STOP_WORDS.isdisjoint(self.words)

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
        capital = {word.lower() for word in WORD.findall(plain(inner)) if word[0].isupper()}
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
    def couples(self) -> Couples:
        """Two words that follow each other, stop words included, one at least a term -> where, and the weights of both.

        Titles are made of such. A stop word weighs ``_BETWEEN``, so that a longer run counts more.
        """
        weights = {term.word: term.weight for term in self.terms}
        found: Couples = {}
        for place, (a, b) in enumerate(itertools.pairwise(self.words)):
            if (a not in STOP_WORDS or b not in STOP_WORDS) and a not in _ASKING and b not in _ASKING and len(found) < _MAX_TERMS:
                found.setdefault((a, b), (place, weights.get(a, _BETWEEN), weights.get(b, _BETWEEN)))
        return found

    @cached_property
    def compounds(self) -> dict[str, tuple[int, int]]:
        """Stems of terms that follow each other, written as one word -> the terms."""
        places = {term.word: i for i, term in enumerate(self.terms)}
        joined = {}
        for a, b in itertools.pairwise(self.words):
            if a in places and b in places and a != b and len(a) > 2 and len(b) > 2:
                joined[stem(a + b)] = (places[a], places[b])
        return joined

    @cached_property
    def idioms(self) -> dict[int, tuple[str, ...]]:
        """Terms that mean something else together with a stop word beside them -> stems of what they mean."""
        lowered = " ".join(self.words)
        places = {term.word: i for i, term in enumerate(self.terms)}
        found = {}
        for pattern, meant in _IDIOMS:
            said = pattern.search(lowered)
            if said is not None and said[1] in places:
                found[places[said[1]]] = tuple(stem(word) for word in meant.split())
        return found


def _terms(text: str, words: tuple[str, ...]) -> tuple[Term, ...]:
    found: dict[str, str] = {}
    pieces = [piece.lower() for word in WORD.findall(plain(text)) for piece in _CAMEL.split(word)]
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
