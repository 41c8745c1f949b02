"""Counts by file (``grep -c``, ``rg --count``, ``wc -l``): the largest and those asked for stay, of the others it is said how many there are.

A count is no hit: ``locale.py:5`` says that five lines match, and ``x.py:0`` that none does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.command import pipelines
from pipeline.compressors import elision
from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.search.asked import asked_files, mentioned_files
from pipeline.compressors.search.result import may_be_path
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.transcript import ToolCall

_COUNT = re.compile(r"(?P<path>.{1,400}):(?P<count>\d{1,9})")  # grep -c
_LENGTH = re.compile(r" {0,12}(?P<count>\d{1,9}) (?P<path>(?!\d{1,12} )\S.{0,400})")  # wc -l
_TOTAL = "total"
_SAMPLE = 60  # lines
_LEAST = 20  # counts
_SHARE = 0.95  # of the lines
_SHOWN = {Profile.BALANCED: 60, Profile.AGGRESSIVE: 20}  # counts, and of equals all or none
_SAVES = 0.95  # of the characters at most
_LITTLE = frozenset("smallest fewest shortest lowest zero without none never lack lacks lacking missing".split())


class Count(NamedTuple):
    """What a line says of a file."""

    path: str
    number: int


def is_counted(lines: Sequence[str], call: ToolCall | None) -> bool:
    """Whether nearly all of some lines are counts, each of another file.

    ``path:12`` may also be a place, or a number that was found; so either the call counts, or there is a 0, which no place has.
    """
    if len(lines) < _LEAST:
        return False
    sample = [line for line in (*lines[:_SAMPLE], *lines[_SAMPLE :: max(1, len(lines) // _SAMPLE)]) if line]
    if found := _all_counts(sample, _COUNT):
        return any(not count.number for count in found) or _counts(call)
    last = next((line for line in reversed(lines) if line), "")
    return last.endswith(f" {_TOTAL}") and bool(_all_counts(sample, _LENGTH))


def compress_counts(content: Content, policy: Policy) -> Rewrite | None:
    """The counts without the smallest; None where there are few, where the smallest are asked for, or where hardly anything goes."""
    lines = elision.units(content.lines)
    form = _COUNT if _all_counts(lines, _COUNT) else _LENGTH
    counts = [_read(line, form) for line in lines]
    numbers = [c.number for c in counts if c and c.path != _TOTAL]
    if not policy.lossy or not _all_counts(lines, form) or len(numbers) < _LEAST or not _LITTLE.isdisjoint(content.query.all_words):
        return None
    asked = _asked({c.path: None for c in counts if c}, content.query)
    least = _least_shown(Counter(numbers), _SHOWN.get(policy.profile, len(numbers)))
    kept = bytearray(c is None or c.number >= least or c.path in asked or c.path == _TOTAL for c in counts)
    gaps = elision.gaps_of(lines, kept, lambda start, end: _files(counts[start:end]) if end - start >= elision.NOTED else "")
    text = elision.render(lines, gaps) + "\n" * (len(lines) < len(content.lines))
    if not gaps or len(text) > len(content.text) * _SAVES:
        return None
    hidden = [c for gap, _ in gaps for c in counts[gap.first - 1 : gap.last] if c]
    summary = f"{_files(hidden)}; every file with {max(c.number for c in hidden) + 1} or more shown"
    return Rewrite(text, len(lines), tuple(gap for gap, _ in gaps), summary)


def _asked(paths: dict[str, None], query: Query) -> dict[str, None]:
    return {**asked_files(paths, query), **mentioned_files(paths, query)}


def _least_shown(files: Counter[int], most: int) -> int:
    """From which count on a file is shown: never with 0; of those with one count all or none, as many as are not too many."""
    shown = 0
    least = max(files) + 1
    for count in sorted(files, reverse=True):
        shown += files[count]
        if not count or shown > most:
            break
        least = count
    return least


def _files(counts: Iterable[Count | None]) -> str:
    """``12 files with 0, 3 with 1-4``."""
    numbers = [c.number for c in counts if c]
    some = [n for n in numbers if n]
    none = len(numbers) - len(some)
    said = [f"{none} file{'s' * (none != 1)} with 0"] if none else []
    if some:
        files = "" if none else f" file{'s' * (len(some) != 1)}"
        said.append(f"{len(some)}{files} with {min(some)}{f'-{max(some)}' * (max(some) > min(some))}")
    return ", ".join(said)


def _all_counts(lines: Sequence[str], form: re.Pattern[str]) -> list[Count]:
    """The counts in some lines if nearly all are counts, and no file has two; else none."""
    found = [c for line in lines if (c := _read(line, form))]
    files = [c.path for c in found if c.path != _TOTAL]
    return found if len(found) >= _SHARE * len(lines) and len(set(files)) == len(files) else []


def _read(line: str, form: re.Pattern[str]) -> Count | None:
    match = form.fullmatch(line)
    if match is None or not (match["path"] == _TOTAL or may_be_path(match["path"])):
        return None
    return Count(match["path"], int(match["count"]))


def _counts(call: ToolCall | None) -> bool:
    """Whether a call counts: ``grep -rc``, ``rg --count-matches``, or a tool whose arguments say so."""
    if call is None:
        return False
    words = [w for stages in pipelines(call.command) for command in stages for w in command[1:]] if call.command else []
    short = (w[1:] for w in words if w[:1] == "-" and w[1:2] != "-")
    return any("c" in w for w in short) or any(str(v).startswith(("--count", "count")) for v in (*words, *call.arguments.values()))
