"""Diffs: every changed line stays; context is trimmed in files not asked for. Counted is what machines write, and what commits changed that are
not asked for where others are named outright.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from pipeline.command import pipelines
from pipeline.compressors import commits, elision, git_log
from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.asked import asked_paths, names_of, naming
from pipeline.compressors.asked_commits import Focus
from pipeline.compressors.unified import CHANGE, CONTEXT, HUNK, INDEX, OUTSIDE, REPEAT, FileDiff, Hunk, Unified, is_hunk, parse
from pipeline.markers import carries_marker
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.transcript import ToolCall

# Lines of context shown beside a change: before it, and after it where more changes follow in the hunk. What stands below the last one tells
# least for its place: showing a line of it too costs 2.8 points of reduction.
_CONTEXT = {Profile.BALANCED: 1, Profile.AGGRESSIVE: 0}
_WORTH = 0.97  # of the characters
_SAMPLE = 90  # lines
_LEAST_SHARE = 0.7  # of them that look like a diff's
_FEW_CHANGES = 4  # changed lines of a lock file that are shown rather than counted
_NAMED_HUNKS = 0.3  # what stands in a larger share of the hunks tells nothing
_ALWAYS_HUNKS = 5  # nor is it looked at in more hunks than this
_WORDS = 30  # of the question, looked for in what machines write
_LONG = 1000  # characters a line at the mean: no person wrote that

_GENERATED = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|packages\.lock\.json|pnpm-lock\.yaml|go\.sum|go\.work\.sum|Package\.resolved|"
    r"\.terraform\.lock\.hcl|bun\.lockb?|gradle\.lockfile|[^/]{1,200}\.lock|[^/]{1,200}\.min\.(?:js|css|mjs)|[^/]{1,200}\.(?:js|css|mjs|ts)\.map|"
    r"[^/]{1,200}\.snap|[^/]{1,200}\.pb\.(?:go|cc|h)|[^/]{1,200}_pb2(?:_grpc)?\.pyi?|[^/]{1,200}_pb\.(?:js|d\.ts)|"
    r"[^/]{1,200}\.(?:generated|g|designer)\.[a-z]{1,5})$"
    r"|(?:^|/)(?:node_modules|bower_components|vendor|third_party|site-packages|__snapshots__|__generated__)/",
    re.IGNORECASE,
)
_WRITTEN_BY = re.compile(r"[ +-]\s{0,20}(?:#|//|/\*|\*|--|;|<!--).{0,200}(?:@generated\b|DO NOT EDIT\b)")
_TOP = 20  # lines of a file in which that is said
_FEEDS = frozenset({"patch", "tee", "git apply", "git am", "git format-patch", "git send-email", "interdiff", "filterdiff"})
_REDIRECTED = re.compile(r"(?<![0-9&<>=-])1?>{1,2}\s{0,9}(?!&|\s|/dev/null|\(|=)|--(?:binary|full-index|output)\b")
_APPLYING = frozenset("apply applying reapply cherry-pick backport".split())
_PATCHES = frozenset("patch patches diff diffs hunk hunks backport cherry-pick".split())


class DiffCompressor:
    """Trims a diff without hiding a change that a person made."""

    name = "diff"

    def recognise(self, content: Content) -> float:
        """0.97 where a hunk stands below a file's name and nearly all lines look like a diff's, else 0."""
        text = content.text
        if carries_marker(text) or not _has_hunk(text):
            return 0.0
        lines = elision.plain(content.lines, text) if "\x1b" in text else content.lines
        step = max(1, len(lines) // _SAMPLE)
        sample = lines[::step]
        alike = sum(line[:1] in {" ", "+", "-", "@", "\\", "", "\r"} or line.startswith(("diff -", "index ")) for line in sample)
        return 0.97 if alike >= _LEAST_SHARE * len(sample) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The diff without context far from changes; None where it may be applied as a patch, or where hardly anything goes."""
        if carries_marker(content.text) or feeds_a_patch(content.call, content.query):
            return None
        lines = elision.units(content.lines)
        plain = elision.plain(lines, content.text)
        diff = parse(plain)
        if not diff.hunks:
            return None
        ended = "\n" * (len(lines) < len(content.lines))
        if not policy.lossy:
            return _without_repeats(lines, diff, content.text, ended)
        choice = _Choice(plain, diff, content, policy.profile)
        gaps = elision.gaps_of(lines, choice.kept, choice.note)
        text = elision.render(lines, gaps) + ended
        if not gaps or len(text) > len(content.text) * _WORTH:
            return None
        return Rewrite(text, len(lines), tuple(g for g, _ in gaps), choice.summary([g for g, _ in gaps]))


