"""Agents' own transcripts as conversations with what each response was billed. Tolerant: what is not understood is left out.

Claude Code writes a row for each block of a message and repeats the usage on each; what begins after a summary is a new conversation. Codex
writes the API's own items, and after each response a count of tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.usage import Usage

_LONGEST_LINE = 32 << 20


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of the model.

    Args:
        before: how many messages of the conversation were in its request.
        model: which one.
        usage: what it was billed.
        time: Unix time in seconds, 0 if unknown.
    """

    before: int
    model: str
    usage: Usage
    time: float = 0.0


@dataclass(slots=True)
class Conversation:
    """Messages in the API's own form and the responses among them."""

    agent: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)


def conversations(lines: Iterable[bytes]) -> Iterator[Conversation]:
    """The conversations in a transcript of Claude Code or of Codex, one after another; only one is held at a time."""
    reader: _Claude | _Codex | None = None
    for line in lines:
        row = _row(line)
        if row is None:
            continue
        if reader is None:
            reader = _Codex() if "payload" in row else _Claude()
        ended = reader.take(row)
        if ended is not None and ended.responses:
            yield ended
    if reader is not None:
        last = reader.end()
        if last.responses:
            yield last


def _row(line: bytes) -> dict[str, Any] | None:
    if len(line) > _LONGEST_LINE:
        return None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None  # the last line of a running session may be half written
    return row if isinstance(row, dict) else None


class _Claude:
    def __init__(self) -> None:
        self._now = Conversation("claude")
        self._answered: dict[str, int] = {}  # message id -> place of its response
        self._last_id = ""

    def take(self, row: Mapping[str, Any]) -> Conversation | None:
        """Reads a row. Returns the conversation that ends before it, if one does."""
        if row.get("subtype") == "compact_boundary" or row.get("isCompactSummary"):
            ended = self.end() if self._now.messages else None
            self._message(row)
            return ended
        self._message(row)
        return None

    def end(self) -> Conversation:
        ended, self._now, self._answered, self._last_id = self._now, Conversation("claude"), {}, ""
        return ended

    def _message(self, row: Mapping[str, Any]) -> None:
        message = row.get("message")
        if not isinstance(message, dict) or row.get("type") not in ("user", "assistant"):
            return
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
            return
        messages = self._now.messages
        role = str(row["type"])
        if role == "assistant":
            self._response(row, message)
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"].extend(blocks)
        else:
            messages.append({"role": role, "content": list(blocks)})

    def _response(self, row: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        usage, number = _anthropic_usage(message.get("usage")), str(message.get("id"))
        if usage is None:
            return
        known = self._answered.get(number)
        if known is not None:  # later rows of a message have the final count of its output
            self._now.responses[known] = Response(self._now.responses[known].before, str(message.get("model")), usage, _time(row))
            return
        self._answered[number] = len(self._now.responses)
        self._now.responses.append(Response(len(self._now.messages), str(message.get("model")), usage, _time(row)))


class _Codex:
    def __init__(self) -> None:
        self._now = Conversation("codex")
        self._model = ""
        self._asked = 0  # items before the newest answer

    def take(self, row: Mapping[str, Any]) -> Conversation | None:
        """Reads a row. Returns the conversation that ends before it, if one does."""
        payload = row.get("payload")
        if not isinstance(payload, dict):
            return None
        kind = row.get("type")
        if kind == "compacted":
            return self.end()
        if kind == "turn_context":
            self._model = str(payload.get("model") or self._model)
        elif kind == "response_item":
            self._item(payload)
        elif kind == "token_usage_record":
            self._response(payload.get("usage"), "cached_input", "cache_write_input", _time(row))
        return None

    def end(self) -> Conversation:
        ended, self._now, self._asked = self._now, Conversation("codex"), 0
        return ended

    def _item(self, item: dict[str, Any]) -> None:
        ours = item.get("role") in ("user", "developer", "system") or str(item.get("type")).endswith("_output")
        self._now.messages.append(item)
        if ours:
            self._asked = len(self._now.messages)

    def _response(self, usage: object, cached: str, written: str, time: float) -> None:
        if not isinstance(usage, dict):
            return
        prompt, read, write = _number(usage, "input"), _number(usage, cached), _number(usage, written)
        made = Usage(max(prompt - read - write, 0), write, 0, read, _number(usage, "output"))
        self._now.responses.append(Response(self._asked, self._model, made, time))


def _anthropic_usage(value: object) -> Usage | None:
    if not isinstance(value, dict) or not _number(value, "output_tokens"):
        return None
    parts = value.get("cache_creation")
    written = _number(value, "cache_creation_input_tokens")
    hour = _number(parts, "ephemeral_1h_input_tokens") if isinstance(parts, dict) else 0
    read = _number(value, "cache_read_input_tokens")
    return Usage(_number(value, "input_tokens"), max(written - hour, 0), hour, read, _number(value, "output_tokens"))


def _number(values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) and value >= 0 else 0


def _time(row: Mapping[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(row.get("timestamp")).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
