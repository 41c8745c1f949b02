from __future__ import annotations

import json
import tracemalloc

import pytest

from headroom_wrap.proxy.websocket.standing import Memory, Standing
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.policy import Policy
from pipeline.transcript import Item, ItemKind


def standing(size):
    return Standing((Item(ItemKind.USER_TEXT, b"d" * 32, "x" * size),))


def test_what_was_used_least_lately_is_given_up():
    memory = Memory(limit=4000)
    for name in "abc":
        memory.put(name, standing(1000))
    assert memory.get("a") == standing(1000)
    memory.put("d", standing(1000))
    assert [memory.get(n) is not None for n in "abcd"] == [True, False, True, True]
    memory.put("e", standing(5000))
    assert len(memory) == 0


def test_what_is_put_again_or_forgotten_counts_once():
    memory = Memory(limit=3000)
    for _ in range(9):
        memory.put("a", standing(1000))
    memory.put("b", standing(1000))
    memory.forget("a")
    memory.forget("a")
    memory.put("c", standing(1000))
    assert [memory.get(n) is not None for n in "abc"] == [False, True, True]


def made(**item):
    event = {"type": "response.output_item.done", "item": {"call_id": "c", **item}}
    return OpenAIResponses(cache_bytes=0).answered(json.dumps(event).encode(), Policy())


@pytest.mark.parametrize(
    "item",
    [
        {"type": "custom_tool_call", "name": "apply_patch", "input": "+line\n" * 40_000},
        {"type": "function_call", "name": "write", "arguments": json.dumps({"a": [{"text": "é" * 1000}] * 200})},
        {"type": "function_call", "name": "shell", "arguments": json.dumps({"command": ["bash", "-lc", "echo " + "x" * 200_000]})},
        {"type": "function_call", "name": "deep", "arguments": '{"a":' * 150 + '"' + "x" * 200_000 + '"' + "}" * 150},
    ],
)
def test_what_is_held_is_what_counts(item):
    tracemalloc.start()
    try:
        items = made(**item)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held > 200_000
    enough, too_little = Memory(limit=2 * held), Memory(limit=held // 2)
    enough.put("a", Standing(items))
    too_little.put("a", Standing(items))
    assert (len(enough), len(too_little)) == (1, 0)
