"""Models from outside the package that are at hand in this process, by name. Whoever starts the process plugs them in; none is loaded here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

_MODELS: dict[str, WordScorer] = {}


class WordScorer(Protocol):
    """Says how much each word of a text says."""

    def score_words(self, words: Sequence[str]) -> list[int] | None:
        """0 to 1000 for each word, of words in the order of the text; None where there is no answer in time."""
        ...


def plug(name: str, model: WordScorer) -> None:
    """Put a model in place of what had its name."""
    _MODELS[name] = model


def unplug(name: str) -> None:
    """Take a model away; the embedded one is used from then on."""
    _MODELS.pop(name, None)


def plugged(name: str) -> WordScorer | None:
    """The model of that name, None if it is the embedded one or is not at hand."""
    return _MODELS.get(name)
