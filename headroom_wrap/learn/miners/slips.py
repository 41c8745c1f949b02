"""Slips of the keys: what was typed was not what was meant, and nothing is to be learned from it."""

from __future__ import annotations

_LEAST_OF_OPTIONS = 2
_LEAST = 3  # letters: of shorter names one letter more is another name
_SAME_WORDS = str.maketrans("", "", "-_.")


def slip(typed: str, meant: str) -> bool:
    """Whether a name is another with one letter doubled, left out, wrong, or two of them in the wrong order. Digits and hyphens are no slips."""
    one, other = typed.translate(_SAME_WORDS), meant.translate(_SAME_WORDS)
    if one == other or min(len(one), len(other)) < (_LEAST_OF_OPTIONS if meant.startswith("--") else _LEAST) or abs(len(one) - len(other)) > 1:
        return False
    if sorted(one) == sorted(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 2
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        return one[at + 1 :] == other[at + 1 :] and not (one[at] + other[at]).isdigit()
    if len(one) < len(other):
        return other[at + 1 :] == one[at:] and not other[at].isdigit()
    return one[at + 1 :] == other[at:] and at > 0 and one[at].isalpha() and one[at] == one[at - 1]  # another letter too many may be another spelling
