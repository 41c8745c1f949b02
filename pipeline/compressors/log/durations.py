"""Slow lines: those that print a long duration, and those after which the next event of the same id was long in coming."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.compressors.log.shapes import Shapes

_WITH_UNIT = re.compile(r"(\d{1,9}(?:\.\d{1,18})?) ?(ns|us|µs|ms|msecs?|millis|milliseconds?|s|secs?|seconds?|m|mins?|minutes?)(?![A-Za-z0-9])")
_NAMED = re.compile(r"(?:duration|latency|elapsed|took|time|cost)[a-z_]{0,12}\\?[\"']? ?[=: ] ?(\d{1,9}(?:\.\d{1,18})?)(?![\w:/.-])")
_NUMBER = re.compile(r"(\d{1,9}(?:\.\d{1,18})?)(?![\w:/.-])")
_AFTER_DIGITS = re.compile(r"\D*$")
_CONTEXT = 16
_TELLING = 3  # characters from which on a context finds its place
_NAMES = ("duration", "latency", "elapsed", "took", "time", "cost")
_SECONDS = {"n": 1e-9, "u": 1e-6, "µ": 1e-6}
_CLOCK = re.compile(r"([0-2]\d):([0-5]\d):([0-6]\d)(?:[.,](\d{1,6}))?")
_MAIL_HOST = re.compile(r"@[\w.-]{1,128}\w")
_MAIL_NAME = re.compile(r"[\w.+-]{1,65}")  # backwards, from the @ on; longer ones are none
_MAIL_REACH = 65  # characters
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?<![\w-][0-9a-fA-F]{8}-)[0-9a-fA-F-]{8,40}(?![\w-])")  # looks behind late, so that the search skips
_UUID_LIKE = re.compile(r"-(?<=[0-9a-fA-F]{8}-)[0-9a-fA-F-]{8}")  # what stands in the text of any of them
_OWNERS = ("req", "trace", "correlation", "job", "task", "session", "order")
_NAMED_ID = re.compile(r"(?:[rR]eq(?:uest)?|[tT]race|[cC]orrelation|[jJ]ob|[tT]ask|[sS]ession|[oO]rder)[_-]?(?:[iI][dD])?[=:# _-]{1,2}[\w-]{2,64}")
_EPOCH = 1e8  # numbers from here on are times of day, not durations
_LINE = 2000  # characters of a line that are looked at
_CLOCK_WITHIN = 120  # characters
_DAY = 86400.0
_FEW = 8  # below, quartiles mean nothing
_SPREAD = 2.0  # times the lower quartile: where the longest of a shape takes less, all take about as long and none is slow


@dataclass(frozen=True, slots=True)
class Slow:
    """Lines that are slow, the slowest first.

    Args:
        printed: some line prints a duration.
        untimed: the shapes whose lines print none; where slowness is not asked for, also those of few lines that print some.
        outliers: far from what their shape takes; at most two a shape.
        long: from the longest down to half of the longest of its shape; of small shapes only where slowness is asked for.
    """

    printed: bool
    untimed: list[int]
    outliers: list[int]
    long: list[int]


def slow(shapes: Shapes, *, asked: bool = False) -> Slow:
    """Lines with long printed durations, judged among the lines of their shape; where that has but few, among all that print one with a unit.

    Args:
        shapes: the grouped log.
        asked: slowness is asked for; else only outliers are looked for.
    """
    outliers: list[int] = []
    long: list[tuple[float, int]] = []
    few: list[tuple[float, int]] = []
    usual: list[float] = []
    untimed: list[int] = []
    printed = False
    for shape, members in enumerate(shapes.members):
        if len(members) < _FEW:
            timed = [(found, i) for i in members if asked and (found := _longest(shapes.lines[i][:_LINE].lower())) is not None]
            few += [(-found.seconds, i) for found, i in timed if found.unit]
            if not timed:
                untimed.append(shape)
            continue
        context = _context(shapes.lines[members[0]])
        if context is None:
            untimed.append(shape)
            continue
        printed = True
        longest = sorted((-d, i) for d, i in zip(_all_at([shapes.lines[i] for i in members], context), members, strict=True) if d is not None)
        if len(longest) < _FEW:
            continue
        values = [-t[0] for t in longest]
        median, upper, lower = values[len(values) // 2], values[len(values) // 4], values[3 * len(values) // 4]
        if context.unit:
            usual.append(median)
        limit = max(upper + 3 * (upper - lower), 2.5 * median)
        outliers += [i for d, i in longest[:2] if -d > limit]
        if values[0] >= _SPREAD * lower:
            floor = max(median, values[0] / 2)
            long += [(d / max(median, 1e-9), i) for d, i in longest if -d >= floor and -d > median]
    long += _far(sorted(few), usual)
    long.sort()
    return Slow(printed, untimed, outliers, [i for _, i in long])


def _far(few: Sequence[tuple[float, int]], usual: Sequence[float]) -> list[tuple[float, int]]:
    """Of lines of small shapes those that take long, each with how many times as long as is usual.

    Args:
        few: minus the seconds that a line takes and the line, the longest first.
        usual: what the lines of each large shape take.
    """
    known = sorted([*usual, *(-d for d, _ in few)])
    median = known[len(known) // 2] if len(known) > 1 else 0.0
    return [(d / max(median, 1e-9), i) for d, i in few if -d >= -few[0][0] / 2 and -d > median]


@dataclass(frozen=True, slots=True)
class _Found:
    """A duration that a line prints.

    Args:
        seconds: how long, in the line's own scale without a unit.
        start: where its number begins.
        unit: it has one.
    """

    seconds: float
    start: int
    unit: bool


def duration(line: str) -> float | None:
    """The longest duration that a line prints, the parts of which the others are: in seconds where a unit says so, else in the line's own scale."""
    found = _longest(line[:_LINE].lower())
    return None if found is None else found.seconds


