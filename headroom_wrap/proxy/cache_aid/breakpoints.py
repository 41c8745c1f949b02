"""Where cache breakpoints can stand in an Anthropic request that has none, and how they are written there. Pure: bytes in, bytes out.

The rules are those of https://platform.claude.com/docs/en/build-with-claude/prompt-caching: at most four, on tools, on texts of the system prompt and
on blocks of messages, but not on thinking, on empty texts or on tools whose loading is deferred. A breakpoint is no content, so it changes no prefix.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.dialects.messages import first_byte, member_is_true, member_text
from pipeline.transcript import Span

_NAME = b'"cache_control"'
_MARK = b'"cache_control":{"type":"ephemeral"}'
_BYTES_PER_TOKEN = 4
_CARRIERS = frozenset({"text", "image", "document", "search_result", "tool_result", "tool_use"})
# What these say is rendered into the prompt in front of the level that they are given for.
_WITH_SYSTEM = ("speed", "output_config")
_WITH_MESSAGES = ("tool_choice", "thinking", "output_config")
# Tokens of the shortest prefix that is cached, the larger figure where publications differ. What is not named here is not known to have a cache.
_MINIMUM = (
    (re.compile(r"claude-(?:opus|fable|mythos)-5"), 1024),
    (re.compile(r"claude-(?:opus-4-[56]|haiku-4-5)"), 4096),
    (re.compile(r"claude-(?:opus-4-7|sonnet-4-6|mythos-preview|3-5-haiku|3-haiku|haiku-3)"), 2048),
    (re.compile(r"claude-(?:3|opus|sonnet|haiku|fable|mythos)"), 1024),
)


@dataclass(frozen=True, slots=True)
class Place:
    """The end of a beginning of the prompt.

    Args:
        link: stands for all of the prompt up to there.
        tokens: of the prompt up to there (estimated).
    """

    link: bytes
    tokens: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A request without breakpoints.

    Args:
        model: whose request, as the body or the path names it.
        tools, system: where these end; None where they are missing, or can carry no breakpoint.
        ends: where each message ends.
        last: the number of the last message of the user.
        top, messages: where the body's members stand in it, and the messages among them.
    """

    model: str
    tools: Place | None
    system: Place | None
    ends: tuple[Place, ...]
    last: int
    top: Mapping[str, Span]
    messages: tuple[Span, ...]

    @property
    def heads(self) -> tuple[Place, ...]:
        """The places in front of the messages."""
        return tuple(place for place in (self.tools, self.system) if place is not None)


def minimum_tokens(model: str) -> int:
    """The shortest prefix that Anthropic caches for a model, in tokens; 0 for a model that is not known to have a cache."""
    name = model.lower().replace(".", "-")
    return next((least for pattern, least in _MINIMUM if pattern.search(name)), 0)


