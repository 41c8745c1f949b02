"""What would be written into one project's instruction files, and why the rest would not: worked out whole before anything is written."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.instruction_files import READS
from headroom_wrap.learn import block, git, premises, writer
from headroom_wrap.learn.brought import Brought
from headroom_wrap.learn.findings import Finding, Kind
from headroom_wrap.learn.git import Standing
from headroom_wrap.learn.rules import Rule, rule_of, rules_of
from headroom_wrap.learn.state import Record, Written
from headroom_wrap.learn.target import PRIVATE, Need, files_of, place
from headroom_wrap.learn.writer import Held, WriteError
from pipeline import tokens

BUDGET = 300  # tokens of a block: it stands in every request
REFUSED, UNTRUE, NO_ROOM, ELSEWHERE = "edited or deleted by you", "not so on disk any more", "no room", "nowhere to be written"

_NAMES = tuple(dict.fromkeys(name for reads in READS.values() for group in reads.groups for name in group))
# What a file is called that a link may lead to: one that is run or sourced would run what stands between backticks.
_INSTRUCTIONS = re.compile(r"\.(?:mdc?|markdown|txt|rst)\Z|(?:rules|hints|instructions|agents|conventions|guidelines|context)\Z", re.IGNORECASE)
_OF_ITS_TOOLS = frozenset({Kind.REFUSAL, Kind.EDIT, Kind.LARGE_FILE})

Judge = Callable[[Sequence[Rule]], Sequence[Rule]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project is worked on.

    Args:
        project: its absolute path.
        home: the user's.
        search: the PATH that programs are looked for in.
    """

    project: Path
    home: Path
    search: str


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file.

    Args:
        held: the file as it was read.
        shown: its path as a person reads it.
        standing: what git does with it.
        after: its new content, None where it goes; the same as it has where nothing changes.
        merged: what became of our block in it.
    """

    held: Held
    shown: str
    standing: Standing
    after: bytes | None
    merged: block.Merged

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return self.after != self.held.data

    @property
    def shared(self) -> bool:
        """Whether others than the user get this file, so that nothing is written there unasked."""
        return self.standing is Standing.TRACKED or (self.standing is Standing.UNTRACKED and self.held.path.name != PRIVATE)

    def diff(self) -> str:
        """The change as a unified diff, every line of it printable."""
        before, after = (_lines(data) for data in (self.held.data, self.after))
        said = list(difflib.unified_diff(before, after, "/dev/null" if self.held.data is None else self.shown, self.shown, n=1, lineterm=""))
        return "".join(f"{line}\n" for line in said)

    def written(self, record: Record) -> Record:
        """The record once it has been written."""
        made = self.held.data is None and self.after is not None
        return record.with_file(self.held.path, self.merged.written, self.merged.refused, made=made)


@dataclass(frozen=True, slots=True)
class Proposal:
    """All of it for one project.

    Args:
        project: its absolute path.
        rules: what was learned, the weightiest first, whether it is written or not.
        where: for each rule by id the file that it goes to, or why to none.
        changes: the files, those that stay as they are included.
        problems: sentences on files that cannot be written.
        record: what was known before.
    """

    project: Path
    rules: tuple[Rule, ...]
    where: Mapping[str, str]
    changes: tuple[Change, ...]
    problems: tuple[str, ...]
    record: Record

    @property
    def news(self) -> tuple[Change, ...]:
        """The files that would be written."""
        return tuple(change for change in self.changes if change.changes)


def propose(
    around: Place,
    findings: Iterable[Finding],
    agents: Sequence[str],
    record: Record,
    *,
    only: str = "",
    target: str = "",
    again: bool = False,
    judge: Judge | None = None,
    count: Callable[[str], int] = tokens.count,
) -> Proposal:
    """What would be written into a project's files.

    Args:
        around: the project.
        findings: of this project and of the whole machine.
        agents: those that work in this project.
        record: what was written there before.
        only: one of them, for whose file alone it is.
        target: the file to write to, from the project's folder; else each agent's own.
        again: rules that the user edited or deleted are written again.
        judge: chooses among new rules, and may reword them.
        count: the tokens of a text.
    """
    project = around.project
    sure = {f.id: f for f in findings if f.for_agents}
    untrue = frozenset(i for i, f in sure.items() if not premises.hold(f.premise, project, around.search))
    everything = rules_of(sure.values(), around.home)
    wanted = [rule for rule in everything if rule.id not in untrue]
    standing = {i for written in record.files.values() for i in written.rules}
    if judge is not None:
        chosen = {rule.id: rule for rule in judge([rule for rule in wanted if rule.id not in standing and rule.id not in record.refused])}
        wanted = [chosen.get(rule.id, rule) for rule in wanted if rule.id in chosen or rule.id in standing]
    changes, problems = _changes(around, wanted, agents, record, only=only, target=target, refused=() if again else record.refused, count=count)
    where = {rule.id: UNTRUE if rule.id in untrue else ELSEWHERE for rule in everything}
    for path, written in record.files.items():
        where.update({i: _shown(Path(path), project) for i in written.rules if i in where and i not in untrue})
    for change in changes:
        where.update(dict.fromkeys(change.merged.left_out, NO_ROOM))
    for change in changes:
        where.update(dict.fromkeys(change.merged.refused, REFUSED))
        where.update(dict.fromkeys(change.merged.written, change.shown))
    if not again:
        where.update({i: REFUSED for i in record.refused if i in where})
    return Proposal(project, everything, where, changes, problems, record)


def untold(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that make no rule: their values do not fit a short sentence, or would not be wise to recommend."""
    return tuple(finding for finding in findings if finding.for_agents and rule_of(finding) is None)


