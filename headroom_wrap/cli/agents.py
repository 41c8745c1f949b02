"""``headroom agents``: what can be wrapped, what of it passes through us, and what is lost."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from adapters.plan import Adapter, LaunchPlan, PlanError, PlanRequest, Program
from adapters.recipes import RECIPES
from adapters.registry import ADAPTERS
from headroom_wrap import config
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.supervisor import launch, programs

_PROXY, _FOLDER, _MCP = "http://127.0.0.1:PORT/SECRET", Path("SESSION"), ("headroom", "mcp")


@dataclass(frozen=True, slots=True)
class Known:
    """An agent as a person wants to know it.

    Args:
        name: as it stands after ``headroom wrap``.
        by: ``adapter`` where it is known in full, ``recipe`` where no more than its addresses is.
        tested: the versions, none if it was not tested.
        installed: where it is on this machine, ``""`` if it is not.
        version: of that, ``""`` if it cannot be told without running it.
        option: what has to be said besides its name.
        model: its requests to the model pass through us, and what is left out of them.
        tools: it is given our tools to retrieve that.
        losses: what it turns off behind us, or what passes us by, a sentence each.
        problem: why it cannot be wrapped as things stand here, and what to do, ``""`` if it can.
        install: how one gets it.
    """

    name: str
    by: str
    tested: tuple[str, ...]
    installed: str
    version: str
    option: str
    model: bool
    tools: bool
    losses: tuple[str, ...]
    problem: str
    install: str


@click.command("agents")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool) -> None:
    """What `headroom wrap` knows: how each agent is supported, what is lost, which versions were tested, and whether it is installed here."""
    settings = config.load(config.surroundings())
    known = [look(a, "adapter", settings) for a in ADAPTERS.values()] + [look(r, "recipe", settings) for r in RECIPES.values()]
    if as_json:
        click.echo(json.dumps([asdict(k) for k in known], indent=1))
        return
    for line in _lines(known):
        click.echo(line)


def look(adapter: Adapter, by: str, settings: Config) -> Known:
    """An agent on this machine. What it loses is read from the plan that would be carried out."""
    try:
        program, here = programs.find(adapter, settings.surroundings), True
    except UserError:
        program, here = Program(adapter.programs[0]), False
    plan, option, problem = _plan(adapter, program, settings)
    return Known(
        name=adapter.name,
        by=by,
        tested=adapter.tested,
        installed=program.path if here else "",
        version=program.version,
        option=option,
        model=plan is not None and plan.routed,
        tools=plan is not None and _hands_out_tools(plan),
        losses=plan.losses if plan is not None else (),
        problem=problem,
        install=adapter.install,
    )


def _plan(adapter: Adapter, program: Program, settings: Config) -> tuple[LaunchPlan | None, str, str]:
    """The plan for a session without arguments, the option that it takes, and why there is none."""
    around = settings.surroundings
    problem = ""
    try:
        files = launch.read_files(adapter.reads((), around.environ, around.home, around.cwd))
    except UserError as error:
        return None, "", f"{error.message} {error.hint}"
    for option in ("", "--subscription"):
        try:
            request = PlanRequest(program, (), around.environ, files, _PROXY, settings.upstream, _MCP, _FOLDER, subscription=bool(option))
            return adapter.plan(request), option, ""
        except PlanError as error:
            problem = problem or f"{error.args[0]} {error.hint}".strip()
    return None, "", problem


def _hands_out_tools(plan: LaunchPlan) -> bool:
    """Whether our server stands anywhere in a plan."""
    given = [*plan.argv, *plan.env.values(), *plan.files.values(), *plan.edits.values()]
    return any("headroom" in text and "mcp" in text for text in given)


def _lines(known: list[Known]) -> list[str]:
    lines = []
    for agent in known:
        tested = f"tested with {', '.join(agent.tested)}" if agent.tested else "not tested"
        here = f"{agent.installed}{' ' + agent.version if agent.version else ''}" if agent.installed else f"not installed ({agent.install})"
        called = f"headroom wrap {agent.name}{' ' + agent.option if agent.option else ''}"
        lines += ["", called, f"  {tested}; {here}", f"  {_support(agent)}"]
        lines += [f"  - {loss}" for loss in agent.losses]
    return lines[1:]


def _support(agent: Known) -> str:
    if agent.problem:
        return f"not as things stand here: {agent.problem}"
    pass_ = "pass" if agent.tested or agent.by == "adapter" else "should pass"
    passes = f"requests to the model {pass_ if agent.model else 'do not pass'} through Headroom"
    return f"{passes}; {'it has tools to retrieve what was left out' if agent.tools else 'it has no tools of ours'}"
