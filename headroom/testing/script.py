"""What the scripted provider answers: a list of turns, faults among them, and short answers for requests beside the conversation."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headroom.testing.conversation import sign
from headroom.testing.errors import ApiError
from headroom.testing.prompt import JsonObject, as_blocks

Block = dict[str, Any]


class Gate:
    """Holds an answer back until the test lets it go; safe to use from any thread."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        """Set once an answer has come to the gate."""
        self._lock = threading.Lock()
        self._open = False
        self._waiting: list[Callable[[], object]] = []

    def release(self) -> None:
        """Lets everything through, now and later."""
        with self._lock:
            self._open = True
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def wait(self, wake: Callable[[], object]) -> None:
        """Calls ``wake`` when the gate is open, at once if it is open already."""
        with self._lock:
            opened = self._open
            if not opened:
                self._waiting.append(wake)
        self.reached.set()
        if opened:
            wake()


@dataclass(frozen=True, slots=True)
class Answer:
    """One assistant message and how it travels.

    Args:
        blocks: its content; see :func:`text`, :func:`tool`, :func:`thinking`.
        stop_reason: derived from the blocks when ``""``.
        pause: seconds between two events of the stream.
        piece: bytes a write carries; 0 writes event by event. Small pieces split events and characters.
        cut_after: the connection is closed after so many events; None never.
        error_after: an ``error`` event ends the stream after so many events; None never.
        error: what that event says.
        gate: the answer waits here before its first byte, or before the event numbered ``gate_at``.
        gate_at: number of events that pass before the gate.
    """

    blocks: Sequence[Block]
    stop_reason: str = ""
    pause: float = 0.0
    piece: int = 0
    cut_after: int | None = None
    error_after: int | None = None
    error: ApiError = field(default_factory=lambda: ApiError(529, "overloaded_error", "Overloaded"))
    gate: Gate | None = None
    gate_at: int = 0

    @property
    def stop(self) -> str:
        """The stop reason: the one given, else what the blocks imply."""
        calls = any(block.get("type") == "tool_use" for block in self.blocks)
        return self.stop_reason or ("tool_use" if calls else "end_turn")


Reply = Answer | ApiError
Turn = Reply | Sequence[Block] | Callable[[JsonObject], "Reply | Sequence[Block]"]


def text(value: str) -> Block:
    """A text block."""
    return {"type": "text", "text": value}


def thinking(value: str) -> Block:
    """A thinking block, signed so that the provider knows it again."""
    return {"type": "thinking", "thinking": value, "signature": sign(value)}


def tool(name: str, /, **arguments: object) -> Block:
    """A tool call, e.g. ``tool("Bash", command="ls")``. The provider gives it an id when it answers."""
    return {"type": "tool_use", "name": name, "input": arguments}


def slow(blocks: Sequence[Block], pause: float) -> Answer:
    """An answer with ``pause`` seconds between its events."""
    return Answer(blocks, pause=pause)


def cut(blocks: Sequence[Block], after: int = 4) -> Answer:
    """An answer whose connection breaks after so many events."""
    return Answer(blocks, cut_after=after)


def broken(blocks: Sequence[Block], after: int = 4) -> Answer:
    """An answer that the provider ends with an ``error`` event after so many events."""
    return Answer(blocks, error_after=after)


def held(blocks: Sequence[Block], gate: Gate, at: int = 0) -> Answer:
    """An answer that hangs until the gate is released, before its first byte or ``at`` events into it."""
    return Answer(blocks, gate=gate, gate_at=at)


def rate_limited(retry_after: float = 1) -> ApiError:
    """Status 429."""
    message = "This request would exceed your account's rate limit. Please try again later."
    return ApiError(429, "rate_limit_error", message, retry_after)


def overloaded() -> ApiError:
    """Status 529."""
    return ApiError(529, "overloaded_error", "Overloaded")


def server_error() -> ApiError:
    """Status 500."""
    return ApiError(500, "api_error", "Internal server error")


class Script:
    """The turns of one conversation, answered in order.

    A turn is the blocks to answer, an :class:`Answer`, an :class:`ApiError` to refuse with (a client's retry then gets the next
    turn), or a function of the request that returns one of these.

    A request that asks for a JSON schema (Claude Code's session title) is answered beside the script, and so is a request
    without tools when the script calls tools; turns that are functions do not count for that.

    Args:
        turns: the turns.
        final: the text answered when no turn is left.
        aside: decides whether a request is answered beside the script, instead of the rule above.
    """

    def __init__(
        self,
        *turns: Turn,
        final: str = "The script has no further turn.",
        aside: Callable[[JsonObject], bool] | None = None,
    ) -> None:
        self._turns = turns
        self._final = final
        self._aside = aside
        self._next = 0
        self._calls_tools = any(_calls_tools(turn) for turn in turns)

    @property
    def left(self) -> int:
        """Number of turns that have not been asked for."""
        return len(self._turns) - self._next

    def is_aside(self, request: JsonObject) -> bool:
        """Whether a request is answered without consuming a turn."""
        if self._aside is not None:
            return self._aside(request)
        return _schema(request) is not None or (self._calls_tools and not request.get("tools"))

    def reply(self, request: JsonObject) -> Reply:
        """The answer to a valid request; unless it is an aside, the script moves on by one turn."""
        if request.get("max_tokens") == 0:
            return Answer([], stop_reason="max_tokens")  # the documented way to fill the cache and no more
        if self.is_aside(request):
            schema = _schema(request)
            return Answer([text("Noted." if schema is None else json.dumps(_instance(schema, "Scripted session")))])
        if not self.left:
            return Answer([text(self._final)])
        turn = self._turns[self._next]
        self._next += 1
        reply = turn(request) if callable(turn) else turn
        return reply if isinstance(reply, Answer | ApiError) else Answer(reply)


def with_ids(answer: Answer, new_id: Callable[[], str]) -> Answer:
    """The answer with an id for each tool call that has none."""
    return replace(answer, blocks=[{**b, "id": new_id()} if _needs_id(b) else b for b in answer.blocks])


def session_of(request: JsonObject, headers: Mapping[str, str]) -> str:
    """The session that a request names in its metadata or headers, a subagent's own where it is one; ``""`` if none."""
    metadata = request.get("metadata")
    user = str(metadata.get("user_id", "")) if isinstance(metadata, Mapping) else ""
    session = headers.get("x-claude-code-session-id", "")
    try:
        fields = json.loads(user)
        session = str(fields["session_id"])
    except (ValueError, TypeError, KeyError):
        session = user.rpartition("_session_")[2] if "_session_" in user else session
    agent = headers.get("x-claude-code-agent-id")
    return f"{session}/{agent}" if agent else session


def first_user_text(request: JsonObject) -> str:
    """All text of the first user message."""
    messages = request.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if message.get("role") == "user":
            return "\n".join(str(b["text"]) for b in as_blocks(message.get("content")) if b.get("type") == "text")
    return ""


def _calls_tools(turn: Turn) -> bool:
    blocks = turn.blocks if isinstance(turn, Answer) else turn
    return isinstance(blocks, Sequence) and any(_needs_id(block) or "id" in block for block in blocks)


def _needs_id(block: Block) -> bool:
    return block.get("type") == "tool_use" and "id" not in block


def _schema(request: JsonObject) -> JsonObject | None:
    """The JSON schema that the answer has to satisfy, if the request asks for one."""
    config = request.get("output_config")
    wanted = config.get("format") if isinstance(config, Mapping) else request.get("output_format")
    if isinstance(wanted, Mapping) and wanted.get("type") == "json_schema":
        schema = wanted.get("schema")
        return schema if isinstance(schema, Mapping) else {}
    return None


def _instance(schema: JsonObject, words: str) -> object:
    """A smallest value that a plain schema allows; strings say ``words``."""
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind in ("object", None):
        properties = schema.get("properties")
        fields = properties if isinstance(properties, Mapping) else {}
        return {name: _instance(part, words) for name, part in fields.items() if isinstance(part, Mapping)}
    plain: dict[object, object] = {"string": words, "integer": 0, "number": 0, "boolean": False, "array": []}
    return plain.get(kind if isinstance(kind, str) else "")
