"""``headroom learn``: what earlier sessions teach, as rules with their evidence; written where agents read them with ``--apply``."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from headroom_wrap import config
from headroom_wrap.cli import elided
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.learn import evidence, git, retrieved
from headroom_wrap.learn.applied import apply
from headroom_wrap.learn.findings import Finding, Lesson, Mined
from headroom_wrap.learn.judge import opinion
from headroom_wrap.learn.judges import find as find_judge
from headroom_wrap.learn.model import Skipped
from headroom_wrap.learn.proposal import Change, Judge, Place, Proposal, propose, untold
from headroom_wrap.learn.quote import quoted
from headroom_wrap.learn.readers.registry import READERS, sessions
from headroom_wrap.learn.state import Memory
from headroom_wrap.learn.survey import Survey
from headroom_wrap.learn.writer import WriteError
from headroom_wrap.ledger.summary import dollars, tokens

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_AGO = re.compile(r"(\d{1,6})([mhdw])")


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    found = _AGO.fullmatch(value)
    if found is None:
        raise click.BadParameter("Say how long ago: 12h, 30d, 8w.", ctx, param)
    return int(found[1]) * _UNITS[found[2]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked for.

    Args:
        project: absolute path, None for all.
        agent: the adapter's name, ``""`` for all.
        since: Unix time in seconds.
        target: the file to write to, ``""`` for each agent's own.
        again: rules that were edited or deleted are written again.
    """

    project: Path | None
    agent: str
    since: float
    target: str
    again: bool


@dataclass(frozen=True, slots=True)
class _Rest:
    """Findings that make no rule.

    Args:
        unfit: how many cannot be told.
        retrieved: by project, whose results agents brought back after something was left out of them.
    """

    unfit: int
    retrieved: Mapping[str, tuple[Finding, ...]]


@click.command("learn")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project of this folder, or the repository that it is in; by default of this one.",
)
@click.option("--all", "everything", is_flag=True, help="Sessions of all projects.")
@click.option("--agent", type=click.Choice(list(READERS)), help="Only this agent's sessions, for its files alone.")
@click.option("--since", default="30d", callback=_seconds, show_default=True, metavar="AGO", help="Sessions that went on since: 12h, 30d, 8w.")
@click.option("--apply", "write", is_flag=True, help="Write; without it nothing but the diff is made.")
@click.option("--target", default="", metavar="FILE", help="Write to this file of the project, a tracked one included.")
@click.option("--again", is_flag=True, help="Also rules that you edited, deleted or removed before.")
@click.option("--judge", is_flag=True, help="Let a model choose and reword: your own agent with its tools off, or an API that you have a key for.")
@click.option("--forget-retrievals", "forgets", is_flag=True, help="Only forget what was asked for again after something was left out.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(
    *,
    project: Path | None,
    everything: bool,
    agent: str | None,
    since: float,
    write: bool,
    target: str,
    again: bool,
    judge: bool,
    forgets: bool,
    as_json: bool,
) -> None:
    """Corrections from sessions in which something failed and something else then worked, for the files that agents read.

    A dry run unless --apply is given. Only what stands on this machine is read, and nothing leaves it unless --judge asks a model.
    """
    if everything and (project is not None or target):
        raise click.UsageError("--all goes with neither --project nor --target.")
    settings = config.load(config.surroundings())
    here = git.root(Path(os.path.realpath(project or settings.surroundings.cwd)), settings.surroundings.home)
    if forgets:
        click.echo(elided.forget(settings, None if everything else here))
        return
    asked = Asked(None if everything else here, agent or "", time.time() - since, target, again)
    survey, proposals, rest = _look(asked, settings, _judge(settings, agent or "") if judge else None)
    problems = [problem for proposal in proposals for problem in proposal.problems]
    compressed: list[retrieved.Project] = []
    try:
        compressed = elided.known(settings, asked.project)
    except UserError as error:  # what is learned does not depend on it
        problems.append(str(error))
    if as_json:
        click.echo(json.dumps({**_as_json(survey, proposals, rest), "asked_again": elided.as_json(compressed)}, indent=1))
    else:
        _print(survey, proposals, rest, color=settings.surroundings.color)
        click.echo(elided.text(compressed), nl=False)
    if write:
        problems += _write(proposals, Memory(settings.state), named=bool(target), quiet=as_json)
    elif not as_json and any(proposal.news for proposal in proposals):
        click.echo("Nothing was written; headroom learn --apply does that.")
    for problem in problems:
        click.echo(f"headroom: {problem}", err=True)
    if problems:
        sys.exit(1)


