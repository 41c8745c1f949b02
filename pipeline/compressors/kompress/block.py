"""A text and what of it a question touches. Only words that match the question are looked at more closely; whole numbers throughout."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.compressors.kompress.lexicon import BEGINNING, beginnings, related, stem
from pipeline.compressors.kompress.question import UNIT, Couples, Question, words_of

Hits = dict[int, int]  # term -> how well the best word of a sentence matches it, in 1/1000

STEM = 900  # how well another form of a term matches it
_PREFIX, _RELATED = 650, 550
_GRAM = 4
_LEAST_ALIKE = 400  # share of 4-grams in common from which on two words count as alike
_ALIKE = 700  # what a word is worth that is spelled almost like the term
_MAX_SENTENCE = 600  # words of one that are looked at
_LONGEST_WORD = 40


class Block(NamedTuple):
    """A block and what of it a question touches, sentence by sentence."""

    sentences: Sequence[str]
    words: list[list[str]]
    hits: list[Hits]
    places: list[list[tuple[int, int]]]  # (place of a word, the term it matches best)
    weights: list[int]  # of the terms, by how rare they are in this block too
    covered: list[int]  # what each sentence covers of them
    spoken: list[tuple[int, int]]  # the share of the question's phrases that each says, and the weight of the longest run of its words


def read(sentences: Sequence[str], question: Question) -> Block:
    """What a question touches of sentences in the order of their text. Deterministic; linear in the text."""
    return _read_once(tuple(sentences), question)


@lru_cache(maxsize=1)
def _read_once(sentences: tuple[str, ...], question: Question) -> Block:
    """A block is read to see whether it is what the question is about, and if it is to score it: the second time at no cost."""
    words = [words_of(sentence)[:_MAX_SENTENCE] for sentence in sentences]
    vocabulary = dict.fromkeys(itertools.chain.from_iterable(words))
    alike = _alike(vocabulary, question)
    hits: list[Hits] = []
    places: list[list[tuple[int, int]]] = []
    touched = alike.keys()
    for row in words:
        found: Hits = {}
        placed = [] if touched.isdisjoint(row) else [(place, word) for place, word in enumerate(row) if word in alike]
        for _, word in placed:
            for term, strength in alike[word]:
                if strength > found.get(term, 0):
                    found[term] = strength
        hits.append(found)
        places.append([(place, alike[word][0][0]) for place, word in placed])
    weights = _weights_of(hits, question)
    covered = [cover(found, weights) if found else 0 for found in hits]
    spoken = [_spoken(row, question.couples) if found else (0, 0) for row, found in zip(words, hits, strict=True)]
    return Block(sentences, words, hits, places, weights, covered, spoken)


def _alike(vocabulary: dict[str, None], question: Question) -> dict[str, list[tuple[int, int]]]:
    """Words of the block -> the terms they match and how well, best first."""
    by_word = {term.word: i for i, term in enumerate(question.terms)}
    by_stem = {term.stem: i for i, term in enumerate(question.terms)}
    by_relation: dict[str, list[int]] = {}
    by_gram: dict[str, list[int]] = {}
    sizes = []
    for i, term in enumerate(question.terms):
        for other in related(term.stem):
            by_relation.setdefault(other, []).append(i)
        for other in question.idioms.get(i, ()):
            by_relation.setdefault(other, []).append(i)
        grams = _grams(term.word)
        sizes.append(len(grams))
        for gram in grams:
            by_gram.setdefault(gram, []).append(i)
    starts = beginnings((*by_relation, *by_stem, *question.compounds))
    alike = {}
    for word, shares in _candidates(vocabulary, starts, by_gram).items():
        matched: Hits = {}
        stemmed = stem(word.removesuffix("'s"))
        for meant in by_relation.get(stemmed, ()):
            matched[meant] = _RELATED
        if shares:
            for spelled, strength in _spelled_alike(word, by_gram, sizes).items():
                matched[spelled] = max(strength, matched.get(spelled, 0))
        if stemmed in by_stem:
            matched[by_stem[stemmed]] = STEM
        if stemmed in question.compounds:
            for joined in question.compounds[stemmed]:
                matched[joined] = STEM
        if word in by_word:
            matched[by_word[word]] = UNIT
        if matched:
            alike[word] = sorted(matched.items(), key=lambda m: (-m[1], m[0]))
    return alike


def _candidates(vocabulary: Iterable[str], starts: set[str], grams: Iterable[str]) -> dict[str, bool]:
    """The words that may match, a tenth of a text's: those that begin as a word with one of the stems does, and, True, those with a 4-gram."""
    found = dict.fromkeys([word for word in vocabulary if word[:BEGINNING] in starts], False)
    listed = "\n" + "\n".join(vocabulary) + "\n"
    for gram in grams:  # one by one: a pattern of all of them takes longer to make than to search for them
        at = listed.find(gram)
        while at >= 0:
            end = listed.index("\n", at)
            found[listed[listed.rindex("\n", 0, at) + 1 : end]] = True
            at = listed.find(gram, end)
    return found


