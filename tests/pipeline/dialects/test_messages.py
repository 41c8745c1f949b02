from __future__ import annotations

import gc
import json
import pickle
import time
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cache_aligner import lineage
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.api import Transcript, Unreadable
from pipeline.dialects.bedrock_converse import BedrockConverse
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.messages import MessageList, digest, named_session, text_piece
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.policy import Policy
from pipeline.transcript import ItemKind, ToolKind

AGENTS = "# AGENTS.md instructions for /home/u/p\n\n<INSTRUCTIONS>\nBe brief.\n</INSTRUCTIONS>"
ENVIRONMENT = "<environment_context>\n  <cwd>/home/u/p</cwd>\n</environment_context>"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Why?", "Why?"),
        (AGENTS, ""),
        (AGENTS + "\n" + ENVIRONMENT, ""),
        (AGENTS + "\nWhy?", "Why?"),
        ("<current_datetime>2026-11-22T10:00:00Z</current_datetime>\n\n<prompt>Why does `a` fail?\n</prompt>", "Why does `a` fail?"),
        ("<session_context>\nToday is Sunday.\n</session_context>", ""),
        ("<system-reminder>\nnever closed\nWhy?", ""),
        ("What is an <environment_context> good for?", "What is an <environment_context> good for?"),
        ("# AGENTS.md instructions\nare missing", "# AGENTS.md instructions\nare missing"),
    ],
)
def test_the_harness_is_not_the_user(text: str, asked: str) -> None:
    item = text_piece(text, "user").item
    assert (item.kind, item.text) == (ItemKind.USER_TEXT if asked else ItemKind.OTHER, asked)
    assert item.digest != text_piece(text + " ", "user").item.digest


@pytest.mark.parametrize("unit", ["<environment_context>\n", "# AGENTS.md instructions", "# AGENTS.md instructions\n", "\n<prompt>", "</prompt><"])
def test_hostile_texts_are_read_in_linear_time(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    began = time.process_time()
    text_piece(text, "user")
    assert time.process_time() - began < 2  # it is a few milliseconds; its square would be minutes


@settings(max_examples=30)
@given(st.text(max_size=200), st.sampled_from(["user", "assistant", "system", ""]))
def test_any_text_is_a_piece(text: str, role: str) -> None:
    item = text_piece(text, role).item
    assert item.span is None
    assert item.digest == text_piece(text, role).item.digest


def test_sessions() -> None:
    assert named_session({"session-id": "a", "thread-id": "b"}) == "a"
    assert named_session({"x-client-session-id": "c", "session-id": ""}) == "c"
    assert named_session({"authorization": "x"}) == ""


def test_what_was_read_with_other_tool_kinds_is_read_again() -> None:
    """Mappings that live one after the other may have one identity."""
    dialect = OpenAIChat()
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}}]}
    raw = json.dumps({"messages": [call]}).encode()
    for n in range(20):
        kind = ToolKind.READ if n % 2 else ToolKind.SEARCH
        found = dialect.read(raw, Policy(tool_kinds={"t": kind})).items[0].call
        assert found is not None
        assert found.kind is kind


LISTS = {Anthropic: "messages", OpenAIChat: "messages", OpenAIResponses: "input", Gemini: "contents", BedrockConverse: "messages"}


def read(dialect: type[MessageList], messages: list[str]) -> Transcript:
    return dialect().read(f'{{"{LISTS[dialect]}": [{", ".join(messages)}]}}'.encode(), Policy())


