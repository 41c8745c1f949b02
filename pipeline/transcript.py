"""The words for what passes through the pipeline: tool calls, items of a transcript, content to compress."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class ToolKind(str, enum.Enum):
    """What a tool does, whatever its agent calls it."""

    READ = "read"
    SEARCH = "search"
    SHELL = "shell"
    LIST = "list"
    FETCH = "fetch"
    EDIT = "edit"
    MCP = "mcp"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call as the model made it.

    Args:
        id: the provider's id, which pairs the call with its result.
        name: the tool's name as the agent gave it, e.g. ``Bash``.
        kind: what the tool does.
        arguments: the call's arguments, decoded.
        command: the shell command line where there is one, else ``""``.
        path: the file or folder that the call is about where it names one, else ``""``.
    """

    id: str
    name: str
    kind: ToolKind
    arguments: Mapping[str, object] = field(default_factory=dict)
    command: str = ""
    path: str = ""


LEAST_PASTED = 5_000
"""Characters, 1,300 to 2,500 tokens: a shorter text of a user's is never looked into. Whoever pastes less has read it, and means every line."""


class ItemKind(str, enum.Enum):
    """What a piece of a message is."""

    USER_TEXT = "user_text"
    ASSISTANT_TEXT = "assistant_text"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    SYSTEM_TEXT = "system_text"  # the application's own; rewritten, loss-free, only where the application asks for it
    OTHER = "other"  # images, thinking, documents, anything unknown: forwarded as it came


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open byte range ``[start, end)``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of a message, in transcript order.

    A *block* is an item that is rewritten: a TOOL_RESULT, or a long USER_TEXT, of which only what was pasted is. Its ``span`` is the JSON
    string literal, quotes included, relative to the start of its message.

    Args:
        kind: what it is.
        digest: SHA-256 of its content, blind to ``cache_control`` and to the order of keys.
        text: its text; for items that carry none, ``""``. Of a user's text what a person says, without what the agent says in the person's name.
        span: where a rewritten text would go, or None if the item may not be rewritten.
        call: for TOOL_CALL the call itself; for TOOL_RESULT the call it answers, if that stands in the transcript.
        is_error: the tool reported failure.
        whole: of a USER_TEXT with a span all that stands there.
    """

    kind: ItemKind
    digest: bytes
    text: str = ""
    span: Span | None = None
    call: ToolCall | None = None
    is_error: bool = False
    whole: str = ""

    @property
    def written(self) -> str:
        """What stands at its span."""
        return self.whole or self.text
