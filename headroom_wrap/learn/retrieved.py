"""What was asked for again after it had been left out, and how much gentler compression is for that: in words, for people. No agent is told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headroom_wrap.learn.quote import quoted
from pipeline.feedback import pruning, records, verdict
from pipeline.feedback.verdict import Verdict
from pipeline.policy import Step
from pipeline.store.api import Store
from pipeline.transcript import ToolKind

_MOST_TOOLS = 3
_NOUNS = {
    ToolKind.READ: "files that were read",
    ToolKind.SEARCH: "search results",
    ToolKind.SHELL: "output of commands",
    ToolKind.LIST: "listings",
    ToolKind.FETCH: "fetched pages",
    ToolKind.EDIT: "results of edits",
    ToolKind.MCP: "results of MCP tools",
    ToolKind.OTHER: "results of other tools",
}
_DONE = {
    Step.LARGE: "only large ones are shortened here since",
    Step.LOSSLESS: "nothing is left out of them here since",
    Step.OFF: "they are sent as they come here since",
}


@dataclass(frozen=True, slots=True)
class Project:
    """What is known of a project.

    Args:
        identity: its name in the store.
        folder: where an agent ran in it last.
        verdicts: what was found, for each compressor and kind of tool.
    """

    identity: str
    folder: str
    verdicts: tuple[Verdict, ...]


def look(store: Store, identity: str, now: float) -> Project:
    """What is known of a project. What no longer counts is removed on the way, see `pruning.prune`.

    Args:
        store: where it is on record.
        identity: the project's name in it.
        now: Unix time in seconds.

    Raises:
        StoreError: it cannot be read.
    """
    pruning.prune(store, identity, now)
    rows = store.memories(records.shelf(identity), limit=records.MOST)
    seen = [one for row in rows if (one := records.seen(row)) is not None]
    return Project(identity, rows[0].label if rows else "", verdict.verdicts(seen, now))


def everywhere(store: Store, now: float) -> list[Project]:
    """What is known of all projects, in order of their folders.

    Raises:
        StoreError: it cannot be read.
    """
    found = [look(store, identity, now) for name, _ in store.projects() if (identity := records.project_of(name))]
    return sorted(found, key=lambda project: (project.folder, project.identity))


def forget(store: Store, identity: str) -> int:
    """Begin anew: the next conversation in the project is compressed as the profile says. Returns of how many it was known what they showed.

    Raises:
        StoreError: it cannot be done.
    """
    return store.forget(records.shelf(identity))


def sentence(found: Verdict) -> str:
    """A verdict in a sentence, ``""`` where nothing was asked for again."""
    if not found.asked:
        return ""
    often = f"{found.asked:,} of {found.sent:,} times"
    return f"{subject(found)}: asked for again {often} after something was left out; {_done(found)}."


def subject(found: Verdict) -> str:
    """What a verdict is about. The names of tools come from transcripts, so they are quoted or left off."""
    tools = [name for tool in found.tools if (name := quoted(tool)) is not None]
    more = f" and {len(tools) - _MOST_TOOLS} more" if len(tools) > _MOST_TOOLS else ""
    named = f" ({', '.join(tools[:_MOST_TOOLS])}{more})" if tools else ""
    return f"{found.compressor}, {_NOUNS[found.kind]}{named}"


def as_json(project: Project) -> list[dict[str, Any]]:
    """Verdicts as they are told to programs."""
    return [
        {
            "compressor": found.compressor,
            "kind": found.kind.value,
            "tools": list(found.tools),
            "sent": found.sent,
            "asked_again": found.asked,
            "whole": found.whole,
            "tokens_fetched": found.fetched,
            "rate": None if found.rate is None else round(found.rate.asked, 4),
            "bearable_rate": None if found.rate is None else round(min(found.rate.bearable, 1.0), 4),
            "step": found.step.name.lower(),
            "since": found.since or None,
        }
        for found in project.verdicts
    ]


def gentler(projects: Sequence[Project]) -> list[str]:
    """Where compression is gentler now, a few words each."""
    return [f"{subject(v)} in {p.folder or p.identity}" for p in projects for v in p.verdicts if v.step > Step.FULL]


def _done(found: Verdict) -> str:
    if found.step > Step.FULL:
        return f"{_DONE[found.step]} {time.strftime('%Y-%m-%d', time.localtime(found.since))}"
    if found.rate is None:
        return "too few to say whether that pays"
    return f"that pays up to {min(found.rate.bearable, 1.0):.0%}"
