"""Stanzas of ``Key: value`` lines with blank lines between them: ``apt show``, ``dpkg -s``, ``/proc/cpuinfo``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compressors.api import Gap
from pipeline.compressors.severity import ERROR, severity
from pipeline.compressors.table.named import by_cell, by_entity
from pipeline.markers import gap
from pipeline.query import Query, stem

LEAST = 4  # stanzas
_KEY = re.compile(r"([A-Za-z][\w .()/-]{0,40}?)\s{0,20}[:=](?:\s+|$)(.{0,4000})")
_SAME = 0.8  # of the stanzas begin with the same key
_LIKE = 0.85  # of the lines are keys or indented
_SHORT = frozenset("version status state id".split())
_WORD = re.compile(r"[A-Za-z]{2,}|\d+")
_WORTH = 1.3


@dataclass(frozen=True, slots=True)
class Stanza:
    """Lines ``[start, end)``, the keys by line, the value of the first."""

    start: int
    end: int
    keys: tuple[str, ...]
    title: str


def stanzas(lines: Sequence[str]) -> list[Stanza]:
    """The stanzas that a text consists of; none if it does not."""
    found: list[Stanza] = []
    like = filled = start = 0
    for i in range(len(lines) + 1):
        if i < len(lines) and lines[i].strip() and lines[i] != "---":
            filled += 1
            like += lines[i][:1] in " \t" or _KEY.match(lines[i]) is not None
            continue
        if i > start:
            found.append(_stanza(lines, start, i))
        start = i + 1
    if len(found) < LEAST or like < _LIKE * filled:
        return []
    first, count = Counter(s.keys[0] for s in found).most_common(1)[0]
    titles = {s.title for s in found}
    return found if first and count >= _SAME * len(found) and len(titles) > len(found) // 2 and filled >= 3 * len(found) else []


def _stanza(lines: Sequence[str], start: int, end: int) -> Stanza:
    keys: list[str] = []
    title = ""
    for line in lines[start:end]:
        match = None if line[:1] in " \t" else _KEY.match(line)
        if not keys and match:
            title = match[2].strip()
        keys.append(match[1] if match else (keys[-1] if keys else ""))
    return Stanza(start, end, tuple(keys), title)


def choose(found: Sequence[Stanza], lines: Sequence[str], query: Query) -> bytearray:
    """1 for every line that stays: stanzas that are named whole, of the others the first line, short facts, and the keys that are asked for."""
    kept = bytearray(b"\x01" * len(lines))
    most = max(3, len(found) // 3)
    named = dict.fromkeys(by_cell(("",), [[s.title for s in found]], Query(query.text), most))
    named.update(by_entity([" ".join(lines[s.start : s.end]) for s in found], Query(query.text), most))
    said = {stem(w) for w in query.all_words} | query.all_words
    asked = {k for s in found for k in s.keys if k and all(stem(w.lower()) in said or w.lower() in said for w in _WORD.findall(k))}
    for number, stanza in enumerate(found):
        if number in named:
            continue
        for i, key in enumerate(stanza.keys):
            stays = i == 0 or key.lower() in _SHORT or (key in asked and not named) or severity(lines[stanza.start + i]) >= ERROR
            kept[stanza.start + i] = stays
    return kept


def runs_of(found: Sequence[Stanza], lines: Sequence[str], kept: Sequence[int]) -> list[tuple[Gap, str]]:
    """The runs left out with their markers: from which key to which."""
    runs: list[tuple[Gap, str]] = []
    for stanza in found:
        at = stanza.start
        while at < stanza.end:
            end = at
            while end < stanza.end and not kept[end]:
                end += 1
            if end > at:
                keys = stanza.keys[at - stanza.start : end - stanza.start]
                marker = gap(at + 1, end, f"{keys[0]} to {keys[-1]}" if keys[0] != keys[-1] else keys[0])
                if sum(map(len, lines[at:end])) >= _WORTH * len(marker):
                    runs.append((Gap(at + 1, end), marker))
            at = end + 1
    return runs
