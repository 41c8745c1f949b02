"""What a model of words adds to the scorer of sentences, and which words may go where a budget asks for that."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.compressors.kompress.plugged import WordScorer
from pipeline.compressors.kompress.scorer import Scorer
from pipeline.compressors.kompress.words import quoted

# What the mean score of a sentence moves its logit by, between one of which no word says anything and one of which all do: a prior that
# decides between sentences that answer the question alike, and no more, as the model has not seen the question.
_WEIGHT = 1000
_LEAST = 500  # of 1000: a word below says little
_ENOUGH = 1000
KEPT = frozenset(
    """not no nor never none nobody nothing neither cannot without unless except only always must shall should may might can could will would
    need needs required if then else when while until before after because since although though but however yet instead and or xor both either
    all any each every some few many most least more less than same other first last next again still even just exactly about over under
    between through against true false null""".split()
)


class Salient:
    """A scorer to which a model of words gives a prior: sentences whose words say more are somewhat more probable.

    Args:
        base: knows the question.
        words: does not, but knows what texts say; where it has no answer the base decides alone.
    """

    def __init__(self, base: Scorer, words: WordScorer) -> None:
        self._base = base
        self._words = words
        self._last: tuple[list[str], list[int]] = ([], [])

    def scores(self, sentences: Sequence[str], query: str) -> list[int]:
        """See ``Scorer.scores``."""
        base = self._base.scores(sentences, query)
        if self._last[0] != list(sentences):  # one text is asked several questions
            self._last = (list(sentences), self._priors(sentences))
        return [score + prior for score, prior in zip(base, self._last[1], strict=True)]

    def _priors(self, sentences: Sequence[str]) -> list[int]:
        split = [sentence.split() for sentence in sentences]
        scores = self._words.score_words([word for words in split for word in words])
        if scores is None:
            return [0] * len(sentences)
        means = []
        at = 0
        for words in split:
            own = scores[at : at + len(words)]
            means.append(sum(own) // len(own) if own else 0)
            at += len(words)
        average = sum(means) // max(1, len(means))
        return [(mean - average) * _WEIGHT // _ENOUGH for mean in means]


def dropped(units: Sequence[str], may_change: Sequence[bool], model: WordScorer, room: float) -> list[str] | None:
    """Squeezed units without the words that the model says least of, as many as it takes; None where it has no answer.

    Only plain words in lower case go, and never a negation, a modal, a logic word, a quantity, or what stands in quotes or code spans.

    Args:
        units: squeezed.
        may_change: which of them are prose.
        model: judges their words.
        room: characters that may stay. More do where the model says much of all the rest.
    """
    split = [unit.split(" ") for unit in units]
    scores = model.score_words([word for words in split for word in words])
    if scores is None:
        return None
    fillers: list[tuple[int, int, int]] = []  # score, place among all words, size
    at = 0
    for words, may in zip(split, may_change, strict=True):
        protected = quoted(words) if may else set()
        for i, word in enumerate(words):
            if may and scores[at + i] < _LEAST and i not in protected and not _must_stay(word):
                fillers.append((scores[at + i], at + i, len(word) + 1))
        at += len(words)
    size: float = sum(map(len, units))
    gone: set[int] = set()
    for _, place, length in sorted(fillers):
        if size <= room:
            break
        gone.add(place)
        size -= length
    places = iter(range(at))
    return [" ".join([word for word in words if next(places) not in gone]) for words in split]


def _must_stay(word: str) -> bool:
    """Whether a word is more than a plain one: a number, a name, a path, the end of a clause, or one that turns the sense."""
    return not (word.isascii() and word.isalpha() and word.islower()) or len(word) == 1 or word in KEPT