def said(dialect: type[MessageList], role: str, text: str) -> str:
    """A message with a text."""
    role = "model" if dialect is Gemini and role == "assistant" else role
    message: dict[str, Any] = {"role": role, "content": text}
    if dialect is Gemini:
        message = {"role": role, "parts": [{"text": text}]}
    elif dialect is BedrockConverse:
        message["content"] = [{"text": text}]
    return json.dumps(message)


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        (Anthropic, '{"role": "user", "content": {"type": "text", "text": "x"}}'),
        (Anthropic, '{"role": "user", "content": "a", "content": "b"}'),
        (Anthropic, "3"),
        (Anthropic, "[]"),
        (OpenAIChat, '{"role": "user", "content": 5}'),
        (OpenAIChat, '{"role": "user", "content": ["x"]}'),
        (OpenAIChat, '{"role": "user", "content": [{"type": "text", "text": null}]}'),
        (OpenAIChat, '{"role": "tool", "content": ["x"], "tool_call_id": "c"}'),
        (OpenAIChat, '{"content": "x"}'),
        (OpenAIResponses, '{"type": 5}'),
        (OpenAIResponses, "null"),
        (Gemini, '{"role": "user", "parts": {"text": "x"}}'),
        (BedrockConverse, '{"role": "user", "content": "x"}'),
    ],
)
def test_a_message_of_unknown_shape_leaves_the_others_as_they_were(dialect: type[MessageList], message: str) -> None:
    before = [said(dialect, "user", "Why?"), said(dialect, "assistant", "So."), said(dialect, "user", "And?")]
    known = read(dialect, before)
    found = read(dialect, [*before, message, said(dialect, "user", "More?")])
    assert lineage(found.items)[:3] == lineage(known.items)
    assert [item.kind for item in found.items[2:]] == [ItemKind.USER_TEXT, ItemKind.OTHER, ItemKind.USER_TEXT]
    assert found.spans[3] is None
    assert found.turn == known.turn == 2
    another = read(dialect, [*before, message + " ", said(dialect, "user", "More?")])
    assert another.items == found.items
    changed = message.replace("x", "y").replace("5", "6").replace("3", "4").replace("null", "7").replace("[]", "[1]").replace("b", "c")
    assert lineage(read(dialect, [*before, changed]).items)[3] != lineage(found.items)[3]


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        (Anthropic, '{"role": "assistant", "content": null}'),
        (Anthropic, '{"role": "assistant"}'),
        (OpenAIChat, '{"role": "assistant", "content": 5}'),
        (OpenAIResponses, '{"type": 5, "role": "assistant"}'),
        (Gemini, '{"role": "model", "parts": null}'),
        (BedrockConverse, '{"role": "assistant", "content": null}'),
    ],
)
def test_a_message_of_unknown_shape_has_its_role(dialect: type[MessageList], message: str) -> None:
    assert read(dialect, [said(dialect, "user", "Why?"), message, said(dialect, "user", "More?")]).turn == 2


MANY = ", ".join(["{}"] * 10_001)


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        (Anthropic, f'{{"role": "user", "content": [{MANY}]}}'),
        (Anthropic, f'{{"role": "user", "content": [{{"type": "tool_result", "tool_use_id": "c", "content": [{MANY}]}}]}}'),
        (OpenAIChat, f'{{"role": "user", "content": [{MANY}]}}'),
        (OpenAIChat, f'{{"role": "tool", "tool_call_id": "c", "content": [{MANY}]}}'),
        (OpenAIChat, f'{{"role": "assistant", "content": "", "tool_calls": [{MANY}]}}'),
        (OpenAIResponses, f'{{"type": "message", "role": "user", "content": [{MANY}]}}'),
        (OpenAIResponses, f'{{"type": "function_call_output", "call_id": "c", "output": [{MANY}]}}'),
        (Gemini, f'{{"role": "user", "parts": [{MANY}]}}'),
        (BedrockConverse, f'{{"role": "user", "content": [{MANY}]}}'),
        (BedrockConverse, f'{{"role": "user", "content": [{{"toolResult": {{"toolUseId": "c", "content": [{MANY}]}}}}]}}'),
    ],
)
def test_a_message_of_more_parts_than_any_has_is_of_unknown_shape(dialect: type[MessageList], message: str) -> None:
    found = read(dialect, [said(dialect, "user", "Why?"), message, said(dialect, "user", "More?")])
    assert [item.kind for item in found.items] == [ItemKind.USER_TEXT, ItemKind.OTHER, ItemKind.USER_TEXT]


def test_more_messages_than_any_model_could_read_are_not_read() -> None:
    with pytest.raises(Unreadable):
        read(Anthropic, ["{}"] * 100_001)


TWICE = '"role": "user", "role": "user"'  # an object with a key that stands in it twice is of no known shape
POINT = '"cache_control": {"type": "ephemeral", "ttl": "1h"}'


def unknown(dialect: type[MessageList], message: str) -> tuple[str, ...]:
    """The lineage after such a message."""
    found = read(dialect, [said(dialect, "user", "Why?"), message])
    assert found.items[1].kind is ItemKind.OTHER
    assert len(found.items) == 2
    return lineage(found.items)


