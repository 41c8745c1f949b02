"""Words in, a score for each out, whatever the model's window: chunk by chunk, each word whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

WORDS = 350  # in a chunk at most, as the model was trained
TOKENS = 512  # likewise, its own two included
UNIT = 1000
_LONGEST_WORD = 64  # characters that are looked at: more is no word, and only costs


class Encoded(NamedTuple):
    """Words as a model takes them.

    Args:
        ids: tokens, at most ``TOKENS``.
        words: for every token the word that it is of, -1 for the model's own.
        whole: so many words are there with all their tokens.
    """

    ids: list[int]
    words: list[int]
    whole: int


class Chunked:
    """A model with a window, as a scorer of words.

    Args:
        encode: makes tokens of words.
        infer: gives every token a score, 0 to 1.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Encoded], infer: Callable[[list[int]], Sequence[float]]) -> None:
        self._encode = encode
        self._infer = infer

    def score_words(self, words: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[int] | None:
        """How much each word says, in 1/1000, a word having the score of its best token; None if ``stop`` said so between two chunks."""
        scores: list[int] = []
        while len(scores) < len(words):
            if stop():
                return None
            chunk = [word[:_LONGEST_WORD] for word in words[len(scores) : len(scores) + WORDS]]
            encoded = self._encode(chunk)
            whole = min(max(1, encoded.whole), len(chunk))
            best = [-1.0] * len(chunk)
            for word, score in zip(encoded.words, self._infer(encoded.ids), strict=True):
                if word >= 0:
                    best[word] = max(best[word], float(score))
            # Rounded, so that the last digits of a processor's arithmetic decide nothing. A word without a token stays.
            scores += [UNIT if score < 0 else round(score * UNIT) for score in best[:whole]]
        return scores
