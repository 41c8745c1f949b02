"""What of a user's text is plainly data that was pasted or attached: logs, JSON, output of builds and searches, tables, diffs, published pages.

Everything else is a person's, or an agent's in the person's name, and is not to be touched. So what is looked for is not prose but its absence: a
part does not stand between tags, looks to a compressor like its own kind of data, and together the parts are most of the text. A text that is
mostly prose (instructions, a summary, documentation) has no parts, whatever examples it holds. Where a part begins and ends is exact (a parser, a
diff's own counts, a fence), or the lines there stay; and so does every line in it that may be a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.segments.documents import Documents, prose
from pipeline.segments.islands import changes, records
from pipeline.segments.pages import Pages
from pipeline.segments.sentences import alike, narrated, sentence
from pipeline.segments.tags import tagged

LEAST_PART = 1_200  # characters, about 400 tokens: fewer are read at a glance, and each part costs a look
_BULK = 0.5  # of the text's characters: then the text is there for its data
_EDGE = 3  # lines that stay at an end of data beside other text
_INNER_EDGE = 1  # likewise where a blank line lies between, or nothing follows
_BETWEEN = 4  # sentences and blank lines at most between data and more of the same
_LEAST_END = 400  # characters without a sentence at either end of data
_PARAGRAPHS = 2
_PARAGRAPH_LINES = 4
_BARRED = 0.5  # of the lines
_MOST_KEPT = 0.5  # of a part's lines
_FENCE = re.compile(r"[ \t]{0,3}(`{3,200}|~{3,200})[ \t]{0,20}([^`\n]{0,200})$")
# What a fence may call data; any other name is a language's.
_DATA_FENCES = frozenset(
    "log logs text txt plain plaintext output out stdout stderr console json jsonl ndjson json5 csv tsv diff patch html trace none".split()
)
_ALIKE = "alike"  # the kind of lines that are of no known kind, and all of one
_FENCE_LINE = 450
_FREE, _CLOSED = 0, 1

Data = Callable[[Sequence[str]], str]
"""The kind of data that lines are surely of, from the first to the last; ``""`` if that is not sure."""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that are data.

    Args:
        first, last: 1-based and inclusive.
        kind: what they are; ``page`` for a page that was published.
        address: where a page was published, else ``""``.
        kept: lines in it that stay whatever becomes of it, ascending: a person may have written them.
    """

    first: int
    last: int
    kind: str
    address: str = ""
    kept: tuple[int, ...] = ()

    def between(self) -> Iterator[Part]:
        """The parts of it that hold no line which stays."""
        first = self.first
        for line in (*self.kept, self.last + 1):
            if line > first:
                yield Part(first, line - 1, self.kind)
            first = line + 1


@dataclass(frozen=True, slots=True)
class Pasted:
    """A user's text.

    Args:
        parts: the data in it, ascending and disjoint; none where it is not most of the text.
        said: the other lines, without those that an agent wrote and those at the ends of data: what the person says of the data.
    """

    parts: tuple[Part, ...] = ()
    said: str = ""


def pasted(text: str, data: Data) -> Pasted:
    """The data in a user's text.

    Args:
        text: all of it.
        data: knows data by its lines.
    """
    lines = text.split("\n")
    state = bytearray(len(lines))
    for first, end in tagged(text, lines):
        state[first:end] = bytes([_CLOSED]) * (end - first)
    parts: list[Part] = []
    machine = bytearray(state)  # lines that no person wrote, for what is said beside them
    for start, end, fenced in _stretches(lines, state):
        for one, span in _parts(lines, start, end, data, fenced=fenced):
            machine[span[0] : span[1]] = bytes([_CLOSED]) * (span[1] - span[0])
            if one is not None:
                parts.append(one)
    bulk = sum(_size(lines, p.first - 1, p.last) for p in parts)
    if bulk < _BULK * len(text):
        return Pasted()
    return Pasted(tuple(parts), "\n".join(line for line, own in zip(lines, machine, strict=True) if not own))


