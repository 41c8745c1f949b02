"""What speaks for a sentence as the place of an answer: the words it shares with the question, its neighbours, the kind of answer it has.

A block of 10,000 tokens takes about 20 ms. All arithmetic is on integers (shares in 1/1000), so that every processor sees the same numbers.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from pipeline.compressors.kompress.answers import KEYWORDS, KINDS, looks_like
from pipeline.compressors.kompress.block import STEM, Block, Hits, cover, joint, log, read
from pipeline.compressors.kompress.question import UNIT, Question

Rows = list[tuple[int, ...]]

_WINDOW = 3
_FAR = 8  # sentences over which what one says about the topic fades

_ANAPHORS = frozenset("he she it they this these those that his her its their such there the".split())
_ANAPHOR = re.compile(r"\W*(?:he|she|it|they|this|these|those|that|his|her|its|their|such|there|the (?:former|latter|same))\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")

OVERLAP = ("stems", "soft", "block", "bm25", "terms", "rarest", "below best", "best", "rank", "focus", "unfocused", "keywords")
CONTEXT = (
    "previous", "next", "previous gain", "next gain", "shared with previous", "window", "window gain", "topic", "heading gain", "paragraph",
    "paragraph gain", "paragraph rank", "paragraph below best", "block x paragraph", "paragraph rarest",
)  # fmt: skip
ORDER = ("pairs", "phrases", "phrases near", "run", "paragraph run", "paragraph run below best")
NAMED = ("names", "names missing", "numbers", "numbers missing")
LOOKS = (
    "looks",
    "looks x block",
    "looks x previous",
    "looks x topic",
    "looks x paragraph",
    "looks x paragraph run",
    *(f"{kind} looks" for kind in KINDS[:-1]),
)
SHAPE = ("novel words", "length", "asks", "heading", "digits", "position", "start", "anaphor", "anaphor x previous")
NAMES = (*OVERLAP, *CONTEXT, *ORDER, *NAMED, *LOOKS, *SHAPE)


def extract(sentences: Sequence[str], question: Question) -> Rows:
    """A row of numbers for each sentence, in the order of ``NAMES``. Deterministic; linear in the text.

    A sentence that ends with a line break ends a paragraph.
    """
    return [tuple(itertools.chain.from_iterable(row)) for row in zip(*groups(sentences, question), strict=True)]


def groups(sentences: Sequence[str], question: Question) -> tuple[Rows, ...]:
    """The same, but each part of ``NAMES`` by itself: sentences that the question does not touch have rows in common."""
    if not sentences:
        return ()
    block = read(sentences, question)
    headings = [_is_heading(s, w) for s, w in zip(sentences, block.words, strict=True)]
    context = _context(block, headings, question)
    order = _order(block, question)
    return (
        _overlap(block, question),
        context,
        order,
        _named(block, question),
        _looks(block, question, context, order),
        _shape(block, headings),
    )


def _overlap(block: Block, question: Question) -> Rows:
    weights = [term.weight for term in question.terms]
    focused = sum(block.weights[t] for t in question.focus)
    keywords = question.kind == KEYWORDS
    best = max(block.covered)
    ranks = {i: rank for rank, i in enumerate(sorted((i for i, own in enumerate(block.covered) if own), key=lambda i: (-block.covered[i], i)))}
    rarest = _rarest(block, question)
    nothing = (*(0,) * OVERLAP.index("below best"), best, *(0,) * (len(OVERLAP) - OVERLAP.index("below best") - 1))
    rows: Rows = []
    for i, (hits, own) in enumerate(zip(block.hits, block.covered, strict=True)):
        if not hits:
            rows.append(nothing)
            continue
        stems = sum(weights[t] for t, s in hits.items() if s >= STEM)
        on_focus = sum(block.weights[t] * hits[t] for t in question.focus if t in hits) // UNIT
        rows.append(
            (
                stems,
                cover(hits, weights),
                own,
                own * 36 // (18 + len(block.words[i])),
                len(hits) * UNIT // len(weights),
                hits.get(rarest, 0),
                best - own,
                UNIT if own == best else 0,
                UNIT // (1 + ranks[i]) if own else 0,
                on_focus,
                (own - on_focus) * UNIT // (UNIT - focused) if focused < UNIT else own,
                sum(weights[t] for t, s in hits.items() if s == UNIT) if keywords else 0,
            )
        )
    return rows


def _context(block: Block, headings: list[bool], question: Question) -> Rows:
    hits, covered, weights = block.hits, block.covered, block.weights
    size = len(covered)
    topic = _topic(covered)
    rarest = _rarest(block, question)
    paragraphs, rarest_in = _paragraphs(block, rarest)
    best = max(paragraphs)
    ranks = {covered: UNIT // (1 + rank) for rank, covered in enumerate(sorted(set(paragraphs), reverse=True))}
    heading = -1
    rows: Rows = []
    nothing: Hits = {}
    touched = sum(map(bool, hits[:_WINDOW]))  # of the sentences in the window
    for i, own in enumerate(covered):
        touched += bool(hits[i + _WINDOW]) if i + _WINDOW < size else 0
        touched -= bool(hits[i - _WINDOW - 1]) if i > _WINDOW else 0
        mine = hits[i]
        previous, following = covered[i - 1] if i else 0, covered[i + 1] if i + 1 < size else 0
        window = 0
        before = after = above = nothing
        if touched:
            before, after = hits[i - 1] if i else nothing, hits[i + 1] if i + 1 < size else nothing
            around = nothing
            for near in hits[max(0, i - _WINDOW) : i + _WINDOW + 1]:
                if near:
                    around = joint(around, near)
            window = cover(around, weights)
        if heading >= 0:
            above = hits[heading]
        here = paragraphs[i]
        rows.append(
            (
                previous,
                following,
                (cover(joint(mine, before), weights) - own if before else 0) if mine else previous,
                (cover(joint(mine, after), weights) - own if after else 0) if mine else following,
                min(previous, own),
                window,
                window - own,
                topic[i],
                (cover(joint(mine, above), weights) - own if above else 0) if mine else covered[heading] if above else 0,
                here,
                here - own,
                ranks[here],
                best - here,
                own * here // UNIT,
                rarest_in[i],
            )
        )
        if headings[i]:
            heading = i
    return rows


def _topic(covered: list[int]) -> list[int]:
    """The most that a sentence near this one covers, an eighth less for every sentence between."""
    topic = list(covered)
    for order in (range(1, len(covered)), range(len(covered) - 2, -1, -1)):
        step = -order.step
        for i in order:
            topic[i] = max(topic[i], topic[i + step] * (_FAR - 1) // _FAR)
    return topic


def _rarest(block: Block, question: Question) -> int:
    """The term that says most about what is asked; -1 where nothing is."""
    return max(range(len(block.weights)), key=lambda t: (question.terms[t].weight, -t), default=-1)


def _paragraphs(block: Block, rarest: int) -> tuple[list[int], list[int]]:
    """What the paragraph of each sentence covers, the sentence included, and how well it matches the rarest term."""
    covers: list[int] = []
    strengths: list[int] = []
    there: Hits = {}
    length = 0
    for sentence, hits in zip((*block.sentences, ""), (*block.hits, {}), strict=True):
        if hits:
            there = joint(there, hits)
        length += 1
        if sentence.endswith("\n") or not sentence:
            covers += [cover(there, block.weights) if there else 0] * length
            strengths += [there.get(rarest, 0)] * length
            there, length = {}, 0
    return covers[:-1], strengths[:-1]


def _order(block: Block, question: Question) -> Rows:
    near = _topic([said for said, _ in block.spoken])
    around = _most(block, [run for _, run in block.spoken])
    best = max(around)
    return [
        (_pairs(question, places), said, over - said, run, longest, best - longest)
        for places, (said, run), over, longest in zip(block.places, block.spoken, near, around, strict=True)
    ]


def _most(block: Block, values: list[int]) -> list[int]:
    """The most of each sentence's paragraph."""
    found: list[int] = []
    start = 0
    for end, sentence in enumerate(block.sentences, 1):
        if sentence.endswith("\n") or end == len(block.sentences):
            found += [max(values[start:end])] * (end - start)
            start = end
    return found


