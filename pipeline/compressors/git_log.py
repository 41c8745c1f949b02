"""git log: hash, author, date and subject of every commit stay; messages and file lists of those not asked for are counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from pipeline.compressors import commits, elision, unified
from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.asked import call_paths, hits_of, names_of, naming
from pipeline.compressors.commits import BLANK, BODY, COMMITTER, NAME, STAT, TRAILER, Commit, History
from pipeline.markers import carries_marker
from pipeline.policy import Policy, Profile
from pipeline.query import Query, stem
from pipeline.transcript import ToolCall

_SAMPLE = 1 << 16  # characters in which the first commits are looked for
_LEAST_COMMITS = 2
_WORTH = 0.95  # of the characters
_NAMES_SHOWN = {Profile.BALANCED: 10, Profile.AGGRESSIVE: 3}  # of a commit, where the call lists paths and no more
_PARAGRAPH = {Profile.BALANCED: 3, Profile.AGGRESSIVE: 0}  # lines of a message's first paragraph that are shown if that is all of it
_WORDS = {BODY: "message", TRAILER: "trailer", STAT: "stat", NAME: "path", COMMITTER: "committer"}

_HASH = re.compile(r"\b[0-9a-f]{7,64}\b")
_NUMBER = re.compile(r"#\d{1,9}\b")
_WORD = re.compile(r"[^\W\d_]{4,}")
_PULL_REQUEST = re.compile(r"\s{0,9}\(#\d{1,9}\)$")
_SHORT_SUBJECT = 12  # characters; a subject so short may stand in any question
_FEW = 5  # commits that a word or a name may single out
_COMMITTERS = ("committer", "committers", "committed", "fuller")
_PICKAXE = re.compile(r"(?:-S|-G|--grep=|--author=)\s?(['\"]?)([^'\"\n]{2,120}?)(?:\1(?:\s|$))")


class GitLogCompressor:
    """Leaves out of a history what a person skips who looks for a commit."""

    name = "git_log"

    def recognise(self, content: Content) -> float:
        """0.95 where two commits begin in the first 64 kB, 0.7 where their changes are shown too: that is rather a diff."""
        head = content.text[:_SAMPLE]
        if "commit " not in head or carries_marker(content.text):
            return 0.0
        lines = elision.plain(head.split("\n"), head)
        if len(commits.starts(lines)) < _LEAST_COMMITS:
            return 0.0
        return 0.7 if "\n@@ " in content.text and "\ndiff --" in content.text else 0.95

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The history without the messages and file lists of commits that the question does not name; None where hardly any goes."""
        if not policy.lossy or carries_marker(content.text):
            return None
        lines = elision.units(content.lines)
        plain = elision.plain(lines, content.text)
        changes = unified.parse(plain).parts if "@@ -" in content.text else None
        history = commits.parse(plain, changes, names=lists_names(content.call))
        if len(history.commits) < _LEAST_COMMITS:
            return None
        kept = bytearray(b"\x01" * len(lines))
        asked = choose(plain, history, content, policy.profile, kept)
        kept[0] = kept[-1] = 1
        gaps = elision.gaps_of(lines, kept, lambda start, end: note(history.kinds, start, end))
        text = elision.render(lines, gaps) + "\n" * (len(lines) < len(content.lines))
        if not gaps or len(text) > len(content.text) * _WORTH:
            return None
        return Rewrite(text, len(lines), tuple(g for g, _ in gaps), summary(history, asked))


def choose(plain: Sequence[str], history: History, content: Content, profile: Profile, kept: bytearray) -> list[Commit]:
    """Sets ``kept`` to 0 for the lines of a history that may go, and returns the commits that were asked for, of which all stays."""
    kinds = history.kinds
    asked = _asked(plain, history, content.query, content.call)
    whole = {c.start for c in asked}
    committers = not content.query.all_words.isdisjoint(_COMMITTERS) or "full" in content.query.call
    going = {BODY, TRAILER, STAT} if committers else {BODY, TRAILER, STAT, COMMITTER}
    for commit in history.commits:
        if commit.start in whole:
            continue
        stays = _paragraph(commit, kinds, _PARAGRAPH.get(profile, 0))
        names = _NAMES_SHOWN.get(profile, 0)
        for i in range(commit.start, commit.end):
            if kinds[i] in going and i not in stays:
                kept[i] = 0
            elif kinds[i] == NAME:
                names -= 1
                kept[i] = names >= 0
        for i in range(commit.start + 1, commit.end):  # a blank line goes with what it sets apart
            if kinds[i] == BLANK and (not kept[i - 1] or (i + 1 < commit.end and not kept[i + 1])):
                kept[i] = 0
    for i in naming(plain, [*names_of(content.query), *_searched(content.call)]):
        kept[i] = 1
    return asked


def note(kinds: bytearray, start: int, end: int) -> str:
    """What lines ``[start, end)`` of a history are."""
    if end - start < elision.NOTED:
        return ""
    counts = Counter(kinds[start:end])
    return ", ".join(f"{counts[kind]} {word}" for kind, word in _WORDS.items() if counts[kind])


def summary(history: History, asked: Sequence[Commit]) -> str:
    """What stays of every commit, for the footer."""
    said = f"hash, author and subject of all {len(history.commits)} commits shown"
    if asked:
        said += f"; {', '.join(c.id[:8] for c in asked[:_FEW])} whole" if len(asked) <= _FEW else f"; {len(asked)} commits asked for whole"
    return said


def lists_names(call: ToolCall | None) -> bool:
    """Whether a call asks for the bare paths below each commit."""
    return call is not None and "--name-only" in call.command


def _paragraph(commit: Commit, kinds: bytearray, most: int) -> frozenset[int]:
    """The lines of a message that is one short paragraph: it says why, and costs little more than its marker."""
    if len(commit.paragraph) > most or kinds[commit.start : commit.end].count(BODY) != len(commit.paragraph):
        return frozenset()
    return frozenset(commit.paragraph)


def _searched(call: ToolCall | None) -> list[str]:
    """What ``git log -S``, ``-G`` or ``--grep`` looks for."""
    return [] if call is None else [m[2] for m in _PICKAXE.finditer(call.command[:4000])]


def _asked(plain: Sequence[str], history: History, query: Query, call: ToolCall | None) -> list[Commit]:
    """The commits that the question names: by hash, number, subject or name, or else those whose subjects share most words with it."""
    text = " ".join(query.text.casefold().split())
    hashes = tuple(_HASH.findall(text)) + tuple(p for p in call_paths(call) if _HASH.fullmatch(p))
    found = [c for c in history.commits if (hashes and c.id.startswith(hashes)) or _quoted(c.subject, text)]
    names = [*_NUMBER.findall(query.text), *names_of(query)]
    for hits in hits_of([c.subject for c in history.commits], names, _FEW):
        found += [history.commits[n] for n in hits]
    found = found or _by_words(history.commits, query)
    starts = dict.fromkeys(c.start for c in found)
    return [c for c in history.commits if c.start in starts]


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