def _stretches(lines: Sequence[str], state: bytearray) -> Iterator[tuple[int, int, bool]]:
    """Lines ``[start, end)`` that stand together, and whether between fences; fences, and what is source code between them, are closed."""
    fences = _Fences(lines)
    at = start = 0
    while at < len(lines):
        if state[at] == _FREE and (fence := fences.at(at)) is None:
            at += 1
            continue
        if at > start:
            yield start, at, False
        if state[at] == _FREE and fence is not None:
            name, end = fence
            inside = name in _DATA_FENCES and not any(state[at + 1 : end])
            if inside and end > at + 1:
                yield at + 1, end, True
            closed = (at, end) if inside else range(at, end + 1)
            for line in closed:
                state[line] = _CLOSED
            at = end
        at = start = at + 1
    if at > start:
        yield start, at, False


class _Fences:
    """Fenced blocks, as Markdown has them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._unclosed: dict[str, int] = {}  # the shortest fence that nothing closes from here on: it is not looked for again

    def at(self, first: int) -> tuple[str, int] | None:
        """The name that a fence on this line gives to what follows, and the line that closes it."""
        line = self._lines[first]
        opened = _FENCE.match(line) if len(line) <= _FENCE_LINE and line.lstrip(" \t")[:3] in ("```", "~~~") else None
        if opened is None:
            return None
        mark, length = opened[1][0], len(opened[1])
        if length >= self._unclosed.get(mark, _FENCE_LINE):
            return None
        for end in range(first + 1, len(self._lines)):
            closing = self._lines[end]
            if len(closing) <= _FENCE_LINE and closing.lstrip(" \t").startswith(opened[1]) and not closing.strip(" \t\r").strip(mark):
                words = opened[2].lower().split(None, 1)
                return words[0] if words else "none", end
        self._unclosed[mark] = length
        return None


_Found = tuple[Part | None, tuple[int, int]]


def _parts(lines: Sequence[str], start: int, end: int, data: Data, *, fenced: bool) -> Iterator[_Found]:
    """The parts of a stretch, each with the lines around it that are no person's either; None for lines of data that are no part."""
    documents, pages = Documents(lines, start, end), Pages(lines, end)
    at = rest = start
    while at < end:
        found = _exact(lines, at, end, documents, pages)
        if found is None:
            at += 1
            continue
        part, upto = found
        yield from _plain(lines, rest, at, data, fenced=fenced)
        yield (part if _size(lines, at, upto) >= LEAST_PART else None), (at, upto)
        at = rest = upto
    yield from _plain(lines, rest, end, data, fenced=fenced)


def _exact(lines: Sequence[str], at: int, end: int, documents: Documents, pages: Pages) -> tuple[Part | None, int] | None:
    """Data that begins at a line and whose end is certain; None for the part where it is such data but no bulk of it."""
    line = lines[at]
    head = line[:200].lstrip()[:1]
    if head in ("{", "["):
        upto = records(lines, at, end)
        if upto > at:
            return (None if prose("\n".join(lines[at:upto])) else Part(at + 1, upto, "records")), upto
        document = documents.at(at)
        if document is not None:
            return (Part(at + 1, document.end, "json") if document.bulk else None), document.end
    elif _begins_diff(lines, at, end) and (upto := min(changes(lines, at), end)) > at:
        return Part(at + 1, upto, "diff"), upto
    elif head == "<" and (published := pages.at(at)) is not None:
        return Part(at + 1, published.end, "page", published.address) if published.address else None, published.end
    return None


def _begins_diff(lines: Sequence[str], at: int, end: int) -> bool:
    return lines[at].startswith("diff --git ") or (lines[at].startswith("--- ") and at + 1 < end and lines[at + 1].startswith("+++ "))


def _plain(lines: Sequence[str], start: int, end: int, data: Data, *, fenced: bool) -> Iterator[_Found]:
    """The parts among lines of which some may be sentences. Those stay, but need not end a part: machines too say how it went."""
    group: list[tuple[int, int]] = []  # runs without a sentence, with few sentences between them
    for run in _runs(lines, start, end):
        if group and run[0] - group[-1][1] > _BETWEEN:
            yield from _grouped(lines, group, data, (start, end), fenced=fenced)
            group = []
        group.append(run)
    yield from _grouped(lines, group, data, (start, end), fenced=fenced)


