"""A conversation that every client leads with every API: a question, a call for each result, an answer. In values, so that clients in any language can."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from headroom.testing import Script, text, thinking, tool

TOOL = "Bash"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


@dataclass(frozen=True)
class Talk:
    """What a client is to say.

    Args:
        question: the first user text; it names the conversation, too.
        results: what the tool says, call by call.
        stream: ask for streamed answers.
    """

    question: str
    results: tuple[str, ...]
    stream: bool

    def values(self, base: str) -> dict[str, Any]:
        """For a client in another process."""
        return {**asdict(self), "base": base, "tool": TOOL, "schema": SCHEMA}


def script(results: int) -> Script:
    """What a provider answers to a talk with so many results."""
    calls = [[thinking("Where is it?"), text(f"I look, {n}: äöü 漢字."), tool(TOOL, command=f"cat app{n}.log")] for n in range(results)]
    return Script(*calls, [text("Done: " + "y" * 200)])


HANDLE = re.compile(r"\[headroom ([0-9a-f]{8}): ")
BEFORE, AFTER = "Let me see: äöü. ", "It is the pool. 漢字"


def fetching() -> Script:
    """What a provider answers whose model looks at what was left out of the first result before it goes on, and again, alone, before it ends."""

    def fetch(request: Mapping[str, Any]) -> dict[str, Any]:
        return tool("headroom_retrieve", handle=HANDLE.findall(json.dumps(request))[-1], lines="1-3")

    return Script(
        [text("I look."), tool(TOOL, command="cat app0.log")],
        lambda request: [thinking("There is more."), text(BEFORE), fetch(request)],
        [text(AFTER), tool(TOOL, command="cat app1.log")],
        lambda request: [fetch(request)],
        [text("Done: " + "y" * 200)],
    )
