"""Repeated lines in output that nobody else knows, such as the events of ``kubectl describe``: of many lines of one shape some stay.

Every line that is no repeat stays. Of eight or more lines of one shape the first and the last stay, what is asked for, trouble, what is far from the
others, and a sample of every long run; markers count the rest by shape.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.asked import call_paths, hits_of
from pipeline.compressors.elision import NOTED, gaps_of, plain, render, units
from pipeline.compressors.log import durations, named
from pipeline.compressors.log.shapes import Shapes, mine
from pipeline.compressors.log.traces import events
from pipeline.compressors.severity import ERROR, WARNING
from pipeline.markers import carries_marker
from pipeline.policy import Policy, Profile
from pipeline.query import Query, stem
from pipeline.transcript import ToolCall, ToolKind

LEAST = 8  # lines of a shape; fewer are read at a glance
_LEAST_ALIKE = 4  # events of a shape: what happened is said by the first and the last, and they are long
_SAMPLE = 400  # lines
_LINE = 2000
_SHARE = 0.4  # of a text's characters stand in repeats
_EVENTS_SHARE = 0.3  # of a description's characters stand below ``Events:``
_LEAST_EVENTS = 6
_WORTH = 0.93
_FIRST, _LAST = 2, 1
_TROUBLE_FIRST = 3
_OTHER_VALUES = 2
_SPREAD = 40  # longest run left out without a sample of it
_ODD = 2  # lines of a merged shape with a word that so few have
_ODD_FEW, _ODD_SHARE = 3, 0.25  # where more lines of a shape have such a word, each has its own: none is odd
_ASKED_WORDS = 2  # words of the question, and half of its own, has a shape that is asked for
_LEAST_WORD = 4
_ASKED = 20  # lines of it
_NAMED, _NAMED_SHARE = 8, 0.1  # what names more lines, and more than this share of them, names all
_LABEL = 28
_LABELS = 3
_MASKS_READ = 50
_FOREIGN = frozenset({ToolKind.READ, ToolKind.SEARCH, ToolKind.LIST, ToolKind.EDIT, ToolKind.FETCH})

_BLANKS = re.compile(r"[ \t]{2,}")
_COUNTED = re.compile(r" \(x\d{1,9} over \w{1,20}\)")  # how often an event came, in the columns of ``kubectl describe``
_NUMBERS = re.compile(r"\d+")
_AGE = re.compile(r"^( (?:Normal|Warning) [\w-]{1,80}) \S{1,20}(?= )")  # of an event, its blanks squeezed: when it came tells nothing of what it says
_EVENTS = re.compile(r" {0,8}Type {1,40}Reason {1,40}(?:Age|FirstSeen|LastSeen)\b")
_TROUBLE = re.compile(r"back-?off", re.IGNORECASE)  # beside what is judged by its level
_WORDS = re.compile(r"[A-Za-z][\w'-]*")


class RepeatsCompressor:
    """Output of any command with many lines of few shapes."""

    name = "repeats"
    surest = 0.9

    def recognise(self, content: Content) -> float:
        """0.9 where the events of a description are a good part of it, 0.25 for output of a command, 40 % of it in repeats; else 0."""
        if carries_marker(content.text):
            return 0.0
        if _described(content.lines) >= _EVENTS_SHARE:
            return 0.9
        return 0.25 if _may_repeat(content.call) and _repeated(content.lines) >= _SHARE else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The text without most of its repeats, or None where too little would go."""
        if not policy.lossy or carries_marker(content.text):
            return None
        lines = units(content.lines)
        if len(lines) < LEAST:
            return None
        described = _described(content.lines) >= _EVENTS_SHARE
        compared = [_COUNTED.sub("", _BLANKS.sub(" ", line)) for line in plain(lines, content.text)]
        if described:
            compared = [_AGE.sub(r"\1", line) for line in compared]
        shapes = mine(compared, events(compared).frame)
        first = 1 if described or policy.profile is Profile.AGGRESSIVE else _FIRST
        names = [*named.entities(content.query), *call_paths(content.call)]
        kept = _choose(shapes, content.query, names, first, _LEAST_ALIKE if described else LEAST)
        label = cache(lambda shape: _label(shapes, shape))
        found = gaps_of(lines, kept, lambda start, end: _note(shapes, label, start, end))
        if not found:
            return None
        text = render(lines, found) + ("\n" if len(lines) < len(content.lines) else "")
        if len(text) > _WORTH * len(content.text):
            return None
        gaps = tuple(gap for gap, _ in found)
        return Rewrite(text, len(lines), gaps, _summary(shapes, gaps))


def _described(lines: Sequence[str]) -> float:
    """The share of the characters below ``Events:`` in the description of a Kubernetes object."""
    at = next((i for i, line in enumerate(lines[:_SAMPLE]) if line.startswith("Events:")), -1)
    if at < 0 or at + 1 >= len(lines) or not _EVENTS.match(lines[at + 1]) or len(lines) - at - 3 < _LEAST_EVENTS:
        return 0.0
    below = sum(map(len, lines[at + 3 :]))
    return below / max(1, below + sum(map(len, lines[:at])))