def _longest(lower: str) -> _Found | None:
    with_unit: list[_Found] = []
    for match in _WITH_UNIT.finditer(lower):
        before = lower[match.start() - 1 : match.start()]
        if not before.isalnum() and before not in {"_", ".", ":"}:
            with_unit.append(_Found(float(match[1]) * _seconds(match[2]), match.start(1), True))
    named: list[_Found] = []
    if any(name in lower for name in _NAMES):
        named = [_Found(float(match[1]), match.start(1), False) for match in _NAMED.finditer(lower) if float(match[1]) < _EPOCH]
    # Which of the two a line times itself by its last one says.
    found = max(with_unit, named, key=lambda of: of[-1].start if of else -1)
    return max(found, key=lambda one: one.seconds, default=None)


@dataclass(frozen=True, slots=True)
class _Context:
    """Where the lines of a shape have their duration.

    Args:
        left: the text before it.
        unit: it has a unit.
        last: it is the last place where that text stands; else the first.
    """

    left: str
    unit: bool
    last: bool


def _context(line: str) -> _Context | None:
    """The place of a line's duration, for the lines of the same shape."""
    lower = line[:_LINE].lower()
    found = _longest(lower)
    if found is None:
        return None
    before = _AFTER_DIGITS.search(lower[max(0, found.start - _CONTEXT) : found.start])
    left = before[0] if before else ""
    return _Context(left, found.unit, lower.rfind(left) + len(left) == found.start)


def _all_at(lines: Sequence[str], context: _Context) -> Iterator[float | None]:
    """``duration`` of every line, at a tenth of the cost where the context is found."""
    left, unit = context.left, context.unit
    if len(left) < _TELLING:
        yield from map(duration, lines)
        return
    match_at = (_WITH_UNIT if unit else _NUMBER).match
    width = len(left)
    for line in lines:
        lower = line[:_LINE].lower()
        at = lower.rfind(left) if context.last else lower.find(left)
        match = match_at(lower, at + width) if at >= 0 else None
        if match is None:
            yield duration(line)
        else:
            yield float(match[1]) * _seconds(match[2]) if unit else float(match[1])


def _seconds(unit: str) -> float:
    if unit.startswith(("ms", "milli")):
        return 1e-3
    return 60.0 if unit.startswith("m") else _SECONDS.get(unit[0], 1.0)


