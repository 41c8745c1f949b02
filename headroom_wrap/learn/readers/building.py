"""Sessions put together from a transcript's rows: calls meet their results, usage is counted once, a long session is handed out in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headroom_wrap.learn.model import TEXT_LIMIT, Event, Response, Retrieval, Session, ToolUse, UserText, bounded
from headroom_wrap.learn.readers.texts import Text
from pipeline.command import pipelines
from pipeline.tool_calls import describe
from pipeline.transcript import ToolKind
from pipeline.usage import Usage

MOST_EVENTS = 4000  # of a part of a session
MOST_HELD = 12 << 20  # characters of a part
_BYTES_A_TOKEN = 4
_TIMEOUT_STATUS = 124  # what timeout(1) exits with
_RETRIEVE = "headroom_retrieve"
_SHOW = re.compile(r"\bheadroom['\"]? show\b")
_SHOW_LIMIT = 2000
_PATCHED = re.compile(r"\*\*\* (?:Update|Add|Delete) File: ([^\r\n\\\"'`]{1,400})")
_PROGRAMS_OWN = re.compile(r"\s{0,99}<[a-z][\w-]{0,63}[\s>/]")


def typed(text: str) -> str:
    """What the user typed; ``""`` for texts in elements, which agents' programs put into the user's turns."""
    return "" if _PROGRAMS_OWN.match(text) else text.strip()


def moment(text: str | None) -> float:
    """Unix time in seconds of an ISO 8601 time, 0 if it is none."""
    if not text:
        return 0.0
    try:
        return max(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp(), 0.0)
    except (ValueError, OverflowError, OSError):
        return 0.0


def patched(patch: str) -> str:
    """The file that a patch in the form of ``apply_patch`` changes, ``""`` if none or several."""
    found = {match[1].strip() for match in _PATCHED.finditer(patch[: TEXT_LIMIT * 8])}
    return found.pop() if len(found) == 1 else ""


@dataclass(slots=True)
class _Draft:
    """A tool's use whose result may still come."""

    id: str
    name: str
    kind: ToolKind
    arguments: Mapping[str, object]
    command: str
    cwd: str
    path: str
    time: float
    text: Text = field(default_factory=Text)
    answered: bool = False
    failed: bool | None = None
    exit_status: int | None = None
    refused: bool = False
    timed_out: bool = False
    interrupted: bool = False
    duration: float = 0.0

    def done(self) -> ToolUse:
        failed, text = self.failed, self.text.text
        if self.exit_status is not None:
            # A search that finds nothing says so by its exit status: it did what it was asked to.
            nothing = self.kind is ToolKind.SEARCH and self.exit_status == 1 and not text.strip()
            failed = self.exit_status != 0 and not nothing
        timed_out = self.timed_out or (self.exit_status == _TIMEOUT_STATUS and "timeout" in self.command)
        tokens = -(-self.text.size // _BYTES_A_TOKEN)
        return ToolUse(
            self.id,
            self.name,
            self.kind,
            self.arguments,
            self.command,
            self.cwd,
            self.path,
            text,
            self.text.size,
            tokens,
            True if self.refused else failed,
            self.exit_status,
            self.refused,
            timed_out,
            self.interrupted,
            self.time,
            self.duration,
        )


class Builder:
    """Puts one conversation together.

    Args:
        agent: the adapter's name.
        kinds: the kinds of its tools, by name.
        source: where the transcript stands.
        id: of the session.
        subagent: whose conversation it is, if it is a subagent's.
    """

    def __init__(self, agent: str, kinds: Mapping[str, str], source: str, id: str = "", subagent: str = "") -> None:  # noqa: A002 - the model's word
        self.agent = agent
        self.source = source
        self.id = id
        self.subagent = subagent
        self.project = ""
        self.kinds = {name: ToolKind(kind) for name, kind in kinds.items()}
        self._part = 0
        self._stopped = False
        self._before: set[str] = set()  # ids of the part before, as results and repetitions may come late
        self._new_part()

    def _new_part(self) -> None:
        self._events: list[UserText | Retrieval | _Draft] = []
        self._calls: dict[str, _Draft | None] = {}
        self._open: dict[str, _Draft] = {}  # what has neither a result nor was cut off
        self._responses: dict[str, Response] = {}
        self._held = 0
        self._started = self._ended = 0.0

    def saw(self, time: float) -> None:
        """Something happened at this time."""
        if time > 0:
            self._started = min(self._started, time) if self._started else time
            self._ended = max(self._ended, time)

    def user(self, text: str, time: float = 0.0) -> None:
        """The user wrote something; texts that are not the user's own are left out."""
        self.saw(time)
        own = typed(text)
        if own:
            own = bounded(own, TEXT_LIMIT)
            self._held += len(own)
            self._events.append(UserText(own, time, self._stopped))
            self._stopped = False

    def interrupt(self, time: float = 0.0) -> None:
        """The user stopped the agent: what was running was cut off."""
        self.saw(time)
        self._stopped = True
        for draft in self._open.values():
            draft.interrupted = True
        self._open.clear()

    def knows(self, call: str) -> bool:
        """Whether a call has been seen."""
        return call in self._calls or call in self._before

    def call(
        self,
        call: str,
        name: str,
        arguments: Mapping[str, object],
        time: float = 0.0,
        *,
        cwd: str = "",
        path: str = "",
        mcp: bool = False,
        size: int = 0,
    ) -> None:
        """A tool was called. A call that is known already is left as it is.

        Args:
            call: its id.
            name: the tool's.
            arguments: bounded.
            time: Unix time.
            cwd: where it runs, the session's folder unless it is given.
            path: what it is about, where that does not stand in the arguments.
            mcp: it is an MCP server's tool.
            size: characters of the arguments, roughly.
        """
        self.saw(time)
        call = call or f"call-{self._part}-{len(self._events)}"
        if self.knows(call):
            return
        self._stopped = False
        retrieval = _retrieval(name, arguments, time)
        if retrieval is None:
            described = describe(call, name, arguments, self.kinds if not mcp else {name: ToolKind.MCP})
            command = bounded(described.command, TEXT_LIMIT)
            retrieval = _shown(command, time) if command else None
        if retrieval is not None:
            self._events.append(retrieval)
            self._calls[call] = None
            return
        path = path or bounded(described.path, TEXT_LIMIT)
        draft = _Draft(call, name, described.kind, arguments, command, cwd or self.project, path, time)
        self._held += size + len(command)
        self._events.append(draft)
        self._calls[call] = draft
        self._open[call] = draft

    def result(
        self,
        call: str,
        *,
        text: Text | None = None,
        failed: bool | None = None,
        exit_status: int | None = None,
        refused: bool = False,
        timed_out: bool = False,
        interrupted: bool = False,
        time: float = 0.0,
        duration: float = 0.0,
        cwd: str = "",
    ) -> None:
        """Something is known of a call's result. May come several times: what is given is added to what was."""
        self.saw(time)
        draft = self._calls.get(call)
        if draft is None:
            return
        if not draft.answered:
            draft.answered = True
            self._open.pop(call, None)
            draft.duration = max(time - draft.time, 0.0) if time and draft.time else 0.0
        if text is not None:
            self._held += len(text.text) - len(draft.text.text)
            draft.text = text
        draft.failed = failed if failed is not None else draft.failed
        draft.exit_status = exit_status if exit_status is not None else draft.exit_status
        draft.refused |= refused
        draft.timed_out |= timed_out
        draft.interrupted |= interrupted
        draft.duration = duration or draft.duration
        draft.cwd = cwd or draft.cwd

    def response(self, number: str, model: str, usage: Usage, time: float = 0.0) -> None:
        """The model answered. Said again of the same message, the larger count of output holds: it grows while the answer comes."""
        self.saw(time)
        number = number or f"response-{self._part}-{len(self._responses)}"
        if number in self._before:
            return
        known = self._responses.get(number)
        if known is None:
            self._stopped = False
            self._responses[number] = Response(number, model, usage, time, len(self._events))
        elif usage.output > known.usage.output:
            self._responses[number] = Response(number, model, usage, known.time, known.before)

    def full(self) -> Iterator[Session]:
        """A part of the session, if there is enough for one."""
        size = max(len(self._events) / MOST_EVENTS, len(self._responses) / MOST_EVENTS, self._held / MOST_HELD)
        if size >= 1 and (not self._open or size > 1.25):
            yield self._take()
            self._part += 1

    def end(self) -> Iterator[Session]:
        """The rest of the session, unless there is none."""
        if self._events or self._responses:
            yield self._take()

    def _take(self) -> Session:
        events: list[Event] = [event.done() if isinstance(event, _Draft) else event for event in self._events]
        session = Session(
            self.agent,
            self.id,
            self.project,
            self._started,
            self._ended,
            tuple(events),
            tuple(self._responses.values()),
            self.subagent,
            self._part,
            self.source,
        )
        self._before = {*self._calls, *self._responses}
        self._new_part()
        return session


def _retrieval(name: str, arguments: Mapping[str, object], time: float) -> Retrieval | None:
    """A call of our own tool, however the agent spells its server."""
    if not name.endswith(_RETRIEVE):
        return None
    handle, lines, pattern = (bounded(str(arguments.get(key) or ""), 400) for key in ("handle", "lines", "pattern"))
    return Retrieval(handle, lines, pattern, time)


def _shown(command: str, time: float) -> Retrieval | None:
    """A command line that does nothing but ``headroom show``, in whatever folder and however its output is cut down."""
    if len(command) > _SHOW_LIMIT or not _SHOW.search(command):
        return None
    starts = [pipeline[0] for pipeline in pipelines(command) if pipeline[0][0] != "cd"]
    if len(starts) != 1 or starts[0][0].rsplit("/", 1)[-1] != "headroom" or starts[0][1:2] != ["show"]:
        return None
    shown = starts[0]
    options = {"--lines": "", "--grep": ""}
    handle, named = "", ""
    for word in shown[2:]:
        name, equals, value = word.partition("=")
        if named:
            options[named], named = word, ""
        elif name in options:
            options[name], named = value, "" if equals else name
        elif not word.startswith("-"):
            handle = handle or word
    return Retrieval(handle, options["--lines"], options["--grep"], time) if handle else None
