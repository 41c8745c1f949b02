"""How a search result is printed: each path once, and a marker in the place of what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.compressors.elision import by_folder, clean
from pipeline.compressors.search.result import Kind, Result, Shape
from pipeline.markers import gap

_FEW = 10  # lines of all files asked for
_WORTH = 1.5  # a run stays where its text is not this many times as long as its marker


class Run(NamedTuple):
    """Lines left out, ``[start, end)``, and what stands in their place; ``path`` where that belongs below a path already shown."""

    start: int
    end: int
    marker: str
    path: str


def runs_of(result: Result, shown: bytearray) -> list[Run]:
    """What is left out, without the runs that are hardly longer than their marker."""
    runs: list[Run] = []
    start = shown.find(0)
    while start >= 0:
        end = shown.find(1, start)
        if end < 0:
            end = len(shown)
        run = _run(result, start, end, shown)
        if sum(map(len, result.texts[start:end])) + end - start >= _WORTH * len(run.marker):
            runs.append(run)
        start = shown.find(0, end)
    return runs


def _run(result: Result, start: int, end: int, shown: bytearray) -> Run:
    """How many hits are left out, of which files, and on which of their lines where it is one file."""
    hits = result.hits(start, end)
    counts = Counter([result.paths[index] for index in hits])
    note = f"{len(hits)} hit{'' if len(hits) == 1 else 's'}"
    path = ""
    if len(counts) > 1:
        note += f" in {len(counts)} files: {by_folder(counts)}"
    elif hits:
        path = result.paths[hits[0]]
        if path not in (_neighbour(result, shown, range(start - 1, -1, -1)), _neighbour(result, shown, range(end, len(shown)))):
            note, path = f"{note} in {clean(path)}", ""
        numbers = [int(result.numbers[index] or 0) for index in (hits[0], hits[-1])]
        if numbers[0]:
            note += f", file line {numbers[0]}" if len(hits) == 1 else f", file lines {numbers[0]}-{numbers[1]}"
    return Run(start, end, gap(start + 1, end, note), path)


def _neighbour(result: Result, shown: bytearray, indices: range) -> str:
    """The file of the next line, separators not counted, if that line is shown."""
    for index in indices:
        if result.kinds[index] is not Kind.SEPARATOR or result.paths[index]:
            return result.paths[index] if shown[index] else ""
    return ""


def render(result: Result, runs: Sequence[Run], shape: Shape, asked: Iterable[str] = ()) -> list[str]:
    """The lines that are shown, below their paths where the path stood in every line.

    If something is left out, the lines of the files asked for stay as they were printed where they are few: a line with its place can be quoted.
    """
    out: list[str] = []
    done = 0
    if shape not in {Shape.FULL, Shape.NAMED}:
        for run in runs:
            out += [*result.texts[done : run.start], run.marker]
            done = run.end
        return out + list(result.texts[done:])
    paths: list[str] = []
    places: list[int] = []  # of the line in the result; below 0 of a marker among the runs, counted from the last
    for number, run in enumerate(runs, -len(runs)):
        paths += [*result.paths[done : run.start], run.path]
        places += [*range(done, run.start), number]
        done = run.end
    paths += result.paths[done:]
    places += range(done, len(result.texts))
    whole = frozenset(asked) if runs and Kind.CONTEXT not in result.kinds else frozenset[str]()
    few = sum(path in whole for path in result.paths) <= _FEW
    return _grouped(result, runs, paths, places, whole if few else frozenset())


def _grouped(result: Result, runs: Sequence[Run], paths: Sequence[str], places: Sequence[int], whole: frozenset[str]) -> list[str]:
    """Lines and markers with each path once; a hit that is alone with its path stays as it was, and so do those of some files."""
    texts, starts = result.texts, result.starts
    out: list[str] = []
    current = ""
    for index, (path, place) in enumerate(zip(paths, places, strict=True)):
        text = texts[place] if place >= 0 else runs[place].marker
        if not path:
            current = current if text == "--" else ""
            out.append(text)
            continue
        if path in whole and place >= 0:
            current = ""
            out.append(text)
            continue
        if path != current:
            if place >= 0 and result.kinds[place] is Kind.HIT and _following(result, paths, places, index) != path:
                current = ""
                out.append(text)
                continue
            out.append(path)
            current = path
        out.append(text[starts[place] :] if place >= 0 else text)
    return out


def _following(result: Result, paths: Sequence[str], places: Sequence[int], index: int) -> str:
    """The path of the next line or marker, a separator between them not counted."""
    for after in range(index + 1, min(index + 3, len(paths))):
        if paths[after] or places[after] < 0 or result.texts[places[after]] != "--":
            return paths[after]
    return ""


def summary(result: Result, runs: Sequence[Run], asked: dict[str, None]) -> str:
    if not runs:
        return ""
    hidden = [result.paths[index] for run in runs for index in result.hits(run.start, run.end)]
    of_hidden = frozenset(hidden)
    whole = [path for path in asked if path not in of_hidden]
    what = f"{len(hidden)} hits, counted by file"
    if not whole:
        return what
    return f"{what}; every hit in {clean(whole[0]) if len(whole) == 1 else f'the {len(whole)} files asked for'} shown"
