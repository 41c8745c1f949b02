"""``headroom receipt``: what one session cost, response by response if asked."""

from __future__ import annotations

import json

import click

from headroom_wrap import config
from headroom_wrap.cli import rows
from headroom_wrap.cli.transcripts import told_by_session
from headroom_wrap.errors import UserError
from headroom_wrap.ledger.reconcile import lines, reconcile
from headroom_wrap.ledger.summary import dollars, summarise, text_receipt, tokens
from headroom_wrap.state import open_store
from pipeline.store.api import Group, Store, Total


@click.command("receipt")
@click.argument("session")
@click.option("--json", "as_json", is_flag=True, help="A row for each response, as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="A row for each response, as CSV.")
def command(session: str, *, as_json: bool, as_csv: bool) -> None:
    """What a SESSION cost and what it would have cost; the beginning of its id will do. `headroom stats --by session` lists them."""
    if as_json and as_csv:
        raise click.UsageError("Choose one of --json and --csv.")
    settings = config.load(config.surroundings())
    store = open_store(settings)
    try:
        name = _named(store, session)
        receipts = store.receipts(session=name)
    finally:
        store.close()
    if as_json:
        click.echo(json.dumps([rows.of_receipt(r) for r in receipts]))
    elif as_csv:
        click.echo(rows.as_csv(rows.RECEIPT, map(rows.of_receipt, receipts)), nl=False)
    else:
        summary = summarise(receipts)
        click.echo(text_receipt(summary, title=f"Session {name}"), nl=False)
        for cause in summary.causes:
            click.echo(f"  {_cause(cause)}")
        for line in lines(reconcile(receipts, told_by_session(receipts, settings).get(name, []))):
            click.echo(f"  {line}")


def _named(store: Store, session: str) -> str:
    """The session of this name, or the only one whose name begins with it.

    Raises:
        UserError: there is none, or there are several.
    """
    names = [total.name for total in store.totals(Group.SESSION) if session and total.name.startswith(session)]
    if session in names or len(names) == 1:
        return session if session in names else names[0]
    if names:
        raise UserError(f"{len(names)} sessions begin with {session}.", f"Say more of it: {', '.join(names[:3])}.")
    raise UserError(f"No session {session} is on record.", "headroom stats --by session lists those that are.")


def _cause(total: Total) -> str:
    """What was written to the provider's cache for one cause."""
    wrote = total.usage.cache_write_5m + total.usage.cache_write_1h
    again = f"; {tokens(total.again)} of them were there before and were paid again, {dollars(total.again_cost)} more" if total.again else ""
    responses = f"{total.responses:,} response{'' if total.responses == 1 else 's'}"
    return f"Cache, {total.name}: {responses}, {tokens(wrote)} tokens written{again}."
