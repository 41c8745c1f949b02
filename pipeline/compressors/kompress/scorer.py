"""How likely each sentence is to hold what a question asks: the interface of scorers, and the one that is part of the package."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Protocol

from pipeline.compressors.kompress import features, lexicon, model
from pipeline.compressors.kompress.evidence import evidence
from pipeline.compressors.kompress.question import UNIT, Question

COVERAGE_GATE = 0.5
"""The least ``coverage`` at which a question is taken to be about a text."""


class Scorer(Protocol):
    """Gives sentences scores for a question."""

    def scores(self, sentences: Sequence[str], query: str) -> list[int]:
        """Logits in 1/1000, one for each sentence: their softmax is the probability that the answer stands there.

        Sentences come in the order of the text; one that ends with a line break ends a paragraph. The same on every processor.
        """
        ...


class Embedded:
    """The model of the package: 64 integer features of the words, their order and their neighbours, and a weight for each."""

    def scores(self, sentences: Sequence[str], query: str) -> list[int]:
        """See ``Scorer.scores``. All 0 if nothing is asked."""
        question = _question(query)
        if not question.terms:
            return [0] * len(sentences)
        return model.load().scores(features.groups(sentences, question))


@cache
def load() -> Scorer:
    """The embedded scorer, with its data read (about 30 ms the first time).

    Raises:
        ValueError, OSError: the package's data are damaged or missing.
    """
    model.load()
    lexicon.load()
    return Embedded()


def coverage(sentences: Sequence[str], query: str) -> float:
    """How much more of a query is found in a text than of one about something else: 0.0 to 1.0, 0.0 if nothing is asked.

    Below 0.5 are nine of ten questions that are not about a text, whatever its length.
    """
    question = _question(query)
    if not question.terms or not sentences:
        return 0.0
    return 1 / (1 + math.exp(-model.load().relatedness(evidence(sentences, question)) / UNIT))


def threshold(recall: float) -> float:
    """The softmax mass to keep so that the answer is kept with probability ``recall``.

    Found by split conformal prediction (Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005) on questions held back from
    training: it holds for questions like those. Between 0.90 and 0.99; others are taken for the nearer of these.
    """
    return model.load().mass(recall)


@lru_cache(maxsize=64)
def _question(query: str) -> Question:
    return Question.of(query)
