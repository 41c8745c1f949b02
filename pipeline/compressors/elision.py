"""From lines that are kept and lines that are not to a text with markers; shared by compressors whose units are lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from pipeline.compressors.api import Gap
from pipeline.markers import gap

NOTED = 10  # from so many lines on a marker says what they are
_WORTH = 1.5  # a run stays where its text is not this many times as long as its marker
_LEAST = _WORTH * len("[… 1]\n")  # characters: no marker is shorter
_FILES = 150  # in a marker
_PATH = 200  # characters
_ANSI = re.compile(r"\x1b(?:\[[0-9;:?]{0,40}[A-Za-z]|[()][A-Z0-9])")


def units(lines: list[str]) -> list[str]:
    """Lines that can be left out: all but the empty one after a last line break."""
    return lines[:-1] if len(lines) > 1 and lines[-1] == "" else lines


def plain(lines: list[str], text: str) -> list[str]:
    """Lines as they are parsed: without colours, carriage returns at the end and a byte order mark. As many as ``lines``."""
    if "\x1b" in text:
        lines = _ANSI.sub("", "\n".join(lines)).split("\n")
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    if lines[0].startswith("\ufeff"):
        lines = [lines[0][1:], *lines[1:]]
    return lines


def gaps_of(lines: Sequence[str], kept: bytearray, note: Callable[[int, int], str]) -> list[tuple[Gap, str]]:
    """The runs left out, each with its marker, without those that are hardly longer than their marker.

    Args:
        lines: the units.
        kept: 0 for every line that may go.
        note: what lines ``[start, end)`` are, for the marker; ``""`` if their numbers say enough.
    """
    found: list[tuple[Gap, str]] = []
    for start, end in _runs(kept):
        size = sum(map(len, lines[start:end])) + end - start
        if size < _LEAST:
            continue
        marker = gap(start + 1, end, note(start, end))
        if size >= _WORTH * (len(marker) + 1):
            found.append((Gap(start + 1, end), marker))
    return found


def render(lines: Sequence[str], gaps: Sequence[tuple[Gap, str]]) -> str:
    """The lines, and a marker in the place of every gap."""
    out: list[str] = []
    at = 0
    for left_out, marker in gaps:
        out += lines[at : left_out.first - 1]
        out.append(marker)
        at = left_out.last
    out += lines[at:]
    return "\n".join(out)


def by_folder(counts: Counter[str]) -> str:
    """Files with their counts, for a marker: ``src/: a.c 3, b.c 2; test/: c.c 9``, each folder once as long as its files follow each other."""
    parts: list[str] = []
    before = None
    for path in islice(counts, _FILES):
        folder, slash, name = path[-_PATH:].rpartition("/")
        item = f"{name} {counts[path]}"
        if folder + slash == before:
            parts[-1] += f", {item}"
        else:
            parts.append(f"{folder}/: {item}" if slash else item)
        before = folder + slash
    rest = list(counts.values())[_FILES:]
    if rest:
        parts.append(f"{len(rest)} more files {sum(rest)}")
    return _unbracketed("; ".join(parts))


def clean(path: str) -> str:
    """A path that cannot end a marker; of a long one the end."""
    return _unbracketed(path[-_PATH:])


def _unbracketed(text: str) -> str:
    return text.replace("]", ")").replace("[", "(")


def _runs(kept: bytearray) -> Iterator[tuple[int, int]]:
    start = kept.find(0)
    while start >= 0:
        end = kept.find(1, start)
        if end < 0:
            end = len(kept)
        yield start, end
        start = kept.find(0, end)
