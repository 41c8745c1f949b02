"""``headroom undo``: put back what a killed session left behind."""

from __future__ import annotations

import click

from headroom_wrap import config
from headroom_wrap.errors import UserError
from headroom_wrap.supervisor.journal import Journal


@click.command("undo")
@click.option("--all", "everything", is_flag=True, help="Also what was installed to stay (headroom mcp install).")
def command(everything: bool) -> int:
    """Undo what sessions that were killed left on disk. Sessions that still run are not touched.

    The exit status is 1 where something could not be undone.
    """
    journal = Journal(config.load(config.surroundings()).state)
    try:
        said, left = _sessions(journal)
        more, more_left = _installed(journal, everything=everything)
        left += more_left + len(journal.unreadable())
        said += more + [f"{file} cannot be read: what it names is not known, and is left as it is." for file in journal.unreadable()]
    except OSError as error:
        raise UserError(f"The journal cannot be read: {error}.", "Mend that and try again.", status=1) from None
    for sentence in said:
        click.echo(sentence)
    return 1 if left else 0


def _sessions(journal: Journal) -> tuple[list[str], int]:
    """Clean up after killed sessions: what the user should know of, and how many could not be cleaned up."""
    stale = {entry.file for entry in journal.stale()}
    said = journal.undo_stale()
    left = len(stale & {entry.file for entry in journal.stale()})
    for count, how in ((len(stale) - left, "cleaned up"), (left, "not cleaned up")):
        if count:
            click.echo(f"{count} killed session{'' if count == 1 else 's'} {how}.")
    if not stale:
        click.echo("Nothing was left behind.")
    return said, left


def _installed(journal: Journal, *, everything: bool) -> tuple[list[str], int]:
    """Take away what was installed to stay, if that is asked for; likewise."""
    said: list[str] = []
    for name, entry in journal.installed().items():
        if everything:
            said += journal.undo(entry)
        there = name in journal.installed()
        click.echo(f"{'Not removed' if everything and there else 'Installed, and left as it is' if there else 'Removed'}: {name}.")
    return said, len(journal.installed()) if everything else 0
