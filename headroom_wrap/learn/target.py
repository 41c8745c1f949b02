"""Which instruction files rules go to: the user's own where the agent reads one, and no lesson twice to an agent that reads two of them.

Pure, but for two questions: is there a file of this name, and which others does an agent read with it?
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.instruction_files import READS

PRIVATE = "CLAUDE.local.md"  # the user's own by its name: Claude Code's documentation says to leave it out of git
_SHARED = "AGENTS.md"

Exists = Callable[[str], bool]
Brings = Callable[[str, str], Collection[str]]  # the files that an agent reads with one: what it links to and imports


def _nothing(agent: str, name: str) -> Collection[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Need:
    """What is to be placed: a rule's id, and the agents that need it, the one with most evidence first."""

    id: str
    agents: tuple[str, ...]


def file_of(agent: str, exists: Exists) -> str | None:
    """The name of the file that an agent's rules go to, None for an agent that is not known to read any.

    Of files of which the agent reads only the first that exists, none is made that would hide one that is there.
    """
    reads = READS.get(agent)
    if reads is None:
        return None
    names = [name for group in reads.groups for name in group]
    first = next((name for name in (PRIVATE, _SHARED) if name in names), names[0])
    group = next(group for group in reads.groups if first in group)
    return next((name for name in group if exists(name)), first)


def files_of(agents: Iterable[str], exists: Exists, brings: Brings = _nothing) -> tuple[str, ...]:
    """The files for several agents: one for each, fewer where an agent reads another's."""
    chosen: list[str] = []
    # Those with the least choice come first: who reads many files may find one of theirs.
    for agent in sorted(agents, key=lambda a: (_breadth(a), a)):
        if not any(loads(agent, name, {*chosen}, exists, brings) for name in chosen) and (name := file_of(agent, exists)) is not None:
            chosen.append(name)
    return tuple(chosen)


def loads(agent: str, name: str, made: Collection[str], exists: Exists, brings: Brings = _nothing) -> bool:
    """Whether an agent reads a file that is there or will be made."""
    reads = READS.get(agent)
    if reads is None:
        return False
    read = (next((n for n in group if exists(n) or n in made), None) for group in reads.groups)
    return any(one is not None and (name == one or name in brings(agent, one)) for one in read)


def place(
    needs: Sequence[Need],
    files: Sequence[str],
    agents: Sequence[str],
    standing: Mapping[str, Collection[str]],
    exists: Exists,
    *,
    brings: Brings = _nothing,
) -> dict[str, list[str]]:
    """The ids that go to each file: first to the one by which most of those that need a rule have it, of several to the one where it stands.

    Args:
        needs: what was learned.
        files: where it can go.
        agents: those that work in this project.
        standing: ids that stand somewhere already, by file: one of these, or a further one.
        exists: whether there is a file of a name.
        brings: which files an agent reads with one.
    """
    made = {*files, *standing}
    readers = {name: frozenset(a for a in agents if loads(a, name, made, exists, brings)) for name in made}
    placed: dict[str, list[str]] = {name: [] for name in files}
    for need in needs:
        holders = [name for name, ids in standing.items() if need.id in ids and name not in placed]
        for name in sorted(files, key=lambda n: _preference(need, readers[n], standing.get(n, ()))):
            wanted = not readers[name] or bool(readers[name] & set(need.agents))
            if wanted and not any(readers[name] & readers[other] for other in holders):
                placed[name].append(need.id)
                holders.append(name)
    return placed


def _preference(need: Need, readers: Collection[str], stands: Collection[str]) -> tuple[int, bool, int]:
    """The less, the sooner a rule goes to a file: by how many of those that need it, whether it stands there, and who of them reads it."""
    reading = [n for n, agent in enumerate(need.agents) if agent in readers]
    return -len(reading), need.id not in stands, reading[0] if reading else len(need.agents)


def _breadth(agent: str) -> int:
    reads = READS.get(agent)
    return sum(len(group) for group in reads.groups) if reads is not None and PRIVATE not in {n for g in reads.groups for n in g} else 0
