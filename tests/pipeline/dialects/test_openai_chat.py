from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cache_aligner import lineage
from pipeline.dialects.api import Unreadable
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.policy import Policy
from pipeline.transcript import ItemKind, ToolKind
from tests.transcripts import body, conversations

CALL = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "cat a.log"}'}}
CONVERSATION: list[dict[str, Any]] = [
    {"role": "developer", "content": "You help."},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "a\nb"},
]


def read(messages: list[dict[str, Any]], **fields: Any) -> Any:
    return OpenAIChat().read(body(messages, **fields), Policy())


def chat(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An Anthropic conversation as chat messages."""
    found: list[dict[str, Any]] = []
    for message in messages:
        parts = [{"type": "text", "text": message["content"]}] if isinstance(message["content"], str) else message["content"]
        texts = [p for p in parts if p["type"] == "text"]
        calls = [
            {"id": p["id"], "type": "function", "function": {"name": p["name"], "arguments": json.dumps(p["input"])}}
            for p in parts
            if p["type"] == "tool_use"
        ]
        found += [{"role": "tool", "tool_call_id": p["tool_use_id"], "content": p["content"]} for p in parts if p["type"] == "tool_result"]
        if calls:
            found.append({"role": "assistant", "content": texts, "tool_calls": calls})
        elif texts:
            found.append({"role": message["role"], "content": texts})
    return found


def test_where_it_is_spoken() -> None:
    dialect = OpenAIChat()
    assert dialect.recognises("POST", "/v1/chat/completions")
    assert dialect.recognises("POST", "/chat/completions")
    assert not dialect.recognises("GET", "/v1/chat/completions")
    assert not dialect.recognises("POST", "/v1/completions")
    assert dialect.session({"session-id": "s"}) == "s"


def test_items_calls_and_the_open_turn() -> None:
    transcript = read(CONVERSATION, stream=True)
    assert [i.kind for i in transcript.items] == [ItemKind.SYSTEM_TEXT, ItemKind.USER_TEXT, ItemKind.TOOL_CALL, ItemKind.TOOL_RESULT]
    assert (transcript.turn, transcript.stream, transcript.model) == (3, True, "claude-sonnet-4-5")
    item = transcript.items[3]
    assert (item.text, item.call.kind, item.call.path) == ("a\nb", ToolKind.READ, "a.log")


def test_calls_with_free_text_and_of_unknown_shape() -> None:
    calls = [
        {"id": "c2", "type": "custom", "custom": {"name": "apply_patch", "input": "*** Begin"}},
        {"id": "c3", "type": "new"},
        7,
        {**CALL, "function": {}},
    ]
    items = read([{"role": "assistant", "tool_calls": calls}]).items
    assert [i.kind for i in items] == [ItemKind.TOOL_CALL, ItemKind.OTHER, ItemKind.OTHER, ItemKind.TOOL_CALL]
    assert items[0].call.kind is ToolKind.EDIT


def test_a_result_without_text_passes() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "x"}]
    items = read([{"role": "tool", "tool_call_id": "c1", "content": None}, {"role": "tool", "tool_call_id": "c1", "content": parts}]).items
    assert [i.kind for i in items] == [ItemKind.OTHER, ItemKind.OTHER, ItemKind.TOOL_RESULT]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m[1].update(content=[{"type": "text", "text": "Why?"}]),
        lambda m: m[2].pop("refusal"),
        lambda m: m[3].update(name="bash"),
        lambda m: m.__setitem__(3, dict(reversed(m[3].items()))),
    ],
)
def test_another_spelling_is_the_same_lineage(change: Any) -> None:
    messages = json.loads(json.dumps(CONVERSATION))
    before = lineage(read(messages).items)
    change(messages)
    assert lineage(read(messages).items) == before


@pytest.mark.slow
@settings(max_examples=30)
@given(conversations(), st.data())
def test_only_the_text_of_a_result_is_replaced(messages: list[dict[str, Any]], data: st.DataObject) -> None:
    dialect = OpenAIChat()
    raw = body(chat(messages))
    transcript = dialect.read(raw, Policy())
    assert dialect.write(raw, transcript, {}) is raw
    index = data.draw(st.sampled_from([i for i, s in enumerate(transcript.spans) if s is not None]))
    span = transcript.spans[index]
    assert span is not None
    assert json.loads(raw[span.start : span.end]) == transcript.items[index].text
    written = dialect.write(raw, transcript, {index: 'new "text"\n…'})
    assert written == raw[: span.start] + '"new \\"text\\"\\n…"'.encode() + raw[span.end :]
    again = dialect.read(written, Policy())
    assert lineage(again.items)[:index] == lineage(transcript.items)[:index]


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[1]", b'{"messages": 3}', b'{"messages": [3]}', b'{"messages": [{}]}', b"\xff\xfe", b'{"messages":[],"messages":[]}']
)
def test_other_bodies_are_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        OpenAIChat().read(raw, Policy())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["user", "assistant", "tool", "text", "function", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "tool_calls", "tool_call_id", "type", "text", "function", "custom", "arguments"]), inner, max_size=5
        )
    ),
    max_leaves=15,
)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.binary(max_size=200) | st.lists(JSON, max_size=4).map(lambda m: json.dumps({"messages": m}).encode()))
def test_any_body_is_read_or_refused(raw: bytes) -> None:
    dialect = OpenAIChat()
    try:
        transcript = dialect.read(raw, Policy())
    except Unreadable:
        return
    assert dialect.write(raw, transcript, {}) is raw


@pytest.mark.parametrize(("key", "session"), [("c1", "c1"), (None, ""), (7, ""), ("", "")])
def test_the_session_is_the_prompts_cache_key(key: object, session: str) -> None:
    body = json.dumps({"model": "m", "messages": [], "prompt_cache_key": key}).encode()
    transcript = OpenAIChat().read(body, Policy())
    assert (transcript.session, transcript.model, transcript.stream) == (session, "m", False)
