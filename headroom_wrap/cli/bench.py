"""``headroom bench bill``: what Headroom would have saved on sessions that agents have kept on this machine. Nothing leaves it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from headroom_wrap.ledger.summary import dollars, tokens
from pipeline.policy import Profile

_DAY_S = 86_400.0


@click.group("bench")
def command() -> None:
    """Measure Headroom on what is on this machine."""


@command.command("bill")
@click.option(
    "--sessions",
    "folder",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    metavar="DIR",
    help="Transcripts, e.g. ~/.claude/projects or ~/.codex/sessions.",
)
@click.option("--days", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Only files that were written in the last so many days.")
@click.option("--profile", type=click.Choice([p.value for p in Profile]), default=Profile.BALANCED.value, show_default=True)
@click.option(
    "--retrievals", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Share of shortened results that the model fetches back."
)
@click.option("--json", "as_json", is_flag=True, help="A JSON object for each session and one for all.")
def bill_command(folder: Path, days: float, profile: str, retrievals: float, as_json: bool) -> None:
    """What sessions of Claude Code and Codex were billed, and what they would have been with Headroom. An estimate: answers stay as they were."""
    from headroom_wrap.bench.bill import Bill, bill, total
    from headroom_wrap.bench.transcripts import conversations
    from pipeline.store.sqlite import SqliteStore

    everything = Bill()
    files = 0
    for path in _files(folder, time.time() - days * _DAY_S):
        # Originals go into a store of their own, which is thrown away.
        with tempfile.TemporaryDirectory() as scratch, path.open("rb") as lines:
            store = SqliteStore.open(Path(scratch) / "headroom.db")
            try:
                one = total(bill(conversation, store, profile=profile, retrievals=retrievals) for conversation in conversations(lines))
            finally:
                store.close()
        if not (one.responses or one.unpriced or one.unread):
            continue
        files += 1
        everything += one
        if as_json:
            click.echo(json.dumps({"session": path.name, **asdict(one), "saved_share": one.saved_share}))
    if as_json:
        click.echo(json.dumps({"sessions": files, **asdict(everything), "saved_share": everything.saved_share}))
    else:
        click.echo(_text(files, everything.responses, everything.without, everything.with_us, everything.removed))
        if everything.unpriced:
            click.echo(f"{everything.unpriced:,} responses are not in these sums: the price of their model is not known.")
        if everything.unread:
            click.echo(f"{everything.unread:,} conversations could not be read.")


def _files(folder: Path, since: float) -> Iterator[Path]:
    """Transcripts in order of their names."""
    found = [folder] if folder.is_file() else sorted(folder.rglob("*.jsonl"))
    return (path for path in found if path.is_file() and path.stat().st_mtime >= since)


def _text(files: int, responses: int, without: float, with_us: float, removed: int) -> str:
    if not responses:
        return "No response with a known price was found there."
    saved = without - with_us
    share = f"{abs(saved) / without:.1%}"
    outcome = f"~{dollars(saved)} ({share}) less" if saved > 0 else f"~{dollars(-saved)} ({share}) more"
    return (
        f"{files:,} sessions, {responses:,} responses: {dollars(without)} at list price.\n"
        f"With Headroom ~{dollars(with_us)}: {outcome}, by ~{tokens(removed)} tokens of prompt, retrievals and our tools counted."
    )
