"""The commands by name."""

from __future__ import annotations

import importlib

import click

from headroom.version import VERSION

_COMMANDS: dict[str, tuple[str, str]] = {
    "wrap": ("headroom_wrap.cli.wrap", "Run a coding agent with everything it reads made smaller."),
    "agents": ("headroom_wrap.cli.agents", "What can be wrapped, what of it passes through us, and what is lost."),
    "demo": ("headroom_wrap.cli.demo", "See it work within seconds: no account, no agent, no network."),
    "proxy": ("headroom_wrap.cli.proxy", "Stand in front of any client of a model's API, until stopped."),
    "run": ("headroom_wrap.cli.run", "Run any command; what it prints is made smaller unless a terminal reads it."),
    "mcp": ("headroom_wrap.cli.mcp", "The tools over MCP for agents that are not wrapped: serve, install, uninstall."),
    "compress": ("headroom_wrap.cli.compress", "What a tool's output would look like to the model."),
    "show": ("headroom_wrap.cli.show", "Print an original, whole, by lines or by pattern."),
    "stats": ("headroom_wrap.cli.stats", "What sessions cost and what they would have cost."),
    "receipt": ("headroom_wrap.cli.receipt_command", "What one session cost."),
    "bench": ("headroom_wrap.cli.bench", "What sessions kept on this machine would have cost with Headroom."),
    "memory": ("headroom_wrap.cli.memory", "What agents read in this project before: list, show, forget, export."),
    "learn": ("headroom_wrap.cli.learn", "Corrections from sessions that went wrong, for the files that agents read."),
    "unlearn": ("headroom_wrap.cli.unlearn", "Take what learn wrote out of a project's instruction files."),
    "store": ("headroom_wrap.cli.store", "What is kept: how much, whether it is whole, and removing what is old."),
    "models": ("headroom_wrap.cli.models", "Text models from the hub: fetch, list, remove."),
    "hook": ("headroom_wrap.cli.hook", "What agents' hooks call."),
    "doctor": ("headroom_wrap.cli.doctor", "Is everything there that this machine needs, and does it work?"),
    "undo": ("headroom_wrap.cli.undo", "Put back what a killed session left behind."),
}

_HIDDEN = frozenset({"hook"})


class Commands(click.Group):
    """A group whose commands are imported when they are called, so that ``--version`` costs next to nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in _COMMANDS.items() if name not in _HIDDEN])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=False)
@click.version_option(VERSION, message="headroom %(version)s")
def cli() -> None:
    """Make everything a coding agent reads smaller before the model sees it: reversibly, on this machine, never dearer."""
