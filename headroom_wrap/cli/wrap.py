"""``headroom wrap AGENT``: the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from adapters.plan import Adapter, LaunchPlan
from adapters.registry import ADAPTERS
from headroom_wrap import config
from headroom_wrap.cli.options import settings
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.models.chosen import choose
from headroom_wrap.supervisor.status import leave

_FLAGS = (
    "profile",
    "off",
    "floor_tokens",
    "exclude_tools",
    "disabled",
    "kompress_model",
    "upstream",
    "panel",
    "panel_key",
    "receipt",
    "learn",
    "mcp",
    "wrap_retrieve",
    "memory",
    "store",
    "port",
)


@click.command("wrap", context_settings={"ignore_unknown_options": False})
@click.argument("agent", metavar="AGENT")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS OF THE AGENT]")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("--subscription", is_flag=True, help="Use the account that the agent is signed in to (copilot).")
@settings(*_FLAGS)
def command(agent: str, arguments: tuple[str, ...], dry_run: bool, subscription: bool, **flags: Any) -> None:
    """Run AGENT with everything it reads made smaller. What follows -- goes to the agent as it is.

    Which agents there are, and what each loses: headroom agents.
    """
    wrap(known(agent), arguments, config.load(config.surroundings(), flags), dry_run=dry_run, subscription=subscription)


def known(name: str) -> Adapter:
    """The adapter of an agent, or the recipe for a program.

    Raises:
        UserError: there is neither.
    """
    if name in ADAPTERS:
        return ADAPTERS[name]
    from adapters.recipes import RECIPES

    if name in RECIPES:
        return RECIPES[name]
    names = ", ".join((*ADAPTERS, *RECIPES))
    raise UserError(f"Headroom does not know an agent called {name!r}.", f"It knows: {names}. Any client of a model's API: headroom proxy.")


def wrap(adapter: Adapter, arguments: tuple[str, ...], settings_in_force: Config, *, dry_run: bool = False, subscription: bool = False) -> None:
    """Run an agent, print the receipt, and end as the agent ended."""
    from headroom_wrap.supervisor import session

    if dry_run:
        for line in describe(session.preview(adapter, arguments, settings_in_force, subscription=subscription), settings_in_force):
            click.echo(line)
        return
    if why := choose(settings_in_force.kompress_model, settings_in_force.state).why:
        click.echo(f"headroom: {why} The embedded model is used.", err=True)
    ended = session.run(adapter, arguments, settings_in_force, subscription=subscription)
    from headroom_wrap.cli import learned, standard

    looking = learned.begin(ended, settings_in_force)
    if settings_in_force.receipt and (ended.plan.routed or ended.plan.edits):
        from headroom_wrap.cli.receipt import session_receipt

        standard.say(session_receipt(ended, settings_in_force))
    for sentence in ended.left:
        standard.say(f"headroom: {sentence}\n")
    if looking is not None:
        learned.finish(looking, settings_in_force)
    leave(ended.exit)


def describe(plan: LaunchPlan, settings_in_force: Config) -> list[str]:
    """A plan in lines for a person. Users and passwords in upstreams are left out: such lines end up in bug reports."""
    from headroom_wrap.proxy.upstream import shown  # late: an HTTP client comes with it

    lines = [f"agent      {plan.agent}", "command    " + " ".join(_quoted(a) for a in plan.argv)]
    if plan.routed:
        others = "" if plan.mounts else "the public address of the vendor whose credential a request carries"
        lines += [f"upstream   {shown(upstream)}" for upstream in (plan.upstream or others,) if upstream]
        lines += [f"upstream   {shown(upstream)} for what comes under /{name}" for name, upstream in plan.mounts.items()]
        lines.append(f"profile    {'off' if settings_in_force.off else settings_in_force.profile.value}")
        lines += ["retrieves  by headroom show, in the agent's own shell"] if settings_in_force.by_shell else []
        lines.append(f"state      {settings_in_force.state}")
        lines += [f"text model {line}" for line in _text_model(settings_in_force)]
    lines += [f"sets       {line}" for line in _assignments(plan.env)]
    lines += [f"writes     {path} (private, removed at the end): {text.rstrip()}" for path, text in plan.files.items()]
    lines += [f"lost       {shown(sentence)}" for sentence in plan.losses]
    lines += [f"note       {shown(sentence)}" for sentence in plan.notes]
    lines += [f"edits      {path} (yours; put back at the end): {text}" for path, text in plan.edits.items()]
    lines.append("restores   " + (", ".join(str(path) for path in plan.edits) or "nothing: no file of yours is written"))
    return lines


def _text_model(settings_in_force: Config) -> list[str]:
    """The text model where another than the embedded one is asked for."""
    chosen = choose(settings_in_force.kompress_model, settings_in_force.state)
    return [chosen.why + " The embedded model is used."] if chosen.why else [chosen.name] if chosen.checkpoint is not None else []


def _assignments(env: Mapping[str, str]) -> list[str]:
    return [f"{name}={_quoted(value)}" for name, value in env.items()]


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
