"""``headroom stats``: the figures over all sessions."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict

import click

from headroom_wrap import config
from headroom_wrap.cli import elided, rows
from headroom_wrap.cli.transcripts import told_by_session
from headroom_wrap.config import Config
from headroom_wrap.learn import retrieved
from headroom_wrap.ledger.reconcile import lines, reconcile
from headroom_wrap.ledger.shares import hit
from headroom_wrap.ledger.summary import Summary, dollars, summary_of, tokens
from headroom_wrap.state import open_store
from pipeline.store.api import Group, Receipt, Store, Total

_DAY_S = 86_400.0
_COMPRESSOR = "compressor"
_GROUPS = [group.value for group in (Group.DAY, Group.WEEK, Group.PROJECT, Group.AGENT, Group.MODEL, Group.SESSION, Group.CAUSE)]
_IN_ORDER = (Group.DAY.value, Group.WEEK.value)


def _since(ctx: click.Context, param: click.Parameter, value: str | None) -> float:
    """Unix time in seconds of ``today``, of ``week`` (its Monday), or of so many days ago."""
    now = time.time()
    today = time.localtime(now)
    back = {"today": 0, "week": today.tm_wday}.get(value or "")
    if back is not None:
        # A day before the month's first is carried over, and midnight is that of the clock on the wall, whatever the season.
        return time.mktime((today.tm_year, today.tm_mon, today.tm_mday - back, 0, 0, 0, 0, 0, -1))
    try:
        days = float(value) if value is not None else now / _DAY_S
    except ValueError:
        days = -1.0
    if not 0 <= days <= now / _DAY_S:
        raise click.BadParameter("Say today, week, or a number of days.", ctx, param)
    return now - days * _DAY_S


@click.command("stats")
@click.option("--since", callback=_since, metavar="WHEN", help="Only since then: today, week (since Monday), or so many days.")
@click.option("--project", default="", metavar="FOLDER", help="Only sessions in this folder.")
@click.option("--by", "group", type=click.Choice([*_GROUPS, _COMPRESSOR]), default=None, help="A row for each of these.")
@click.option("--reconcile", "reconciles", is_flag=True, help="Hold every session against the agent's own transcript, to the token.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV: a row for each day, or as --by says.")
def command(*, since: float, project: str, group: str | None, reconciles: bool, as_json: bool, as_csv: bool) -> None:
    """What sessions cost and what they would have cost: from the provider's own usage, signed, our own part taken off."""
    if as_json and as_csv:
        raise click.UsageError("Choose one of --json and --csv.")
    if reconciles and (group or as_json or as_csv):
        raise click.UsageError("--reconcile stands alone, or with --since and --project.")
    settings = config.load(config.surroundings())
    store = open_store(settings)
    try:
        if reconciles:
            _reconcile(store.receipts(since=since, project=project), settings)
        elif group is None and not as_csv:
            summary = summary_of(store, since=since, project=project)
            projects = [p for p in retrieved.everywhere(store, time.time()) if project in ("", p.folder)]
            click.echo(_as_json(summary, projects), nl=False) if as_json else _print(summary, projects, color=settings.surroundings.color)
        elif group == _COMPRESSOR:
            _tell_counts(store.counts("compressors", since=since, project=project), as_json=as_json, as_csv=as_csv)
        else:
            totals = _grouped(store, group or Group.DAY.value, since, project)
            _tell(totals, as_json=as_json, as_csv=as_csv, color=settings.surroundings.color)
    finally:
        store.close()


def _reconcile(receipts: Sequence[Receipt], settings: Config) -> None:
    """A line for each session that does not reconcile, and what all come to."""
    sessions: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        sessions.setdefault(receipt.session, []).append(receipt)
    if not sessions:
        _nothing()
        return
    responses = told_by_session(receipts, settings)
    exact = untold = 0
    for session, own in sessions.items():
        found = reconcile(own, responses.get(session, []))
        exact += found.exact and found.told > 0
        untold += not found.told
        if not found.exact:
            click.echo(f"{session}: {' '.join(lines(found))}")
    missing = f"; {untold:,} without a transcript" if untold else ""
    click.echo(f"{exact:,} of {len(sessions) - untold:,} sessions reconcile with the agents' transcripts to the token{missing}.")


def _grouped(store: Store, group: str, since: float, project: str) -> list[Total]:
    """Days and weeks in order, everything else the costliest first."""
    totals = store.totals(Group(group), since=since, project=project)
    return totals if group in _IN_ORDER else sorted(totals, key=lambda t: (-t.cost, -t.responses, t.name))


def _as_json(summary: Summary, projects: Sequence[retrieved.Project]) -> str:
    asked_again = elided.as_json(projects)
    return json.dumps({**asdict(summary), "saved": summary.total.saved, "saved_share": summary.total.saved_share, "asked_again": asked_again}) + "\n"


def _tell(totals: Sequence[Total], *, as_json: bool, as_csv: bool, color: bool) -> None:
    if as_json:
        click.echo(json.dumps([rows.of_total(total) for total in totals]))
    elif as_csv:
        click.echo(rows.as_csv(rows.TOTAL, map(rows.of_total, totals)), nl=False)
    elif totals:
        _table(totals, color=color)
    else:
        _nothing()


def _tell_counts(counts: Sequence[tuple[str, int]], *, as_json: bool, as_csv: bool) -> None:
    named = [{"name": name, "tokens_left_out": count} for name, count in counts]
    if as_json:
        click.echo(json.dumps(named))
    elif as_csv:
        click.echo(rows.as_csv(("name", "tokens_left_out"), named), nl=False)
    elif counts:
        for name, count in counts:
            click.echo(f"{name:<24} ~{tokens(count)}")
    else:
        _nothing()


def _nothing() -> None:
    click.echo("No session has been recorded yet. Run one with: headroom wrap claude")


def _print(summary: Summary, projects: Sequence[retrieved.Project], *, color: bool) -> None:
    if not summary.total.responses:
        _nothing()
        return
    _table([summary.total, *summary.agents, *summary.models, *summary.projects], color=color)
    if summary.compressors:
        click.echo("by compressor: " + ", ".join(f"{name} ~{tokens(count)}" for name, count in summary.compressors))
    if summary.reasons:
        click.echo("blocks: " + ", ".join(f"{reason} {count:,}" for reason, count in summary.reasons))
    if gentler := retrieved.gentler(projects):
        click.echo("gentler, because it was asked for again too often: " + "; ".join(gentler))
    missed = [cause for cause in summary.causes if cause.again]
    if missed:
        click.echo(
            "paid again where the provider's cache was missed: " + ", ".join(f"{c.name} {tokens(c.again)} ({dollars(c.again_cost)})" for c in missed)
        )
    if summary.unpriced_models:
        click.echo(f"not in these sums, because their price is not known: {', '.join(summary.unpriced_models)}")


def _table(totals: Sequence[Total], *, color: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=None, box=None, pad_edge=False)
    for heading in ("", "responses", "cost", "without us", "saved", "share", "tokens less", "cache"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True, overflow="ellipsis")
    for total in totals:
        table.add_row(
            total.name or "all",
            f"{total.responses:,}",
            dollars(total.cost),
            f"~{dollars(total.cost_without)}",
            f"~{dollars(total.saved)}",
            f"{total.saved_share:.1%}",
            f"~{tokens(total.removed)}",
            hit(total.cache_hit),
        )
    Console(no_color=not color, highlight=False).print(table)
