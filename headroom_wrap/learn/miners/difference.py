"""In what one command line differs from another that is the same but for one thing: an option more, one less, one in place of another."""

from __future__ import annotations

import re
from dataclasses import dataclass

Unit = tuple[str, ...]

_UNIT = 2  # words of an option with its value
_MOST_WORDS = 40  # of a line that is compared: longer ones are programs in themselves
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# What makes a command say more or less of what it does.
_TELLS = frozenset(
    "silent quiet verbose debug trace backtrace stacktrace log loglevel color colour reporter report version help info scan stats summary json yaml "
    "pretty".split()
)
# What makes it do less, or judge less: with one of these it may succeed without being mended.
_HIDES = _TELLS | frozenset(
    "skip ignore ignored exclude excluded only filter grep match select deselect except omit without zero force allow disable lenient soft warn "
    "warning warnings pass retry retries rerun reruns repeat seed random shuffle keep continue bail fail failed first last "
    "list dry update snapshot fix yes delete prune insecure unsafe "
    "overwrite dangerously verify hard offline timeout watch collect level lock approve assume accept confirm override bypass trust "
    "husky privileged severity baseline threshold tolerance".split()
)
_LONG = 5  # letters of one of these that count at either end of a longer word too: ``PYTHONWARNINGS``, ``stacktrace``
_LONG_HIDES = tuple(sorted(word for word in _HIDES if len(word) >= _LONG))
_LONG_TELLS = tuple(sorted(word for word in _TELLS if len(word) >= _LONG))
LOUDNESS = frozenset("-q -v -vv -s -x -l -ra --quiet --verbose --exitfirst --tb=short --tb=no --no-header --color=no --output-on-failure".split())
_SELECTS = frozenset("-k -t -g -m -x -run".split())  # short names of the same, with a value
_DEFINED = re.compile(r"-[DP](?=[a-z])")  # a property: ``-DskipTests``


@dataclass(frozen=True, slots=True)
class Difference:
    """One option, with its value if that is a word of its own.

    Args:
        common: the words that both lines have.
        lost: what only the first has, empty if nothing.
        gained: what only the second has, empty if nothing.
    """

    common: tuple[str, ...]
    lost: Unit
    gained: Unit


def difference(one: tuple[str, ...], other: tuple[str, ...]) -> Difference | None:
    """The one option in which two commands differ, wherever it stands; None if they are the same, or differ in more or in something else."""
    if one == other or not one or not other or one[0] != other[0] or max(len(one), len(other)) > _MOST_WORDS:
        return None
    if not any(word[:1] == "-" for word in (*one, *other)):
        return None
    if len(set(one).difference(other)) > _UNIT or len(set(other).difference(one)) > _UNIT:
        return None
    if gained := _excess(one, other):
        return Difference(one, (), gained)
    if lost := _excess(other, one):
        return Difference(other, lost, ())
    for place in range(1, len(one)):
        for size in (1, 2):
            lost = one[place : place + size]
            if _is_unit(lost, size) and (gained := _excess(rest := one[:place] + one[place + size :], other)):
                return Difference(rest, lost, gained)
    return None


def tells(name: str) -> bool:
    """Whether an option makes a command say more or less of what it does, and nothing else: ``--stacktrace``, ``--verbose``."""
    return any(_one_of(token.lower(), _TELLS, _LONG_TELLS) for token in _TOKEN.findall(name.split("=", 1)[0]))


def hides(name: str) -> bool:
    """Whether an option or a variable of this name may make a command succeed without being what it lacked: ``--skip-tests``, ``LOG_LEVEL``."""
    bare = name.split("=", 1)[0]
    if bare in _SELECTS or bare.startswith("--no-"):
        return True
    return any(_one_of(token.lower(), _HIDES, _LONG_HIDES) for token in _TOKEN.findall(_DEFINED.sub("", bare)))


def _one_of(token: str, words: frozenset[str], long: tuple[str, ...]) -> bool:
    return token in words or (len(token) > _LONG and (token.startswith(long) or token.endswith(long)))


def _excess(fewer: tuple[str, ...], more: tuple[str, ...]) -> Unit:
    """The one option that ``more`` has in excess of ``fewer``, empty if that is not the difference."""
    size = len(more) - len(fewer)
    if size not in (1, 2):
        return ()
    at = next((i for i, (a, b) in enumerate(zip(fewer, more, strict=False)) if a != b), len(fewer))
    # Where a word is repeated, the unit may begin earlier than the first difference.
    for place in range(at, max(at - size, 0) - 1, -1):
        unit = more[place : place + size]
        if more[place + size :] == fewer[place:] and _is_unit(unit, size):
            return unit
    return ()


def _is_unit(words: tuple[str, ...], size: int) -> bool:
    """Whether words are an option and, of two, its value."""
    if len(words) != size or len(words[0]) < 2 or words[0][0] != "-" or words[0] == "--":
        return False
    return size == 1 or ("=" not in words[0] and (words[1][:1] != "-" or " " in words[1]))