@pytest.mark.parametrize("dialect", [Anthropic, OpenAIChat])
@pytest.mark.parametrize(
    "message",
    [
        f'{{{TWICE}, "content": "x", @}}',
        f'{{@, {TWICE}, "content": "x"}}',
        f'{{{TWICE},\n @,\n "content": "x"}}',
        f'{{{TWICE}, "content": [{{"type": "text", "text": "a"}}, {{"type": "text", "text": "cache_control", @}}]}}',
        f'{{{TWICE}, "content": [{{"type": "tool_result", "content": [{{@, "type": "image", "n": 1.50}}]}}]}}',
        '{"content": {"type": "text", "text": "x", "text": "y", @}, "role": 5}',
        f'{{{TWICE}, "content": [{{@}}]}}',
        f'{{{TWICE}, "content": ["\\ud800", {{"a": "\\ud800", @, "b": NESTED}}]}}',
    ],
)
def test_a_breakpoint_that_moves_changes_no_lineage_of_a_message_of_unknown_shape(dialect: type[MessageList], message: str) -> None:
    message = message.replace("NESTED", nested(300))
    bare = message.replace(", @", "").replace("@, ", "").replace(",\n @", "").replace("@", "")
    assert unknown(dialect, message.replace("@", POINT)) == unknown(dialect, bare)
    assert unknown(dialect, message.replace("@", f"{POINT}, {POINT}")) == unknown(dialect, bare)
    assert unknown(dialect, message.replace("@", POINT.replace("cache_", "cash_"))) != unknown(dialect, bare)
    for old, other in (("user", "system"), ("x", "z"), ('"a"', '"c"'), ("image", "images"), ("1.50", "1.5"), ('"text", "text"', '"text",  "text"')):
        if old in bare:
            assert unknown(dialect, message.replace(old, other, 1).replace("@", POINT)) != unknown(dialect, bare)


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        (Anthropic, f'{{{TWICE}, "content": [{{"type": "tool_use", "input": {{@, "a": 1}}}}]}}'),
        (Anthropic, f'{{{TWICE}, "content": [{{"content": [{{"content": [{{@}}]}}]}}]}}'),
        (OpenAIChat, f'{{{TWICE}, "tool_calls": [{{"function": {{@}}}}]}}'),
        (Gemini, '{"role": "user", "parts": {@}}'),
        (Gemini, '{"role": "user", "parts": 5, @}'),
        (BedrockConverse, '{"role": "user", "content": {@}}'),
    ],
)
def test_what_is_called_so_and_is_no_breakpoint_is_content(dialect: type[MessageList], message: str) -> None:
    one, other = (message.replace("@", point) for point in (POINT, POINT.replace("1h", "5m")))
    assert unknown(dialect, one) != unknown(dialect, other)


@pytest.mark.parametrize("message", [f'{{{TWICE}, "content": "x"}}', f'{{{TWICE}, "a": [1.50, {{"b": "cache_control"}}]}}', '"cache_control"'])
def test_a_message_of_unknown_shape_without_a_breakpoint_is_known_by_its_bytes(message: str) -> None:
    [_, item] = read(Anthropic, [said(Anthropic, "user", "Why?"), message]).items
    role = ""
    assert item.digest == digest("unknown", role, message)


def called(dialect: type[MessageList], given: str) -> str:
    """A message with a call."""
    return {
        Anthropic: f'{{"role": "assistant", "content": [{{"type": "tool_use", "id": "c", "name": "t", "input": {given}}}]}}',
        OpenAIChat: f'{{"role": "assistant", "tool_calls": [{{"id": "c", "function": {{"name": "t", "arguments": {json.dumps(given)}}}}}]}}',
        OpenAIResponses: f'{{"type": "function_call", "call_id": "c", "name": "t", "arguments": {json.dumps(given)}}}',
        Gemini: f'{{"role": "model", "parts": [{{"functionCall": {{"id": "c", "name": "t", "args": {given}}}}}]}}',
        BedrockConverse: f'{{"role": "assistant", "content": [{{"toolUse": {{"toolUseId": "c", "name": "t", "input": {given}}}}}]}}',
    }[dialect]


def nested(depth: int, leaf: str = "1") -> str:
    return '{"a":' * depth + leaf + "}" * depth


def down(levels: int, work: Callable[[], Transcript]) -> Transcript:
    """Do something when that many calls are under way."""
    return work() if not levels else down(levels - 1, work)


@pytest.mark.parametrize("dialect", LISTS)
@pytest.mark.parametrize("depth", [50, 250, 700, 950, 1100, 20_000])
def test_how_deep_arguments_are_nested_changes_nothing_but_what_is_known_of_them(dialect: type[MessageList], depth: int) -> None:
    messages = [said(dialect, "user", "Why?"), called(dialect, nested(depth)), said(dialect, "user", "More?")]
    found = read(dialect, messages)
    call = found.items[1].call
    assert call is not None
    assert (call.id, call.name, bool(call.arguments)) == ("c", "t", depth < 200)
    assert found.turn == 2
    assert down(500, lambda: read(dialect, messages)) == found, "who reads it makes no difference"
    assert pickle.loads(pickle.dumps(found)) == found
    other = read(dialect, [messages[0], called(dialect, nested(depth, "2")), messages[2]])
    assert lineage(other.items)[0] == lineage(found.items)[0]
    assert lineage(other.items)[1] != lineage(found.items)[1]


