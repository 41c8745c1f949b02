"""How many tokens a rewrite saves: counted no more exactly than the decision on it needs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import tokens
from pipeline.tokens import Sampled

_LARGELY = 0.5  # of the original's characters: a shorter text is counted itself, of a longer one what differs
_ENDS = 0.02  # of what differs in lines, as white space at their ends may belong to tokens with what stands beside it
_FEW = 4
# Where a line begins that takes no part in a token of the lines above it. Tokens never go on after a line's end but with white space that more
# line ends follow and, behind punctuation, with slashes.
_BEGINS = re.compile(r"\n(?=[^\S\r\n]*[^\s/]|[^\S\r\n]+/)")


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
    """What a rewrite saves, counted: all of the original, of the rewrite only what the two do not have in common."""
    before = tokens.count(original)
    counts = Counter(_stretches(original))
    counts.subtract(_stretches(text))
    differing = [(stretch, n) for stretch, n in counts.items() if n]
    return Gain(Sampled(before), sum(n * found for (_, n), found in zip(differing, tokens.counts(s for s, _ in differing), strict=True)))


def _stretches(text: str) -> Iterator[str]:
    """A text in stretches, a line each where that is possible, whose tokens are together those of the text."""
    at = 0
    for found in _BEGINS.finditer(text):
        yield text[at : found.end()]
        at = found.end()
    yield text[at:]