def _judge(settings: Config, agent: str) -> Judge:
    found = find_judge(settings.surroundings.environ, agent)
    if found is None:
        raise UserError(
            "There is nobody to judge: neither claude nor codex is on the PATH.", "Install one, or set ANTHROPIC_API_KEY or OPENAI_API_KEY."
        )
    name, ask = found
    click.echo(f"Asking {name}.", err=True)
    return opinion(ask, lambda notice: click.echo(f"headroom: {notice}", err=True))


def _look(asked: Asked, settings: Config, judge: Judge | None) -> tuple[Survey, list[Proposal], _Rest]:
    """Read the sessions, and work out what would be written; and which findings make no rule."""
    around = settings.surroundings
    survey, memory = Survey(), Memory(settings.state)
    survey.read(
        sessions(
            around.environ,
            around.home,
            project=asked.project,
            agent=asked.agent or None,
            since=asked.since,
            state=settings.state,
            skipped=survey.skipped,
        )
    )
    mined, now = memory.add(survey.mined), time.time()
    proposals, unfit, retrieved = [], {}, {}
    for project, agents in sorted(_projects(survey, mined, asked).items()):
        if not Path(project).is_dir():
            continue
        place = Place(Path(project), around.home, around.environ.get("PATH", ""))
        found = evidence.findings(mined, now, project)
        record = memory.record(place.project)
        proposals.append(propose(place, found, agents, record, only=asked.agent, target=asked.target, again=asked.again, judge=judge))
        unfit.update({finding.id: finding for finding in untold(found)})
        retrieved[project] = tuple(finding for finding in found if finding.lesson is Lesson.RETRIEVED)
    return survey, proposals, _Rest(len(unfit), retrieved)


def _projects(survey: Survey, mined: Sequence[Mined], asked: Asked) -> dict[str, tuple[str, ...]]:
    """The projects asked for and the agents that work in each: by the sessions read now, and by what is known of earlier ones."""
    agents = {project: Counter(counted) for project, counted in survey.agents.items()}
    for one in mined:
        for seen in (observation.evidence for observation in one.observations):
            if seen.project and (asked.project is None or Path(seen.project).is_relative_to(asked.project)):
                agents.setdefault(seen.project, Counter())[seen.agent] += 1
    if asked.target and asked.project is not None:  # one file is one project's
        agents = {str(asked.project): sum(agents.values(), Counter())}
    return {p: tuple(sorted(counted)) for p, counted in agents.items() if p and (not asked.agent or asked.agent in counted)}


def _write(proposals: Sequence[Proposal], memory: Memory, *, named: bool, quiet: bool) -> list[str]:
    """Write what was proposed. Returns a sentence for every file that was not written."""
    problems = []
    for proposal in proposals:
        record = proposal.record
        for change in proposal.changes:
            if change.changes and change.shared and not named and (quiet or not _consented(change)):
                problems.append(f"{change.held.path} is {change.standing.value}, so it was left as it is; name it with --target to write there.")
                continue
            try:
                record = apply(change, record, memory)
            except WriteError as error:
                problems.append(str(error))
                continue
            if change.changes and not quiet:
                click.echo(f"Written: {change.held.path}")
    return problems


