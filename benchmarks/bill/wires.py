"""What differs between the APIs: the form of a request, where its items stand, and which provider bills it."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from adapters.claude import Claude
from adapters.codex import Codex
from adapters.gemini import Gemini as GeminiAgent
from benchmarks.bill.session import Body, Prompt
from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Script
from headroom.testing.anthropic import prompt as anthropic_prompt
from headroom.testing.gemini import prompt as gemini_prompt
from headroom.testing.openai import prompt as openai_prompt
from headroom.testing.openai.cache import STEP
from headroom.testing.server import Provider

Count = Callable[[str], int]
Item = dict[str, Any]
_MARK = {"type": "ephemeral"}


class Wire(ABC):
    """An API.

    Conversations are written as Anthropic messages and translated; ``items`` is what an API calls messages, input or contents.
    """

    name: str
    items_key: str
    models: tuple[str, ...]
    tool_kinds: Mapping[str, str]
    headers: Mapping[str, str]

    @abstractmethod
    def path(self, model: str) -> str:
        """Path and query of a request."""

    @abstractmethod
    def request(self, prompt: Prompt) -> Body:
        """The request of an agent."""

    @abstractmethod
    def translate(self, messages: Sequence[Item]) -> list[Item]:
        """Anthropic messages as items of this API."""

    @abstractmethod
    def provider(self, script: Script, count: Count, clock: Callable[[], float]) -> Provider:
        """The scripted API."""

    @abstractmethod
    def blocks(self, body: Body, count: Count) -> list[tuple[str, int]]:
        """Path and tokens of each block of the prompt in the provider's order."""

    def step(self, model: str) -> int:
        """The number of tokens read from the cache is a multiple of this."""
        del model
        return 1

    def tool(self, tool: Item) -> Item:
        """A tool in this API's form."""
        return {"type": "function", "name": tool["name"], "description": tool["description"], "parameters": tool["input_schema"]}

    def with_items(self, body: Body, items: list[Item], tools: Sequence[Item], note: str) -> Body:
        """The request with other items, further tools in Anthropic's form, and a note at the end of its instructions."""
        return {**body, self.items_key: items, "tools": [*body.get("tools", []), *map(self.tool, tools)]} | self._noted(body, note)

    @abstractmethod
    def _noted(self, body: Body, note: str) -> Body: ...


class Anthropic(Wire):
    """Messages, as Claude Code sends them: a breakpoint after the instructions, and one that moves with the last message."""

    name = "anthropic"
    items_key = "messages"
    models = ("claude-opus-4-8",)
    tool_kinds = Claude.tool_kinds
    headers = MappingProxyType({"x-api-key": "k", "anthropic-version": "2023-06-01"})

    def path(self, model: str) -> str:
        return "/v1/messages?beta=true"

    def request(self, prompt: Prompt) -> Body:
        mark = _MARK if prompt.ttl == "5m" else {**_MARK, "ttl": prompt.ttl}
        metadata = {"user_id": json.dumps({"session_id": prompt.session})}
        body: Body = {"model": prompt.model, "max_tokens": 32_000, "stream": True, "metadata": metadata}
        body |= {"system": [{"type": "text", "text": prompt.system, "cache_control": mark}], "tools": list(prompt.tools)}
        return body | {"messages": _marked(prompt.messages, mark)}

    def translate(self, messages: Sequence[Item]) -> list[Item]:
        return list(messages)

    def provider(self, script: Script, count: Count, clock: Callable[[], float]) -> Provider:
        return AnthropicProvider(script, count=count, clock=clock, signatures=False)

    def blocks(self, body: Body, count: Count) -> list[tuple[str, int]]:
        return [(block.path, block.tokens) for block in anthropic_prompt.flatten(body, count)]

    def tool(self, tool: Item) -> Item:
        return tool

    def with_items(self, body: Body, items: list[Item], tools: Sequence[Item], note: str) -> Body:
        mark = body["system"][-1].get("cache_control", _MARK) if isinstance(body.get("system"), list) and body["system"] else _MARK
        return super().with_items(body, _marked(items, mark), tools, note)

    def _noted(self, body: Body, note: str) -> Body:
        system = body.get("system", [])
        parts = [{"type": "text", "text": system}] if isinstance(system, str) else list(system)
        return {"system": [*parts, {"type": "text", "text": note}]} if note else {}