def feeds_a_patch(call: ToolCall | None, query: Query) -> bool:
    """Whether the diff may be applied, by a program or by the agent: then it must stay a patch."""
    if not query.all_words.isdisjoint(_APPLYING) and not query.all_words.isdisjoint(_PATCHES):
        return True
    if call is None or not call.command:
        return False
    if _REDIRECTED.search(call.command[:4000]):
        return True
    for stages in pipelines(call.command):
        for words in stages:
            name = words[0].rsplit("/", 1)[-1]
            verb = next((w for w in words[1:] if not w.startswith("-")), "") if name == "git" else ""
            if name in _FEEDS or f"{name} {verb}" in _FEEDS:
                return True
    return False


def _has_hunk(text: str) -> bool:
    """Whether the first hunk's header is one, below ``+++`` or, colours and all, close enough."""
    at = text.find("\n@@")
    if at < 0:
        at = text.find("m@@")  # coloured
    if at < 0:
        return False
    head = elision.plain(text[max(0, at - 10_000) : at + 500].split("\n"), text)
    return any(is_hunk(line) and n and (head[n - 1].startswith("+++ ")) for n, line in enumerate(head))


def _without_repeats(lines: Sequence[str], diff: Unified, text: str, ended: str) -> Rewrite | None:
    """The diff without lines that say again what the heading said: nothing is lost."""
    shown = [line for line, part in zip(lines, diff.parts, strict=True) if part != REPEAT]
    short = "\n".join(shown) + ended
    if len(short) > len(text) * _WORTH:
        return None
    return Rewrite(short, len(lines), summary="nothing left out but the ---/+++ lines that repeat their diff --git line")


