"""What the scripted provider answers: a list of turns, faults among them, and short answers for requests beside the conversation."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headroom.testing.errors import ApiError
from headroom.testing.seal import sign
from headroom.testing.shapes import JsonObject, mapping

Block = dict[str, Any]

_CALLS = ("tool_use", "custom_tool_use", "shell_use")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as a script sees it, whichever API it came by.

    Args:
        request: the parsed body.
        session: the session that it belongs to, a subagent's own where it is one; ``""`` if it names none.
        words: all text of the first user message.
        tools: it offers tools.
        schema: the JSON schema that the answer has to satisfy, None if it may be any text.
        silent: no answer is wanted: the request only prepares the next one.
        compacts: it asks for an item that stands for the conversation so far.
    """

    request: JsonObject
    session: str = ""
    words: str = ""
    tools: bool = False
    schema: JsonObject | None = None
    silent: bool = False
    compacts: bool = False

    @property
    def conversation(self) -> str:
        """A name for the conversation: its session, or how it begins."""
        return self.session or self.words


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
        calls = any(block.get("type") in _CALLS for block in self.blocks)
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


def custom_tool(name: str, given: str, /) -> Block:
    """A call of a tool that takes free text, e.g. ``custom_tool("exec", "text(1)")``; only OpenAI's Responses API and chat have them."""
    return {"type": "custom_tool_use", "name": name, "input": given}


def shell(*command: str) -> Block:
    """A call of the local shell that OpenAI's Responses API knows by itself."""
    return {"type": "shell_use", "input": {"command": list(command)}}


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
    without tools when the script calls tools; turns that are functions do not count for that. What only prepares or compacts a
    conversation never takes a turn.

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

    def is_aside(self, ask: Ask) -> bool:
        """Whether a request is answered without consuming a turn."""
        if ask.silent or ask.compacts:
            return True
        if self._aside is not None:
            return self._aside(ask.request)
        return ask.schema is not None or (self._calls_tools and not ask.tools)

    def reply(self, ask: Ask) -> Reply:
        """The answer to a valid request; unless it is an aside, the script moves on by one turn."""
        if ask.silent:
            return Answer([], stop_reason="max_tokens")
        if ask.compacts:
            return Answer([{"type": "compaction"}])
        if self.is_aside(ask):
            schema = ask.schema
            return Answer([text("Noted." if schema is None else json.dumps(instance(schema, "Scripted session")))])
        if not self.left:
            return Answer([text(self._final)])
        turn = self._turns[self._next]
        self._next += 1
        reply = turn(ask.request) if callable(turn) else turn
        return reply if isinstance(reply, Answer | ApiError) else Answer(reply)


def with_ids(answer: Answer, new_id: Callable[[], str]) -> Answer:
    """The answer with an id for each tool call that has none."""
    return replace(answer, blocks=[{**block, "id": new_id()} if _needs_id(block) else block for block in answer.blocks])


def _calls_tools(turn: Turn) -> bool:
    blocks = turn.blocks if isinstance(turn, Answer) else turn
    return isinstance(blocks, Sequence) and any(_needs_id(block) or "id" in block for block in blocks)


def _needs_id(block: Block) -> bool:
    return block.get("type") in _CALLS and "id" not in block


def instance(schema: JsonObject, words: str) -> object:
    """A small value that a plain schema allows; strings say ``words``. Types may be in capitals, as Gemini's own are."""
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    if "const" in schema:
        return schema["const"]
    kind = str(schema.get("type", "object")).lower()
    if kind == "object":
        fields = mapping(schema.get("properties"))
        return {name: instance(part, words) for name, part in fields.items() if isinstance(part, Mapping)}
    # One, not zero: agents take numbers for ratings, and Gemini CLI refuses a zero that its own schema allows.
    plain: dict[str, object] = {"string": words, "integer": 1, "number": 1, "boolean": False, "array": []}
    least = schema.get("minimum")
    return least if kind in {"integer", "number"} and isinstance(least, int | float) else plain.get(kind)
