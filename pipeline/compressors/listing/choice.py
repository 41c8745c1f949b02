"""Which entries of a listing stay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipeline.compressors.listing.entries import Entry, Listing, Shape, suffix
from pipeline.compressors.parts import called
from pipeline.compressors.table.named import by_cell, by_entity
from pipeline.policy import Policy, Profile
from pipeline.query import STOP_WORDS, Query, stem

FLOOR = 50  # entries: agents came back for single ones of what was left out of shorter lists
_SHARE = 0.2  # of the entries stay at least
_HEAD = 3  # entries of each folder, as far as there is room
_NAMED = 60
_NAMED_SHARE = 0.25
_TOP, _TOP_ASKED = 3, 12
_RARE = 2
_SIZES = frozenset("size sizes large larger largest big bigger biggest heavy heaviest small smaller smallest space disk huge".split())
_TIMES = frozenset("new newer newest old older oldest recent recently latest last modified changed time date when earliest".split())
_LEAST_STEM = 4
_TEXT = 8000  # characters of a question
_EDGES = re.compile(r"^\W{1,9}|(?:['’]s)?\W{0,9}$")
_DEEP = 4  # the folders that an entry lies in, from within
_ONE_WORD = 30  # names that share a single word with the question


def choose(listing: Listing, lines: Sequence[str], query: Query, policy: Policy) -> bytearray:
    """1 for every line that stays: what is no entry, what is asked for, the largest and newest, the rare, and the first, 50 in all at least."""
    entries = listing.entries
    kept = bytearray(len(entries))
    paths = [e.path if e.name else "" for e in entries]
    most = max(_NAMED, int(_NAMED_SHARE * listing.count))
    for i in (
        *(i for i, e in enumerate(entries) if not e.name and not e.frame),
        *by_entity(paths, query, most),
        *by_cell(("", ""), [[e.name for e in entries], [e.name.rpartition(".")[0] for e in entries]], query, most),
        *called([e.name for e in entries], query, most),
        *_in_asked_folders(entries, query, most),
        *_by_name_and_folder(entries, query, most),
        *_by_words(paths, query, most),
        *_extremes(entries, query),
    ):
        kept[i] = 1
    _rare(entries, kept)
    aggressive = policy.profile is Profile.AGGRESSIVE
    _fill(entries, kept, FLOOR // 2 if aggressive else max(FLOOR, int(_SHARE * listing.count)))
    if listing.shape is Shape.TREE:
        for i in range(len(kept) - 1, -1, -1):
            if kept[i] and i in listing.parents:
                kept[listing.parents[i]] = 1
    _frames(entries, kept)
    return kept


def _in_asked_folders(entries: Sequence[Entry], query: Query, most: int) -> list[int]:
    """Entries of a folder that the question names, if they are not too many."""
    asked = dict.fromkeys(e.strip("/").lower() for e in (*query.entities, *query.quoted) if "/" in e or e in query.quoted)
    if not asked:
        return []
    found: dict[str, list[int]] = {}
    known: dict[str, str] = {}
    for i, entry in enumerate(entries):
        if entry.folder not in known:
            folder = f"/{entry.folder.strip('/').lower()}"
            known[entry.folder] = next((a for a in asked if a and folder.endswith(f"/{a}")), "")
        if known[entry.folder]:
            found.setdefault(known[entry.folder], []).append(i)
    return [i for held in found.values() if len(held) <= most for i in held]


def _by_name_and_folder(entries: Sequence[Entry], query: Query, most: int) -> list[int]:
    """Entries of a name that the question has, but more than can stay, in a folder that it has a word for: ``package.json`` of ``semver``."""
    names = {e.lower() for e in query.entities}
    called = [i for i, e in enumerate(entries) if e.name and e.name.lower() in names] if names else []
    if len(called) <= most:
        return []
    words = [part for word in query.text[:_TEXT].lower().split() if (part := _EDGES.sub("", word)) and part not in STOP_WORDS]
    asked = dict.fromkeys(words)
    held = [i for i in called if any(part in asked for part in entries[i].folder.lower().rstrip("/").split("/")[-_DEEP:])]
    return held if len(held) <= most else []


def _by_words(paths: Sequence[str], query: Query, most: int) -> list[int]:
    """Entries whose name has most of the question's words, if those are few."""
    stems = [s for s in query.stems[:40] if len(s) >= _LEAST_STEM]
    if not stems:
        return []
    lowered = [p.rstrip("/").rsplit("/", 1)[-1].lower() for p in paths]
    scores = [0] * len(paths)
    for one in stems:
        starts = re.compile(rf"(?<![a-z]){re.escape(one)}")
        for i, name in enumerate(lowered):
            if one in name and starts.search(name):
                scores[i] += 1
    best = max(scores, default=0)
    held = [i for i, s in enumerate(scores) if s == best]
    return held if best and len(held) <= (most if best > 1 else _ONE_WORD) else []


