"""``headroom stats``: the figures over all sessions."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import click

from headroom_wrap import config
from headroom_wrap.ledger.summary import Summary, Total, dollars, summarise, tokens
from headroom_wrap.state import open_store

_DAY_S = 86_400.0


@click.command("stats")
@click.option("--since", "days", type=click.FloatRange(min=0), default=None, metavar="DAYS", help="Only the last so many days.")
@click.option("--project", default="", metavar="FOLDER", help="Only sessions in this folder.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(days: float | None, project: str, as_json: bool) -> None:
    """What sessions cost and what they would have cost: from the provider's own usage, signed, our own part taken off."""
    settings = config.load(config.surroundings())
    store = open_store(settings)
    try:
        summary = summarise(store.receipts(since=time.time() - days * _DAY_S if days is not None else 0.0, project=project))
    finally:
        store.close()
    if as_json:
        click.echo(json.dumps({**asdict(summary), "saved": summary.total.saved, "saved_share": summary.total.saved_share}))
    elif not summary.total.responses:
        click.echo("No session has been recorded yet. Run one with: headroom wrap claude")
    else:
        _print(summary, settings)


def _print(summary: Summary, settings: config.Config) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(no_color=not settings.surroundings.color, highlight=False)
    table = Table(title=None, box=None, pad_edge=False)
    for heading, right in (
        ("", False),
        ("responses", True),
        ("cost", True),
        ("without us", True),
        ("saved", True),
        ("share", True),
        ("tokens less", True),
        ("cache", True),
    ):
        table.add_column(heading, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
    groups: list[Total] = [summary.total, *summary.agents, *summary.models, *summary.projects]
    for total in groups:
        table.add_row(
            total.name or "all",
            f"{total.responses:,}",
            dollars(total.cost),
            f"~{dollars(total.cost_without)}",
            f"~{dollars(total.saved)}",
            f"{total.saved_share:.1%}",
            f"~{tokens(total.removed)}",
            f"{total.cache_hit:.0%}",
        )
    console.print(table)
    if summary.compressors:
        console.print("by compressor: " + ", ".join(f"{name} ~{tokens(count)}" for name, count in summary.compressors))
    if summary.reasons:
        console.print("blocks: " + ", ".join(f"{reason} {count:,}" for reason, count in summary.reasons))
    if summary.unpriced_models:
        console.print(f"not in these sums, because their price is not known: {', '.join(summary.unpriced_models)}")