def _may_repeat(call: ToolCall | None) -> bool:
    return call is None or call.kind not in _FOREIGN


def _repeated(lines: Sequence[str]) -> float:
    """The share of the characters of a sample in lines that are many others but for numbers: a cheap look."""
    step = max(1, len(lines) // _SAMPLE)
    sample = [line[:_LINE] for line in lines[::step]]
    rough = [_NUMBERS.sub("0", _BLANKS.sub(" ", line) if "  " in line or "\t" in line else line) for line in sample]
    counts = Counter(rough)
    size = sum(map(len, rough))
    return sum(len(r) * n for r, n in counts.items() if n >= LEAST and r.strip()) / size if size else 0.0


def _choose(shapes: Shapes, query: Query, names: Sequence[str], first: int, least: int) -> bytearray:
    """1 for every line that stays: all of shapes with fewer than ``least``, of the others the ``first`` and what stands out."""
    kept = bytearray(b"\x01" * len(shapes.lines))
    repeats = [s for s, group in enumerate(shapes.members) if len(group) >= least and shapes.sample[s].strip()]
    for s in repeats:
        for i in shapes.members[s]:
            kept[i] = 0
    for s in repeats:
        for i in _of_shape(shapes, s, query, first):
            kept[i] = 1
    most = max(_NAMED, int(_NAMED_SHARE * len(kept)))
    hits = [*hits_of(shapes.lines, names, most), *(lines for lines in named.values(shapes, query.words) if len(lines) <= most)]
    for i in (*chain.from_iterable(hits), *durations.slow(shapes).outliers):
        kept[i] = 1
    kept[0] = kept[-1] = 1
    _spread(kept)
    return kept


def _of_shape(shapes: Shapes, shape: int, query: Query, first: int) -> Iterator[int]:
    """The lines of a repeated shape that stay: the ends, trouble with its values, odd words, and more of it where it is asked for."""
    members = shapes.members[shape]
    yield from members[:first]
    yield from members[-_LAST:]
    trouble = [i for i in members if shapes.severities[i] or _TROUBLE.search(shapes.lines[i], 0, _LINE)]
    yield from trouble[:_TROUBLE_FIRST]
    yield from trouble[-1:]
    yield from _values(shapes.lines, trouble)
    counts = Counter(shapes.mask_of[i] for i in members)
    odd = [i for i in members if counts[shapes.mask_of[i]] <= _ODD]
    if len(odd) <= max(_ODD_FEW, _ODD_SHARE * len(members)):
        yield from odd
    words = {stem(w) for w in _WORDS.findall(shapes.sample[shape][:_LINE]) if len(w) >= _LEAST_WORD}
    asked = len(words.intersection(query.stems))
    if asked >= _ASKED_WORDS and asked * 2 >= len(words):
        yield from members[:: max(1, len(members) // _ASKED)]


def _values(lines: Sequence[str], members: Iterable[int]) -> Iterator[int]:
    """The first lines whose last number is another than in those before."""
    seen: set[str] = set()
    for i in members:
        numbers = _NUMBERS.findall(lines[i][-200:])
        if numbers and numbers[-1] not in seen:
            seen.add(numbers[-1])
            yield i
            if len(seen) > _OTHER_VALUES:
                return


def _spread(kept: bytearray) -> None:
    """A sample of every long run that would be left out, in long texts of fewer."""
    step = max(_SPREAD, len(kept) // 200)
    run = 0
    for i, stays in enumerate(kept):
        run = 0 if stays else run + 1
        if run > step:
            kept[i] = 1
            run = 0


def _note(shapes: Shapes, label: Callable[[int], str], start: int, end: int) -> str:
    """How many lines of which shape a run has, by the first words of the shape."""
    if end - start < NOTED:
        return ""
    counts = sorted(Counter(shapes.shape_of[start:end]).items(), key=lambda c: (-c[1], c[0]))
    parts = [f"{n} {label(s)}".rstrip() for s, n in counts[:_LABELS]]
    if len(counts) > _LABELS:
        parts.append(f"{sum(n for _, n in counts[_LABELS:])} others")
    return ", ".join(parts)


def _label(shapes: Shapes, shape: int) -> str:
    """The first words of those that all lines of a shape have; they cannot end a marker."""
    first, *others = (_WORDS.findall(shapes.masks[mask][:200]) for mask in shapes.masks_in[shape][:_MASKS_READ])
    everywhere = set(first).intersection(*others)
    return " ".join(word for word in first if word in everywhere)[:_LABEL].rstrip()


def _summary(shapes: Shapes, gaps: Sequence[Gap]) -> str:
    """What was checked about the lines left out."""
    bad = Counter(shapes.severities[i] for gap in gaps for i in range(gap.first - 1, gap.last))
    said = [f"{bad[s]} {word}-like" for s, word in ((ERROR, "error"), (WARNING, "warning")) if bad[s]]
    return "each of a shape shown, " + (f"{' and '.join(said)} among them" if said else "no error-like line among them")
