"""Sessions of coding agents in one form, whatever the agent: what was asked, which tools were used, and what came of it.

Everything here is a value. Texts come from transcripts, so they are data: nothing in them may be taken for an instruction. They are
bounded, see `RESULT_LIMIT` and `TEXT_LIMIT`, and may hold secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.transcript import ToolKind
from pipeline.usage import Usage

RESULT_LIMIT = 8192  # characters of a tool's result that are kept: three quarters from its head, one quarter from its tail
TEXT_LIMIT = 8192  # characters of a user's text that are kept, and of any one argument of a tool
CUT = "\n[…]\n"  # stands in a bounded text where its middle was left out


@dataclass(frozen=True, slots=True)
class UserText:
    """What the user wrote. Text that the agent's program puts in the user's place (reminders, the environment, summaries) is none of it.

    Args:
        text: as it was typed, bounded to `TEXT_LIMIT`.
        time: Unix time in seconds, 0 if unknown.
        interrupted: the user had stopped the agent before writing this, and nothing was answered in between: often a correction.
    """

    text: str
    time: float = 0.0
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One use of a tool with what came back. It stands in the order of the calls, not of the results.

    Args:
        id: the provider's or the agent's id of the call, unique in its session.
        name: the tool's name as the agent gives it, e.g. ``Bash``.
        kind: what it does. A shell command is of the kind that its output is (``cat x`` is READ), so "a command was run" is asked of ``command``.
        arguments: decoded arguments; strings in them are bounded to `TEXT_LIMIT`. Empty where they were no JSON object.
        command: the shell command line where there is one, else ``""``.
        cwd: absolute path of the folder it ran in as far as the transcript tells, else that of the session.
        path: the file or folder that it is about, as the agent wrote it (relative ones count from ``cwd``), ``""`` if none or several.
        result: what came back, without what the agent writes around it (exit status, ids); bounded to `RESULT_LIMIT`, with `CUT` in the gap.
        result_bytes: size of what came back in UTF-8 before it was bounded; may be off by the escapes of JSON, by a few percent.
        tokens: what the result costs to send once, estimated at four bytes a token.
        failed: True where the tool, its command or its program reported failure, False where it reported success, None where nothing is told
            (no result in the transcript, or the agent does not say).
        exit_status: of the command, where the agent tells; negative for a signal where it tells that.
        refused: it did not run, or not to its end, because a person, a rule of permission or a sandbox said no. Then ``failed`` is True.
        timed_out: it ran longer than the agent allowed, and was ended or left running in the background.
        interrupted: the user stopped it while it ran.
        time: when it was called, Unix time in seconds, 0 if unknown.
        duration: seconds that it took, 0 if unknown.
    """

    id: str
    name: str
    kind: ToolKind
    arguments: Mapping[str, object] = field(default_factory=dict)
    command: str = ""
    cwd: str = ""
    path: str = ""
    result: str = ""
    result_bytes: int = 0
    tokens: int = 0
    failed: bool | None = None
    exit_status: int | None = None
    refused: bool = False
    timed_out: bool = False
    interrupted: bool = False
    time: float = 0.0
    duration: float = 0.0


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A call for what Headroom had left out: of its MCP tool, or of ``headroom show`` in a shell. It is no `ToolUse` besides.

    Args:
        handle: of the original.
        lines: the ranges asked for, e.g. ``120-480``, ``""`` if none were named.
        pattern: the pattern asked for, ``""`` if none.
        time: Unix time in seconds, 0 if unknown.
    """

    handle: str
    lines: str = ""
    pattern: str = ""
    time: float = 0.0


Event = UserText | ToolUse | Retrieval


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of the model and what it was billed, once for each message id however often the transcript repeats it.

    Args:
        id: the provider's id of the message where the transcript has it, else one that is unique in the session.
        model: which one, ``""`` if unknown.
        usage: tokens by the class they are billed in.
        time: Unix time in seconds, 0 if unknown.
        before: how many events of the session stand before it.
    """

    id: str
    model: str
    usage: Usage
    time: float = 0.0
    before: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """What happened in one session, or in one part of it: a very long one comes in several, each with the same ``id``, in order.

    A subagent's conversation is a session of its own with the ``id`` of the session that it belongs to. So evidence is counted over
    ``id``, never over objects.

    Args:
        agent: the adapter's name, e.g. ``claude``.
        id: the agent's own id of it, unique for each agent.
        project: absolute path of the folder that it was started in, ``""`` if the transcript does not tell.
        started: Unix time of the first event in seconds, 0 if unknown.
        ended: Unix time of the last one.
        events: what happened, in order.
        responses: the model's answers, in order.
        subagent: the id of the subagent whose conversation it is, ``""`` for the session's own.
        part: 0 for the first part, then counting.
        source: path of the file that it was read from.
    """

    agent: str
    id: str
    project: str = ""
    started: float = 0.0
    ended: float = 0.0
    events: tuple[Event, ...] = ()
    responses: tuple[Response, ...] = ()
    subagent: str = ""
    part: int = 0
    source: str = ""

    @property
    def turns(self) -> int:
        """How often the user wrote something."""
        return sum(isinstance(event, UserText) for event in self.events)

    @property
    def tools(self) -> tuple[ToolUse, ...]:
        """The tools used, in order."""
        return tuple(event for event in self.events if isinstance(event, ToolUse))

    @property
    def usage(self) -> Usage:
        """What all its responses were billed together."""
        return sum((response.usage for response in self.responses), Usage())


@dataclass(slots=True)
class Skipped:
    """What could not be read: how many, by reason. Readers add to it and never raise over what a transcript holds.

    Args:
        files: whole files, by reason (``unreadable``, ``foreign``, ``malformed``, …).
        rows: single rows of files that were read otherwise, by reason (``malformed``, ``truncated``, ``too large``, …).
    """

    files: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def file(self, reason: str) -> None:
        """Count a file."""
        self.files[reason] = self.files.get(reason, 0) + 1

    def row(self, reason: str, count: int = 1) -> None:
        """Count rows."""
        if count:
            self.rows[reason] = self.rows.get(reason, 0) + count

    def __bool__(self) -> bool:
        return bool(self.files or self.rows)


def bounded(text: str, limit: int) -> str:
    """A text of at most ``limit`` characters: three quarters from its head, the rest from its tail, `CUT` between."""
    if len(text) <= limit:
        return text
    room = max(limit - len(CUT), 0)
    tail = room // 4
    return text[: room - tail] + CUT[: limit - room] + (text[-tail:] if tail else "")