def _grams(word: str) -> list[str]:
    return list(dict.fromkeys(word[i : i + _GRAM] for i in range(len(word) - _GRAM + 1))) if len(word) <= _LONGEST_WORD else []


def _spelled_alike(word: str, by_gram: dict[str, list[int]], sizes: list[int]) -> Hits:
    if not _GRAM <= len(word) <= _LONGEST_WORD:
        return {}
    shared: Hits = {}
    for i in range(len(word) - _GRAM + 1):
        for term in by_gram.get(word[i : i + _GRAM], ()):
            shared[term] = shared.get(term, 0) + 1
    if not shared:
        return shared
    size = len(word) - _GRAM + 1
    strengths = {}
    for term, count in shared.items():
        share = count * UNIT // max(size, sizes[term])
        if count >= sizes[term] or count >= size:
            strengths[term] = max(_PREFIX, share * _ALIKE // UNIT)
        elif share >= _LEAST_ALIKE:
            strengths[term] = share * _ALIKE // UNIT
    return strengths


def _weights_of(hits: list[Hits], question: Question) -> list[int]:
    """The weights of the terms times how few sentences have them; 0 for those that none has."""
    counts = [0] * len(question.terms)
    for found in hits:
        for term, strength in found.items():
            if strength >= _PREFIX:
                counts[term] += 1
    size = len(hits)
    weights = [term.weight * log(16 * (size + 1) // (2 * count + 1)) if count else 0 for term, count in zip(question.terms, counts, strict=True)]
    total = sum(weights)
    return [weight * UNIT // total for weight in weights] if total else weights


def log(number: int) -> int:
    """8·log2 of a whole number, rounded down: without floating point."""
    return _LOGS[number] if 0 <= number < len(_LOGS) else (max(number, 1) ** 8).bit_length() - 1


_LOGS = tuple((max(number, 1) ** 8).bit_length() - 1 for number in range(1024))


def cover(hits: Hits, weights: list[int]) -> int:
    """The share of the weight of all terms, in 1/1000, that a sentence has words for."""
    share = 0
    for term, strength in hits.items():
        share += weights[term] * strength
    return share // UNIT


def joint(one: Hits, other: Hits) -> Hits:
    """What two sentences have together."""
    if not one or not other:
        return one or other
    both = dict(one)
    for term, strength in other.items():
        if strength > both.get(term, 0):
            both[term] = strength
    return both


def _spoken(words: list[str], couples: Couples) -> tuple[int, int]:
    """Which share of the question's phrases is said, and the weight of the longest run of its words in its own order."""
    if not couples:
        return 0, 0
    seen: dict[tuple[str, str], None] = {}
    longest = run = 0
    last = -2
    for couple in itertools.pairwise(words):
        found = couples.get(couple)
        if found is None:
            last = -2
            continue
        place, first, second = found
        run = run + second if place == last + 1 else first + second
        last = place
        longest = max(longest, run)
        seen[couple] = None
    return len(seen) * UNIT // len(couples), min(longest, UNIT)