def _runs(lines: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The runs of lines none of which may be a sentence, blank ones at their ends left off."""
    at = start
    for i in range(start, end + 1):
        # What is set off below a line of a machine's goes with it.
        if i < end and (not sentence(lines[i]) or (i > at and lines[i].startswith(("  ", "\t")))):
            continue
        first, last = _filled(lines, at, 1, i), _filled(lines, i - 1, -1, at - 1) + 1
        if last > first:
            yield first, last
        at = i + 1


def _grouped(lines: Sequence[str], group: list[tuple[int, int]], data: Data, stretch: tuple[int, int], *, fenced: bool) -> Iterator[_Found]:
    """The part that runs make together, or the parts that each of them is."""
    while group and _size(lines, *group[0]) < _LEAST_END:
        del group[0]
    while group and _size(lines, *group[-1]) < _LEAST_END:
        del group[-1]
    if len(group) > 1 and (found := _one(lines, group, data, stretch, fenced=fenced)) is not None:
        yield found
        return
    for run in group:
        if (found := _one(lines, [run], data, stretch, fenced=fenced)) is not None:
            yield found


def _one(lines: Sequence[str], group: Sequence[tuple[int, int]], data: Data, stretch: tuple[int, int], *, fenced: bool) -> _Found | None:
    """The part from the first line of a group to its last, if that is data. A short paragraph or two at an end may be a person's."""
    first, end = group[0][0], group[-1][1]
    for _ in range(_PARAGRAPHS):
        first, end = _after_paragraph(lines, first, end), _before_paragraph(lines, first, end)
    group = [(max(a, first), min(b, end)) for a, b in group if a < end and b > first]
    within = lines[first:end]
    if _size(lines, first, end) < LEAST_PART or narrated(within) or not (kind := data(within) or _ALIKE * alike(within)):
        return None
    if sum(line.lstrip().startswith(("|", "+-", "+=")) for line in within) > _BARRED * len(within):
        return None  # a table as documents have them
    begin = first + _edge(lines, first, -1, stretch, fenced=fenced)
    stop = end - _edge(lines, end - 1, 1, stretch, fenced=fenced)
    kept = {*range(first, begin), *range(stop, end)} if kind == "table" else set()
    for (begun, done), (following, _) in pairwise(group):
        kept |= {*range(done - 1, following + 1)} | ({*range(begun, done)} if _size(lines, begun, done) < _LEAST_END else set())
    if kind != "table":  # a table is nothing without its header
        kept = {line for line in kept if begin <= line < stop}
    else:
        begin, stop = first, end
    if len(kept) > _MOST_KEPT * (end - first) or _size(lines, begin, stop) < LEAST_PART:
        return None, (first, end)
    return Part(begin + 1, stop, kind, kept=tuple(line + 1 for line in sorted(kept))), (first, end)


def _after_paragraph(lines: Sequence[str], first: int, end: int) -> int:
    """The line after a short paragraph that lines begin with and the blank ones below it; the first one where none does."""
    blank = next((i for i in range(first, min(end, first + _PARAGRAPH_LINES + 1)) if not lines[i].strip()), -1)
    return _filled(lines, blank, 1, end) if blank > 0 and _size(lines, first, blank) < _LEAST_END else first


def _before_paragraph(lines: Sequence[str], first: int, end: int) -> int:
    """The line after the last one above a short paragraph that lines end with; the end where they end with none."""
    blank = next((i for i in range(end - 1, max(first, end - _PARAGRAPH_LINES - 1) - 1, -1) if not lines[i].strip()), -1)
    return _filled(lines, blank, -1, first - 1) + 1 if blank > 0 and _size(lines, blank, end) < _LEAST_END else end


def _edge(lines: Sequence[str], line: int, step: int, stretch: tuple[int, int], *, fenced: bool) -> int:
    """How many lines stay at an end of a part: none at a fence."""
    border = stretch[0] - 1 if step < 0 else stretch[1]
    if fenced and _filled(lines, line + step, step, border) == border:
        return 0
    beside = line + step
    return _EDGE if 0 <= beside < len(lines) and lines[beside].strip() else _INNER_EDGE


def _filled(lines: Sequence[str], at: int, step: int, stop: int) -> int:
    """The next line from ``at`` on that is not blank, ``stop`` if there is none."""
    while at != stop and not lines[at].strip():
        at += step
    return at


def _size(lines: Sequence[str], start: int, end: int) -> int:
    return sum(map(len, lines[start:end])) + end - start
