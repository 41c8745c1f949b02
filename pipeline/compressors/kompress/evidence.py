"""What speaks for a question's being about a text at all."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.compressors.kompress.block import STEM, Hits, cover, joint, log, read
from pipeline.compressors.kompress.question import UNIT, Question

EVIDENCE = ("best", "exact", "exact x terms", "paragraph", "whole", "run", "sentences", "paragraphs", "keywords", "few keywords")

_FEW_TERMS, _MANY_TERMS = 3, 12
_USUAL_TERMS = 4


def evidence(sentences: Sequence[str], question: Question) -> tuple[int, ...]:
    """Numbers in the order of ``EVIDENCE``; shares in 1/1000. Deterministic; linear in the text.

    What the best sentence, the best paragraph and the whole text have of the question; as the longer a text, the more of any question is
    found in it, its length too.
    """
    block = read(sentences, question)
    weights = [term.weight for term in question.terms]
    whole: Hits = {}
    paragraph: Hits = {}
    best = paragraphs = 0
    for sentence, hits in zip(sentences, block.hits, strict=True):
        if hits:
            paragraph = joint(paragraph, hits)
        if sentence.endswith("\n"):
            paragraphs += 1
            if paragraph:
                whole, best = joint(whole, paragraph), max(best, cover(paragraph, weights))
                paragraph = {}
    touched = [hits for hits in block.hits if hits]
    exact = max((_exactly(hits, weights) for hits in touched), default=0)
    return (
        max((cover(hits, weights) for hits in touched), default=0),
        exact,
        exact * min(len(weights), _MANY_TERMS) // _USUAL_TERMS,
        max(best, cover(paragraph, weights)),
        cover(joint(whole, paragraph), weights),
        max((run for _, run in block.spoken), default=0),
        log(len(sentences)),
        log(paragraphs + 1),
        int(question.keywords),
        int(question.keywords and len(weights) <= _FEW_TERMS),
    )


def _exactly(hits: Hits, weights: list[int]) -> int:
    """The share of words alone that are the question's own in some form."""
    return sum(weights[term] * strength for term, strength in hits.items() if strength >= STEM) // UNIT
