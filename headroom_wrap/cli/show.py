"""``headroom show HANDLE``: an original back, whole or in part."""

from __future__ import annotations

import sys

import click

from headroom_wrap import config
from headroom_wrap.errors import UserError
from headroom_wrap.state import open_store
from pipeline import ccr, markers


@click.command("show")
@click.argument("handle")
@click.option("--lines", metavar="A-B", help="Only these lines (or records): 120-480, 5-9,40-60, 480-.")
@click.option("--grep", metavar="RE", help="Only lines in which this regular expression is found.")
def command(handle: str, lines: str | None, grep: str | None) -> None:
    """Print the original behind HANDLE, the hex digits after “[headroom ” in a footer."""
    settings = config.load(config.surroundings())
    store = open_store(settings)
    try:
        found = ccr.retrieve(store, handle, lines, grep)
    except ccr.RetrievalError as error:
        raise UserError(str(error), status=1) from None
    finally:
        store.close()
    whole = lines is None and grep is None
    text = found.text if whole else f"{found.text}\n{markers.excerpt(found.handle, found.shown, found.total, found.unit)}\n"
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()
