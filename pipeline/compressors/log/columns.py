r"""The loss-free form of a log: what lines of one shape share is said once, each line is a row of what is its own. Order stays, nothing goes.

A text reads::

    #columns: (how to read it)
    @ 2024-03-05 *                             the header: what stands in front of most lines
    A@ INFO accepted order * from 10.0.*       a template under the header; ``=`` instead of ``@`` where the header is not in front
    B@ INFO handed {2} to *
    #rows
    A 01:00:07 1712 3.9                        one row a line: template, values of the header, values of the template
    A :09 1718 "                               ``:09`` keeps what stood before it in this place of the row above, ``"`` keeps it all
    | " whatever else stands under a header    ``|`` header and text, ``\`` the line itself

``{2}`` is the second word of the line so far, words being split at single spaces. Values of a header refer to the row above that has one,
values of a template to the row above of that template. A value that begins with a sign has a ``\`` in front.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compressors.log.header import header_end

LEGEND = (
    "#columns: each row is a line, in order: its template's letter, then the values for {0} in the header @ and in the template;"
    " \" the value above in that place, :09 the same with another end; {{2}} the line's 2nd word again; | and \\ text as it is"
)
ROWS = "#rows"

_SLOTS = "*¤§†◊"
_REFERENCE = re.compile(r"\{\d{1,3}\}")
_NO_WORD = r"[^0-9A-Za-z\x80-\U0010ffff]"
_PIECES = re.compile(rf"({_NO_WORD}+)")
_WORDS = re.compile(r"[0-9A-Za-z\x80-\U0010ffff]+")
_SEPARATOR = re.compile(_NO_WORD)
_COMMON = 0.7  # share of the lines that must have a header
_LONGEST = 4000  # characters of a line that is taken apart
_MOST_WORDS = 300
_SOURCES = 16  # words of a line that others are compared with
_LEAST_COPY = 4  # characters
_LEAST_SAME = 4  # characters of a value that is not repeated
_COMPARED = 200  # characters of two values that are compared
_LONG_WORD = 30  # characters
_GLUE = 3  # characters between two values that every row repeats, rather than having two slots
_NAME = 4  # characters of a legend's entry beside its text

_Words = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Form:
    """The signs that are free in a text: what stands for a value, and whether ``{2}`` can stand for a word."""

    slot: str
    references: bool


@dataclass(frozen=True, slots=True)
class _Template:
    """What some lines share.

    Args:
        text: its form in the legend.
        rows: of each line the values as they are written, each with a space after it.
    """

    text: str
    rows: list[str]


def encode(lines: Sequence[str], groups: Sequence[int], apart: Sequence[int]) -> str | None:
    """The lines in columns, or None where no sign is free to stand for a value.

    Args:
        lines: the lines, without line breaks.
        groups: line index -> which lines are alike.
        apart: line index -> whether the line stays in one piece (but for its header).
    """
    text = "\n".join(lines)
    slot = next((s for s in _SLOTS if s not in text), "")
    if not slot:
        return None
    form = _Form(slot, _REFERENCE.search(text) is None)
    ends = _header_ends(lines)
    under = [i for i, end in enumerate(ends) if end]
    header = _template([lines[i][: ends[i]].split(" ") for i in under], [], form) if under else None
    fronts = [""] * len(lines)
    for i, row in zip(under, header.rows if header else (), strict=True):
        fronts[i] = row
    rows = [f"| {front}{line[end:]}" if end else "\\" + line for line, end, front in zip(lines, ends, fronts, strict=True)]
    legend: list[str] = []
    for members in _groups(lines, ends, groups, apart):
        template = _template([lines[i][ends[i] :].split(" ") for i in members], [lines[i][: ends[i]].split(" ") for i in members], form)
        if sum(len(lines[i]) - ends[i] for i in members) - sum(map(len, template.rows)) <= len(template.text) + _NAME:
            continue
        name = name_of(len(legend))
        legend.append(f"{name}{'@' if ends[members[0]] else '='}{template.text}")
        for i, row in zip(members, template.rows, strict=True):
            rows[i] = f"{name} {fronts[i]}{row}"[:-1]
    top = [LEGEND.format(slot), *([f"@ {header.text}"] if header else [])]
    return "\n".join([*top, *legend, ROWS, *rows])


def _header_ends(lines: Sequence[str]) -> list[int]:
    """Where the header of each line ends: after the last time near its start. 0 for none; a header has as many words in all lines."""
    ends = [header_end(line) for line in lines]
    sizes = [line.count(" ", 0, end) if end else -1 for line, end in zip(lines, ends, strict=True)]
    size, count = Counter(sizes).most_common(1)[0]
    if size < 0 or count < _COMMON * len(lines):
        return [0] * len(lines)
    return [end if s == size else 0 for end, s in zip(ends, sizes, strict=True)]


def _groups(lines: Sequence[str], ends: Sequence[int], groups: Sequence[int], apart: Sequence[int]) -> list[list[int]]:
    """Indices of the lines that may have a template in common, the largest group first."""
    members: dict[tuple[int, bool, int], list[int]] = {}
    for i, line in enumerate(lines):
        if not apart[i] and len(line) <= _LONGEST:
            words = line.count(" ", ends[i])
            if words < _MOST_WORDS:
                members.setdefault((groups[i], ends[i] > 0, words), []).append(i)
    parted = [part for m in members.values() if len(m) > 1 for part in _parted(lines, ends, m)]
    return sorted((m for m in parted if len(m) > 1), key=lambda m: (-len(m), m[0]))


def _parted(lines: Sequence[str], ends: Sequence[int], members: list[int]) -> list[list[int]]:
    """The group, parted where long words (a JSON object) are not built alike: they would have to be given whole in every row."""
    parts: dict[tuple[str, ...], list[int]] = {}
    columns = list(zip(*(lines[i][ends[i] :].split(" ") for i in members), strict=True))
    long = [c for c in columns if len(c[0]) >= _LONG_WORD and c.count(c[0]) != len(c)]
    if not long:
        return [members]
    for i, words in zip(members, zip(*long, strict=True), strict=True):
        parts.setdefault(tuple(_WORDS.sub("", w) for w in words), []).append(i)
    return list(parts.values())


def _template(rows: _Words, fronts: _Words, form: _Form) -> _Template:
    """The template of rows of words, as many in each.

    Args:
        rows: the words of each line.
        fronts: the words of what stands before them; the last of these and the first of the row are one word of the line.
        form: the signs.
    """
    before = len(fronts[0]) - 1 if fronts else 0
    known = [(n, c) for n, c in enumerate(zip(*(f[:-1] for f in fronts), strict=True), 1)][:_SOURCES] if form.references else []
    parts: list[str] = []
    columns: list[list[str]] = []
    for n, column in enumerate(zip(*rows, strict=True), before + 1):
        if column.count(column[0]) == len(column):
            parts.append(column[0])
            continue
        text = _copy(column, known)
        if not text:
            text, slots = _split(column, form.slot)
            columns += slots
            if form.references and len(known) < _SOURCES and (n > before + 1 or not before):
                known.append((n, column))
        parts.append(text)
    written = [_relative(c) for c in columns]
    return _Template(" ".join(parts), [" ".join(row) + " " for row in zip(*written, strict=True)] if written else [""] * len(rows))


def _copy(column: Sequence[str], known: Sequence[tuple[int, Sequence[str]]]) -> str:
    """How a word follows from one before it in the line, or nothing."""
    first = column[0]
    for n, source in known:
        word = source[0]
        at = first.find(word) if len(word) >= _LEAST_COPY else -1
        if at < 0:
            continue
        left, right = first[:at], first[at + len(word) :]
        if all(c == left + s + right for c, s in zip(column, source, strict=True)):
            return f"{left}{{{n}}}{right}"
    return ""


def _split(column: Sequence[str], slot: str) -> tuple[str, list[list[str]]]:
    """The text of a column of words, and the values of its slots: a slot begins and ends with a piece that varies."""
    pieces = {word: _PIECES.split(word) for word in dict.fromkeys(column)}
    distinct = list(pieces.values())
    first = distinct[0]
    if any(len(p) != len(first) or p[1::2] != first[1::2] for p in distinct):
        return slot, [list(column)]
    varies = [at for at in range(0, len(first), 2) if any(p[at] != first[at] for p in distinct)]
    spans: list[tuple[int, int]] = []
    for at in varies:
        if spans and sum(map(len, first[spans[-1][1] : at])) <= _GLUE:
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    text = ""
    slots: list[list[str]] = []
    done = 0
    for start, end in spans:
        text += "".join(first[done:start]) + slot
        values = {word: "".join(p[start:end]) for word, p in pieces.items()}
        slots.append([values[word] for word in column])
        done = end
    return text + "".join(first[done:]), slots


def _relative(values: Sequence[str]) -> list[str]:
    """Each value as it is written below the one before it."""
    written: list[str] = []
    before = ""
    for value in values:
        if value == before and len(value) >= _LEAST_SAME:
            written.append('"')
            continue
        written.append(_changed_end(before, value) or (value if value[:1].isalnum() else "\\" + value))
        before = value
    return written


def _changed_end(before: str, value: str) -> str:
    """The end of a value, from the last separator on up to which it is the value before, if that says enough."""
    if len(value) < _LEAST_SAME or before[:2] != value[:2]:
        return ""
    cut = 0
    for match in _SEPARATOR.finditer(value, 1, _COMPARED):
        if not before.startswith(value[: match.start() + 1]):
            break
        cut = match.start()
    if cut < 2 or value[cut] in '"\\':
        return ""
    end = value[cut:]
    return end if with_end(before, end) == value else ""


def with_end(before: str, end: str) -> str | None:
    """The value before with another end: cut so that as many separators stand from there on as in ``end``. None if it has fewer."""
    at = [m.start() for m in _SEPARATOR.finditer(before)]
    count = len(_SEPARATOR.findall(end))
    return before[: at[-count]] + end if 0 < count <= len(at) else None


def name_of(n: int) -> str:
    """The name of the template ``n``: A, B … Z, AA, AB …"""
    name = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
