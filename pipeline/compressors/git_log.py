"""git log: hash and subject of every commit stay, or of those not asked for the subject alone; what else they have is counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipeline.compressors import commits, elision, one_line, unified
from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.asked import names_of, naming
from pipeline.compressors.asked_commits import Asked, Focus, asked_commits, asks_for_headers
from pipeline.compressors.commits import BLANK, BODY, COMMIT, COMMITTER, HEADER, NAME, STAT, TOTAL, TRAILER, Commit, History
from pipeline.markers import carries_marker
from pipeline.policy import Policy, Profile
from pipeline.transcript import ToolCall

_SAMPLE = 1 << 16  # characters in which the first commits are looked for
_LEAST_COMMITS = 2
_WORTH = 0.95  # of the characters
_NAMES_SHOWN = {Profile.BALANCED: 10, Profile.AGGRESSIVE: 3}  # of a commit, where the call lists paths and no more
_PARAGRAPH = {Profile.BALANCED: 3, Profile.AGGRESSIVE: 0}  # lines of a message's first paragraph that are shown if that is all of it
_WORDS = {BODY: "message", TRAILER: "trailer", STAT: "stat", NAME: "path", COMMITTER: "committer"}  # the rest is told by the footer
_FEW = 5  # commits that the footer names
_COMMITTERS = ("committer", "committers", "committed", "fuller")
_PICKAXE = re.compile(r"(?:-S|-G|--grep=|--author=)\s?(['\"]?)([^'\"\n]{2,120}?)(?:\1(?:\s|$))")
_READ = 2000  # characters of a line
_LEAST_SPARED = 6  # commits; of fewer the headers are not worth a marker each


class GitLogCompressor:
    """Leaves out of a history what a person skips who looks for a commit."""

    name = "git_log"

    def recognise(self, content: Content) -> float:
        """0.95 where two commits begin in the first 64 kB, 0.7 where their changes are shown too: that is rather a diff; 0.96 for one line each."""
        head = content.text[:_SAMPLE]
        if carries_marker(content.text):
            return 0.0
        lines = elision.plain(head.split("\n"), head)
        if one_line.is_one_line(elision.units(lines), content.call):
            return 0.96
        if "commit " not in head:
            return 0.0
        if len(commits.starts(lines)) < _LEAST_COMMITS:
            return 0.0
        return 0.7 if "\n@@ " in content.text and "\ndiff --" in content.text else 0.95

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The history without the messages and file lists of commits that the question does not name; None where hardly any goes."""
        if not policy.lossy or carries_marker(content.text):
            return None
        lines = elision.units(content.lines)
        plain = elision.plain(lines, content.text)
        if one_line.is_one_line(plain, content.call):
            return one_line.compress_one_line(content, policy)
        changes = unified.parse(plain).parts if "@@ -" in content.text else None
        history = commits.parse(plain, changes, names=lists_names(content.call))
        if len(history.commits) < _LEAST_COMMITS:
            return None
        kept, shown = (bytearray(b"\x01" * len(lines)) for _ in range(2))
        asked = choose(plain, history, content, policy.profile, kept, headers=changes is not None)
        kept[0] = kept[-1] = 1
        gaps = elision.gaps_of(lines, kept, lambda start, end: note(history.kinds, start, end))
        for gap, _ in gaps:  # what hardly costs more than its marker stays after all
            shown[gap.first - 1 : gap.last] = bytes(len(gap))
        text = elision.render(lines, gaps) + "\n" * (len(lines) < len(content.lines))
        if not gaps or len(text) > len(content.text) * _WORTH:
            return None
        return Rewrite(text, len(lines), tuple(g for g, _ in gaps), summary(history, asked, shown))


def choose(plain: Sequence[str], history: History, content: Content, profile: Profile, kept: bytearray, *, headers: bool = False) -> Asked:
    """Sets ``kept`` to 0 for the lines of a history that may go, and returns the commits that were asked for.

    Args:
        plain: the lines as they are parsed.
        history: what is in them.
        content: for the question and the call.
        profile: how far to go.
        kept: what is set.
        headers: hash, author and date of every commit stay, as something stands below them.
    """
    asked = asked_commits(plain, history, content.query, content.call)
    of_others = Focus.NONE if headers else asked.focus
    committers = not content.query.all_words.isdisjoint(_COMMITTERS) or "full" in content.query.call
    whole = {c.start for c in asked.whole}
    few = len(history.commits) < _LEAST_SPARED or headers or (of_others is Focus.NONE and asks_for_headers(content.query))
    for commit in history.commits:
        if commit.start not in whole:
            spared = few or commit.start in asked.starts
            focus = Focus.NONE if spared else of_others
            going = _going(focus, headers=spared, committers=committers)
            if focus is Focus.NAMED and "(" not in plain[commit.start][:_READ]:  # a branch or a tag may be what is looked for
                going |= {COMMIT}
            stays = frozenset[int]() if focus else _paragraph(commit, history.kinds, _PARAGRAPH.get(profile, 0))
            _leave_out(commit, history.kinds, kept, going, stays, names=0 if focus else _NAMES_SHOWN.get(profile, 0))
    for i in naming(plain, [*names_of(content.query), *_searched(content.call)]):
        kept[i] = 1
    return asked


def _going(focus: Focus, *, headers: bool, committers: bool) -> frozenset[int]:
    """The kinds of lines that go."""
    going = {BODY, TRAILER, STAT}
    if not (committers and headers):
        going |= {COMMITTER}
    if not headers:
        going |= {HEADER}
    return frozenset(going | {TOTAL} if focus else going)


def _leave_out(commit: Commit, kinds: bytearray, kept: bytearray, going: frozenset[int], stays: frozenset[int], *, names: int) -> None:
    """Leaves out the lines of a commit whose kinds go, all but the first names of files, and the blank lines beside them."""
    for i in range(commit.start, commit.end):
        if kinds[i] in going and i not in stays:
            kept[i] = 0
        elif kinds[i] == NAME:
            names -= 1
            kept[i] = names >= 0
    for i in range(commit.start + 1, commit.end):  # a blank line goes with what it sets apart
        if kinds[i] == BLANK and (not kept[i - 1] or (i + 1 < commit.end and not kept[i + 1])):
            kept[i] = 0


def note(kinds: bytearray, start: int, end: int) -> str:
    """What lines ``[start, end)`` of a history are."""
    if end - start < elision.NOTED:
        return ""
    counts = Counter(kinds[start:end])
    return ", ".join(f"{counts[kind]} {word}" for kind, word in _WORDS.items() if counts[kind])


def summary(history: History, asked: Asked, kept: bytearray) -> str:
    """What stays of every commit, for the footer."""
    heads = all(kept[c.start] for c in history.commits)
    headers = heads and all(kept[i] for i, kind in enumerate(history.kinds) if kind == HEADER)
    what = "hash, author and subject" if headers else "hash and subject" if heads else "subject"
    said = f"{what} of all {len(history.commits)} commits shown"
    if len(asked.starts) > len(asked.whole) and not headers:
        said += f", {'' if heads else 'hash, '}author and date of {len(asked.starts)}"
    if asked.whole:
        whole = asked.whole
        said += f"; {', '.join(c.id[:8] for c in whole[:_FEW])} whole" if len(whole) <= _FEW else f"; {len(whole)} commits asked for whole"
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