def pairs(shapes: Shapes, clocks: Sequence[float | None]) -> list[tuple[int, int]]:
    """Pairs of lines about one id that lie far apart in time, the longest first: an event and the id's next event of another shape."""
    kinds = _kinds_of_ids(shapes.lines)
    last: dict[str, tuple[float, int]] = {}
    spans: list[tuple[float, int, int]] = []
    for i, (line, at) in enumerate(zip(shapes.lines, clocks, strict=True)):
        if at is None:
            continue
        for name in dict.fromkeys(name for found in kinds for name in found(line)):
            before = last.get(name)
            if before is not None and shapes.shape_of[before[1]] != shapes.shape_of[i]:
                spans.append(((at - before[0]) % _DAY, before[1], i))
            last[name] = (at, i)
    if len(spans) < _FEW:
        return []
    # An id comes back for another round hours later: what alternates A, B, A, B is timed from A to B only, the commoner direction of short spans.
    forward = _directed(spans, shapes.shape_of)
    forward.sort(key=lambda s: (-s[0], s[1]))
    values = [s[0] for s in forward]
    upper, lower = values[len(values) // 4], values[3 * len(values) // 4]
    floor = max(upper + (upper - lower), values[0] / 2)
    return [(a, b) for span, a, b in forward if span >= floor]


def _kinds_of_ids(lines: Sequence[str]) -> list[Callable[[str], list[str]]]:
    """What finds the ids of a line, for the kinds of ids that may be in the lines at all: to look for all in every line costs more than the rest."""
    text = "\n".join(lines)
    lower = text.lower()
    there = ((_mails, "@" in text), (_uuids, _UUID_LIKE.search(text) is not None), (_named_ids, any(o in lower for o in _OWNERS)))
    return [find for find, found in there if found]


def _mails(line: str) -> list[str]:
    """The addresses in a line, looked for from their @ on: names may begin anywhere."""
    found: list[str] = []
    for host in _MAIL_HOST.finditer(line, 0, _LINE):
        at = host.start()
        name = _MAIL_NAME.match(line[max(0, at - _MAIL_REACH) : at][::-1])
        if name is not None and len(name[0]) < _MAIL_REACH:
            found.append(name[0][::-1] + host[0])
    return found


def _uuids(line: str) -> list[str]:
    return _UUID.findall(line, 0, _LINE)


def _named_ids(line: str) -> list[str]:
    return _NAMED_ID.findall(line, 0, _LINE)


def _directed(spans: list[tuple[float, int, int]], shape_of: Sequence[int]) -> list[tuple[float, int, int]]:
    """Of each two shapes that follow each other both ways, the direction whose median is shorter."""
    groups: dict[tuple[int, int], list[tuple[float, int, int]]] = {}
    for span in spans:
        groups.setdefault((shape_of[span[1]], shape_of[span[2]]), []).append(span)
    medians = {way: sorted(s[0] for s in group)[len(group) // 2] for way, group in groups.items()}
    kept: list[tuple[float, int, int]] = []
    for (a, b), group in groups.items():
        back = medians.get((b, a))
        if back is None or (medians[a, b], a) <= (back, b):
            kept += group
    return kept


def pauses(clocks: Sequence[float | None], count: int) -> list[int]:
    """The first lines after the ``count`` longest pauses, the longest first."""
    before: float | None = None
    found: list[tuple[float, int]] = []
    for i, at in enumerate(clocks):
        if at is None:
            continue
        if before is not None and at > before:
            found.append((before - at, i))
        before = at
    return [i for _, i in sorted(found)[:count]]


def clock(line: str) -> float | None:
    """Seconds since midnight of the first time in a line's head."""
    colon = line.find(":", 0, _CLOCK_WITHIN)
    while colon >= 0:  # skips to where a time may stand: a search from the line's start takes twice as long
        match = _CLOCK.match(line, colon - 2, _CLOCK_WITHIN) if colon >= 2 else None
        if match is not None:
            fraction = float("0." + match[4]) if match[4] else 0.0
            return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) + fraction
        colon = line.find(":", colon + 1, _CLOCK_WITHIN)
    return None


def within(lines: Iterable[int], cost: Sequence[str], budget: float) -> list[int]:
    """The leading lines whose characters fit the budget."""
    taken: list[int] = []
    for i in lines:
        budget -= len(cost[i]) + 1
        if budget < 0:
            break
        taken.append(i)
    return taken
