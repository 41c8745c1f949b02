"""Which hits of a search are shown: those in the files asked for, and of others those that answer the question best."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress
from math import log
from typing import NamedTuple

from pipeline.compressors.api import Content
from pipeline.compressors.search.asked import looks_elsewhere, mentioned_files
from pipeline.compressors.search.result import Kind, Result
from pipeline.policy import Policy, Profile
from pipeline.query import Query, entity_pattern, stem
from pipeline.transcript import ToolCall

FEWEST_HITS = 20  # below that nothing is left out: of results cut to 10 hits every fifth was missed later, of those cut to 20 none
MANY_HITS = 60  # from here on the hits of files that the question does not name are only counted
_HITS_PER_FILE = {Profile.BALANCED: 10, Profile.AGGRESSIVE: 3}
_HITS_OF_CHOSEN_FILE = {Profile.BALANCED: 40, Profile.AGGRESSIVE: 12}  # the call itself named the file
_NAMED_PER_FILE = 5  # hits shown beyond the limit of a file because they name something that the user named
_NAMES_ENTITY = 1000.0
_UNIT_CHARACTERS = 4000  # that are looked at
_EVERYWHERE = 0.3  # of the hits: what more of them name tells nothing
_LEAST_LEFT_OUT = 0.1  # of the text, or nothing is left out at all: the footer must be paid for
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}|[^\W\d_a-zA-Z]{3,}")


class Unit(NamedTuple):
    """Lines that are kept or left out together, ``[start, end)``: a hit, or hits with their context."""

    start: int
    end: int
    path: str


def choose(content: Content, result: Result, asked: dict[str, None], policy: Policy) -> bytearray:
    """Which lines stay: 1 for each that does, 0 for each that goes."""
    everything = bytearray(b"\1") * len(result.texts)
    hits = result.kinds.count(Kind.HIT)
    if hits < FEWEST_HITS:
        return everything
    units = _units(result)
    by_file: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        by_file.setdefault(unit.path, []).append(index)
    stays = _stays(content, result, units, by_file, _limits(content, by_file, asked, policy.profile, hits))
    shown = everything[:]
    for unit, stay in zip(units, stays, strict=True):
        if not stay:
            shown[unit.start : unit.end] = bytes(unit.end - unit.start)
    if Kind.SEPARATOR in result.kinds:
        _separate(result, shown)
    stay_characters = sum(map(len, compress(result.texts, shown))) + shown.count(1)
    return shown if len(content.text) + 1 - stay_characters >= len(content.text) * _LEAST_LEFT_OUT else everything


def _separate(result: Result, shown: bytearray) -> None:
    """A separator or heading goes with what it introduces."""
    kinds, paths = result.kinds, result.paths
    for index in range(len(kinds) - 2, -1, -1):
        if kinds[index] is Kind.SEPARATOR and not shown[index + 1] and kinds[index + 1] is not Kind.OTHER:
            shown[index] = paths[index] != "" and any(shown[i] and kinds[i] is not Kind.SEPARATOR for i in _section(result, index))


def _section(result: Result, index: int) -> range:
    """The lines below a heading."""
    end = index + 1
    while end < len(result.kinds) and result.kinds[end] is not Kind.OTHER and result.paths[end] in {"", result.paths[index]}:
        end += 1
    return range(index + 1, end)


def _units(result: Result) -> list[Unit]:
    """Single hits, or where context is printed the groups between separators."""
    if Kind.CONTEXT not in result.kinds:
        return [Unit(index, index + 1, result.paths[index]) for index in result.hits(0, len(result.kinds))]
    units: list[Unit] = []
    start = 0
    path: str | None = None  # of the group in hand
    for index, (kind, of) in enumerate(zip(result.kinds, result.paths, strict=True)):
        counts = kind is Kind.HIT or kind is Kind.CONTEXT
        if path is not None and not (counts and of == path):
            units.append(Unit(start, index, path))
            path = None
        if counts and path is None:
            start, path = index, of
    if path is not None:
        units.append(Unit(start, len(result.kinds), path))
    return units


def _limits(content: Content, by_file: Mapping[str, Sequence[int]], asked: Collection[str], profile: Profile, hits: int) -> dict[str, int]:
    """How many hits of each file are shown: all of those asked for, more of those that the call or a word of the question names than of others."""
    chosen = {*_chosen(content.call, by_file), *mentioned_files(by_file, content.query)}
    usual = 0 if asked and hits >= MANY_HITS and not looks_elsewhere(content.query) else _HITS_PER_FILE[profile]
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


def _stays(content: Content, result: Result, units: Sequence[Unit], by_file: Mapping[str, Sequence[int]], limits: Mapping[str, int]) -> list[bool]:
    """Which units stay: of each file those that answer the question best, and some more if they name what it names."""
    crowded = {path: found for path, found in by_file.items() if len(found) > limits[path]}
    scores = _scores(content.query, result, units, [index for found in crowded.values() for index in found])
    stays = [True] * len(units)
    for path, indices in crowded.items():
        best = sorted(indices, key=scores.__getitem__, reverse=True)  # of equals the first before the others
        shown = limits[path]
        named = shown + _NAMED_PER_FILE
        for index in best[shown:named]:
            stays[index] = scores[index] >= _NAMES_ENTITY
        for index in best[named:]:
            stays[index] = False
    return stays


def _scores(query: Query, result: Result, units: Sequence[Unit], indices: Sequence[int]) -> dict[int, float]:
    """How much of the question stands in each of these units: rare words weigh more; what stands nearly everywhere weighs nothing."""
    if not indices:
        return {}
    texts = [_text(result, units[index]) for index in indices]
    lowered = [text.lower() if text.isascii() else "" for text in texts]  # other letters may have several small ones: not looked for that way
    found = _stems(query.stems, texts, lowered)
    counts: dict[str, int] = {}
    for bases in found:
        for base in bases:
            counts[base] = counts.get(base, 0) + 1
    weights = {base: log(len(texts) / count) for base, count in counts.items()}
    scores = [sum([weights[base] for base in bases]) if bases else 0.0 for bases in found]
    for place in _naming(query.entities[:50], texts, lowered):
        scores[place] += _NAMES_ENTITY
    return dict(zip(indices, scores, strict=True))


def _text(result: Result, unit: Unit) -> str:
    if unit.end == unit.start + 1:
        return result.rest(unit.start)[:_UNIT_CHARACTERS]
    return "\n".join(map(result.rest, range(unit.start, unit.end)))[:_UNIT_CHARACTERS]


def _stems(wanted: Sequence[str], texts: Sequence[str], lowered: Sequence[str]) -> list[dict[str, None]]:
    """Which of some stems the words of each text have, in the order of the words."""
    if not wanted:
        return [{} for _ in texts]
    stems = frozenset(wanted)
    known: dict[str, str] = {}  # word -> its stem, where that is asked for
    found: list[dict[str, None]] = []
    for text, lower in zip(texts, lowered, strict=True):
        bases: dict[str, None] = {}
        found.append(bases)
        if lower and not any(map(lower.__contains__, wanted)):  # a word begins with its stem
            continue
        for word in _WORD.findall(text):
            base = known.get(word)
            if base is None:
                base = known[word] = own if (own := stem(word)) in stems else ""
            if base:
                bases[base] = None
    return found


def _naming(entities: tuple[str, ...], texts: Sequence[str], lowered: Sequence[str]) -> list[int]:
    """The places of the texts that have one of the entities; none where too many have."""
    pattern = entity_pattern(entities)
    if pattern is None:
        return []
    small = [entity.lower() for entity in entities] if all(map(str.isascii, entities)) else [""]
    most = len(texts) * _EVERYWHERE
    named: list[int] = []
    for place, (text, lower) in enumerate(zip(texts, lowered, strict=True)):
        if (not lower or any(map(lower.__contains__, small))) and pattern.search(text):
            named.append(place)
            if len(named) > most:
                return []
    return named
