"""Which hits of a search are shown: those in the files asked for, and of others those that answer the question best."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import log
from typing import NamedTuple

from pipeline.compressors.api import Content
from pipeline.compressors.search.result import HEAD, Kind, Line
from pipeline.policy import Policy, Profile
from pipeline.query import Query, entity_pattern, stem
from pipeline.transcript import ToolCall

FEWEST_HITS = 20  # below that nothing is left out: of results cut to 10 hits every fifth was missed later, of those cut to 20 none
MANY_HITS = 60  # from here on the hits of files that the question does not name are only counted
_HITS_PER_FILE = {Profile.BALANCED: 10, Profile.AGGRESSIVE: 3}
_HITS_OF_CHOSEN_FILE = {Profile.BALANCED: 40, Profile.AGGRESSIVE: 12}  # the call itself named the file
_NAMED_PER_FILE = 5  # hits shown beyond the limit of a file because they name something that the user named
_NAMES_ENTITY = 1000.0
_EVERYWHERE = 0.3  # of the hits: what more of them name tells nothing
_LEAST_LEFT_OUT = 0.1  # of the text, or nothing is left out at all: the footer must be paid for
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}|[^\W\d_a-zA-Z]{3,}")


class Unit(NamedTuple):
    """Lines that are kept or left out together, ``[start, end)``: a hit, or hits with their context."""

    start: int
    end: int
    path: str


def asked_files(paths: dict[str, None], query: Query) -> dict[str, None]:
    """The paths that the user named: whole, by their last parts or by their base name."""
    entities = {e.removeprefix("./") for e in query.entities}
    if not entities:
        return {}
    return {path: None for path in paths if any(suffix in entities for suffix in _suffixes(path))}


def _suffixes(path: str) -> Iterator[str]:
    """``a/b/c.py``, ``b/c.py``, ``c.py``."""
    path = path[:HEAD].replace("\\", "/").removeprefix("./")
    while True:
        yield path
        slash = path.find("/")
        if slash < 0:
            return
        path = path[slash + 1 :]


def choose(content: Content, lines: Sequence[Line], asked: dict[str, None], policy: Policy) -> list[bool]:
    """Which lines stay."""
    hits = sum(line.kind is Kind.HIT for line in lines)
    if hits < FEWEST_HITS:
        return [True] * len(lines)
    units = _units(lines)
    by_file: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        by_file.setdefault(unit.path, []).append(index)
    stays = _stays(content, lines, units, by_file, _limits(content.call, by_file, asked, policy.profile, hits))
    shown = [True] * len(lines)
    for unit, stay in zip(units, stays, strict=True):
        if not stay:
            shown[unit.start : unit.end] = [False] * (unit.end - unit.start)
    for index in range(len(lines) - 2, -1, -1):  # a separator or heading goes with what it introduces
        if lines[index].kind is Kind.SEPARATOR and not shown[index + 1] and lines[index + 1].kind is not Kind.OTHER:
            shown[index] = lines[index].path != "" and any(shown[i] and lines[i].kind is not Kind.SEPARATOR for i in _section(lines, index))
    hidden = sum(len(text) + 1 for text, show in zip(content.lines, shown, strict=True) if not show)
    return shown if hidden >= len(content.text) * _LEAST_LEFT_OUT else [True] * len(lines)


def _section(lines: Sequence[Line], index: int) -> range:
    """The lines below a heading."""
    end = index + 1
    while end < len(lines) and lines[end].kind is not Kind.OTHER and lines[end].path in {"", lines[index].path}:
        end += 1
    return range(index + 1, end)


def _units(lines: Sequence[Line]) -> list[Unit]:
    """Single hits, or where context is printed the groups between separators."""
    grouped = any(line.kind is Kind.CONTEXT for line in lines)
    units: list[Unit] = []
    for index, line in enumerate(lines):
        if line.kind not in {Kind.HIT, Kind.CONTEXT}:
            continue
        if grouped and units and units[-1].end == index and units[-1].path == line.path:
            units[-1] = units[-1]._replace(end=index + 1)
        else:
            units.append(Unit(index, index + 1, line.path))
    return units


def _limits(call: ToolCall | None, by_file: Mapping[str, Sequence[int]], asked: Collection[str], profile: Profile, hits: int) -> dict[str, int]:
    """How many hits of each file are shown: all of those asked for, more of those that the call names than of others."""
    chosen = _chosen(call, by_file)
    usual = 0 if asked and hits >= MANY_HITS else _HITS_PER_FILE[profile]
    limits = {}
    for path, units in by_file.items():
        if path in asked:
            limits[path] = len(units)
        else:
            limits[path] = _HITS_OF_CHOSEN_FILE[profile] if path in chosen or len(by_file) == 1 else usual
    return limits


def _chosen(call: ToolCall | None, paths: Iterable[str]) -> frozenset[str]:
    """Files that the call itself names."""
    if call is None:
        return frozenset()
    words = {w.removeprefix("./") for w in (*call.command[:4000].split(), call.path)}
    return frozenset(p for p in paths if p.removeprefix("./") in words)


def _stays(
    content: Content, lines: Sequence[Line], units: Sequence[Unit], by_file: Mapping[str, Sequence[int]], limits: Mapping[str, int]
) -> list[bool]:
    """Which units stay: of each file those that answer the question best, and some more if they name what it names."""
    crowded = [i for path, found in by_file.items() if len(found) > limits[path] for i in found]
    scores = _scores(content.query, lines, units, crowded)
    stays = [True] * len(units)
    for path, indices in by_file.items():
        best = sorted(indices, key=lambda i: (-scores.get(i, 0.0), i))
        shown = limits[path]
        most = shown + _NAMED_PER_FILE
        for rank, index in enumerate(best):
            stays[index] = rank < shown or (rank < most and scores[index] >= _NAMES_ENTITY)
    return stays


def _scores(query: Query, lines: Sequence[Line], units: Sequence[Unit], indices: Sequence[int]) -> dict[int, float]:
    """How much of the question stands in each of these units: rare words weigh more; what stands nearly everywhere weighs nothing."""
    texts = {i: "\n".join([line.rest for line in lines[units[i].start : units[i].end]])[:4000] for i in indices}
    scores = dict.fromkeys(indices, 0.0)
    stems = frozenset(query.stems)
    if stems:
        known: dict[str, str] = {}  # word -> its stem, where that is asked for
        counts: Counter[str] = Counter()
        found: dict[int, dict[str, None]] = {}
        for index, text in texts.items():
            found[index] = {}
            for word in _WORD.findall(text):
                base = known.get(word)
                if base is None:
                    base = known[word] = own if (own := stem(word)) in stems else ""
                if base:
                    found[index][base] = None
            counts.update(list(found[index]))
        for index, bases in found.items():
            scores[index] = sum(log(len(texts) / counts[base]) for base in bases)
    pattern = entity_pattern(query.entities[:50])
    if pattern is not None:
        named = [i for i, text in texts.items() if pattern.search(text)]
        if len(named) <= len(texts) * _EVERYWHERE:
            for index in named:
                scores[index] += _NAMES_ENTITY
    return scores
