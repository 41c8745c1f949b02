"""``headroom store``: how much is kept, whether it is whole, and removing what is old. Nothing is removed that was not asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from headroom_wrap import config
from headroom_wrap.cli.options import settings
from headroom_wrap.errors import UserError
from headroom_wrap.state import open_store
from pipeline.store.api import Store, StoreError
from pipeline.store.opening import redacted

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_AGES = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


@click.group("store")
def command() -> None:
    """What is kept of all sessions: originals, decisions, receipts, memories."""


@command.command("du")
@settings("store")
def du(store: str | None) -> None:
    """Print how much there is of everything."""
    with _opened(store) as (opened, name):
        parts = opened.stock()
    click.echo(name)
    for part in parts:
        size = f"  {_readable(part.size)}" if part.size else ""
        click.echo(f"  {part.name:<10}{part.entries:>12,}{size}")


@command.command("verify")
@settings("store")
def verify(store: str | None) -> int:
    """Read every original and compare it with its checksum. Ends with status 1 if something is wrong."""
    with _opened(store) as (opened, name):
        wrong = opened.verify()
    for sentence in wrong:
        click.echo(sentence)
    if not wrong:
        click.echo(f"{name}: every original is what was kept")
    return 1 if wrong else 0


@command.command("gc")
@click.option("--older-than", "age", metavar="AGE", help="Remove what is older: 90d, 12w, 36h.")
@click.option("--quota", metavar="SIZE", help="Remove the oldest until what is left of originals is no larger: 2G, 500M.")
@settings("store")
def gc(age: str | None, quota: str | None, store: str | None) -> None:
    """Remove what is old: decisions, and originals that no younger decision and no memory names.

    A conversation that goes on after that is compressed anew, and what was left out of it before cannot be retrieved. Receipts stay. What was kept
    within the last day stays in any case.
    """
    if age is None and quota is None:
        raise UserError("Nothing is removed unasked.", "Say what is to go: --older-than 90d, or --quota 2G.")
    ages = [time.time() - _seconds(age)] if age is not None else []
    size = _bytes(quota) if quota is not None else None
    with _opened(store) as (opened, name):
        before = max(ages + ([opened.cutoff(size)] if size is not None else []))
        swept = opened.sweep(before)
        if swept.originals or swept.decisions:
            opened.compact()
    click.echo(f"{name}: {swept.originals:,} originals and {swept.decisions:,} decisions are gone, {_readable(swept.size)}")


@contextmanager
def _opened(where: str | None) -> Iterator[tuple[Store, str]]:
    """The store and its name."""
    in_force = config.load(config.surroundings(), {"store": where})
    opened = open_store(in_force)
    try:
        yield opened, redacted(in_force.where)
    except StoreError as error:
        raise UserError(str(error), status=1) from None
    finally:
        opened.close()


def _seconds(age: str) -> float:
    found = re.fullmatch(r"([0-9]{1,6})([hdw])", age)
    if found is None:
        raise UserError(f"{age!r} is no age.", "Write it as hours, days or weeks: 36h, 90d, 12w.")
    return int(found[1]) * _AGES[found[2]]


def _bytes(size: str) -> int:
    found = re.fullmatch(r"([0-9]{1,12})([KMGT]?)B?", size.upper())
    if found is None:
        raise UserError(f"{size!r} is no size.", "Write it as 500M or 2G.")
    return int(found[1]) * _UNITS[found[2]]


def _readable(size: int) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size = round(size / 1024)
    return f"{size:,} {unit}"
