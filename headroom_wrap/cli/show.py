"""``headroom show HANDLE``: an original back, whole or in part."""

from __future__ import annotations

import sys

import click

from headroom_wrap import config
from headroom_wrap.errors import UserError
from headroom_wrap.state import open_store
from pipeline import ccr
from pipeline.store.api import StoreError


@click.command("show")
@click.argument("handle")
@click.option("--lines", metavar="A-B", help="Only these lines (or records): 120-480, 5-9,40-60, 480-; or characters of one: 401:1-5000.")
@click.option("--grep", metavar="RE", help="Only lines in which this regular expression is found.")
def command(handle: str, lines: str | None, grep: str | None) -> None:
    """Print the original behind HANDLE, the hex digits after “[headroom ” in a footer."""
    settings = config.load(config.surroundings())
    store = open_store(settings)
    try:
        found = ccr.retrieve(store, handle, lines, grep)
    except (ccr.RetrievalError, StoreError) as error:
        raise UserError(str(error), status=1) from None
    finally:
        store.close()
    sys.stdout.buffer.write(_encoded(printed(found)))
    sys.stdout.buffer.flush()


def printed(found: ccr.Retrieved) -> str:
    """What the command prints: an original as it is, and under a part a line that says of what it is one."""
    said = ccr.closing(found)
    return f"{found.text}\n{said}\n" if said else found.text


def _encoded(text: str) -> bytes:
    """The bytes of an original: those that were no UTF-8 as they were, halves of characters, which JSON can hold, as they would be alone."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
