"""Where a block of mixed output is cut, and what each piece is the output of. Conservative: one segment where it is not sure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.command import pipelines, shows
from pipeline.compressors.api import Content
from pipeline.segments.islands import Island, islands
from pipeline.segments.separators import Separators, separators

_PARSED = 0.2  # of the characters
_LEAST_AROUND = 100  # characters
_JSON = ("curl", "jq", "gh", "kubectl", "aws")
_SUITS = {"diff": ("git diff", "git show", "git log", "diff"), "json": _JSON, "records": _JSON, "log": ("journalctl", "dmesg", "tail")}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a block.

    Args:
        first, last: its lines, 1-based and inclusive.
        hint: the command line whose output it is, ``""`` if unknown.
        kind: ``json``, ``records``, ``diff``, ``table`` or ``log`` where its lines show that, else ``""``.
        separator: it is a line that only says whose output follows.
        sure: the cut in front of it is known from the call.
    """

    first: int
    last: int
    hint: str = ""
    kind: str = ""
    separator: bool = False
    sure: bool = False

    def text(self, content: Content) -> str:
        """Its lines."""
        return "\n".join(content.lines[self.first - 1 : self.last])


Whole = Callable[[str, str], bool]
"""Of a text and the command line whose output it is: it is all of one piece, whatever parts of it look like."""


def segment(content: Content, whole: Whole | None = None) -> list[Segment]:
    """The segments of a block, in order; together they are all of its lines. One segment where nothing says that there are several.

    Args:
        content: the block.
        whole: says of what stands between two separators that it is not to be cut by the look of its lines; by default nothing is.
    """
    lines = content.lines
    command = content.call.command if content.call is not None else ""
    cuts = separators(lines, command)
    if not cuts.found or (not cuts.sure and whole is not None and whole(content.text, command)):
        cuts = Separators(before=command)
    found: list[Segment] = []
    start, hint = 0, cuts.before
    for cut in cuts.found:
        found += _part(lines, start, cut.index, hint, whole, sure=cuts.sure)
        found.append(Segment(cut.index + 1, cut.index + 1, cut.hint, separator=True, sure=cuts.sure))
        start, hint = cut.index + 1, cut.hint
    return found + _part(lines, start, len(lines), hint, whole, sure=cuts.sure)


def _part(lines: Sequence[str], start: int, end: int, hint: str, whole: Whole | None, *, sure: bool) -> list[Segment]:
    """The segments between two separators: islands, and what stands between them."""
    if start >= end:
        return []
    pieces: list[tuple[int, int, str]] = []
    at = start
    found = _joined(islands(lines[start:end]))
    if len(found) == 1 and _around(lines[start:end], found[0]) < _LEAST_AROUND:
        return [Segment(start + 1, end, hint, found[0].kind, sure=sure)]
    if not found or (whole is not None and _disputed(lines[start:end], found) and whole("\n".join(lines[start:end]), hint)):
        return [Segment(start + 1, end, hint, sure=sure)]
    for island in found:
        if start + island.start > at:
            pieces.append((at, start + island.start, ""))
        pieces.append((start + island.start, start + island.end, island.kind))
        at = start + island.end
    if at < end:
        pieces.append((at, end, ""))
    hints = _hints(hint, [(kind, any(line.strip() for line in lines[a:b])) for a, b, kind in pieces])
    return [Segment(a + 1, b, own, kind, sure=sure) for (a, b, kind), own in zip(pieces, hints, strict=True)]


def _joined(found: Sequence[Island]) -> list[Island]:
    """Islands with stretches of log made one: what stands between two of them is log too."""
    joined: list[Island] = []
    for island in found:
        if joined and joined[-1].kind == island.kind == "log":
            joined[-1] = Island(joined[-1].start, island.end, "log")
        else:
            joined.append(island)
    return joined


def _around(lines: Sequence[str], island: Island) -> int:
    """Characters before and after an island, blanks left out."""
    return sum(len(line.strip()) for line in (*lines[: island.start], *lines[island.end :]))


def _disputed(lines: Sequence[str], found: Sequence[Island]) -> bool:
    """Whether the islands may be a part of something else after all; JSON that parses and is a good part of the text is not."""
    parsed = sum(len(line) + 1 for i in found if i.kind == "json" for line in lines[i.start : i.end])
    size = sum(map(len, lines)) + len(lines)
    return parsed < _PARSED * size


def _hints(hint: str, pieces: Sequence[tuple[str, bool]]) -> list[str]:
    """Which of several commands each piece is the output of: in order where there are as many, else by what the piece is."""
    commands = [" | ".join(map(shlex.join, stages)) for stages in pipelines(hint)] if hint else []
    loud = [command for command in commands if shows(command).program]
    filled = sum(full for _, full in pieces)
    if len(loud) < 2 or len(pieces) == 1:
        return [hint] * len(pieces)
    if filled == len(loud):
        order = iter(loud)
        return [next(order) if full else "" for _, full in pieces]
    return [next((c for c in loud if shows(c).program.startswith(_SUITS.get(kind, ("\0",)))), "") for kind, _ in pieces]