def _extremes(entries: Sequence[Entry], query: Query) -> list[int]:
    """The largest and, where the time is asked for, newest and oldest entries."""
    words = {stem(w) for w in query.all_words} | query.all_words
    sizes = sorted((-e.size, i) for i, e in enumerate(entries) if e.size >= 0 and e.name)
    count = _TOP_ASKED if words & _SIZES else _TOP
    found = [i for _, i in sizes[:count]]
    if "small" in " ".join(query.all_words):
        found += [i for _, i in sizes[-count:]]
    if words & _TIMES:
        dated = sorted((_when(e.date), i) for i, e in enumerate(entries) if e.date and e.name)
        found += [i for _, i in (*dated[:3], *dated[-_TOP_ASKED:])]
    return found


_MONTHS = {m: n for n, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DAY = re.compile(r"([A-Za-z]{3})\s+(\d{1,2})\s+(\S+)|(\d{1,2})\s([A-Za-z]{3})\s+(\S+)")


def _when(date: str) -> tuple[int, str]:
    """A time as printed in an order of time: with a clock means this year, without an earlier one."""
    match = _DAY.fullmatch(date)
    if match is None:
        return (9999, date)
    month, day, rest = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
    year = 9999 if ":" in rest else int(rest) if rest.isdigit() else 0
    return (year, f"{_MONTHS.get(month.lower(), 0):02}{int(day):02}{rest if ':' in rest else ''}")


def _rare(entries: Sequence[Entry], kept: bytearray) -> None:
    """One or two entries of an extension that hardly any other has, in a listing of few extensions."""
    counts = Counter(suffix(e.name) for e in entries if e.name and not e.directory)
    commonest, most = counts.most_common(1)[0] if counts else ("", 0)
    if not commonest or most < 0.4 * sum(counts.values()):
        return
    rare = {s for s, n in counts.items() if n <= _RARE and s}
    if len(rare) > FLOOR // 3:
        return
    for i, entry in enumerate(entries):
        if entry.name and suffix(entry.name) in rare:
            kept[i] = 1


def _fill(entries: Sequence[Entry], kept: bytearray, least: int) -> None:
    """The first and last entries, then the head of the listing and the head of every folder, until there are so many."""
    named = [i for i, e in enumerate(entries) if e.name]
    left = least - sum(1 for i in named if kept[i])
    folders: dict[str, int] = {}
    heads: list[int] = []
    for i in named:
        folders[entries[i].folder] = folders.get(entries[i].folder, 0) + 1
        if folders[entries[i].folder] <= _HEAD:
            heads.append(i)
    first = named[: max(2, left * 2 // 3)] if len(folders) > 1 else named
    for i in (*named[:1], *named[-3:]):
        left -= 1 - kept[i]
        kept[i] = 1
    for i in (*first, *heads, *named):
        if left <= 0:
            break
        left -= 1 - kept[i]
        kept[i] = 1


def _frames(entries: Sequence[Entry], kept: bytearray) -> None:
    """Headings of the sections that something stays of; blank lines between sections left out go with them."""
    shown = {e.folder for i, e in enumerate(entries) if kept[i] and e.name}
    for i, entry in enumerate(entries):
        if entry.frame and entry.folder in shown:
            kept[i] = 1
