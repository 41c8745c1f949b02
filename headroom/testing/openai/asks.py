"""A request of either API as a script sees it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from headroom.testing.script import Ask
from headroom.testing.shapes import JsonObject, mapping, objects, string

# In this order: a subagent has a thread of its own in the session of its parent.
_SESSION_HEADERS = ("thread-id", "session-id", "x-session-id", "x-client-session-id")


def response_ask(request: JsonObject, items: Sequence[JsonObject], headers: Mapping[str, str]) -> Ask:
    """A request of Responses.

    Args:
        request: the body or frame.
        items: all items of the conversation, those before the request included.
        headers: with lower-case names.
    """
    declared = bool(request.get("tools")) or any(item.get("type") == "additional_tools" and item.get("tools") for item in items)
    warms = request.get("generate") is False or mapping(request.get("prompt_cache_options")).get("prewarm") is True
    return Ask(
        request,
        session=_session(request, headers),
        words=_opening(items),
        tools=declared,
        schema=_schema(mapping(mapping(request.get("text")).get("format"))),
        silent=warms,
        compacts=bool(items) and items[-1].get("type") == "compaction_trigger",
    )


def chat_ask(request: JsonObject, headers: Mapping[str, str]) -> Ask:
    """A request of Chat Completions."""
    wanted = mapping(request.get("response_format"))
    return Ask(
        request,
        session=_session(request, headers),
        words=_opening(objects(request.get("messages"))),
        tools=bool(request.get("tools")),
        schema=_schema({**mapping(wanted.get("json_schema")), "type": wanted.get("type")}),
    )


def _session(request: JsonObject, headers: Mapping[str, str]) -> str:
    # Copilot puts into each frame of a WebSocket the headers that it would have sent with a request.
    given = {**headers, **{name.lower(): string(value) for name, value in mapping(request.get("headers")).items()}}
    named = next((given[name] for name in _SESSION_HEADERS if given.get(name)), "")
    return named or string(request.get("prompt_cache_key"))


def _opening(items: Sequence[JsonObject]) -> str:
    """What the user says before the model first speaks: agents put what describes their surroundings into a message before the prompt."""
    opening = itertools.takewhile(lambda item: item.get("role", "user") != "assistant" and not string(item.get("type")).endswith("_call"), items)
    return "\n".join(_text(item.get("content")) for item in opening if item.get("role") == "user")


def _text(content: object) -> str:
    return content if isinstance(content, str) else "\n".join(string(part.get("text")) for part in objects(content))


def _schema(wanted: JsonObject) -> JsonObject | None:
    return mapping(wanted.get("schema")) if wanted.get("type") == "json_schema" else None
