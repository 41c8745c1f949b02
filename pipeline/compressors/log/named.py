"""What a question names in a log: things by a name that only a few lines have, and a time of day to look from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.compressors.asked import hits_of
from pipeline.compressors.log import durations
from pipeline.compressors.log.shapes import Shapes
from pipeline.query import Query

_TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT)?([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,]\d{1,9})?)?(?:Z|UTC|h)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_FREQUENT = 8  # lines of a shape from which on its values are told from what all its lines say
_MASKS_READ = 50
_MASK = 2000  # characters
_MOST_TIMES = 8  # of a question; more are a timetable
_MOST_WORDS = 60  # of a question; a longer one tells a story, in which few words are names
_MOST, _SHARE = 60, 0.02  # lines with a name, where that is more: what more of them have is no name of one thing
_RARE = 0.25  # of the lines at most, however few there are: what most URLs of a short log have names none of them


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of day that a question names, in a log; of a log of several days, on the last of them that comes to it.

    Args:
        start: the first line from then on.
        lines: those of the very second, where it is named to the second.
    """

    start: int
    lines: list[int]


def entities(query: Query) -> list[str]:
    """The entities and phrases a question names, but for times of day: ``08:00`` stands in many a line, and in ``12:08:00``."""
    return [name for name in (*query.entities, *(q for q in query.quoted if " " in q)) if not _TIME.fullmatch(name)]


def moments(query: Query, lines: Sequence[str]) -> list[Moment]:
    """The times of day that a question names and that the log comes to."""
    times = [time for time in map(_TIME.fullmatch, query.entities) if time][:_MOST_TIMES]
    if not times:
        return []
    clocks = [(at, i) for i, line in enumerate(lines) if (at := durations.clock(line)) is not None]
    found: list[Moment] = []
    for time in times:
        second = 60.0 * (60 * int(time[1]) + int(time[2])) + int(time[3] or 0)
        reached = [i for (before, _), (at, i) in pairwise(clocks) if before < second <= at]
        within = [i for at, i in clocks if second <= at < second + 1] if time[3] else []
        if reached or within:
            found.append(Moment((reached or within)[-1], within if len(within) <= _MOST else []))
    return found


def values(shapes: Shapes, words: Iterable[str]) -> list[list[int]]:
    """Of each word that is a value of frequent shapes, rare there, and said by all lines of none: the lines that have it.

    Args:
        shapes: the grouped log.
        words: in lower case.
    """
    words = list(words)[:_MOST_WORDS]
    if not words:
        return []
    text = "\n".join(shapes.lines).lower()
    frequent = [s for s, members in enumerate(shapes.members) if len(members) >= _FREQUENT]
    words = [word for word in words if word in text]
    said = frozenset[str]().union(*(_said_by_all(shapes, s, words) for s in frequent))
    most = min(max(_MOST, int(_SHARE * len(shapes.lines))), int(_RARE * len(shapes.lines)))
    found = (hits for word in words if word not in said for hits in hits_of(shapes.lines, (word,), most))
    return [hits for hits in found if any(len(shapes.members[shapes.shape_of[i]]) >= _FREQUENT for i in hits)]


def _said_by_all(shapes: Shapes, shape: int, words: Sequence[str]) -> set[str]:
    """Which of the words stand in every line of a shape, its values aside."""
    left = set(words)
    for mask in shapes.masks_in[shape][:_MASKS_READ]:
        if not left:
            break
        left.intersection_update(_WORD.findall(shapes.masks[mask][:_MASK].lower()))
    return left
