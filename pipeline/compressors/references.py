"""References: text that stands earlier in the transcript, in sight of the model, is named instead of repeated.

Loss-free: the lines left out stand above, and the reference says where. A block is cut into *stretches*: lines that stand together and are
numbered one by one, by the numbers that a tool printed (``cat -n``, a file reader) or by counting. Stretches are compared by their bare lines, so
a numbered read finds the unnumbered one, and within a match both numberings run in step.

The search is LZ77 on lines: an index of three lines that follow each other gives a few places to look at, the longest match is taken. Everything
is exact comparison of strings; nothing depends on hash values. Time is linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from pipeline import tool_calls
from pipeline.compressors.api import Content, Gap, Rewrite, Seen
from pipeline.compressors.padding import told
from pipeline.compressors.weigh import tokens
from pipeline.markers import carries_marker, gap
from pipeline.policy import Policy
from pipeline.transcript import ToolKind

NAME = "references"
LEAST_SPAN = 400  # characters of a file or a diff; shorter interruptions cost more attention than they save
LEAST_OUTPUT = 45  # tokens, roughly, of any other output: nobody matches an edit against it, or judges what was changed
SHORT_RANGE = 4000  # characters; an explicit range read below it was asked for to be seen
SUMMARY = "each stands above"

_PLACES = 4  # remembered per key, the newest: more gained nothing
_LONG_LINE = 200  # such a line is a key of its own: minified text has few lines
_GAIN = 25  # tokens, roughly, that a reference must save
_MOST_LABEL = 40
_NUMBERED_SHARE = 0.75  # of the lines; a reader adds a heading or a reminder
_COUNTED_SHARE = 0.5  # of them follow on the one before
_PREFIX = re.compile(r"[ \t]{0,12}(\d{1,8})(\t|→|:|\|)")
_LEFT_OUT = ("[… ", "⋯")
_HUNK = "\n@@ -"
_OURS = (*_LEFT_OUT, "[headroom ")  # a line with a marker of ours is no text
_RANGE = re.compile(r"(?:\[… |⋯)(\d{1,9})(?:-(\d{1,9}))?")

_Key = tuple[str, ...]


@dataclass(slots=True)
class _Stretch:
    """Lines that stand together.

    Args:
        lines: bare, that is without printed numbers.
        first: the number of the first.
        printed: the numbers are printed in front of the lines; otherwise they are counted.
        at: where it begins in its block, 0-based.
        source: the block; None for the block that is being rewritten.
        holes: what was left out of it, ``[start, end)``, as two ascending lists; only the block being rewritten gets such.
    """

    lines: list[str]
    first: int
    printed: bool
    at: int
    source: Seen | None
    holes: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))

    def in_sight(self, line: int) -> tuple[int, int]:
        """The bounds ``[start, end)`` of the run of visible lines around ``line``, or ``(line, line)`` if it is left out."""
        starts, ends = self.holes
        after = bisect_right(starts, line)
        begin = ends[after - 1] if after else 0
        end = starts[after] if after < len(starts) else len(self.lines)
        return (begin, end) if begin <= line else (line, line)


_Place = tuple[_Stretch, int]


class _Match(NamedTuple):
    """``length`` lines of a stretch from ``start`` on that are those of ``target`` from ``place`` on."""

    start: int
    length: int
    target: _Stretch
    place: int


class _Places:
    """Where three lines that follow each other stand, and where a long one does."""

    def __init__(self) -> None:
        self._places: dict[_Key, list[_Place]] = {}
        self.begin: set[str] = set()  # the lines that begin what is noted: nothing is found from any other line on

    def note(self, stretch: _Stretch, line: int, begin: int = 0) -> None:
        """The line is in sight, as are those before it from ``begin`` on."""
        lines = stretch.lines
        if line - 2 >= begin:
            self._add((lines[line - 2], lines[line - 1], lines[line]), (stretch, line - 2))
        if len(lines[line]) >= _LONG_LINE:
            self._add((lines[line],), (stretch, line))

    def find(self, lines: Sequence[str], line: int) -> list[_Place]:
        """Where the lines from ``line`` on may stand, oldest first."""
        if lines[line] not in self.begin:
            return []
        found = self._places.get(tuple(lines[line : line + 3]), [])
        return found + self._places.get((lines[line],), []) if len(lines[line]) >= _LONG_LINE else found

    def _add(self, key: _Key, place: _Place) -> None:
        places = self._places.get(key)
        if places is None:
            self._places[key] = [place]
            self.begin.add(key[0])
        else:
            places.append(place)
            if len(places) > _PLACES:
                del places[0]


class SpanIndex:
    """Where every three lines stand that the model sees. Blocks are added in transcript order; to keep one over several blocks saves time.

    Args:
        seen: the first blocks.
        wanted: all texts that will be looked up, if that is known. Most of a conversation is like none of them, and need not be indexed:
            4 MB of it before a new block of 20 kB take 22 ms instead of 155.
    """

    def __init__(self, seen: Sequence[Seen] = (), wanted: Iterable[str] | None = None) -> None:
        self._places = _Places()
        self._whole: dict[str, Seen] = {}
        self._waiting: list[Seen] = [*seen]
        self._texts = None if wanted is None else [*wanted]
        self._lines: frozenset[str] | None = None
        self._cut: dict[str, list[_Stretch]] = {}

    def add(self, block: Seen) -> None:
        """Add a block that stands after all those added before."""
        self._waiting.append(block)  # many a new block is never looked up

    def _index(self) -> None:
        if self._waiting and self._texts is not None and self._lines is None:
            self._cut = {text: _stretches(text, None) for text in self._texts}
            self._lines = frozenset().union(*(stretch.lines for stretches in self._cut.values() for stretch in stretches))
        for block in self._waiting:
            self._note(block)
        self._waiting.clear()

    def _note(self, block: Seen) -> None:
        if not _is_marked(block.text):
            self._whole[block.text] = block
        elif not block.elided and block.text != block.original and not any(mark in block.text for mark in _LEFT_OUT):
            self._whole[block.original] = block  # all of it stands there, in another form
        if len(block.text) < LEAST_SPAN:
            return
        for stretch in _stretches(block.text, block):
            begin = 0
            for at, line in enumerate(stretch.lines):
                if self._lines is None or line in self._lines:
                    self._places.note(stretch, at, begin)
                else:
                    begin = at + 1

    def same(self, text: str) -> Seen | None:
        """The newest block that reads exactly so."""
        self._index()
        return self._whole.get(text)

    def stretches(self, text: str) -> list[_Stretch]:
        """The stretches of a text that is looked up; they are made for it alone, as what is left out of it is noted in them."""
        return self._cut.pop(text, None) or _stretches(text, None)

    @property
    def begin(self) -> AbstractSet[str]:
        """The lines from which on anything can be found. For a look that is made at every line."""
        return self._places.begin

    def find(self, lines: Sequence[str], line: int) -> list[_Place]:
        """Where the lines from ``line`` on may stand, oldest first."""
        return self._places.find(lines, line)


def refer(content: Content, seen: Sequence[Seen] | SpanIndex, policy: Policy) -> Rewrite | None:
    """A block with references in place of what stands above, or None if nothing does.

    Args:
        content: the block.
        seen: the blocks before it, as the model sees them, in transcript order; or an index of exactly those.
        policy: what may be done. Nothing is hidden by a reference, so they are made in every profile.
    """
    text = content.text
    if NAME in policy.disabled or len(text) < LEAST_SPAN or carries_marker(text) or _wanted_whole(content):
        return None
    index = seen if isinstance(seen, SpanIndex) else SpanIndex(seen)
    lines = content.lines
    path = content.call.path if content.call is not None else ""
    same = index.same(text)
    if same is not None:
        marker = gap(1, len(lines), f"{_verb(path, same)} all of {_name(same)} above")
        return Rewrite(marker, len(lines), (Gap(1, len(lines)),), SUMMARY, above=True) if len(marker) * 2 <= len(text) else None
    output = content.call is None or content.call.kind is not ToolKind.READ
    short = output and _HUNK not in text
    spans = [(s, m) for s in index.stretches(text) for m in _matches(s, index, own=output and not s.printed, short=short and not s.printed)]
    named: set[int] = set()
    out: list[str] = []
    gaps: list[Gap] = []
    done = 0
    for stretch, match in spans:
        start = stretch.at + match.start
        marker = gap(start + 1, start + match.length, _note(stretch, match, path, named))
        if not _pays(marker, lines[start : start + match.length]):
            continue
        if match.target.source is not None:
            named.add(match.target.source.ordinal)
        out += lines[done:start]
        out.append(marker)
        gaps.append(Gap(start + 1, start + match.length))
        done = start + match.length
    if not gaps:
        return None
    return Rewrite("\n".join(out + lines[done:]), len(lines), tuple(gaps), SUMMARY, above=True)


def _wanted_whole(content: Content) -> bool:
    call = content.call
    if call is None:
        return False
    if call.kind is ToolKind.EDIT or call.name.endswith("headroom_retrieve") or "headroom show " in call.command:
        return True
    return call.kind is ToolKind.READ and len(content.text) < SHORT_RANGE and tool_calls.ranged(call)


def _stretches(text: str, source: Seen | None) -> list[_Stretch]:
    """The text without our own markers, cut wherever the numbering does not go on."""
    lines = text.split("\n")
    marked = _is_marked(text)
    numbers = _printed_numbers(lines)
    if numbers is not None:
        return list(_printed(lines, numbers, source, marked=marked))
    if source is not None and source.text != source.original:
        return list(_counted(lines, _places_in(source.original.split("\n"), lines), source))
    if marked:
        return list(_counted(lines, (None if _is_marked(line) else n for n, line in enumerate(lines, 1)), source))
    return [_Stretch(lines, 1, False, 0, source)]


def _is_marked(text: str) -> bool:
    return any(mark in text for mark in _OURS)


def _printed_numbers(lines: Sequence[str]) -> list[tuple[int, int] | None] | None:
    """The number that a tool printed before each line, and where the line begins after it, if it did so: one separator, ascending, before most
    lines, and mostly one by one. The hits of a search are numbered, too, but what stands between them is not there.
    """
    sample = [line for line in lines[:40] if line]
    separators = Counter(m[2] for line in sample if (m := _PREFIX.match(line)))
    if not separators or sum(separators.values()) * 2 < len(sample):
        return None
    separator = separators.most_common(1)[0][0]
    printed: list[int | None] = []
    begins: list[int] = []
    last = -1
    for line in lines:
        match = _PREFIX.match(line)
        if match is not None and match[2] == separator and int(match[1]) > last:
            last = int(match[1])
            printed.append(last)
            begins.append(match.end())
        else:
            printed.append(None)
            begins.append(0)
    count = len(lines) - printed.count(None)
    if count < 3 or count < _NUMBERED_SHARE * sum(bool(line) for line in lines):
        return None
    numbers = told(lines, printed)
    on = sum(a is not None and b == a + 1 for a, b in pairwise(numbers))
    if on < _COUNTED_SHARE * count:
        return None
    return [None if number is None else (number, begin) for number, begin in zip(numbers, begins, strict=True)]


def _printed(lines: Sequence[str], numbers: Sequence[tuple[int, int] | None], source: Seen | None, *, marked: bool) -> Iterator[_Stretch]:
    """The stretches of a block with printed numbers: lines without one belong to none."""
    current: _Stretch | None = None
    for at, (line, one) in enumerate(zip(lines, numbers, strict=True)):
        number, begin = (None, 0) if one is None or (marked and _is_marked(line)) else one
        bare = line[begin:]
        if current is not None and number == current.first + len(current.lines):
            current.lines.append(bare)
            continue
        if current is not None:
            yield current
        current = None if number is None else _Stretch([bare], number, True, at, source)
    if current is not None:
        yield current


def _places_in(original: Sequence[str], lines: Sequence[str]) -> Iterator[int | None]:
    """For each line of a rewritten block the number of the original's line that it is, or None for what is no line of it.

    A marker says where the count goes on; a line that was put in another form is no line to refer to.
    """
    at = 0
    for line in lines:
        if _is_marked(line):
            span = _RANGE.search(line[:2000])
            at = at if span is None else int(span[2] or span[1])
            yield None
        elif at < len(original) and original[at] == line:
            at += 1
            yield at
        else:
            yield None


def _counted(lines: Sequence[str], numbers: Iterator[int | None], source: Seen | None) -> Iterator[_Stretch]:
    """The stretches of a block whose lines are counted."""
    current: _Stretch | None = None
    for at, (line, number) in enumerate(zip(lines, numbers, strict=True)):
        if current is not None and number == current.first + len(current.lines):
            current.lines.append(line)
            continue
        if current is not None:
            yield current
        current = None if number is None else _Stretch([line], number, False, at, source)
    if current is not None:
        yield current


def _matches(stretch: _Stretch, index: SpanIndex, *, own: bool, short: bool) -> Iterator[_Match]:
    """What of a stretch stands above, from its first line to its last; with ``own`` also above in itself, with ``short`` of few lines, too."""
    lines = stretch.lines
    mine = _Places()
    repeated = _repeated(lines) if own else frozenset()
    above = index.begin
    at = begin = 0  # what is in sight begins at ``begin``
    for start in [i for i, line in enumerate(lines) if line in repeated or line in above]:
        if start >= at:
            places = index.find(lines, start) + mine.find(lines, start)
            best = _longest(stretch, start, places) if places else None
            if best is not None and _long_enough(lines, best, short=short):
                best = _backwards(stretch, best, begin)
                yield best
                at = begin = best.start + best.length
                stretch.holes[0].append(best.start)
                stretch.holes[1].append(at)
                continue
            # What begins within a match that is too short mostly ends with it; what does not is found from its end, and extended backwards.
            at = start + (1 if best is None else max(1, best.length - 2))
        if start >= begin and lines[start] in repeated:
            mine.note(stretch, start, begin)


def _repeated(lines: Sequence[str]) -> frozenset[str]:
    """The lines that stand more than once: only they can be part of what stands above in the same block."""
    return frozenset(line for line, count in Counter(lines).items() if count > 1)


def _longest(stretch: _Stretch, at: int, places: Sequence[_Place]) -> _Match | None:
    """The longest match at a line, the newest of equals."""
    best: _Match | None = None
    for target, place in places:
        limit = min(len(stretch.lines) - at, target.in_sight(place)[1] - place)
        length = _common(stretch.lines, at, target.lines, place, limit)
        if target is stretch and length > at - place:
            length -= length % (at - place)  # whole periods
        if length and (best is None or length >= best.length):
            best = _Match(at, length, target, place)
    return best


def _common(lines: Sequence[str], at: int, others: Sequence[str], place: int, limit: int) -> int:
    """How many lines from ``at`` on are the others from ``place`` on, at most ``limit``."""
    length = 0
    while length + 64 <= limit and lines[at + length : at + length + 64] == others[place + length : place + length + 64]:
        length += 64
    while length < limit and lines[at + length] == others[place + length]:
        length += 1
    return length


def _long_enough(lines: Sequence[str], match: _Match, *, short: bool) -> bool:
    size = 0
    for line in range(match.start, match.start + match.length):
        size += len(lines[line]) + 1
        if size >= LEAST_SPAN:
            return True
    return short and size >= LEAST_OUTPUT and tokens("\n".join(lines[match.start : match.start + match.length])) >= LEAST_OUTPUT


def _pays(marker: str, lines: Sequence[str]) -> bool:
    """Whether a marker is enough shorter than the lines that it stands for. Of blanks many are one token."""
    return tokens(marker) + _GAIN <= tokens("\n".join(lines))


def _backwards(stretch: _Stretch, match: _Match, begin: int) -> _Match:
    """The match with the equal lines before it, as far as they are in sight on both sides."""
    start, length, target, place = match
    first = target.in_sight(place)[0]
    periodic = target is stretch and length >= start - place
    while not periodic and start > begin and place > first and stretch.lines[start - 1] == target.lines[place - 1]:
        start, length, place = start - 1, length + 1, place - 1
    if target is stretch and place + length > start:
        return match  # it would reach into what it leaves out
    return _Match(start, length, target, place)


def _note(stretch: _Stretch, match: _Match, path: str, named: set[int]) -> str:
    """What the reference says."""
    target, length = match.target, match.length
    there = target.first + match.place
    if target.source is None:
        period = stretch.at + match.start - target.at - match.place
        if length < period:
            return f"again {_lines(there, length)}"
        what = f"line {there}" if period == 1 else f"the {period} lines {there}-{there + period - 1}"
        return f"{what} again{f', {length // period} times' if length > period else ''}"
    here = stretch.first + match.start
    numbered = f"numbered {_range(here, length)}, " if stretch.printed and here != stretch.at + match.start + 1 else ""
    known = target.source.ordinal in named
    where = "" if there == here else f", its {_lines(there, length)}"
    name = f"result {target.source.ordinal}" if known else f"{_name(target.source)} above"
    return f"{numbered}{_verb(path, target.source)} {name}{where}"


def _verb(path: str, target: Seen) -> str:
    return "unchanged, as in" if path and target.path and _same_file(path, target.path) else "as in"


def _same_file(one: str, other: str) -> bool:
    """Whether two paths may name one file: the shorter, as written from another folder, ends the longer."""
    a, b = (p.replace("\\", "/").removeprefix("./") for p in (one, other))
    return a == b or a.endswith("/" + b) or b.endswith("/" + a)


def _name(target: Seen) -> str:
    """``result 5 (Read src/parser.c)``: a label that cannot end a marker."""
    label = " ".join(target.label[:500].split()).translate({ord("["): "(", ord("]"): ")"})
    if len(label) > _MOST_LABEL:
        label = f"{label[: _MOST_LABEL // 2]}…{label[-_MOST_LABEL // 2 + 1 :]}"
    return f"result {target.ordinal} ({label})" if label else f"result {target.ordinal}"


def _lines(first: int, count: int) -> str:
    return f"line{'' if count == 1 else 's'} {_range(first, count)}"


def _range(first: int, count: int) -> str:
    return str(first) if count == 1 else f"{first}-{first + count - 1}"
