"""Sessions that were not generated: conversations of compression's cases, and the requests of real agents.

A file of requests holds a JSON object a line: ``at`` (seconds), ``body`` (the request), ``answer`` (text, optional), and on the first line ``wire``
and ``model`` as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bill.session import Prompt, Session, Step
from benchmarks.bill.wires import WIRES

_PAUSE_S = 12.0
_SYSTEM = "You are an agent. Answer the user's question with the tools that you have."


def from_cases(path: Path) -> list[Session]:
    """A session for each case in Anthropic's form: it grows message by message, and every tool result is sent once more with the next."""
    made = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            raw = json.loads(line) if line.strip() else {}
            if raw.get("format", "anthropic") == "anthropic" and raw.get("messages"):
                made.append(Session(f"case-{raw['id']}", f"case: {raw['kind']}", "anthropic", "claude-opus-4-8", partial(_growing, raw), True))
    return made


def from_requests(path: Path) -> Session:
    """The session in a file of requests."""
    with path.open(encoding="utf-8") as file:
        first = json.loads(file.readline())
    return Session(path.stem, "recorded", first["wire"], first["model"], partial(_read, path), True)


def _growing(raw: dict[str, Any]) -> Iterator[Step]:
    """A request for every message of the user, and one more for the question after the last result."""
    messages = [m if isinstance(m["content"], list) else {**m, "content": [{"type": "text", "text": m["content"]}]} for m in raw["messages"]]
    wire = WIRES["anthropic"]
    names = dict.fromkeys(block["name"] for m in messages for block in m["content"] if block["type"] == "tool_use")
    tools = [{"name": name, "description": name, "input_schema": {"type": "object"}} for name in names]
    ends = [n + 1 for n, message in enumerate(messages) if message["role"] == "user"]
    last: list[dict[str, Any]] = [
        {"role": "assistant", "content": [{"type": "text", "text": "This is what I found."}]},
        {"role": "user", "content": [{"type": "text", "text": "Go on."}]},
    ]
    for number, end in enumerate([*ends, len(messages)]):
        given = messages[:end] if number < len(ends) else [*messages, *last]
        if number == len(ends) and messages[-1]["role"] != "user":
            return
        answer = messages[end]["content"] if end < len(messages) else last[0]["content"]
        yield Step(number * _PAUSE_S, wire.request(Prompt("claude-opus-4-8", raw["id"], _SYSTEM, tools, given)), answer)


def _read(path: Path) -> Iterator[Step]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                raw = json.loads(line)
                yield Step(float(raw["at"]), raw["body"], [{"type": "text", "text": raw.get("answer") or "Noted."}])
