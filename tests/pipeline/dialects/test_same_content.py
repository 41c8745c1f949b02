"""What is the same content in another dress has the same lineage, so its decisions are found again: breakpoints that move, texts as strings or blocks."""

from __future__ import annotations

import json

import pytest

from pipeline import cache_aligner
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.policy import Policy

MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
BULK = "\n".join(f"line {n} of the output, ä" for n in range(200))
CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make", "timeout": 1}}
ASK, DONE = {"type": "text", "text": "Run it."}, {"type": "text", "text": "Done."}


def user(*content):
    return {"role": "user", "content": list(content)}


def anthropic(ask=None, call=CALL, result=BULK, more=None, last=DONE):
    return {
        "messages": [
            ask or user(ASK),
            {"role": "assistant", "content": [call]},
            user({"type": "tool_result", "tool_use_id": "t1", "content": result, **(more or {})}, last),
        ]
    }


def chat(ask="Run it.", result=BULK, said=None):
    call = {"id": "t1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "make"}'}}
    return {
        "messages": [
            {"role": "user", "content": ask},
            {"role": "assistant", "content": said, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "t1", "content": result},
        ]
    }


def responses(ask="Run it.", result=BULK, **more):
    return {
        "input": [
            {"type": "message", "role": "user", "content": ask},
            {"type": "function_call", "call_id": "t1", "name": "shell", "arguments": '{"command": "make"}'},
            {"type": "function_call_output", "call_id": "t1", "output": result, **more},
        ]
    }


def gemini(call=None, response=None):
    return {
        "contents": [
            {"role": "user", "parts": [{"text": "Run it."}]},
            {"role": "model", "parts": [{"functionCall": call or {"name": "run_shell_command", "args": {"command": "make", "timeout": 1}}}]},
            {"role": "user", "parts": [{"functionResponse": response or {"name": "run_shell_command", "response": {"output": BULK}}}]},
        ]
    }


def lineage(dialect, body, **spelt):
    return cache_aligner.lineage(dialect().read(json.dumps(body, **spelt).encode(), Policy()).items)


SAME = {
    "anthropic: breakpoint on a result": (Anthropic, anthropic(), anthropic(more=MARK)),
    "anthropic: breakpoint on a text": (Anthropic, anthropic(), anthropic(ask=user({**ASK, **MARK}), last={**DONE, **MARK})),
    "anthropic: breakpoint on a call": (Anthropic, anthropic(), anthropic(call={**CALL, **MARK})),
    "anthropic: a text as a string": (Anthropic, anthropic(), anthropic(ask={"role": "user", "content": "Run it."})),
    "anthropic: a result as blocks": (Anthropic, anthropic(), anthropic(result=[{"type": "text", "text": BULK}])),
    "anthropic: a result as marked blocks": (Anthropic, anthropic(), anthropic(result=[{"type": "text", "text": BULK, **MARK}])),
    "anthropic: keys in another order": (Anthropic, anthropic(), anthropic(call={**CALL, "input": {"timeout": 1, "command": "make"}})),
    "chat: a text as parts": (OpenAIChat, chat(), chat(ask=[{"type": "text", "text": "Run it."}])),
    "chat: a result as parts": (OpenAIChat, chat(), chat(result=[{"type": "text", "text": BULK}])),
    "chat: breakpoints, for gateways to Anthropic": (
        OpenAIChat,
        chat(),
        chat(ask=[{"type": "text", "text": "Run it.", **MARK}], result=[{"type": "text", "text": BULK, **MARK}]),
    ),
    "chat: a breakpoint on an image": (OpenAIChat, chat(ask=[IMAGE]), chat(ask=[{**IMAGE, **MARK}])),
    "responses: a text as parts": (OpenAIResponses, responses(), responses(ask=[{"type": "input_text", "text": "Run it."}])),
    "responses: a result as parts": (OpenAIResponses, responses(), responses(result=[{"type": "input_text", "text": BULK}])),
    "gemini: keys in another order": (
        Gemini,
        gemini(),
        gemini(
            {"args": {"timeout": 1, "command": "make"}, "name": "run_shell_command"},
            {"response": {"output": BULK}, "name": "run_shell_command"},
        ),
    ),
}
OTHER = {
    "anthropic": (Anthropic, anthropic(), anthropic(result=BULK + "!")),
    "chat": (OpenAIChat, chat(), chat(result=BULK + "!")),
    "responses": (OpenAIResponses, responses(), responses(result=BULK + "!")),
    "gemini": (Gemini, gemini(), gemini(response={"name": "run_shell_command", "response": {"output": BULK + "!"}})),
}


@pytest.mark.parametrize(("dialect", "one", "other"), SAME.values(), ids=SAME)
def test_the_same_in_another_dress(dialect, one, other):
    assert json.dumps(one) != json.dumps(other)
    assert lineage(dialect, one) == lineage(dialect, other)


@pytest.mark.parametrize(("dialect", "one", "other"), OTHER.values(), ids=OTHER)
def test_another_result_is_another_block_and_nothing_before_it(dialect, one, other):
    first, second = lineage(dialect, one), lineage(dialect, other)
    at = next(n for n, (a, b) in enumerate(zip(first, second, strict=True)) if a != b)
    assert at == 2
    assert lineage(dialect, one, ensure_ascii=False, indent=1) == first