class Responses(Wire):
    """OpenAI's Responses API, as Codex sends it over HTTP."""

    name = "openai"
    items_key = "input"
    models = ("gpt-5.6-sol", "gpt-5.2")
    tool_kinds = Codex.tool_kinds
    headers = MappingProxyType({"authorization": "Bearer k"})

    def path(self, model: str) -> str:
        return "/v1/responses"

    def request(self, prompt: Prompt) -> Body:
        body = {"model": prompt.model, "stream": True, "store": False, "prompt_cache_key": prompt.session, "instructions": prompt.system}
        return body | {"tools": [self.tool(tool) for tool in prompt.tools], "input": self.translate(prompt.messages)}

    def translate(self, messages: Sequence[Item]) -> list[Item]:
        items: list[Item] = []
        for message in messages:
            for block in _blocks(message):
                if block["type"] == "text":
                    kind = "output_text" if message["role"] == "assistant" else "input_text"
                    items.append({"type": "message", "role": message["role"], "content": [{"type": kind, "text": block["text"]}]})
                elif block["type"] == "tool_use":
                    arguments = json.dumps(block["input"])
                    items.append({"type": "function_call", "call_id": block["id"], "name": block["name"], "arguments": arguments})
                else:
                    items.append({"type": "function_call_output", "call_id": block["tool_use_id"], "output": block["content"]})
        return items

    def step(self, model: str) -> int:
        return 1 if openai_prompt.version(model) >= (5, 6) else STEP

    def provider(self, script: Script, count: Count, clock: Callable[[], float]) -> Provider:
        return OpenAIProvider(script, count=count, clock=clock, unchanged=False)

    def blocks(self, body: Body, count: Count) -> list[tuple[str, int]]:
        return [(block.path, block.tokens) for block in openai_prompt.flatten(body, count)]

    def _noted(self, body: Body, note: str) -> Body:
        return {"instructions": f"{body.get('instructions', '')}\n{note}"} if note else {}


class Gemini(Wire):
    """Gemini's ``streamGenerateContent``, as Gemini CLI sends it."""

    name = "gemini"
    items_key = "contents"
    models = ("gemini-2.5-pro",)
    tool_kinds = GeminiAgent.tool_kinds
    headers = MappingProxyType({"x-goog-api-key": "k"})

    def path(self, model: str) -> str:
        return f"/v1beta/models/{model}:streamGenerateContent?alt=sse"

    def request(self, prompt: Prompt) -> Body:
        body = {"systemInstruction": {"parts": [{"text": prompt.system}]}, "tools": [self.tool(tool) for tool in prompt.tools]}
        return {**body, "contents": self.translate(prompt.messages)}

    def translate(self, messages: Sequence[Item]) -> list[Item]:
        names: dict[str, str] = {}
        items = []
        for message in messages:
            parts: list[Item] = []
            for block in _blocks(message):
                if block["type"] == "text":
                    parts.append({"text": block["text"]})
                elif block["type"] == "tool_use":
                    names[block["id"]] = block["name"]
                    parts.append({"functionCall": {"name": block["name"], "args": block["input"]}})
                else:
                    name = names.get(block["tool_use_id"], "tool")
                    parts.append({"functionResponse": {"name": name, "response": {"output": block["content"]}}})
            items.append({"role": "model" if message["role"] == "assistant" else "user", "parts": parts})
        return items

    def tool(self, tool: Item) -> Item:
        declared = {"name": tool["name"], "description": tool["description"], "parametersJsonSchema": tool["input_schema"]}
        return {"functionDeclarations": [declared]}

    def provider(self, script: Script, count: Count, clock: Callable[[], float]) -> Provider:
        return GeminiProvider(script, count=count, clock=clock, signatures=False)

    def blocks(self, body: Body, count: Count) -> list[tuple[str, int]]:
        return [(block.path, block.tokens) for block in gemini_prompt.flatten(body, count)]

    def _noted(self, body: Body, note: str) -> Body:
        return {"systemInstruction": {"parts": [*body.get("systemInstruction", {}).get("parts", []), {"text": note}]}} if note else {}


WIRES: dict[str, Wire] = {wire.name: wire for wire in (Anthropic(), Responses(), Gemini())}


def chain(items: Sequence[Item]) -> list[bytes]:
    """For each item the hash of the conversation up to it; breakpoints do not count."""
    digest = b""
    result = []
    for item in items:
        content = json.dumps(_unmarked(item), sort_keys=True).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(digest + content, digest_size=16).digest()
        result.append(digest)
    return result


def _blocks(message: Item) -> list[Item]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _unmarked(item: Item) -> Item:
    """The item without breakpoints; a text that stands for one text block is written as that, as agents do both."""
    content = item.get("content")
    if isinstance(content, str):
        return {**item, "content": _blocks(item)}
    if not isinstance(content, list) or not any("cache_control" in block for block in content):
        return item
    return {**item, "content": [{key: value for key, value in block.items() if key != "cache_control"} for block in content]}


def _marked(messages: Sequence[Item], mark: Item) -> list[Item]:
    """The messages with one breakpoint, on the last block."""
    made = [_unmarked(message) for message in messages]
    *before, last = _blocks(made[-1])
    return [*made[:-1], {**made[-1], "content": [*before, {**last, "cache_control": mark}]}]
