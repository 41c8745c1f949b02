"""What speaks for a sentence as the place of an answer: the words it shares with the question, its neighbours, the kind of answer it has.

Only words that match the question are looked at more closely: a block of 10,000 tokens takes about 20 ms. All arithmetic is on integers (shares
in 1/1000), so that every processor sees the same numbers.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.compressors.kompress.answers import KEYWORDS, KINDS, looks_like
from pipeline.compressors.kompress.lexicon import related, stem
from pipeline.compressors.kompress.question import UNIT, WORD, Question

Rows = list[tuple[int, ...]]
Hits = dict[int, int]  # term -> how well the best word of a sentence matches it, in 1/1000

_STEM, _PREFIX, _RELATED = 900, 650, 550
_GRAM = 4
_LEAST_ALIKE = 400  # share of 4-grams in common from which on two words count as alike
_ALIKE = 700  # what a word is worth that is spelled almost like the term
_MAX_SENTENCE = 600  # words of one that are looked at
_WINDOW = 3
_CHANCE = 12  # in 1/1000, for an eighth of a doubling of the sentences
_FEW = 20  # sentences in which little is found by chance
_FEW_TERMS = 3
_CHANCE_OF_FEW = 250
_MOST_CHANCE = 600
_FAR = 8  # sentences over which what one says about the topic fades
_LONGEST_WORD = 40

_ANAPHOR = re.compile(r"\W*(?:he|she|it|they|this|these|those|that|his|her|its|their|such|there|the (?:former|latter|same))\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")

OVERLAP = ("stems", "soft", "block", "bm25", "terms", "below best", "best", "rank", "focus", "unfocused", "keywords")
CONTEXT = (
    "previous", "next", "previous gain", "next gain", "shared with previous", "window", "window gain", "topic", "heading gain", "paragraph",
    "paragraph gain", "paragraph rank",
)  # fmt: skip
ORDER = ("pairs", "phrases", "phrases near")
NAMED = ("names", "names missing", "numbers", "numbers missing")
LOOKS = ("looks", "looks x block", "looks x previous", "looks x topic", "looks x paragraph", *(f"{kind} looks" for kind in KINDS[:-1]))
SHAPE = ("novel words", "length", "asks", "heading", "digits", "position", "start", "anaphor", "anaphor x previous")
NAMES = (*OVERLAP, *CONTEXT, *ORDER, *NAMED, *LOOKS, *SHAPE)


class _Block(NamedTuple):
    """A block and what of it a question touches, sentence by sentence."""

    sentences: Sequence[str]
    words: list[list[str]]
    hits: list[Hits]
    places: list[list[tuple[int, int]]]  # (place of a word, the term it matches best)
    weights: list[int]  # of the terms, by how rare they are in this block too
    cover: list[int]  # what each sentence covers of them


def extract(sentences: Sequence[str], question: Question) -> Rows:
    """A row of numbers for each sentence, in the order of ``NAMES``. Deterministic; linear in the text.

    A sentence that ends with a line break ends a paragraph.
    """
    if not sentences:
        return []
    block = _read(sentences, question)
    headings = [_is_heading(s, w) for s, w in zip(sentences, block.words, strict=True)]
    context = _context(block, headings)
    return [
        (*a, *b, *c, *d, *e, *f)
        for a, b, c, d, e, f in zip(
            _overlap(block, question),
            context,
            _order(block, question),
            _named(block, question),
            _looks(block, question, context),
            _shape(block, headings),
            strict=True,
        )
    ]


def coverage(sentences: Sequence[str], question: Question) -> int:
    """The share of the question's weight, in 1/1000, that the best sentence has words for beyond what chance finds in a text of this length."""
    weights = [term.weight for term in question.terms]
    share = max((_cover(hits, weights) for hits in _read(sentences, question).hits), default=0)
    # Of unrelated questions 85 % cover less than 0.25 of 20 sentences, less than 0.4 of 70: 0.1 more for every doubling.
    chance = max(_CHANCE * (_log(len(sentences)) - _log(_FEW)), 0)
    if question.kind == KEYWORDS and len(weights) <= _FEW_TERMS:
        chance += _CHANCE_OF_FEW  # of three words one is easily found
    chance = min(chance, _MOST_CHANCE)
    return max((share - chance) * UNIT // (UNIT - chance), 0)


def _read(sentences: Sequence[str], question: Question) -> _Block:
    return _read_once(tuple(sentences), question)


@lru_cache(maxsize=1)
def _read_once(sentences: tuple[str, ...], question: Question) -> _Block:
    """A block is read to see whether it is what the question is about, and if it is to score it: the second time at no cost."""
    words = [WORD.findall(sentence.lower())[:_MAX_SENTENCE] for sentence in sentences]
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
    weights = _block_weights(hits, question)
    return _Block(sentences, words, hits, places, weights, [_cover(found, weights) for found in hits])


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
        grams = _grams(term.word)
        sizes.append(len(grams))
        for gram in grams:
            by_gram.setdefault(gram, []).append(i)
    # Most words share no gram with any term; a pattern tells so in a fraction of the time.
    spelled_alike = re.compile("|".join(map(re.escape, by_gram)) or r"(?!)").search
    alike = {}
    for word in vocabulary:
        matched: Hits = {}
        stemmed = stem(word.removesuffix("'s"))
        for meant in by_relation.get(stemmed, ()):
            matched[meant] = _RELATED
        if spelled_alike(word) is not None:
            for spelled, strength in _spelled_alike(word, by_gram, sizes).items():
                matched[spelled] = max(strength, matched.get(spelled, 0))
        if stemmed in by_stem:
            matched[by_stem[stemmed]] = _STEM
        if word in by_word:
            matched[by_word[word]] = UNIT
        if matched:
            alike[word] = sorted(matched.items(), key=lambda m: (-m[1], m[0]))
    return alike


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


def _block_weights(hits: list[Hits], question: Question) -> list[int]:
    """The weights of the terms times how few sentences have them; 0 for those that none has."""
    counts = [0] * len(question.terms)
    for found in hits:
        for term, strength in found.items():
            if strength >= _PREFIX:
                counts[term] += 1
    size = len(hits)
    weights = [term.weight * _log(16 * (size + 1) // (2 * count + 1)) if count else 0 for term, count in zip(question.terms, counts, strict=True)]
    total = sum(weights)
    return [weight * UNIT // total for weight in weights] if total else weights


def _log(number: int) -> int:
    """8·log2 of a whole number, rounded down: without floating point."""
    return (max(number, 1) ** 8).bit_length() - 1


def _cover(hits: Hits, weights: list[int]) -> int:
    return sum(weights[term] * strength for term, strength in hits.items()) // UNIT


def _joint(one: Hits, other: Hits) -> Hits:
    """What two sentences have together."""
    if not one or not other:
        return one or other
    joint = dict(one)
    for term, strength in other.items():
        if strength > joint.get(term, 0):
            joint[term] = strength
    return joint


def _overlap(block: _Block, question: Question) -> Rows:
    weights = [term.weight for term in question.terms]
    focused = sum(block.weights[t] for t in question.focus)
    keywords = question.kind == KEYWORDS
    best = max(block.cover)
    ranks = {i: rank for rank, i in enumerate(sorted((i for i, own in enumerate(block.cover) if own), key=lambda i: (-block.cover[i], i)))}
    nothing = (*(0,) * OVERLAP.index("below best"), best, *(0,) * (len(OVERLAP) - OVERLAP.index("below best") - 1))
    rows: Rows = []
    for i, (hits, own) in enumerate(zip(block.hits, block.cover, strict=True)):
        if not hits:
            rows.append(nothing)
            continue
        stems = sum(weights[t] for t, s in hits.items() if s >= _STEM)
        on_focus = sum(block.weights[t] * hits[t] for t in question.focus if t in hits) // UNIT
        rows.append(
            (
                stems,
                _cover(hits, weights),
                own,
                own * 36 // (18 + len(block.words[i])),
                len(hits) * UNIT // len(weights),
                best - own,
                UNIT if own == best else 0,
                UNIT // (1 + ranks[i]) if own else 0,
                on_focus,
                (own - on_focus) * UNIT // (UNIT - focused) if focused < UNIT else own,
                sum(weights[t] for t, s in hits.items() if s == UNIT) if keywords else 0,
            )
        )
    return rows


def _context(block: _Block, headings: list[bool]) -> Rows:
    hits, cover, weights = block.hits, block.cover, block.weights
    size = len(cover)
    topic = _topic(cover)
    paragraphs = _paragraphs(block)
    ranks = {covered: UNIT // (1 + rank) for rank, covered in enumerate(sorted(set(paragraphs), reverse=True))}
    heading: Hits = {}
    rows: Rows = []
    for i, own in enumerate(cover):
        mine = hits[i]
        before, after = hits[i - 1] if i else {}, hits[i + 1] if i + 1 < size else {}
        previous, following = cover[i - 1] if i else 0, cover[i + 1] if i + 1 < size else 0
        around: Hits = {}
        for near in hits[max(0, i - _WINDOW) : i + _WINDOW + 1]:
            around = _joint(around, near)
        window = _cover(around, weights)
        rows.append(
            (
                previous,
                following,
                _cover(_joint(mine, before), weights) - own if before else 0,
                _cover(_joint(mine, after), weights) - own if after else 0,
                min(previous, own),
                window,
                window - own,
                topic[i],
                _cover(_joint(mine, heading), weights) - own if heading else 0,
                paragraphs[i],
                paragraphs[i] - own,
                ranks[paragraphs[i]],
            )
        )
        if headings[i]:
            heading = mine
    return rows


def _topic(cover: list[int]) -> list[int]:
    """The most that a sentence near this one covers, an eighth less for every sentence between."""
    topic = list(cover)
    for order in (range(1, len(cover)), range(len(cover) - 2, -1, -1)):
        step = -order.step
        for i in order:
            topic[i] = max(topic[i], topic[i + step] * (_FAR - 1) // _FAR)
    return topic


def _paragraphs(block: _Block) -> list[int]:
    """What the paragraph of each sentence covers, the sentence included."""
    covers: list[int] = []
    joint: Hits = {}
    length = 0
    for sentence, hits in zip(block.sentences, block.hits, strict=True):
        joint = _joint(joint, hits)
        length += 1
        if sentence.endswith("\n"):
            covers += [_cover(joint, block.weights)] * length
            joint, length = {}, 0
    return covers + [_cover(joint, block.weights)] * length


def _order(block: _Block, question: Question) -> Rows:
    phrases = [f" {phrase} " for phrase in question.phrases]
    spoken = []
    for hits, words in zip(block.hits, block.words, strict=True):
        text = f" {' '.join(words)} " if hits and phrases else ""
        spoken.append(sum(phrase in text for phrase in phrases) * UNIT // len(phrases) if text else 0)
    near = _topic(spoken)
    return [(_pairs(question, places), said, around - said) for places, said, around in zip(block.places, spoken, near, strict=True)]


def _pairs(question: Question, places: list[tuple[int, int]]) -> int:
    if not question.pairs or len(places) < 2:
        return 0
    near = {(a, b) for (p, a), (q, b) in itertools.pairwise(places) if q - p <= 2}
    return len(near & question.pairs) * UNIT // len(question.pairs)


def _named(block: _Block, question: Question) -> Rows:
    return [(*_found(question.names, hits), *_found(question.numbers, hits)) for hits in block.hits]


def _found(wanted: frozenset[int], hits: Hits) -> tuple[int, int]:
    """The share of the wanted terms that is there, and whether none is."""
    if not wanted:
        return 0, 0
    there = sum(1 for term in wanted if hits.get(term, 0) >= _STEM)
    return there * UNIT // len(wanted), 0 if there else UNIT


def _looks(block: _Block, question: Question, context: Rows) -> Rows:
    column = KINDS.index(question.kind)
    asked = question.text.lower()
    previous, topic, paragraph = (CONTEXT.index(name) for name in ("previous", "topic", "paragraph"))
    rows: Rows = []
    for sentence, own, around in zip(block.sentences, block.cover, context, strict=True):
        looks = UNIT if looks_like(question.kind, sentence, asked) else 0
        kinds = [0] * (len(KINDS) - 1)
        if looks:
            kinds[column] = looks
        rows.append(
            (
                looks,
                looks * own // UNIT,
                looks * around[previous] // UNIT,
                looks * around[topic] // UNIT,
                looks * around[paragraph] // UNIT,
                *kinds,
            )
        )
    return rows


def _is_heading(sentence: str, words: list[str]) -> bool:
    return 0 < len(words) <= 10 and sentence.rstrip()[-1:] not in '.!?;,)"”'


def _shape(block: _Block, headings: list[bool]) -> Rows:
    size = len(block.sentences)
    rows: Rows = []
    for i, (sentence, words) in enumerate(zip(block.sentences, block.words, strict=True)):
        anaphor = UNIT if _ANAPHOR.match(sentence) else 0
        rows.append(
            (
                _log(1 + len(words) - len(block.places[i])) * 20,
                _log(len(words) + 1) * 20,
                UNIT if sentence.rstrip()[-1:] == "?" else 0,
                UNIT if headings[i] else 0,
                UNIT if _DIGIT.search(sentence) else 0,
                i * UNIT // size,
                UNIT // (1 + i),
                anaphor,
                anaphor * (block.cover[i - 1] if i else 0) // UNIT,
            )
        )
    return rows
