"""A request of either API as the list of blocks that OpenAI's prompt cache sees: settings, tools, instructions, then the conversation.

Two requests that mean the same prompt give the same blocks: ids, statuses and metadata are no content, and a string is one text part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from headroom.testing.charge import default_count
from headroom.testing.prefix import Block
from headroom.testing.shapes import JsonObject, mapping, objects, string

# Images are billed by their area; without decoding them one figure stands for all.
IMAGE_TOKENS = 1000

_VERSION = re.compile(r"(?:^|/)gpt-(\d{1,3})(?:\.(\d{1,3}))?(?![\d.])")
_INCIDENTAL = ("id", "status", "call_id", "internal_chat_message_metadata_passthrough", "prompt_cache_breakpoint", "annotations", "logprobs")
_TTL = {"30m": 1800, "12h": 43_200}


def version(model: str) -> tuple[int, int]:
    """The number in a model's name, e.g. (5, 6) of ``gpt-5.6-sol``; (0, 0) if it has none."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def flatten(request: JsonObject, count: Callable[[str], int] = default_count) -> list[Block]:
    """The blocks of a valid request, of Chat Completions if it has ``messages``, else of Responses with all its items in ``input``."""
    return list(_Walk(request, count).blocks())


@dataclass(frozen=True, slots=True)
class _Walk:
    request: JsonObject
    count: Callable[[str], int]

    def blocks(self) -> Iterator[Block]:
        yield Block("settings", json.dumps(self.settings()), 0)
        for t, tool in enumerate(objects(self.request.get("tools"))):
            yield self.block(f"tools[{t}]", json.dumps(tool, ensure_ascii=False))
        if "messages" in self.request:
            for m, message in enumerate(objects(self.request.get("messages"))):
                yield from self.message(f"messages[{m}]", message)
            return
        if self.request.get("instructions"):
            yield self.block("instructions", string(self.request["instructions"]))
        given = self.request.get("input")
        if isinstance(given, str):
            yield self.block("input", f"user {given}", turn=True)
            return
        items = objects(given)
        remembers_from = self.first_remembered(items)
        for i, item in enumerate(items):
            if item.get("type") == "reasoning":
                if i >= remembers_from:
                    yield self.block(f"input[{i}]", f"reasoning {item.get('encrypted_content') or item.get('summary')}")
            elif item.get("type", "message") == "message":
                yield from self.message(f"input[{i}]", item)
            else:
                yield from self.item(f"input[{i}]", item)

    def settings(self) -> list[object]:
        """What the API names as reasons for which a cached prefix cannot be used again, besides the model and what follows."""
        text, reasoning = mapping(self.request.get("text")), mapping(self.request.get("reasoning"))
        shape = text.get("format") or self.request.get("response_format")
        # To ask for plain text, or for a medium effort, is to ask for nothing.
        return [
            None if mapping(shape).get("type") == "text" else shape,
            reasoning.get("effort") or self.request.get("reasoning_effort") or "medium",
            text.get("verbosity") or self.request.get("verbosity") or "medium",
        ]

    def first_remembered(self, items: Sequence[JsonObject]) -> int:
        """The first item whose reasoning the model still sees."""
        context = mapping(self.request.get("reasoning")).get("context")
        if context not in {"all_turns", "current_turn"}:
            context = "all_turns" if version(string(self.request.get("model"))) >= (5, 6) else "current_turn"
        if context == "all_turns":
            return 0
        return max((i for i, item in enumerate(items) if item.get("role") == "user"), default=0)

    def message(self, path: str, message: JsonObject) -> Iterator[Block]:
        role = string(message.get("role"))
        turn = role in {"user", "tool", "function"}
        calls = [{name: value for name, value in call.items() if name != "id"} for call in objects(message.get("tool_calls"))]
        yield from self.parts(f"{path}.content", role, message.get("content"), turn=turn)
        for c, call in enumerate(calls):
            yield self.block(f"{path}.tool_calls[{c}]", json.dumps(call, ensure_ascii=False))

    def item(self, path: str, item: JsonObject) -> Iterator[Block]:
        kind = string(item.get("type"))
        if kind.endswith("_output"):
            yield from self.parts(f"{path}.output", kind, item.get("output"), turn=True)
        else:
            content = {name: value for name, value in item.items() if name not in _INCIDENTAL}
            yield self.block(path, json.dumps(content, ensure_ascii=False))

    def parts(self, path: str, role: str, content: object, *, turn: bool) -> Iterator[Block]:
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        parts = objects(content)
        for p, part in enumerate(parts):
            last = turn and p == len(parts) - 1
            text = part.get("text")
            kept = {name: value for name, value in part.items() if name not in _INCIDENTAL}
            shown = text if isinstance(text, str) else json.dumps(kept, ensure_ascii=False)
            tokens = IMAGE_TOKENS if "image" in string(part.get("type")) else None
            yield self.block(f"{path}[{p}]", f"{role} {shown}", turn=last, ttl=self.ttl(part), tokens=tokens)

    def ttl(self, part: JsonObject) -> int:
        mark = part.get("prompt_cache_breakpoint")
        if not isinstance(mark, dict):
            return 0
        return _TTL.get(string(mark.get("ttl")), request_ttl(self.request))

    def block(self, path: str, text: str, *, turn: bool = False, ttl: int = 0, tokens: int | None = None) -> Block:
        return Block(path, text, max(1, self.count(text)) if tokens is None else tokens, turn, ttl)


def request_ttl(request: JsonObject) -> int:
    """Seconds for which the request wants what it writes to be kept at least; models from GPT-5.6 on."""
    return _TTL.get(string(mapping(request.get("prompt_cache_options")).get("ttl")), _TTL["30m"])