def outline(body: bytes, model: str = "") -> Outline | None:
    """A request as the places where breakpoints could stand; None if it has breakpoints, or no messages of the user.

    Args:
        body: of the request, in no content coding.
        model: as the path names it, where the body does not.

    Raises:
        Malformed, KeyError: it is no request of this API.
    """
    top = json_spans.members(body, json_spans.whole(body))
    messages = json_spans.elements(body, top["messages"])
    if _NAME in body and _marked(body, top, messages):
        return None
    model = member_text(body, top, "model") or model
    link = _linked(b"", model.encode("utf-8", "surrogatepass"))
    read = 0
    tools = system = None
    if (span := top.get("tools")) is not None:
        link, read = _linked(link, body[span.start : span.end]), read + span.end - span.start
        tools = Place(link, read // _BYTES_PER_TOKEN) if _tool(body, span) is not None else None
    link = _linked(link, *_settings(body, top, _WITH_SYSTEM))
    if (span := top.get("system")) is not None:
        link, read = _linked(link, body[span.start : span.end]), read + span.end - span.start
        system = Place(link, read // _BYTES_PER_TOKEN) if _text(body, span) is not None else None
    link = _linked(link, *_settings(body, top, _WITH_MESSAGES))
    ends = []
    for span in messages:
        link, read = _linked(link, body[span.start : span.end]), read + span.end - span.start
        ends.append(Place(link, read // _BYTES_PER_TOKEN))
    last = next((n for n in range(len(messages) - 1, -1, -1) if _role(body, messages[n]) == "user"), -1)
    return Outline(model, tools, system, tuple(ends), last, top, tuple(messages)) if last >= 0 else None


def written(body: bytes, places: Iterable[Place], seen: Outline) -> bytes:
    """The body with breakpoints at places of its own outline; one that no block there can carry is left out.

    Raises:
        Malformed, KeyError: as in ``outline``.
    """
    top, messages = seen.top, seen.messages
    numbers = {place.link: number for number, place in enumerate(seen.ends)}
    found: dict[int, tuple[Span, bytes]] = {}
    for place in places:
        if seen.tools is not None and place.link == seen.tools.link:
            span = _tool(body, top["tools"])
        elif seen.system is not None and place.link == seen.system.link:
            span = _text(body, top["system"])
        else:
            span = _carrier(body, json_spans.members(body, messages[numbers[place.link]])["content"])
        if span is not None:
            found[span.start] = (span, _with_mark(body[span.start : span.end]))
    return splice(body, list(found.values()))


def _with_mark(raw: bytes) -> bytes:
    """A block with a breakpoint; a text that stands for one block becomes that block."""
    if raw[:1] == b'"':
        return b'[{"type":"text","text":' + raw + b"," + _MARK + b"}]"
    return raw[:-1].rstrip() + b"," + _MARK + b"}"


def _marked(body: bytes, top: Mapping[str, Span], messages: Sequence[Span]) -> bool:
    """Whether the client has set a breakpoint anywhere, or asks for automatic ones. A text that only speaks of them does not count."""
    if "cache_control" in top:
        return True
    blocks = [block for name in ("tools", "system") if name in top for block in _blocks(body, top[name])]
    for message in messages:
        if _NAME in body[message.start : message.end]:
            blocks += _blocks(body, json_spans.members(body, message)["content"])
    for block in blocks:
        fields = json_spans.members(body, block)
        inner = _blocks(body, fields["content"]) if "content" in fields else []
        if "cache_control" in fields or any("cache_control" in json_spans.members(body, nested) for nested in inner):
            return True
    return False


def _blocks(body: bytes, content: Span) -> list[Span]:
    """The objects in a list, none where something else stands."""
    if first_byte(body, content) != b"[":
        return []
    return [span for span in json_spans.elements(body, content) if first_byte(body, span) == b"{"]


def _settings(body: bytes, top: Mapping[str, Span], names: Sequence[str]) -> list[bytes]:
    return [name.encode() + b"=" + (body[top[name].start : top[name].end] if name in top else b"") for name in names]


def _linked(link: bytes, *parts: bytes) -> bytes:
    """The chain of digests, one link on for each part."""
    for part in parts:
        link = hashlib.blake2b(link + hashlib.blake2b(part, digest_size=16).digest(), digest_size=16).digest()
    return link


def _role(body: bytes, message: Span) -> str:
    return member_text(body, json_spans.members(body, message), "role")


def _tool(body: bytes, tools: Span) -> Span | None:
    """The last tool that stands in the prompt's beginning; those whose loading is deferred do not, None if there is no other."""
    found = _blocks(body, tools)
    while found and member_is_true(body, json_spans.members(body, found[-1]), "defer_loading"):
        found.pop()
    return found[-1] if found else None


def _text(body: bytes, content: Span) -> Span | None:
    """The last block of a system prompt if it can carry a breakpoint."""
    if first_byte(body, content) == b'"':
        return content if json_spans.string(body, content).strip() else None
    found = _blocks(body, content)
    return found[-1] if found and _carries(body, found[-1]) else None


def _carrier(body: bytes, content: Span) -> Span | None:
    """The last block of a message that can carry a breakpoint."""
    if first_byte(body, content) == b'"':
        return content if json_spans.string(body, content).strip() else None
    return next((block for block in reversed(_blocks(body, content)) if _carries(body, block)), None)


def _carries(body: bytes, block: Span) -> bool:
    fields = json_spans.members(body, block)
    kind = member_text(body, fields, "type")
    return kind in _CARRIERS and (kind != "text" or bool(json_spans.string(body, fields["text"]).strip()))