@pytest.mark.parametrize("dialect", LISTS)
def test_what_is_unknown_and_nested_deeply_is_one_item(dialect: type[MessageList]) -> None:
    part = f'{{"type": "x", "cache_control": {{}}, "y": {nested(1100)}}}'
    lists = {OpenAIResponses: part, Gemini: f'{{"role": "user", "parts": [{part}]}}'}
    message = lists.get(dialect, f'{{"role": "user", "content": [{part}]}}')
    found = read(dialect, [said(dialect, "user", "Why?"), message])
    assert [item.kind for item in found.items] == [ItemKind.USER_TEXT, ItemKind.OTHER]
    if dialect is Anthropic:
        moved = read(dialect, [said(dialect, "user", "Why?"), message.replace('"cache_control": {}, ', "")])
        assert lineage(moved.items) == lineage(found.items)


def message_of(*blocks: object) -> bytes:
    role = "assistant" if any(isinstance(block, dict) and block["type"] == "tool_use" for block in blocks) else "user"
    return json.dumps({"role": role, "content": blocks}, ensure_ascii=False).encode()


def result_of(text: str) -> dict[str, object]:
    return {"type": "tool_result", "tool_use_id": "toolu_01a2b3c4d5e6", "content": text}


def call_of(arguments: object) -> dict[str, object]:
    return {"type": "tool_use", "id": "toolu_01a2b3c4d5e6", "name": "Edit", "input": arguments}


def image_of(n: int) -> dict[str, object]:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": f"{n:05}" * 10_000}}


@pytest.mark.parametrize(
    "messages",
    [
        [message_of(result_of("a" * 100_000))],
        [message_of(result_of("é" * 100_000))],
        [message_of(result_of("→" + "a" * 100_000))],
        [message_of(result_of("😀" + "a" * 100_000))],
        [message_of({"type": "text", "text": "<system-reminder>x</system-reminder>😀" + "a" * 100_000})],
        [message_of({"type": "text", "text": "a" * 100_000})],
        [message_of(image_of(n)) for n in range(10)],
        [message_of(call_of({f"key {n}": f"value {n}" for n in range(2000)}))],
        [message_of(call_of({"edits": [{"old": f"old {n}", "new": f"new {n}", "all": False} for n in range(1000)]}))],
        [message_of(call_of({"rows": [[n / 7, [f"v{n}"]] for n in range(1000)]}))],
        [message_of(call_of({"file_path": "/a/b", "content": "a" * 100_000}))],
        [message_of(*({"type": "text", "text": f"block {n}"} for n in range(200)))],
        [message_of(*(result_of(f"block {n}") for n in range(200)))],
        [message_of(block) for n in range(50) for block in (call_of({"command": f"make {n}"}), result_of(f"line {n}\n" * 100))],
        [message_of(result_of("a")).replace(b"result", b"unknown") for _ in range(3)],
    ],
)
def test_what_is_remembered_is_counted_as_what_it_takes(messages: list[bytes]) -> None:
    kinds: dict[str, ToolKind] = {}
    Anthropic()._remembered(messages[0], kinds)  # what the first one takes to be had is no part of it
    dialect = Anthropic()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for raw in messages:
            dialect._remembered(raw, kinds)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    counted = sum(entry[2] for entry in dialect._cache.values())
    assert held / 1.5 - 1000 < counted < held * 1.5 + 1000


def test_images_of_which_little_is_kept_are_read_once() -> None:
    class Counting(Anthropic):
        messages_read = 0

        def message(self, raw: bytes, kinds: Mapping[str, ToolKind]) -> Any:
            self.messages_read += 1
            return super().message(raw, kinds)

    dialect = Counting(cache_bytes=100_000)
    body = b'{"messages":[' + b",".join(message_of(image_of(n)) for n in range(20)) + b"]}"
    policy = Policy()
    assert dialect.read(body, policy) == dialect.read(body, policy)
    assert dialect.messages_read == 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dialect", "before", "after"),
    [
        (Anthropic(), b'{"messages":[{"role":"user","content":[', b"]}]}"),
        (OpenAIResponses(), b'{"input":[', b"]}"),
        (Gemini(), b'{"contents":[{"role":"user","parts":[', b"]}]}"),
    ],
    ids=lambda value: value.name if isinstance(value, MessageList) else "",
)
def test_what_has_more_parts_than_any_conversation_goes_on_unread(dialect: MessageList, before: bytes, after: bytes) -> None:
    with pytest.raises(Unreadable):
        dialect.read(before + b",".join([b"{}"] * 100_001) + after, Policy())
    assert len(dialect.read(before + b",".join([b"{}"] * 1000) + after, Policy()).items) == 1000
