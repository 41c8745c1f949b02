"""How a search result is printed: each path once, and a marker in the place of what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.compressors.elision import by_folder, clean
from pipeline.compressors.search.result import Kind, Line, Shape
from pipeline.markers import gap

_WORTH = 1.5  # a run stays where its text is not this many times as long as its marker


class Run(NamedTuple):
    """Lines left out, ``[start, end)``, and what stands in their place; ``path`` where that belongs below a path already shown."""

    start: int
    end: int
    marker: str
    path: str


def runs_of(texts: Sequence[str], lines: Sequence[Line], shown: Sequence[bool]) -> list[Run]:
    """What is left out, without the runs that are hardly longer than their marker."""
    runs: list[Run] = []
    start = 0
    while start < len(lines):
        if shown[start]:
            start += 1
            continue
        end = start
        while end < len(lines) and not shown[end]:
            end += 1
        run = _run(lines, start, end, shown)
        if sum(len(text) + 1 for text in texts[start:end]) >= _WORTH * len(run.marker):
            runs.append(run)
        start = end
    return runs


def _run(lines: Sequence[Line], start: int, end: int, shown: Sequence[bool]) -> Run:
    """How many hits are left out, of which files, and on which of their lines where it is one file."""
    hits = [line for line in lines[start:end] if line.kind is Kind.HIT]
    counts = Counter(line.path for line in hits)
    note = f"{len(hits)} hit{'' if len(hits) == 1 else 's'}"
    path = ""
    if len(counts) > 1:
        note += f" in {len(counts)} files: {by_folder(counts)}"
    elif hits:
        path = hits[0].path
        if path not in (_neighbour(lines, shown, range(start - 1, -1, -1)), _neighbour(lines, shown, range(end, len(lines)))):
            note, path = f"{note} in {clean(path)}", ""
        if hits[0].number:
            note += f", file line{'' if len(hits) == 1 else 's'} {_numbers(hits)}"
    return Run(start, end, gap(start + 1, end, note), path)


def _numbers(hits: Sequence[Line]) -> str:
    return str(hits[0].number) if len(hits) == 1 else f"{hits[0].number}-{hits[-1].number}"


def _neighbour(lines: Sequence[Line], shown: Sequence[bool], indices: range) -> str:
    """The file of the next line, separators not counted, if that line is shown."""
    for index in indices:
        if lines[index].kind is not Kind.SEPARATOR or lines[index].path:
            return lines[index].path if shown[index] else ""
    return ""


def render(texts: Sequence[str], lines: Sequence[Line], runs: Sequence[Run], shape: Shape) -> Iterator[str]:
    """The lines that are shown, below their paths where the path stood in every line."""
    regroup = shape in {Shape.FULL, Shape.NAMED}
    pieces: list[tuple[str, str, str]] = []  # path, text as it was, text below its path
    done = 0
    for run in (*runs, Run(len(lines), len(lines), "", "")):
        for line, text in zip(lines[done : run.start], texts[done : run.start], strict=True):
            alone = text if line.kind is Kind.HIT else ""
            pieces.append((line.path, alone, line.rest) if regroup and line.path else ("", text, text))
        if run.marker:
            pieces.append((run.path, "", run.marker) if regroup and run.path else ("", run.marker, run.marker))
        done = run.end
    return _grouped(pieces)


def _grouped(pieces: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Pieces with each path once; a hit that is alone with its path stays as it was."""
    current = ""
    for index, (path, whole, rest) in enumerate(pieces):
        if not path:
            current = current if whole == "--" else ""
            yield whole
            continue
        if path != current:
            following = next((p for p, text, _ in pieces[index + 1 : index + 3] if p or text != "--"), "")
            if following != path and whole:
                current = ""
                yield whole
                continue
            yield path
        current = path
        yield rest


def summary(lines: Sequence[Line], runs: Sequence[Run], asked: dict[str, None]) -> str:
    if not runs:
        return ""
    hidden = Counter(line.path for run in runs for line in lines[run.start : run.end] if line.kind is Kind.HIT)
    whole = [path for path in asked if path not in hidden]
    what = f"{sum(hidden.values())} hits, counted by file"
    if not whole:
        return what
    return f"{what}; every hit in {clean(whole[0]) if len(whole) == 1 else f'the {len(whole)} files asked for'} shown"
