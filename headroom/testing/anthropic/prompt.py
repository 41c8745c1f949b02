"""A Messages API request as the flat list of blocks that Anthropic's prompt cache sees: tools, then system, then messages.

Two requests that mean the same prompt give the same blocks: ``cache_control`` is no content, a string is one text block, and
where one message ends and the next of the same role begins leaves no trace.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from headroom.testing.charge import default_count
from headroom.testing.shapes import JsonObject, mapping, objects

# Images are billed by their area; without decoding them one figure stands for all.
IMAGE_TOKENS = 1500

# https://platform.claude.com/docs/en/build-with-claude/prompt-caching#caching-with-thinking-blocks: later models keep the
# thinking of earlier turns in the prompt, these drop it once the user speaks again.
_FORGETS_THINKING = re.compile(r"claude-(?:3|haiku-[34]|opus-4(?:-[01])?(?:-\d{8})?$|sonnet-4(?:-5)?(?:-\d{8})?$)")

# What these request parameters say is rendered into the prompt at the start of the level they belong to.
_SYSTEM_SETTINGS = ("speed",)
_MESSAGE_SETTINGS = ("tool_choice", "thinking")


@dataclass(frozen=True, slots=True)
class PromptBlock:
    """One block of a prompt in the provider's order.

    Args:
        path: where it stands in the request, e.g. ``messages[3].content[0]``; settings have a path in words.
        kind: the block's type, ``tool`` for a tool's definition, ``setting`` for parameters that are part of the prefix.
        digest: hash of its content, role included.
        tokens: its size.
        ttl: seconds that a breakpoint on it asks for, or 0 without one.
    """

    path: str
    kind: str
    digest: bytes
    tokens: int
    ttl: int = 0


def flatten(request: JsonObject, count: Callable[[str], int] = default_count) -> list[PromptBlock]:
    """Returns the blocks of a request in cache order. The request must have passed :func:`headroom.testing.check`."""
    walk = _Walk(request, count)
    return _with_automatic_breakpoint(request, list(walk.blocks()))


@dataclass(slots=True)
class _Walk:
    request: JsonObject
    count: Callable[[str], int]
    deferred: dict[str, JsonObject] = field(default_factory=dict)

    def blocks(self) -> Iterator[PromptBlock]:
        yield self.setting("model", self.request.get("model"))
        for index, tool in enumerate(objects(self.request.get("tools"))):
            # A deferred tool is no part of the prefix: its definition appears where the conversation refers to it.
            if tool.get("defer_loading"):
                self.deferred[str(tool.get("name"))] = tool
            else:
                yield self.block(f"tools[{index}]", "tool", "tools", tool)
        output = mapping(self.request.get("output_config"))
        settings: dict[str, object] = {name: self.request.get(name) for name in _SYSTEM_SETTINGS}
        yield self.setting("system settings", [settings, output.get("format")])
        for index, part in enumerate(as_blocks(self.request.get("system"))):
            yield self.block(f"system[{index}]", str(part.get("type")), "system", part)
        settings = {name: self.request.get(name) for name in _MESSAGE_SETTINGS}
        # To name the default effort is to leave it out.
        yield self.setting("message settings", [settings, output.get("effort", "high")])
        yield from self.messages(objects(self.request.get("messages")))

    def messages(self, messages: Sequence[JsonObject]) -> Iterator[PromptBlock]:
        keeps_thinking_from = self.first_kept_thinking(messages)
        for m, message in enumerate(messages):
            role = str(message.get("role"))
            for c, part in enumerate(as_blocks(message.get("content"))):
                kind = str(part.get("type"))
                if kind in {"thinking", "redacted_thinking"} and m < keeps_thinking_from:
                    continue
                yield self.block(f"messages[{m}].content[{c}]", kind, role, part)

    def first_kept_thinking(self, messages: Sequence[JsonObject]) -> int:
        """The first message whose thinking the model still sees."""
        if mapping(self.request.get("thinking")).get("type") not in ("enabled", "adaptive"):
            return len(messages)
        if not _FORGETS_THINKING.match(str(self.request.get("model"))) or _keeps_all_thinking(self.request):
            return 0
        for m in range(len(messages) - 1, -1, -1):
            parts = as_blocks(messages[m].get("content"))
            if messages[m].get("role") == "user" and all(part.get("type") != "tool_result" for part in parts):
                return m
        return 0

    def setting(self, path: str, value: object) -> PromptBlock:
        return PromptBlock(path, "setting", _digest(json.dumps(value)), 0)

    def block(self, path: str, kind: str, role: str, value: JsonObject) -> PromptBlock:
        content = self.content(value)
        # Keys of the block itself are a form of writing; inside a tool's schema or arguments their order is content.
        identity = json.dumps([role, {key: content[key] for key in sorted(content)}])
        tokens = max(1, sum(self.sizes(content)))
        return PromptBlock(path, kind, _digest(identity), tokens, _ttl(value))

    def content(self, value: JsonObject) -> dict[str, object]:
        content = {key: item for key, item in value.items() if key != "cache_control"}
        if value.get("type") == "tool_result":
            content["content"] = [self.expanded(part) for part in as_blocks(value.get("content"))]
        return content

    def expanded(self, part: JsonObject) -> dict[str, object]:
        content = {key: item for key, item in part.items() if key != "cache_control"}
        if part.get("type") == "tool_reference":
            definition = self.deferred.get(str(part.get("tool_name")), {})
            content["definition"] = {key: item for key, item in definition.items() if key != "cache_control"}
        return content

    def sizes(self, content: JsonObject) -> Iterator[int]:
        kind = content.get("type")
        if kind == "text":
            yield self.count(str(content.get("text", "")))
        elif kind == "tool_result":
            for part in objects(content.get("content")):
                yield from self.sizes(part)
        elif kind == "tool_use":
            yield self.count(f"{content.get('name')} {json.dumps(content.get('input'), ensure_ascii=False)}")
        elif kind == "thinking":
            yield self.count(str(content.get("thinking", "")))
        elif kind == "image":
            yield IMAGE_TOKENS
        else:
            yield self.count(json.dumps(content, ensure_ascii=False))


def as_blocks(content: object) -> list[JsonObject]:
    """Content given as a string or as a list, as the list of its blocks; an empty string is none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return objects(content)


def _with_automatic_breakpoint(request: JsonObject, blocks: list[PromptBlock]) -> list[PromptBlock]:
    """A ``cache_control`` on the request itself marks the last block that can carry one."""
    ttl = _ttl(request)
    if ttl:
        for index in range(len(blocks) - 1, -1, -1):
            block = blocks[index]
            if block.kind not in {"setting", "thinking", "redacted_thinking"}:
                blocks[index] = replace(block, ttl=block.ttl or ttl)
                break
    return blocks


def _keeps_all_thinking(request: JsonObject) -> bool:
    edits = objects(mapping(request.get("context_management")).get("edits"))
    return any(str(e.get("type")).startswith("clear_thinking") and e.get("keep") == "all" for e in edits)


def _ttl(value: JsonObject) -> int:
    marker = value.get("cache_control")
    if value.get("type") == "tool_result" and not marker:
        # The API takes a marker on the last nested block for one on the result itself.
        nested = as_blocks(value.get("content"))
        marker = nested[-1].get("cache_control") if nested else None
    if not isinstance(marker, Mapping):
        return 0
    return 3600 if marker.get("ttl") == "1h" else 300


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()
