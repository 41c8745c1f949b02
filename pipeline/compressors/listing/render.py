"""How a shortened listing is printed: lines as they were, paths below their folder, and a marker that counts in the place of every run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.compressors.api import Gap
from pipeline.compressors.listing.entries import Entry, suffix
from pipeline.compressors.table.render import clean
from pipeline.markers import gap

_NOTED = 10
_WORTH = 1.3
_FOLDERS = 6
_DEPTH = 12
_SUFFIXES = 4
_TELLING = 60  # characters of a folder in a marker
_FROM_WHERE = re.compile(r"(?:\.{0,2}|~)/|[A-Za-z]:[/\\]|(?:\.{1,2}|\s{0,1000})$")  # what says itself from where it is, and blank lines


class Run(NamedTuple):
    """Lines left out, ``[start, end)``, and what stands in their place."""

    start: int
    end: int
    marker: str


def runs_of(lines: Sequence[str], entries: Sequence[Entry], kept: Sequence[int]) -> list[Run]:
    """What is left out, without the runs that are hardly longer than their marker."""
    runs: list[Run] = []
    start = 0
    while start < len(lines):
        if kept[start]:
            start += 1
            continue
        end = start
        while end < len(lines) and not kept[end]:
            end += 1
        marker = gap(start + 1, end, note(entries[start:end]))
        if sum(len(line) + 1 for line in lines[start:end]) >= _WORTH * len(marker):
            runs.append(Run(start, end, marker))
        start = end
    return runs


def note(entries: Sequence[Entry]) -> str:
    """How many entries of which folder, by extension where it is one folder, and from which name to which where they are in order."""
    named = [e for e in entries if e.name]
    if len(named) < _NOTED:
        return ""
    folders = Counter(e.folder for e in named)
    if len(folders) > 1:
        return f"{len(named)} entries{_by_folder(folders)}"
    names = [e.name.lower() for e in named]
    order = f"{clean(named[0].name)} to {clean(named[-1].name)}: " if names == sorted(names) else ""
    return order + by_suffix(named)


def by_suffix(entries: Sequence[Entry]) -> str:
    """``24 .py, 3 .md, 2 folders``, the commonest first."""
    counts = Counter("folders" if e.directory else suffix(e.name) or "without extension" for e in entries)
    found = sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    parts = [f"{n} {s}" for s, n in found[:_SUFFIXES]]
    if len(found) > _SUFFIXES:
        parts.append(f"{sum(n for _, n in found[_SUFFIXES:])} others")
    return ", ".join(parts)


def _by_folder(folders: Counter[str]) -> str:
    """`` below src/: proxy/ 22, cli/ 12``: the parts of the tree by count, as deep as so few of them can tell."""
    split = {folder: folder.rstrip("/").split("/")[:_DEPTH] for folder in folders}
    paths = list(split.values())
    shared = 0
    while all(len(p) > shared and p[shared] == paths[0][shared] for p in paths):
        shared += 1
    parts: Counter[str] = Counter()
    for depth in range(shared + 1, _DEPTH):
        deeper: Counter[str] = Counter()
        for folder, count in folders.items():
            deeper["/".join(split[folder][shared:depth])] += count
        if parts and (len(deeper) > _FOLDERS or len(deeper) == len(parts)):
            break
        parts = deeper
    commonest = sorted(parts.items(), key=lambda f: (-f[1], f[0]))
    told = [f"{_clean_folder(f) or '.'}/ {n}" for f, n in commonest[:_FOLDERS]]
    if len(parts) > _FOLDERS:
        told.append(f"{len(parts) - _FOLDERS} more folders {sum(n for _, n in commonest[_FOLDERS:])}")
    root = _clean_folder("/".join(paths[0][:shared]))
    return f"{f' below {root}/' if root else ''}: {', '.join(told)}"


def _clean_folder(folder: str) -> str:
    """A folder that cannot end a marker, its end where it is long."""
    folder = " ".join(folder.replace("]", ")").replace("[", "(").split())
    return folder if len(folder) <= _TELLING else "…" + folder[1 - _TELLING :]


def render(lines: Sequence[str], entries: Sequence[Entry], runs: Sequence[Run], *, grouped: bool) -> Iterator[str]:
    """The lines that stay, and the markers; with ``grouped`` paths below their folder, each without it.

    The first folder is one that several paths on end lie in. From there on all that could be read as a name in the folder above it stands below
    its own, be it ``./``; not a path that says itself from where it is.
    """
    done = 0
    headed = False
    for run in (*runs, Run(len(lines), len(lines), "")):
        start = done
        while start < run.start:
            folder = entries[start].folder
            end = start + 1
            while end < run.start and entries[end].folder == folder:
                end += 1
            several = end - start > 1 and len(folder) > 1
            if grouped and (several or (headed and not all(map(_FROM_WHERE.match, lines[start:end])))):
                headed = True
                yield folder or "./"
                yield from (line[len(folder) :] for line in lines[start:end])
            else:
                yield from lines[start:end]
            start = end
        if run.marker:
            yield run.marker
        done = run.end


def may_group(lines: Sequence[str], entries: Sequence[Entry]) -> bool:
    """Whether folders, names and markers on lines of their own can be told from each other: no path ends with a slash, for one."""
    return all(
        entry.size < 0
        and not line.endswith(("/", "/\r"))
        and not (entry.folder and (entry.name in (".", "..") or entry.name.isspace() or entry.name.startswith("[…")))
        for line, entry in zip(lines, entries, strict=True)
    )


def gaps_of(runs: Sequence[Run]) -> tuple[Gap, ...]:
    """The runs as units left out."""
    return tuple(Gap(run.start + 1, run.end) for run in runs)
