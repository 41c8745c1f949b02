"""Events of several lines: which lines continue the one above (stack traces, causes, indented detail), and what of them is worth keeping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.compressors.log.records import record_starts

_FRAME = re.compile(r"\s+(?:at |File \"|from |in |#\d|\.\.\. ?\d|\d{1,4}: |[~^]+\s*$|\S{1,200}:\d{1,7}(?::| \+0x|$))|\.\.\. \d{1,5} more")
_CONTINUES = ("Caused by", "Suppressed:", "Traceback (", "During handling of", "The above exception", "... ", "goroutine ", "stack backtrace:")
_TELLING = 4  # characters that tell that a line may begin so
_OPENERS = frozenset(start[:_TELLING] for start in _CONTINUES)
_BLANKS = frozenset(" \t")
_CAUSE = re.compile(r"\s{0,40}(?:Caused by|Suppressed:|Traceback \(|During handling of|The above exception|goroutine )")
_RAISED = re.compile(r"[A-Za-z_][\w.]{0,200}(?::|\s*$)")  # ``pkg.SomeError: message`` at column 0, where a traceback ends

_MOSTLY = 0.6  # where more lines than this are indented, indentation says nothing
_FRAMES_FIRST = 6
_FRAMES_LAST = 2
_DETAIL_FIRST = 20
_DETAIL_LAST = 3


@dataclass(frozen=True)
class Events:
    """Lines grouped into events.

    Args:
        head_of: line index -> index of the first line of its event.
        frame: line index -> whether it is a frame of a stack trace, which says nothing about severity.
        detail: first line of an event of more than one line -> index after its last line.
        records: the events are records of several lines: no line of one says enough without the others.
    """

    head_of: list[int]
    frame: list[bool]
    detail: dict[int, int]
    records: bool = False

    def shown(self, head: int) -> list[int]:
        """The lines of an event to keep with its first: causes and detail, the first 6 frames of each cause, the last 2 of all."""
        end = self.detail.get(head, head + 1)
        other: list[int] = []
        frames: list[int] = []
        kept_frames: list[int] = []
        run = 0
        for i in range(head + 1, end):
            if self.frame[i]:
                frames.append(i)
                if run < _FRAMES_FIRST:
                    kept_frames.append(i)
                run += 1
            else:
                run = 0
                other.append(i)
        if len(other) > _DETAIL_FIRST + _DETAIL_LAST:
            other = other[:_DETAIL_FIRST] + other[-_DETAIL_LAST:]
        return sorted({*other, *kept_frames, *frames[-_FRAMES_LAST:]})


def events(lines: Sequence[str]) -> Events:
    """Group lines into events. Linear: each line is looked at once."""
    if first_lines := record_starts(lines):
        return _of_records(len(lines), first_lines)
    head_of = list(range(len(lines)))
    frame = [False] * len(lines)
    detail: dict[int, int] = {}
    starts = {line[:_TELLING] for line in lines}
    if _OPENERS.isdisjoint(starts) and _BLANKS.isdisjoint({start[:1] for start in starts}):
        return Events(head_of, frame, detail)
    filled = [line for line in lines if line and not line.isspace()]
    by_indent = sum(line.startswith((" ", "\t")) for line in filled) <= _MOSTLY * len(filled)
    head = -1
    python = go = False  # inside a Python traceback, a Go stack
    for i, line in enumerate(lines):
        if not line:
            go = False
            continue
        indent = line[0] in _BLANKS
        if not indent and line[:_TELLING] in _OPENERS and line.startswith(_CONTINUES):
            continues, python, go = True, line.startswith("Traceback ("), line.startswith("goroutine ")
        elif indent:
            is_frame = _FRAME.match(line, 0, 300) is not None
            continues = by_indent or is_frame
            frame[i] = is_frame or (python and continues)
            if line.lstrip().startswith("Traceback ("):
                python, frame[i] = True, False
        elif python and i and frame[i - 1] and _RAISED.match(line):
            continues, python = True, False
        elif go:
            continues, frame[i] = True, True
        else:
            continues = python = False
        if continues and head >= 0:
            head_of[i] = head
            detail[head] = i + 1
        else:
            head = i
    return Events(head_of, frame, detail)


def _of_records(count: int, starts: Sequence[int]) -> Events:
    """Each record an event; what stands before the first is lines of their own."""
    head_of = list(range(count))
    detail: dict[int, int] = {}
    for start, end in pairwise([*starts, count]):
        head_of[start:end] = [start] * (end - start)
        if end - start > 1:
            detail[start] = end
    return Events(head_of, [False] * count, detail, records=True)


def is_cause(line: str) -> bool:
    """Whether a line opens a cause within a stack trace."""
    return _CAUSE.match(line) is not None
