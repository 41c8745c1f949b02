"""``headroom memory``: what agents read in a project before, for a person."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from headroom_wrap import config
from headroom_wrap.errors import UserError
from headroom_wrap.memory import project
from headroom_wrap.memory.recall import Recall
from headroom_wrap.state import open_store
from pipeline.feedback import records
from pipeline.memory import notes
from pipeline.memory.notes import Note
from pipeline.store.api import Store, StoreError

_named = click.option(
    "--project", "named", default="", metavar="IDENTITY", help="Of this project, as `list --all` names it; by default of this folder's."
)


@click.group("memory")
def command() -> None:
    """What agents read in this project before. Agents ask for it themselves where --memory (or HEADROOM_MEMORY=on) is set."""


@command.command("list")
@_named
@click.argument("path", default="")
@click.option("--all", "everywhere", is_flag=True, help="All projects, with how much is remembered of each.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def listed(*, named: str, path: str, everywhere: bool, as_json: bool) -> None:
    """List what is remembered, the newest first: all of it, or what has PATH in its path."""
    with _memory(named, needed=not everywhere) as (store, recall):
        if everywhere:
            found = [project for project in store.projects() if not records.is_shelf(project[0])]
            lines = json.dumps([{"project": name, "entries": count} for name, count in found]) if as_json else _table(found)
            click.echo(lines)
            return
        remembered = recall.notes(store, path)
        if as_json:
            click.echo(json.dumps([_row(recall.project, note) for note in remembered]))
        elif not remembered:
            click.echo("Nothing is remembered here. It is once an agent has read files with memory on: headroom wrap claude --memory")
        for note in remembered if not as_json else ():
            click.echo(notes.headline(note, time.time()))


@command.command("show")
@_named
@click.argument("path")
@click.option("--compressed", is_flag=True, help="As the first agent that read it was shown it.")
def show(*, named: str, path: str, compressed: bool) -> None:
    """Print what was read of PATH last."""
    with _memory(named) as (store, recall):
        found = recall.notes(store, path)
        exact = [note for note in found if note.key == path] or found
        if not exact:
            raise UserError(f"Nothing is remembered of {path}.", "What there is: headroom memory list", status=1)
        original = store.original(exact[0].handle)
        text = recall.text(store, exact[0]) if compressed or original is None else original.text
        click.echo(f"headroom: {notes.headline(exact[0], time.time())}", err=True)
        sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + (b"" if text.endswith("\n") else b"\n"))
        sys.stdout.buffer.flush()


@command.command("forget")
@_named
@click.argument("path", default="")
@click.option("--everything", is_flag=True, help="All that is remembered of the project.")
def forget(*, named: str, path: str, everything: bool) -> None:
    """Forget that PATH was read. The texts behind handles that were sent to a model stay, for those who ask for them."""
    if bool(path) == everything:
        raise click.UsageError("Name a path, or say --everything.")
    with _memory(named) as (store, recall):
        gone = store.forget(recall.project, path)
    click.echo(f"{gone} {'entry is' if gone == 1 else 'entries are'} forgotten.")


@command.command("export")
@_named
def export(*, named: str) -> None:
    """Print all that is remembered of the project, texts included, a JSON object a line."""
    with _memory(named) as (store, recall):
        for note in recall.notes(store):
            original = store.original(note.handle)
            row = {**_row(recall.project, note), "text": None if original is None else original.text}
            click.echo(json.dumps(row))


@contextmanager
def _memory(named: str, *, needed: bool = True) -> Iterator[tuple[Store, Recall]]:
    """The store and the project's memory in it."""
    settings = config.load(config.surroundings())
    here = project.here(settings)
    identity = named or (here.identity if here is not None else "")
    if needed and not identity:
        raise UserError("It is not certain which project this folder is of.", "Go to it, or name one: headroom memory list --all", status=1)
    top = str(here.top) if here is not None and here.identity == identity else ""
    store = open_store(settings)
    try:
        yield store, Recall(identity, top)
    except StoreError as error:
        raise UserError(str(error)) from None
    finally:
        store.close()


def _table(projects: list[tuple[str, int]]) -> str:
    return "\n".join(f"{name}  {count:,} {'entry' if count == 1 else 'entries'}" for name, count in projects) or "Nothing is remembered."


def _row(identity: str, note: Note) -> dict[str, object]:
    seen = [{"agent": agent, "time": at} for agent, at in note.seen]
    told = {"key": note.key, "lines": note.label, "digest": note.digest, "handle": note.handle, "tokens": note.tokens}
    return {"project": identity, **told, "state": note.state.name.lower(), "seen": seen}