def _pairs(question: Question, places: list[tuple[int, int]]) -> int:
    if not question.pairs or len(places) < 2:
        return 0
    near = {(a, b) for (p, a), (q, b) in itertools.pairwise(places) if q - p <= 2}
    return len(near & question.pairs) * UNIT // len(question.pairs)


def _named(block: Block, question: Question) -> Rows:
    nothing = (*_found(question.names, {}), *_found(question.numbers, {}))
    return [(*_found(question.names, hits), *_found(question.numbers, hits)) if hits else nothing for hits in block.hits]


def _found(wanted: frozenset[int], hits: Hits) -> tuple[int, int]:
    """The share of the wanted terms that is there, and whether none is."""
    if not wanted:
        return 0, 0
    there = sum(1 for term in wanted if hits.get(term, 0) >= STEM)
    return there * UNIT // len(wanted), 0 if there else UNIT


def _looks(block: Block, question: Question, context: Rows, order: Rows) -> Rows:
    column = KINDS.index(question.kind)
    asked = question.text.lower()
    previous, topic, paragraph = (CONTEXT.index(name) for name in ("previous", "topic", "paragraph"))
    rows: Rows = []
    run = ORDER.index("paragraph run")
    nothing = (0,) * len(LOOKS)
    kinds = [0] * (len(KINDS) - 1)
    if column < len(kinds):
        kinds[column] = UNIT
    for sentence, own, around, ordered in zip(block.sentences, block.covered, context, order, strict=True):
        if not looks_like(question.kind, sentence, asked):
            rows.append(nothing)
            continue
        rows.append((UNIT, own, around[previous], around[topic], around[paragraph], ordered[run], *kinds))
    return rows


def _is_heading(sentence: str, words: list[str]) -> bool:
    return 0 < len(words) <= 10 and sentence.rstrip()[-1:] not in '.!?;,)"”'


def _shape(block: Block, headings: list[bool]) -> Rows:
    size = len(block.sentences)
    rows: Rows = []
    for i, (sentence, words, places, heading) in enumerate(zip(block.sentences, block.words, block.places, headings, strict=True)):
        points_back = words and words[0].replace("’", "'").partition("'")[0] in _ANAPHORS and _ANAPHOR.match(sentence) is not None
        rows.append(
            (
                log(1 + len(words) - len(places)) * 20,
                log(len(words) + 1) * 20,
                UNIT if sentence.rstrip()[-1:] == "?" else 0,
                UNIT if heading else 0,
                UNIT if _DIGIT.search(sentence) else 0,
                i * UNIT // size,
                UNIT // (1 + i),
                UNIT if points_back else 0,
                block.covered[i - 1] if points_back and i else 0,
            )
        )
    return rows