def _changes(
    around: Place,
    rules: Sequence[Rule],
    agents: Sequence[str],
    record: Record,
    *,
    only: str,
    target: str,
    refused: Collection[str],
    count: Callable[[str], int],
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    project = around.project

    def exists(name: str) -> bool:
        return (project / name).exists()

    brings = Brought(project, around.home, dict.fromkeys((*_NAMES, target) if target else _NAMES))
    named = (target,) if target else files_of((only,) if only else agents, exists, brings)
    astray = {} if target else {name: why for name in named if (why := _astray(project, name))}
    files = [name for name in named if name not in astray]
    real = {name: os.path.realpath(project / name) for name in files}
    needs = [Need(rule.id, _agents(rule.finding, agents)) for rule in rules if rule.id not in refused]
    placed = place(needs, files, agents, _standing(record, project, real), exists, brings=brings)
    by_id = {rule.id: rule for rule in rules}
    changes, problems, seen = [], list(astray.values()) if needs else [], set()
    for name in files:
        if real[name] in seen:  # a link to one that is done
            continue
        seen.add(real[name])
        ids = dict.fromkeys(i for other in files if real[other] == real[name] for i in placed[other])
        told = [(i, by_id[i].text) for i in sorted(ids, key=list(by_id).index)]
        try:
            changes.append(_change(project / name, told, record, refused=refused, project=project, count=count))
        except (WriteError, block.BrokenError) as error:
            problems.append(str(error) if isinstance(error, WriteError) else f"{name}: {error}.")
    return tuple(changes), tuple(problems)


def _astray(project: Path, name: str) -> str:
    """Why a link is not followed that the user has not named, ``""`` if it may be: whoever made the repository could have it lead to any file."""
    folder, place = os.path.realpath(project), Path(os.path.realpath(project / name))
    if str(place) == os.path.join(folder, name):  # noqa: PTH118 - as text, as `realpath` gives it
        return ""
    if not place.is_relative_to(folder):
        why = "outside of this project"
    elif ".git" in place.relative_to(folder).parts or not _INSTRUCTIONS.search(place.name):
        why = "which is no file of instructions by its name"
    else:
        return ""
    return f"{name} is a link to {place}, {why}, so nothing is written there; name it with --target to write there."


def _standing(record: Record, project: Path, real: Mapping[str, str]) -> dict[str, list[str]]:
    """The ids that stand in each file: in those that may be written by their names, in others as they are shown."""
    names: dict[str, str] = {}
    for name, path in real.items():
        names.setdefault(path, name)
    return {names.get(path) or _shown(Path(path), project): list(written.rules) for path, written in record.files.items()}


def _change(
    path: Path, rules: Sequence[tuple[str, str]], record: Record, *, refused: Collection[str], project: Path, count: Callable[[str], int]
) -> Change:
    held = writer.read(path)
    standing = git.standing(held.path)
    before = record.files.get(str(held.path))
    merged = block.merge(
        held.text,
        rules,
        before.rules if before is not None else {},
        refused,
        budget=BUDGET,
        count=count,
        at_most=_at_most,
        gone_is_refused=_may_be_refused(held, before, standing),
    )
    after: bytes | None = writer.encoded(merged.text)
    if not merged.text and (held.data is None or (before is not None and before.made)):
        after = None
    return Change(held, _shown(held.path, project), standing, after, merged)


def _may_be_refused(held: Held, before: Written | None, standing: Standing) -> bool:
    """Whether what is missing in a file was deleted by the user: another branch may have another state of it, or all of it."""
    if standing is Standing.TRACKED:
        return False
    return held.data is not None or before is None or not git.elsewhere(held.path)


def _at_most(text: str) -> int:
    """More tokens than a text has: twice the estimate. Most blocks are so small that the vocabulary, 0.3 s of CPU time, is not needed."""
    return 2 * tokens.estimate(text)


def _agents(finding: Finding, agents: Sequence[str]) -> tuple[str, ...]:
    """The agents that need a rule, the one with most evidence first: all, unless it is about what one agent's tools do."""
    seen = [e.agent for e in finding.evidence]
    return tuple(sorted((a for a in agents if a in seen or finding.kind not in _OF_ITS_TOOLS), key=lambda a: (-seen.count(a), a)))


def _shown(path: Path, project: Path) -> str:
    try:
        return str(path.relative_to(os.path.realpath(project)))
    except ValueError:
        return str(path)


def _lines(data: bytes | None) -> list[str]:
    text = (data or b"").decode("utf-8", "replace").removeprefix("\ufeff")
    return (
        ["".join(c if c.isprintable() or c == "\t" else "�" for c in line.removesuffix("\r")) for line in text.removesuffix("\n").split("\n")]
        if text
        else []
    )
