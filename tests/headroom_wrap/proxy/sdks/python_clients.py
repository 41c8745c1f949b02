"""The official Python clients, each leading a talk; the answers as the client shows them, as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

from tests.headroom_wrap.proxy.sdks.talk import SCHEMA, TOOL, Talk

Answers = Iterator[dict[str, Any]]


def anthropic_messages(base: str, talk: Talk) -> Answers:
    """Anthropic's Messages."""
    messages: list[Any] = [{"role": "user", "content": talk.question}]
    asked: dict[str, Any] = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "tools": [{"name": TOOL, "input_schema": SCHEMA}]}
    with anthropic.Anthropic(base_url=base, api_key="k", max_retries=0) as client:
        for result in (*talk.results, None):
            if talk.stream:
                with client.messages.stream(messages=messages, **asked) as stream:
                    answer = stream.get_final_message()
            else:
                answer = client.messages.create(messages=messages, **asked)
            yield answer.model_dump(mode="json")
            calls = [block for block in answer.content if block.type == "tool_use"]
            messages += [
                {"role": "assistant", "content": answer.content},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": result} for call in calls]},
            ]


def openai_chat(base: str, talk: Talk) -> Answers:
    """OpenAI's Chat Completions."""
    messages: list[Any] = [{"role": "user", "content": talk.question}]
    tools = [{"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}]
    with openai.OpenAI(base_url=f"{base}/v1", api_key="k", max_retries=0) as client:
        for result in (*talk.results, None):
            asked: Any = {"model": "gpt-4.1", "messages": messages, "tools": tools}
            if talk.stream:
                with client.chat.completions.stream(stream_options={"include_usage": True}, **asked) as stream:
                    answer = stream.get_final_completion()
            else:
                answer = client.chat.completions.create(**asked)
            yield answer.model_dump(mode="json")
            said = answer.choices[0].message
            calls = said.tool_calls or []
            messages += [
                {"role": "assistant", "content": said.content, "tool_calls": [_call(call) for call in calls]},
                *({"role": "tool", "tool_call_id": call.id, "content": result} for call in calls),
            ]


def _call(call: Any) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}


def openai_responses(base: str, talk: Talk) -> Answers:
    """OpenAI's Responses over HTTP."""
    items: list[Any] = [{"role": "user", "content": talk.question}]
    tools = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": None}]
    with openai.OpenAI(base_url=f"{base}/v1", api_key="k", max_retries=0) as client:
        for result in (*talk.results, None):
            asked: Any = {"model": "gpt-6.1-sol", "input": items, "tools": tools, "store": False}
            if talk.stream:
                with client.responses.stream(**asked) as stream:
                    answer = stream.get_final_response()
            else:
                answer = client.responses.create(**asked)
            yield answer.model_dump(mode="json")
            items += _said(answer, result)


def _said(answer: Any, result: str | None) -> list[Any]:
    """What an answer adds to the next request's input."""
    made = [item.model_dump(mode="json", exclude_none=True, exclude={"parsed_arguments"}) for item in answer.output]
    for item in made:
        for part in item.get("content", ()):
            part.pop("parsed", None)
    return [*made, *({"type": "function_call_output", "call_id": item["call_id"], "output": result} for item in made if "call_id" in item)]


def openai_socket(base: str, talk: Talk) -> Answers:
    """OpenAI's Responses over one WebSocket, each request going on from the last response."""
    tools: list[Any] = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": None}]
    items: list[Any] = [{"role": "user", "content": talk.question}]
    before: dict[str, Any] = {}
    with openai.OpenAI(base_url=f"{base}/v1", api_key="k", max_retries=0) as client, client.responses.connect() as socket:
        for result in (*talk.results, None):
            socket.response.create(model="gpt-6.1-sol", input=items, tools=tools, store=False, **before)
            answer = next(event.response for event in socket if event.type == "response.completed")
            yield answer.model_dump(mode="json")
            before = {"previous_response_id": answer.id}
            items = _said(answer, result)[len(answer.output) :]


def gemini(base: str, talk: Talk) -> Answers:
    """Google's ``generateContent`` and ``streamGenerateContent``."""
    contents: list[Any] = [types.Content(role="user", parts=[types.Part(text=talk.question)])]
    tool = types.Tool(function_declarations=[types.FunctionDeclaration(name=TOOL, parameters_json_schema=SCHEMA)])
    config = types.GenerateContentConfig(tools=[tool], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    with genai.Client(api_key="k", http_options=types.HttpOptions(base_url=base)) as client:
        for result in (*talk.results, None):
            asked: Any = {"model": "gemini-2.5-pro", "contents": contents, "config": config}
            if talk.stream:
                answers = list(client.models.generate_content_stream(**asked))
            else:
                answers = [client.models.generate_content(**asked)]
            yield {"chunks": [json.loads(answer.model_dump_json(exclude={"sdk_http_response"})) for answer in answers]}
            parts = [part for answer in answers for part in answer.candidates[0].content.parts or ()]
            results = [
                types.Part(function_response=types.FunctionResponse(id=part.function_call.id, name=TOOL, response={"output": result}))
                for part in parts
                if part.function_call
            ]
            contents += [types.Content(role="model", parts=parts), types.Content(role="user", parts=results)]
