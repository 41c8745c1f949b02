"""Which commits of a history the question is about: by hash, subject, number, author, file or word, and how surely."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log
from typing import NamedTuple

from pipeline.compressors.asked import call_paths, hits_of, names_of
from pipeline.compressors.commits import HEADER, NAME, STAT, Commit, History
from pipeline.query import STOP_WORDS, Query, stem
from pipeline.transcript import ToolCall

_HASH = re.compile(r"\b[0-9a-f]{7,64}\b")
NUMBER = re.compile(r"#\d{1,9}\b")
_WORD = re.compile(r"[^\W\d_]{4,}")
_SHORT_WORD = re.compile(r"[^\W_]{2,}")
_PULL_REQUEST = re.compile(r"\s{0,9}\(#\d{1,9}\)$")
_AUTHOR = re.compile(r"(?i:author): {0,9}(?P<name>[^<\n]{1,100}?) {0,3}<(?P<mail>[^>\n]{1,200})>")
_SHORT_SUBJECT = 12  # characters; a subject so short may stand in any question
_FEW = 5  # commits that a word or a name may single out
_TELLING = 0.5  # of the commits: what more of them have tells nothing
_AUTHORS = 1000  # that are looked for
_PART = re.compile(r"[^\W\d_]{4,40}")  # of a name, by which an author may be called
_TEXT = 20_000  # characters of a question

# What a question asks of all commits, so that nothing of them may go.
_WHO = frozenset("who whom whose author authors wrote written by committer committers committed contributor contributors maintainer people".split())
_WHEN = frozenset(
    """when date dates dated day days week weeks month months year years time times since until before after between recent recently latest last
    ago today yesterday oldest newest first timeline earlier later older newer january february march april june july august september october
    november december jan feb mar apr jun jul aug sep sept oct nov dec""".split()
)
_RANGE = frozenset("since until before after between from following preceding earlier later older newer".split())
_OVERVIEW = frozenset(
    "summarise summarize summary overview changelog changelogs notes lately recently history timeline progress style convention conventions".split()
)
_OF_HISTORIES = frozenset("commit commits change changes changed touch touches touched git log hash hashes subject subjects happened whole".split())
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


class Focus(enum.IntEnum):
    """What of the commits that are not asked for stays."""

    NONE = 0  # none is asked for: hash, subject and what else the question may mean
    WORDS = 1  # some share words or names with the question: hash and subject
    NAMED = 2  # some are named outright: the subject


class Asked(NamedTuple):
    """The commits that were asked for.

    Args:
        whole: of which everything stays.
        starts: where those begin of which the header stays: all of ``whole``, and what shares less with the question.
        focus: what stays of the others.
    """

    whole: list[Commit]
    starts: frozenset[int]
    focus: Focus


def asks_for_headers(query: Query) -> bool:
    """Whether the question may be about the authors or the dates of all commits, or says nothing."""
    words = query.all_words
    return not words or not words.isdisjoint(_WHO | _WHEN) or _YEAR.search(query.text) is not None


def asked_commits(plain: Sequence[str], history: History, query: Query, call: ToolCall | None) -> Asked:
    """The commits that a question names, or else those whose subjects share most words with it."""
    text = " ".join(query.text[:_TEXT].casefold().split())
    commits = history.commits
    called = _by_hash(commits, [p for p in call_paths(call) if _HASH.fullmatch(p)])  # where a history begins: that says nothing of the rest
    outright = _by_hash(commits, _HASH.findall(text)) + [c for c in commits if _quoted(c.subject, text)]
    outright += _by_hits(commits, [*NUMBER.findall(query.text), *(q for q in query.quoted if " " in q and len(q) >= _SHORT_SUBJECT)])
    named = _by_hits(commits, names_of(query))
    files = _telling(_by_files(plain, history, query), commits)
    authors, surely = _by_author(plain, history, query)
    authors = _telling(authors, commits)
    whole = outright + named or ([] if files or authors or called else _by_words(commits, query))
    starts = {c.start: None for c in (*whole, *files, *authors)}
    if whole and not outright:
        starts.update({commits[n].start: None for n in sharing_words([c.subject for c in commits], query)})
    wholes = {c.start for c in (*whole, *called)}
    return Asked(
        [c for c in commits if c.start in wholes],
        frozenset([*starts, *wholes]),
        _focus(query, bool(outright or files or (authors and surely)), bool(starts)),
    )


def sharing_words(texts: Sequence[str], query: Query) -> list[int]:
    """Which of some short texts share a word with the question that few enough of them have; names may be short: ``ssl``, ``CI``."""
    words = _SHORT_WORD.findall(query.text[:_TEXT])
    wanted = {stem(w) for w in words if (len(w) > 2 or w.isupper()) and w.lower() not in STOP_WORDS and w.lower() not in _OF_HISTORIES}
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for word in dict.fromkeys(stem(w) for w in _SHORT_WORD.findall(text)):
            if word in wanted:
                places.setdefault(word, []).append(place)
    most = _TELLING * len(texts)
    return sorted({place for found in places.values() if len(found) <= most for place in found})


def asks_for_all(query: Query) -> bool:
    """Whether the question is about the history as a whole."""
    return not query.all_words.isdisjoint(_OVERVIEW)


def asks_for_range(query: Query) -> bool:
    """Whether the question is about the commits before, after or between those that it names."""
    return not query.all_words.isdisjoint(_RANGE)


def _focus(query: Query, outright: bool, asked: bool) -> Focus:
    if not asked or asks_for_all(query):
        return Focus.NONE
    return Focus.NAMED if outright and not asks_for_range(query) else Focus.WORDS


def _telling(found: list[Commit], commits: Sequence[Commit]) -> list[Commit]:
    """The commits found, unless that are most."""
    return found if len(found) <= max(1, _TELLING * len(commits)) else []


def _by_hash(commits: Sequence[Commit], hashes: Sequence[str]) -> list[Commit]:
    return [c for c in commits if c.id.startswith(tuple(hashes))]


def _by_hits(commits: Sequence[Commit], names: Iterable[str]) -> list[Commit]:
    """The few commits in whose subjects a name stands."""
    return [commits[n] for hits in hits_of([c.subject for c in commits], names, _FEW) for n in hits]


def _by_files(plain: Sequence[str], history: History, query: Query) -> list[Commit]:
    """The commits below which a file is listed that the question names."""
    names = [e for e in names_of(query) if " " not in e]
    if not names:
        return []
    listed = [i for i, kind in enumerate(history.kinds) if kind in {STAT, NAME}]
    texts = [plain[i] for i in listed]
    found = hits_of(texts, names, len(listed))
    if not found:  # --stat cuts long paths at the left
        found = hits_of(texts, [n.rpartition("/")[2] for n in names if "/" in n], len(listed))
    hits = {listed[n] for of_name in found for n in of_name}
    return [c for c in history.commits if any(i in hits for i in range(c.start, c.end))] if hits else []


def _by_author(plain: Sequence[str], history: History, query: Query) -> tuple[list[Commit], bool]:
    """The commits whose author the question names, and whether it does so by the whole name or by the address."""
    authors: dict[tuple[str, str], list[Commit]] = {}
    for commit in history.commits:
        line = next((plain[i] for i in range(commit.start + 1, commit.end) if history.kinds[i] == HEADER and "uthor" in plain[i][:400]), "")
        if match := _AUTHOR.search(line[:400]):
            authors.setdefault((match["name"], match["mail"]), []).append(commit)
    text = query.text[:_TEXT]
    folded = text.casefold()
    words = frozenset(_PART.findall(text))
    whole: list[Commit] = []
    partly: list[Commit] = []
    for (name, mail), commits in list(authors.items())[:_AUTHORS]:
        if _stands_in(name, folded) or _stands_in(mail, folded):
            whole += commits
        elif any(p in words and p[:1].isupper() and p.lower() not in STOP_WORDS for p in _PART.findall(name)):
            partly += commits
    return (whole, True) if whole else (partly, False)


def _stands_in(name: str, text: str) -> bool:
    """Whether a name stands in a case-folded text as a whole; letters of scripts without blanks need none around them."""
    name = name.casefold()
    at = text.find(name) if len(name) > 1 else -1
    if at < 0:
        return False
    around = text[max(0, at - 1) : at] + text[at + len(name) : at + len(name) + 1]
    return not name.isascii() or not any(c.isalnum() for c in around)


def _quoted(subject: str, text: str) -> bool:
    subject = " ".join(subject.casefold().split())
    return len(subject) >= _SHORT_SUBJECT and (subject in text or _bare(subject) in text)


def _bare(subject: str) -> str:
    """A subject without its pull request, if enough is left."""
    bare = _PULL_REQUEST.sub("", subject)
    return bare if len(bare) >= 2 * _SHORT_SUBJECT else subject


def _by_words(candidates: Sequence[Commit], query: Query) -> list[Commit]:
    """The few commits whose subjects share the rarest words with the question: two at least, or one that hardly any other has."""
    stems = frozenset(query.stems)
    if not stems:
        return []
    shared = [sorted(stems.intersection(stem(w) for w in _WORD.findall(c.subject))) for c in candidates]
    counts = Counter(s for found in shared for s in found)
    scored = [
        (sum(log(len(candidates) / counts[s]) for s in found), -n)
        for n, found in enumerate(shared)
        if len(found) > 1 or (found and counts[found[0]] <= _FEW)
    ]
    return [candidates[-n] for score, n in sorted(scored, reverse=True)[:_FEW] if score > 0]
