"""``headroom undo``: put back what a killed session left behind."""

from __future__ import annotations

import click

from headroom_wrap import config
from headroom_wrap.supervisor.journal import Journal


@click.command("undo")
def command() -> None:
    """Undo what sessions that were killed left on disk. Sessions that still run are not touched."""
    journal = Journal(config.load(config.surroundings()).state)
    stale = list(journal.stale())
    kept = [sentence for entry in stale for sentence in journal.undo(entry)]
    click.echo(f"{len(stale)} killed session{'' if len(stale) == 1 else 's'} cleaned up." if stale else "Nothing was left behind.")
    for sentence in kept:
        click.echo(sentence)
