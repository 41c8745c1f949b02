"""``headroom models``: fetch, list and remove text models from the hub. Nothing else in the house downloads anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headroom_wrap import config, state
from headroom_wrap.errors import UserError
from headroom_wrap.models.chosen import choose, usable
from headroom_wrap.models.shelf import Shelf, is_hub_id
from pipeline.compressors.kompress.checkpoint import Format

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_MB = 1_000_000


@click.group("models")
def command() -> None:
    """Text models that judge prose beside the embedded one. To use one: kompress_model = "OWNER/NAME" in config.toml."""


@command.command("pull")
@click.argument("hub_id", metavar="OWNER/NAME")
@click.option("--revision", default="main", help="Branch, tag or commit.")
@click.option("--format", "format_", type=click.Choice([f.value for f in Format]), help="Of the weights; by default what is installed can run.")
def pull(hub_id: str, revision: str, format_: str | None) -> None:
    """Fetch a model from the hub into the state folder."""
    from headroom_wrap.models import hub

    if not is_hub_id(hub_id):
        raise UserError(f"{hub_id!r} is no name of a model on the hub.", "Write it as OWNER/NAME.")
    formats = [Format(format_)] if format_ else usable()
    if not formats:
        raise UserError("Nothing that runs a text model is installed.", "Run: pip install 'headroom-ai[ml]' (or [hf] for torch)")
    settings = config.load(config.surroundings())
    environ = settings.surroundings.environ
    source = hub.Hub(environ.get("HF_ENDPOINT") or hub.PUBLIC, environ.get("HF_TOKEN", ""))
    state.ensure(settings.state)
    with _progress() as progress:
        pulled = hub.pull(source, Shelf(settings.state), hub_id, revision, formats, progress=_Bars(progress))
    for name, kept in sorted(pulled.manifest.files.items()):
        click.echo(f"{kept.sha256}  {kept.size / _MB:9.1f} MB  {name}")
    click.echo(f"{pulled.name} is in {pulled.folder}")
    if settings.kompress_model != hub_id:
        click.echo(f'To use it: kompress_model = "{hub_id}" in {config.config_path(settings.surroundings)}, or HEADROOM_KOMPRESS_MODEL={hub_id}')


@command.command("list")
def list_() -> None:
    """The models that were pulled, and which one is in force."""
    settings = config.load(config.surroundings())
    chosen = choose(settings.kompress_model, settings.state)
    rows = [("embedded", "", chosen.checkpoint is None)]
    rows += [(p.name, f"{p.size / _MB:.0f} MB", p.name == chosen.name) for p in Shelf(settings.state)]
    if chosen.checkpoint is not None and not any(live for *_, live in rows):
        rows.append((chosen.name, "", True))
    for name, size, live in rows:
        click.echo(f"{'*' if live else ' '} {name}{'  ' + size if size else ''}")
    if chosen.why:
        click.echo(f"{chosen.why} The embedded model is used.", err=True)


@command.command("remove")
@click.argument("hub_id", metavar="OWNER/NAME")
def remove(hub_id: str) -> None:
    """Remove a model from the state folder, in every revision of it that was pulled."""
    gone = Shelf(config.load(config.surroundings()).state).remove(hub_id)
    if not gone:
        raise UserError(f"{hub_id} was not pulled.", "What was: headroom models list", status=1)
    for pulled in gone:
        click.echo(f"{pulled.name} is removed: {pulled.size / _MB:.0f} MB")


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    return Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True))


class _Bars:
    """A bar for each file, on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total or None)
        self._progress.update(self._tasks[name], completed=done)
