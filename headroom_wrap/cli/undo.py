"""``headroom undo``: put back what a killed session left behind."""

from __future__ import annotations

import click

from headroom_wrap import config
from headroom_wrap.supervisor.journal import Journal


@click.command("undo")
@click.option("--all", "everything", is_flag=True, help="Also what was installed to stay (headroom mcp install).")
def command(everything: bool) -> None:
    """Undo what sessions that were killed left on disk. Sessions that still run are not touched."""
    journal = Journal(config.load(config.surroundings()).state)
    stale = list(journal.stale())
    kept = [sentence for entry in stale for sentence in journal.undo(entry)]
    click.echo(f"{len(stale)} killed session{'' if len(stale) == 1 else 's'} cleaned up." if stale else "Nothing was left behind.")
    for name, entry in journal.installed().items():
        if everything:
            kept += journal.undo(entry)
            click.echo(f"Removed: {name}.")
        else:
            click.echo(f"Installed, and left as it is: {name}.")
    for sentence in kept:
        click.echo(sentence)
