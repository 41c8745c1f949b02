"""Applications as people write them, one for each API: a message list that grows, a tool loop, whole answers or streams, sync or async."""

from __future__ import annotations

import inspect
import json
from contextlib import asynccontextmanager
from typing import Any

from headroom import tools
from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Recorded
from pipeline.dialects import json_spans

TURNS = 30
RUN = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"], "additionalProperties": False}


def result(turn: int) -> str:
    """What the tool printed at this turn: something else every time, and twice the same."""
    kinds = (_log, _records, _hits, lambda n: f"done {n}", lambda n: _log(1))
    return kinds[turn % len(kinds)](turn)


def _log(n: int) -> str:
    lines = [
        f"2026-01-01T{n % 24:02d}:{i // 60:02d}:{i % 60:02d}Z INFO worker[{(i * n) % 7}] request {i * 7 + n} done in {i % 9} ms" for i in range(90)
    ]
    lines[77] = f"2026-01-01T00:01:17Z ERROR worker[3] request {n} failed: connection reset"
    return "\n".join(lines)


def _records(n: int) -> str:
    return json.dumps(
        [{"id": i * n, "name": f"item-{i}", "status": "ok" if i % 31 else "failed", "owner": {"id": i % 5, "team": n}} for i in range(45)]
    )


def _hits(n: int) -> str:
    return "\n".join(f"src/module_{i % 7}.py:{i * 3}:    value_{i} = function_{n}(argument_{i % 11})" for i in range(70))


async def once(value: Any) -> Any:
    """What a synchronous or an asynchronous function returned."""
    return await value if inspect.isawaitable(value) else value


async def drained(stream: Any) -> list[Any]:
    if hasattr(stream, "__aiter__"):
        return [item async for item in stream]
    return list(stream)


@asynccontextmanager
async def entered(manager: Any) -> Any:
    if hasattr(manager, "__aenter__"):
        async with manager as value:
            yield value
    else:
        with manager as value:
            yield value


class Application:
    """A tool loop over one API.

    Args:
        client: the SDK's.
        stream: answers are streamed.
        retrieval: the model is offered ``headroom_retrieve``.
    """

    provider: type
    field = "messages"

    def __init__(self, client: Any, *, stream: bool = False, retrieval: bool = True) -> None:
        self.client = client
        self.stream = stream
        self.retrieval = retrieval
        self.messages: list[Any] = []

    async def ask(self) -> list[tuple[Any, str, dict[str, Any]]]:
        """Send the conversation, keep the answer, and return the calls in it: id, name and arguments."""
        raise NotImplementedError

    def tell(self, call: tuple[Any, str, dict[str, Any]], text: str) -> None:
        raise NotImplementedError

    async def run(self, turns: int, answer: Any = None) -> None:
        """The whole conversation."""
        self.start("Find out why requests fail.")
        for turn in range(turns):
            for call in await self.ask():
                self.tell(call, answer(call) if answer is not None and call[1] == "headroom_retrieve" else result(turn))

    def start(self, question: str) -> None:
        self.messages.append({"role": "user", "content": question})


