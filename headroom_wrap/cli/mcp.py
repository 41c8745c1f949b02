"""``headroom mcp``: the tools over MCP without wrapping an agent."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from adapters.json_text import UnfitError
from headroom_wrap import config, own, state
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.mcp_install.change import Change, change
from headroom_wrap.mcp_install.places import PLACES, Place
from headroom_wrap.supervisor.journal import Journal, write_atomically

_agent = click.option("--agent", "name", type=click.Choice(list(PLACES)), required=True, help="Whose settings.")


@click.group("mcp")
def command() -> None:
    """Serve the tools (retrieve, compress, stats) over MCP, or install them in an agent's own settings."""


@command.command("serve")
@click.option(
    "--http",
    "port",
    type=click.IntRange(0, 65535),
    default=None,
    metavar="PORT",
    help="Over HTTP on 127.0.0.1, not standard input and output; 0 takes a free port.",
)
@click.option("--state", "folder", type=click.Path(file_okay=False), default=None, metavar="DIR", help="Folder of the store. [HEADROOM_STATE]")
def serve(port: int | None, folder: str | None) -> int:
    """Serve until the client goes (standard input ends) or, over HTTP, until stopped."""
    in_force = config.load(config.surroundings(), {"state": folder})
    if port is None:
        from headroom_wrap.mcp.__main__ import main

        return main(["--state", str(in_force.state)])
    from headroom_wrap.cli.proxy import kept_token
    from headroom_wrap.mcp import listener

    listener.serve(port, kept_token(state.ensure(in_force.state)), in_force, say=lambda line: click.echo(line, err=True))
    return 0


@command.command("install")
@_agent
@click.option("--yes", is_flag=True, help="Do not ask.")
def install(name: str, yes: bool) -> int:
    """Add the server to an agent's settings. What is written is shown before, and `headroom mcp uninstall` takes exactly that away."""
    in_force = config.load(config.surroundings())
    place, server = PLACES[name], server_command(in_force)
    path = place.file(in_force.surroundings.environ, in_force.surroundings.home)
    try:
        wanted = change(place, path, server)
    except UnfitError as error:
        click.echo(f"Nothing was written: {error}.\nIf it is to be there, add this by hand:\n\n{place.snippet(server)}", nl=False)
        return 1
    click.echo(wanted.diff(), nl=False)
    if not yes and not _agreed("Write this?"):
        click.echo("Nothing was written.")
        return 1
    _write(Journal(state.ensure(in_force.state)), place, wanted)
    click.echo(f"Installed for {name}. {place.restart} To take it away: headroom mcp uninstall --agent {name}")
    return 0


@command.command("uninstall")
@_agent
def uninstall(name: str) -> int:
    """Take the server out of an agent's settings again. A file that nobody changed since is byte for byte what it was before."""
    in_force = config.load(config.surroundings())
    journal = Journal(in_force.state)
    entry = journal.installed().get(entry_name(name))
    if entry is None:
        click.echo(f"Headroom has installed nothing for {name}.")
        return 1
    path = PLACES[name].file(in_force.surroundings.environ, in_force.surroundings.home)
    try:
        kept = [sentence for sentence in journal.undo(entry) if not _taken_out(PLACES[name], path)]
    except OSError as error:
        raise UserError(f"The settings of {name} cannot be written: {error}.", "Mend that and try again.", status=1) from None
    for sentence in kept:
        click.echo(f"{sentence} Remove “headroom” from it by hand.")
    if not kept:
        click.echo(f"Removed from the settings of {name}.")
    return 1 if kept else 0


def _taken_out(place: Place, path: Path) -> bool:
    """Whether our server could be taken out of settings that were written anew since, or is in them no more."""
    path = path.resolve()
    try:
        text = path.read_bytes().decode("utf-8")
        write_atomically(path, place.without(text))
    except FileNotFoundError:
        return True
    except (UnfitError, UnicodeDecodeError):
        return False
    return True


def entry_name(agent: str) -> str:
    """The journal's name for what is installed in an agent's settings."""
    return f"mcp-{agent}"


def server_command(in_force: Config) -> tuple[str, ...]:
    """What starts the server, good in every folder and without a PATH."""
    # The folder is said, as an agent that was started from a desktop may not have the user's environment.
    return (*own.command(), "mcp", "serve", "--state", str(in_force.state.absolute()))


def _write(journal: Journal, place: Place, wanted: Change) -> None:
    try:
        journal.install(entry_name(place.agent), {wanted.path: wanted.after})
    except OSError as error:
        raise UserError(f"{wanted.path} cannot be written: {error.strerror}.", "Mend its permissions and try again.", status=1) from None


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError("Nobody can be asked here.", "Give --yes to write it unasked.")
    return click.confirm(question)