def _consented(change: Change) -> bool:
    """Whether the user wants a file written that others get, too. Nobody is asked where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return click.confirm(f"{change.shown} is {change.standing.value}. Write to it?", default=False)


def _print(survey: Survey, proposals: Sequence[Proposal], rest: _Rest, *, color: bool) -> None:
    count = survey.sessions
    click.echo(f"{count:,} session{'' if count == 1 else 's'} read{_skipped(survey.skipped)}.")
    if rest.unfit:
        click.echo(f"{rest.unfit} finding{'' if rest.unfit == 1 else 's'} cannot be told in a short, safe sentence.")
    told = False
    for proposal in proposals:
        retrieved = rest.retrieved.get(str(proposal.project), ())
        if not proposal.rules and not proposal.news and not retrieved:
            continue
        told = True
        click.echo(f"\n{proposal.project}")
        if proposal.rules:
            _table(survey, proposal, color=color)
        for finding in retrieved:
            tool = quoted(finding.slots["tool"])
            if tool is not None:
                click.echo(f"Left out by Headroom and brought back: results of {tool}, in {finding.sessions} sessions.")
        for change in proposal.news:
            click.echo()
            if change.shared:
                click.echo(f"{change.shown} is {change.standing.value}: it is written only if you say so.")
            click.echo(change.diff(), nl=False)
    if not told:
        click.echo("Nothing was found that would have helped.")


def _table(survey: Survey, proposal: Proposal, *, color: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("rule", ratio=1)
    table.add_column("goes to")
    for heading in ("seen", "sessions", "wasted", "at least"):
        table.add_column(heading, justify="right", no_wrap=True)
    for rule in proposal.rules:
        found = rule.finding
        cost = survey.cost(found)
        cells = [rule.text, proposal.where[rule.id], f"{len(found.evidence):,}", f"{found.sessions:,}", f"~{tokens(found.wasted_tokens)}"]
        table.add_row(*(Text(cell) for cell in (*cells, f"~{dollars(cost)}" if cost is not None else "–")))
    Console(no_color=not color, highlight=False).print(table)


def _skipped(skipped: Skipped) -> str:
    """What was passed over, as the end of a sentence."""
    parts = [
        f"{count:,} {reason} {kind}" for kind, tally in (("files", skipped.files), ("rows", skipped.rows)) for reason, count in sorted(tally.items())
    ]
    return f"; skipped: {', '.join(parts)}" if parts else ""


def _as_json(survey: Survey, proposals: Sequence[Proposal], rest: _Rest) -> dict[str, Any]:
    skipped = {"files": survey.skipped.files, "rows": survey.skipped.rows}
    return {
        "sessions": survey.sessions,
        "skipped": skipped,
        "projects": [_project(survey, proposal, rest.retrieved.get(str(proposal.project), ())) for proposal in proposals],
    }


def _project(survey: Survey, proposal: Proposal, retrieved: Sequence[Finding]) -> dict[str, Any]:
    return {
        "project": str(proposal.project),
        "findings": [
            {
                "id": rule.id,
                "kind": rule.finding.kind.value,
                "lesson": rule.finding.lesson.value,
                "rule": rule.text,
                "goes_to": proposal.where[rule.id],
                "seen": len(rule.finding.evidence),
                "sessions": rule.finding.sessions,
                "projects": rule.finding.projects,
                "contradicted": len(rule.finding.contradicted),
                "wasted_tokens": rule.finding.wasted_tokens,
                "cost": survey.cost(rule.finding),
                "evidence": [{"agent": e.agent, "session": e.session, "time": e.time, "where": e.where} for e in rule.finding.evidence],
            }
            for rule in proposal.rules
        ],
        "retrieved": [{"tool": finding.slots["tool"], "seen": len(finding.evidence), "sessions": finding.sessions} for finding in retrieved],
        "files": [
            {"path": str(change.held.path), "git": change.standing.value, "needs_consent": change.shared, "diff": change.diff()}
            for change in proposal.news
        ],
    }
