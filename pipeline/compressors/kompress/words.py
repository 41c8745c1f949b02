"""Words that a reader supplies: articles, copulas, prepositions. What is left reads like a telegram, so it is for those who asked for it.

Only what stands in these lists is ever left out, so negations, modal and logic words, numbers, names, paths and addresses stay by construction.
"""

from __future__ import annotations

from collections.abc import Sequence

DEEPEST = 4

_LEVELS: dict[int, frozenset[str]] = {
    2: frozenset("the a an very really quite extremely basically essentially actually literally truly highly fairly".split()),
    3: frozenset("is are was were be been being am".split()),
    4: frozenset("that which there of in on at for as it its also has had have who whose whom their his her this these those".split()),
}
_DROPPED: dict[int, frozenset[str]] = {level: frozenset().union(*(_LEVELS[n] for n in range(2, level + 1))) for level in range(2, DEEPEST + 1)}

# “a few”, “a and b”, “at least”, “has to”, “as if”: in front of these a word that says little otherwise is part of what is said …
_BEFORE = frozenset(
    """and or nor not no if unless until than to but only is are plus minus equals versus vs few little lot least most well long soon far many
    much case example""".split()
)
# … and so it is behind these: “turn on”, “instead of”.
_AFTER = frozenset("and or nor not no turn turned switch switched set opt log logged based depends depending instead out rather outside".split())
_SIGNS = frozenset("= + - * / & | < > == != -> =>".split())
_QUOTES = (("`", "`"), ('"', '"'), ("“", "”"), ("«", "»"))
_QUOTE_SIGNS = frozenset('`"“”«»')
_OPENING = tuple(opening for opening, _ in _QUOTES)
_ARTICLES = frozenset({"the", "a", "an"})


def dropped_at(level: int) -> frozenset[str]:
    """The words that may go at a level, in lower case."""
    return _DROPPED[min(level, DEEPEST)]


def shorten(unit: str, level: int) -> str:
    """A squeezed unit without the words of levels 2 to ``level``: articles and intensifiers, copulas, then prepositions and pronouns.

    Words in quotes and code spans stay, and so do words beside figures, signs, logic words and punctuation.
    """
    if level < 2:
        return unit
    dropped = dropped_at(level)
    words = unit.split(" ")
    protected = quoted(words) if '"' in unit or "`" in unit or "“" in unit or "«" in unit else ()
    first = next((i for i, word in enumerate(words) if word[-1:].isalnum()), 0)
    return " ".join(
        [
            word
            for i, word in enumerate(words)
            if not ((word in dropped or (i == first and word.istitle() and word.lower() in dropped)) and i not in protected and _may_go(words, i))
        ]
    )


def _may_go(words: Sequence[str], index: int) -> bool:
    """Whether a word stands between plain words, none of which makes it say something."""
    if index + 1 >= len(words):
        return False
    before, following = words[index - 1] if index else "", words[index + 1].rstrip(",;:.!?")
    if following[:1] in _OPENING:
        return words[index].lower() in _ARTICLES
    if not following[:1].isalpha() or following in _BEFORE or (len(following) == 1 and following != "I"):
        return False
    return before not in _AFTER and before not in _SIGNS and not _has_digit(before) and not _has_digit(following)


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(c.isdigit() for c in word)


def quoted(words: Sequence[str]) -> set[int]:
    """The indices of the words within quotes and code spans; an open quote reaches to the end."""
    found: set[int] = set()
    closing = ""
    for index, word in enumerate(words):
        if closing:
            found.add(index)
            closing = "" if word.count(closing) % 2 else closing
        elif not word.isalnum() and not _QUOTE_SIGNS.isdisjoint(word):
            closing = next((c for o, c in _QUOTES if (word.count(o) % 2 if o == c else word.count(o) > word.count(c))), "")
    return found