class _Choice:
    """Which lines of a diff stay.

    Args:
        plain: the lines as they are parsed.
        diff: their parts.
        content: for the question and the call.
        profile: how far to go.
    """

    def __init__(self, plain: Sequence[str], diff: Unified, content: Content, profile: Profile) -> None:
        self.plain = plain
        self.diff = diff
        self.query = content.query
        self.reach = _CONTEXT.get(profile, 3)
        self.kept = bytearray(b"\x01" * len(plain))
        self.history = commits.parse(plain, diff.parts, names=git_log.lists_names(content.call))
        named = naming(plain, names_of(content.query))
        asked, passed_over = self._asked(content, profile)
        focus = profile is Profile.AGGRESSIVE and bool(asked)
        machine = self._by_machines(asked)
        few = len(named) <= max(_ALWAYS_HUNKS, _NAMED_HUNKS * diff.hunks)
        for file in diff.files:
            self._trim_heading(file)
            if file.start in asked:
                continue
            wanted = self._naming_hunks(file, named) if few else []
            if file.start in machine or file.start in passed_over or focus:
                self._count(file, wanted + (self._worded_hunks(file) if file.start in machine else []))
            else:
                shown = {h.start for h in wanted}
                for hunk in file.hunks:
                    if hunk.start not in shown:
                        self._trim(hunk)
        for i in named:
            self.kept[i] |= diff.parts[i] != REPEAT
        self.kept[0] = self.kept[-1] = 1

    def note(self, start: int, end: int) -> str:
        """What lines ``[start, end)`` are: hunks with their changes, or plain context."""
        parts = self.diff.parts[start:end]
        changed = parts.count(CHANGE)
        if changed:
            added = sum(self.plain[i].lstrip(" ").startswith("+") for i in range(start, end) if self.diff.parts[i] == CHANGE)
            notes = sum(self.plain[i].startswith("\\") for i in range(start, end) if self.diff.parts[i] == CHANGE)
            hunks = parts.count(HUNK)
            where = f"{hunks} hunk{'s' * (hunks != 1)}, " if hunks else ""
            return f"{where}+{added} -{changed - added - notes}"
        if end - start < elision.NOTED:
            return ""
        if parts.count(OUTSIDE) == end - start:
            return git_log.note(self.history.kinds, start, end)
        context = parts.count(CONTEXT)
        return f"{context} context" if context else ""

    def summary(self, gaps: Sequence[Gap]) -> str:
        """What of the changes was left out, for the footer."""
        hidden = [g for g in gaps if self.diff.parts.find(CHANGE, g.first - 1, g.last) >= 0]
        if not hidden:
            return "every changed line shown"
        ends = [f.end for f in self.diff.files]
        files = len(dict.fromkeys(bisect_right(ends, g.first - 1) for g in hidden))
        return f"changes to {files} file{'s' * (files != 1)} counted in the markers, every other changed line shown"

    def _asked(self, content: Content, profile: Profile) -> tuple[set[int], set[int]]:
        """Where the files begin that the question or the call names, or that belong to a commit it names; and those of other commits if it does
        so outright.
        """
        paths = asked_paths([p for f in self.diff.files for p in f.paths], content.query, content.call)
        asked = {f.start for f in self.diff.files if not paths.isdisjoint(f.paths)}
        if len(self.history.commits) < 2:
            return asked, set()
        named = git_log.choose(self.plain, self.history, content, profile, self.kept, headers=True)
        begins = [0, *(c.start for c in self.history.commits)]
        commit_of = {f.start: begins[bisect_right(begins, f.start) - 1] for f in self.diff.files}
        wanted = {c.start for c in named.whole}
        asked |= {start for start, commit in commit_of.items() if commit in wanted}
        if named.focus is not Focus.NAMED or not wanted:
            return asked, set()
        return asked, {start for start, commit in commit_of.items() if commit not in named.starts}

    def _by_machines(self, asked: set[int]) -> set[int]:
        """Where the files begin that no person wrote, unless there are no others."""
        found = {f.start for f in self.diff.files if self._machine_wrote(f)}
        written = any(f.hunks and f.start not in found for f in self.diff.files)
        return found if written or asked else set()

    def _machine_wrote(self, file: FileDiff) -> bool:
        if file.changed <= _FEW_CHANGES and not self._long(file):
            return False
        if any(_GENERATED.search(p) for p in file.paths) or self._long(file):
            return True
        first = file.hunks[0]
        return first.line <= _TOP and any(_WRITTEN_BY.match(line[:300]) for line in self.plain[first.start + 1 : min(first.end, first.start + _TOP)])

    def _long(self, file: FileDiff) -> bool:
        lines = self.plain[file.start : file.end]
        return sum(map(len, lines)) > _LONG * len(lines)

    def _trim_heading(self, file: FileDiff) -> None:
        end = file.hunks[0].start if file.hunks else file.end
        for i in range(file.start, end):
            if self.diff.parts[i] in {INDEX, REPEAT}:
                self.kept[i] = 0

    def _trim(self, hunk: Hunk) -> None:
        """Leaves out the context that is further than ``reach`` from a change; below the last change that is all of it."""
        parts, kept = self.diff.parts, self.kept
        shown = hunk.start + 1  # up to here the hunk is dealt with
        change = parts.find(CHANGE, shown, hunk.end)
        while change >= 0:
            until = max(shown, change - self.reach)
            kept[shown:until] = bytes(until - shown)
            context = parts.find(CONTEXT, change, hunk.end)
            if context < 0:
                return
            change = parts.find(CHANGE, context, hunk.end)
            shown = context if change < 0 else min(context + self.reach, change)
        kept[shown : hunk.end] = bytes(hunk.end - shown)

    def _count(self, file: FileDiff, wanted: Sequence[Hunk]) -> None:
        """Leaves out all hunks of a file but those wanted."""
        shown = {h.start for h in wanted}
        for hunk in file.hunks:
            if hunk.start not in shown:
                self.kept[hunk.start : hunk.end] = bytes(hunk.end - hunk.start)

    def _naming_hunks(self, file: FileDiff, named: set[int]) -> list[Hunk]:
        """The hunks with a line that names what the question names."""
        return [h for h in file.hunks if any(i in named for i in range(h.start, h.end))]

    def _worded_hunks(self, file: FileDiff) -> list[Hunk]:
        """The hunks in which a word of the question stands that hardly any other hunk of the file has."""
        texts = ["\n".join(self.plain[h.start : h.end]).lower() for h in file.hunks]
        wanted: dict[int, None] = {}
        for word in self.query.words[:_WORDS]:
            hits = [n for n, text in enumerate(texts) if word in text]
            if len(hits) <= min(_ALWAYS_HUNKS, _NAMED_HUNKS * len(texts)):
                wanted.update(dict.fromkeys(hits))
        return [file.hunks[n] for n in sorted(wanted)]
