"""How a case of this set is told: as in the second set, with more of the shapes that agents' tools have, and with what no rule may hold."""

from __future__ import annotations

import functools
import random
import re
from dataclasses import dataclass

from tests.headroom_wrap.learn.independent.second import telling
from tests.headroom_wrap.learn.independent.steps import Row

Telling = telling.Telling
case = functools.partial(telling.case, around=(2, 9))
on = telling.on

_SEARCH = re.compile(r"rg -n '([^']{1,200})' (\S{1,200})")
_SHELLS_WITH_WORDS = {"Bash": "Run it", "run_shell_command": "Runs it.", "bash": "Runs it"}


@dataclass(frozen=True)
class Guarded:
    """A case with texts that no rule may hold: secrets, orders that a tool printed."""

    told: Telling
    never: tuple[str, ...]


def never(told: Telling, *texts: str) -> Guarded:
    return Guarded(told, texts)


def row(one: Telling | Guarded) -> Row:
    """The line of a case in ``cases.jsonl``."""
    told = one.told if isinstance(one, Guarded) else one
    line = telling.row(told)
    sessions = line["sessions"]
    assert isinstance(sessions, list)
    for number, session in enumerate(sessions):
        chance = random.Random(f"{told.name}-{number}-shape")
        other = chance.random() < 0.5
        session["events"] = [_shaped(event, session["agent"], session["project"], other) for event in session["events"]]
    return {**line, "never": list(one.never)} if isinstance(one, Guarded) else line


def _shaped(event: Row, agent: str, root: str, other: bool) -> Row:
    """The same event in another of its agent's shapes: another tool for it, or arguments that say more."""
    arguments = event.get("arguments")
    if not isinstance(arguments, dict) or not other:
        return event
    if agent == "codex" and event["tool"] == "exec_command":
        return {
            **event,
            "tool": "shell",
            "arguments": {"command": ["bash", "-lc", arguments["cmd"]], "workdir": event.get("cwd") or root, "timeout_ms": 120000},
        }
    searched = _SEARCH.fullmatch(str(arguments.get("command", ""))) if agent == "claude" else None
    if searched is not None:
        asked = {"pattern": searched[1], "path": searched[2], "output_mode": "content", "-n": True}
        return {"tool": "Grep", "arguments": asked, "result": event["result"] or "No matches found", "failed": False}
    said = _SHELLS_WITH_WORDS.get(str(event["tool"]))
    return {**event, "arguments": {**arguments, "description": said}} if said else event