class Chat(Application):
    provider = OpenAIProvider
    api = "openai-chat"

    def arguments(self) -> dict[str, Any]:
        declared = [{"type": "function", "function": {"name": "run", "parameters": RUN, "strict": True}}]
        return {"model": "gpt-5.5", "messages": self.messages, "tools": declared + (tools(self.api, strict=True) if self.retrieval else [])}

    async def ask(self):
        if self.stream:
            async with entered(self.client.chat.completions.stream(**self.arguments())) as stream:
                await drained(stream)
                completion = await once(stream.get_final_completion())
        else:
            completion = await once(self.client.chat.completions.create(**self.arguments()))
        message = completion.choices[0].message
        calls = message.tool_calls or ()
        told = [{"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in calls]
        self.messages.append({"role": "assistant", "content": message.content} | ({"tool_calls": told} if told else {}))
        return [(c.id, c.function.name, json.loads(c.function.arguments)) for c in calls]

    def tell(self, call, text):
        self.messages.append({"role": "tool", "tool_call_id": call[0], "content": text})


class Responses(Application):
    provider = OpenAIProvider
    field = "input"
    api = "openai-responses"

    def arguments(self) -> dict[str, Any]:
        declared = [{"type": "function", "name": "run", "parameters": RUN, "strict": None}]
        return {"model": "gpt-5.5", "input": self.messages, "tools": declared + (tools(self.api) if self.retrieval else []), "store": False}

    async def ask(self):
        if self.stream:
            async with entered(self.client.responses.stream(**self.arguments())) as stream:
                await drained(stream)
                response = await once(stream.get_final_response())
        else:
            response = await once(self.client.responses.create(**self.arguments()))
        # As it came, the way the documentation shows it: the SDK's own objects in the list.
        items = [item.model_dump(exclude_none=True, exclude={"parsed_arguments", "parsed"}) if self.stream else item for item in response.output]
        self.messages += items
        return [(item.call_id, item.name, json.loads(item.arguments)) for item in response.output if item.type == "function_call"]

    def tell(self, call, text):
        self.messages.append({"type": "function_call_output", "call_id": call[0], "output": text})


class Messages(Application):
    provider = AnthropicProvider
    api = "anthropic"

    def arguments(self) -> dict[str, Any]:
        declared = [{"name": "run", "input_schema": RUN}]
        return {
            "model": "claude-opus-4-8",
            "max_tokens": 1000,
            "messages": self.messages,
            "tools": declared + (tools(self.api) if self.retrieval else []),
        }

    async def ask(self):
        if self.stream:
            async with entered(self.client.messages.stream(**self.arguments())) as stream:
                await drained(stream)
                message = await once(stream.get_final_message())
        else:
            message = await once(self.client.messages.create(**self.arguments()))
        self.messages.append({"role": "assistant", "content": message.content})  # the SDK's own objects
        return [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"]

    def tell(self, call, text):
        self.messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call[0], "content": text}]})


class Gemini(Application):
    provider = GeminiProvider
    field = "contents"
    api = "gemini"

    def start(self, question):
        from google.genai import types

        self.messages.append(types.Content(role="user", parts=[types.Part(text=question)]))

    def arguments(self) -> dict[str, Any]:
        from google.genai import types

        declared = [types.Tool(function_declarations=[{"name": "run", "parameters_json_schema": RUN}])]
        offered = declared + ([types.Tool(**tool) for tool in tools(self.api)] if self.retrieval else [])
        config = types.GenerateContentConfig(tools=offered, automatic_function_calling={"disable": True})
        return {"model": "gemini-3.1-pro-preview", "contents": self.messages, "config": config}

    async def ask(self):
        from google.genai import types

        if self.stream:
            chunks = await drained(await once(self.client.models.generate_content_stream(**self.arguments())))
        else:
            chunks = [await once(self.client.models.generate_content(**self.arguments()))]
        parts = [part for chunk in chunks for part in (chunk.candidates[0].content.parts if chunk.candidates[0].content else None) or ()]
        self.messages.append(types.Content(role="model", parts=parts))
        return [(part.function_call, part.function_call.name, part.function_call.args) for part in parts if part.function_call]

    def tell(self, call, text):
        from google.genai import types

        answer = types.FunctionResponse(id=call[0].id, name=call[1], response={"output": text})
        self.messages.append(types.Content(role="user", parts=[types.Part(function_response=answer)]))


APPLICATIONS = (Chat, Responses, Messages, Gemini)


def sent(request: Recorded, field: str) -> list[bytes]:
    """The messages of a request as they travelled, each as its bytes."""
    top = json_spans.members(request.raw, json_spans.whole(request.raw))
    return [request.raw[span.start : span.end] for span in json_spans.elements(request.raw, top[field])]


def broken_prefixes(requests: list[Recorded], field: str) -> list[int]:
    """Requests that do not begin, byte for byte, with the one before them."""
    conversations = [sent(request, field) for request in requests]
    return [n for n, (one, two) in enumerate(zip(conversations, conversations[1:]), 1) if two[: len(one)] != one]
