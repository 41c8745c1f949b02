"""Events of several lines: which lines continue the one above (stack traces, causes, indented detail), and what of them is worth keeping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.compressors.build.traces import LIBRARY
from pipeline.compressors.log.records import record_starts

_FRAME = re.compile(r"\s+(?:at |File \"|from |in |#\d|\.\.\. ?\d|\d{1,4}: |[~^]+\s*$|\S{1,200}:\d{1,7}(?::| \+0x|$))|\.\.\. \d{1,5} more")
_CONTINUES = ("Caused by", "Suppressed:", "Traceback (", "During handling of", "The above exception", "... ", "goroutine ", "stack backtrace:")
_TELLING = 4  # characters that tell that a line may begin so
_OPENERS = frozenset(start[:_TELLING] for start in _CONTINUES)
_BLANKS = frozenset(" \t")
_CAUSE = re.compile(r"\s{0,40}(?:Caused by|Suppressed:|Traceback \(|During handling of|The above exception|goroutine )")
_PANICKED = " panicked at "  # in Rust, above what is wrong
_RAISED = re.compile(r"[A-Za-z_][\w.]{0,200}(?::|\s*$)")  # ``pkg.SomeError: message`` at column 0, where a traceback ends

_MOSTLY = 0.6  # where more lines than this are indented, indentation says nothing
_FRAMES_FIRST = 6  # lines
_FRAMES_LEAST = 3  # with its code and what underlines it a frame has three or four
_FRAMES_LAST = 2
_FRAME_LINES = 4
_LINE = 600  # characters
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

    def shown(self, head: int, lines: Sequence[str], seen: set[tuple[str, ...]]) -> list[int]:
        """The lines of an event to keep with its first: causes and detail, of each cause 6 lines or 3 frames, the last frame of all.

        Frames of the program's own code come first, and none comes twice.

        Args:
            head: the event's first line.
            lines: the lines.
            seen: the frames that are shown; those shown for this event are added.
        """
        end = self.detail.get(head, head + 1)
        other = [i for i in range(head + 1, end) if not self.frame[i]]
        if len(other) > _DETAIL_FIRST + _DETAIL_LAST:
            other = other[:_DETAIL_FIRST] + other[-_DETAIL_LAST:]
        chosen: list[range] = []
        for frames in self._stacks(head + 1, end, lines):
            chosen += _telling(frames, lines)
            last = frames[-1]
        if chosen and last not in chosen:
            chosen.append(range(max(last.start, last.stop - _FRAMES_LAST), last.stop))
        new: list[int] = []
        for frame in chosen:
            said = tuple(lines[i] for i in frame)
            if said not in seen:
                seen.add(said)
                new += frame
        return sorted({*other, *new})

    def _stacks(self, start: int, end: int, lines: Sequence[str]) -> Iterator[list[range]]:
        """The frames of each cause, each with the lines below it that are indented further: its code, its place."""
        frames: list[range] = []
        indent = 0
        for i in range(start, end):
            if not self.frame[i]:
                if frames:
                    yield frames
                frames = []
                continue
            line = lines[i][:_LINE]
            own = len(line) - len(line.lstrip())
            if frames and own > indent and len(frames[-1]) < _FRAME_LINES:
                frames[-1] = range(frames[-1].start, i + 1)
            else:
                frames.append(range(i, i + 1))
                indent = own
        if frames:
            yield frames


def _telling(frames: Sequence[range], lines: Sequence[str]) -> list[range]:
    """Of the frames of one cause 3, or 6 lines: the first, and those of the program's own code nearest to where it broke, or of any if none is."""
    own = [frame for frame in frames if not LIBRARY.search("\n".join(lines[i][:_LINE] for i in frame))]
    if lines[frames[0].start].lstrip().startswith('File "'):  # the most recent call is the last
        own.reverse()
    chosen: list[range] = []
    for frame in dict.fromkeys((frames[0], *(own or frames))):
        if len(chosen) >= _FRAMES_LEAST and sum(map(len, chosen)) >= _FRAMES_FIRST:
            break
        chosen.append(frame)
    return chosen


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
    python = go = rust = False  # inside a Python traceback, a Go stack; below the first line of a panic
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
        elif rust:
            continues, python = True, False
        else:
            continues = python = False
        rust = not continues and line.endswith(":") and _PANICKED in line
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
