"""A launch as a value: what is run, with what, and what the user loses by it. Printed by ``--dry-run``, carried out by one executor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class PlanError(Exception):
    """The agent cannot be launched as asked. The arguments are the sentence and what to do about it."""

    @property
    def hint(self) -> str:
        """What to do about it, ``""`` if nothing is known."""
        return str(self.args[1]) if len(self.args) > 1 else ""


@dataclass(frozen=True, slots=True)
class Program:
    """The agent as it was found on this machine; ``version`` is ``""`` where it could not be told without running it."""

    path: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a plan is made from.

    Args:
        program: the agent.
        arguments: the user's own, untouched.
        environ: the environment it would run in.
        files: contents of the configuration files that the adapter asked for, by path; files that do not exist are left out.
        proxy: address of our proxy, secret included, without a slash at the end.
        upstream: the user's word on the model's API, ``""`` if none.
        mcp: command of our MCP server, empty to go without.
        folder: a private folder that this session's files are put into.
        subscription: the user asked for the account that the agent is signed in to, where it could also use a key of its own.
        cwd: the folder that it is launched in.
        headroom: the command line of Headroom itself, good in every folder and without a PATH.
        shell: the words that begin what the agent is to run in its own shell without asking its user, empty for nothing. Then ``mcp`` is empty.
    """

    program: Program
    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    files: Mapping[Path, str]
    proxy: str
    upstream: str
    mcp: tuple[str, ...]
    folder: Path
    subscription: bool = False
    cwd: Path = Path()
    headroom: tuple[str, ...] = ("headroom",)
    shell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """What is done to launch the agent, and nothing else.

    Args:
        agent: the adapter's name.
        argv: the command.
        env: variables set for the agent, over its environment.
        settled: variables that the agent's own settings set over its environment: they say how it reaches out.
        files: files of ours to write before, by path inside the session's folder; they go when the session ends.
        upstream: where the proxy forwards to.
        mounts: further upstreams, by the first segment of their requests' paths after the secret: for agents with several providers.
        edits: files of the user's that are written for the time of the session, with their new content: journaled before, put back after.
        routed: False where the command does not talk to a model (``claude mcp list``): it is run as it is.
        losses: what the agent turns off behind a foreign address, a sentence each.
        notes: what is worth knowing, a sentence each.
    """

    agent: str
    argv: tuple[str, ...]
    upstream: str
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[Path, str] = field(default_factory=dict)
    settled: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    routed: bool = True
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def no_shell(agent: str, why: str) -> PlanError:
    """The error for an agent that cannot be promised to run a command of ours unasked.

    Args:
        agent: its name.
        why: a sentence.
    """
    return PlanError(f"{agent} cannot retrieve what was left out through its own shell: {why}", "Leave --retrieve=shell away.")


@dataclass(frozen=True, slots=True)
class Transcripts:
    """Where an agent keeps its sessions.

    Args:
        root: a folder, or one file for all.
        pattern: glob pattern of the files below it, ``""`` where ``root`` is the file.
    """

    root: Path
    pattern: str = ""


class Adapter(Protocol):
    """What we know of one agent.

    Attributes:
        name: as it stands after ``headroom wrap``.
        programs: its names on the PATH, the preferred one first.
        install: how one gets it, in a few words.
        tested: the versions that it was tested with.
        tool_kinds: the kinds of its tools, by name.
        instructions: the instruction files that it reads in a project, as paths from the project's root; the one that is the user's own first.
    """

    name: str
    programs: tuple[str, ...]
    install: str
    tested: tuple[str, ...]
    tool_kinds: Mapping[str, str]
    instructions: tuple[str, ...]

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        """Where it keeps its sessions, None if nowhere."""
        ...

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        """Configuration files that a plan needs to know, whether they exist or not."""
        ...

    def plan(self, request: PlanRequest) -> LaunchPlan:
        """The launch.

        Raises:
            PlanError: it cannot be done; the message says why and what to do.
        """
        ...
