"""How many tokens a rewrite saves: counted no more exactly than the decision on it needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pipeline import tokens
from pipeline.tokens import Sampled

_LARGELY = 0.5  # of the original's characters: a shorter text is counted itself, of a longer one what differs
_ENDS = 0.02  # of what differs in lines, as white space at their ends may belong to tokens with what stands beside it
_FEW = 4


@dataclass(frozen=True, slots=True)
class Gain:
    """Tokens saved.

    Args:
        before: those of the original.
        saved: how many fewer the rewrite has; below 0 if it has more.
        within: by how many ``saved`` may be wrong.
    """

    before: Sampled
    saved: float
    within: float = 0.0


def gain(original: str, text: str, before: Sampled) -> Gain:
    """What a rewrite saves, footer included, as far as samples tell.

    What two texts have in common cancels out: where most lines are the same only the others are counted, so that a little that is left out of
    much is not lost in the error of the samples.

    Args:
        original: as it was.
        text: as it would be sent.
        before: the tokens of ``original``.
    """
    if len(text) < len(original) * _LARGELY:
        after = tokens.sampled(text)
        return Gain(before, before.tokens - after.tokens, before.tokens * before.within + after.tokens * after.within)
    counts = Counter(original.split("\n"))
    counts.subtract(text.split("\n"))
    removed = tokens.sampled("\n".join(line for line, n in counts.items() for _ in range(n)))
    added = tokens.sampled("\n".join(line for line, n in counts.items() for _ in range(-n)))
    changed = removed.tokens + added.tokens
    error = removed.tokens * removed.within + added.tokens * added.within + changed * _ENDS + _FEW
    return Gain(before, removed.tokens - added.tokens, error)


def exact(original: str, text: str) -> Gain:
    """What a rewrite saves, counted."""
    before, after = tokens.count(original), tokens.count(text)
    return Gain(Sampled(before), before - after)
