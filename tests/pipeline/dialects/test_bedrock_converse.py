from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cache_aligner import lineage
from pipeline.dialects.api import PathInfo, Transcript, Unreadable
from pipeline.dialects.bedrock_converse import BedrockConverse
from pipeline.policy import Policy
from pipeline.transcript import ItemKind, ToolKind
from tests.transcripts import conversations

MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": [{"text": "Why?"}, {"cachePoint": {"type": "default"}}]},
    {
        "role": "assistant",
        "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"text": "I look."},
            {"toolUse": {"toolUseId": "t1", "name": "Bash", "input": {"command": "cat a.log"}}},
            {"toolUse": {"toolUseId": "t2", "name": "Grep", "input": {"pattern": "x"}}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "t1", "content": [{"text": "a\n“b”"}, {"json": {"a": 1}}]}},
            {"toolResult": {"toolUseId": "t2", "content": [{"text": "no such file"}], "status": "error"}},
        ],
    },
]


def body(messages: Any, **fields: Any) -> bytes:
    return json.dumps({"system": [{"text": "s"}], "messages": messages, "inferenceConfig": {"maxTokens": 9}, **fields}, ensure_ascii=False).encode()


def read(messages: Any) -> Transcript:
    return BedrockConverse().read(body(messages), Policy())


def converse(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An Anthropic conversation in the words of this API."""
    found = []
    for message in messages:
        blocks: list[dict[str, Any]] = []
        for part in [{"type": "text", "text": message["content"]}] if isinstance(message["content"], str) else message["content"]:
            if part["type"] == "text":
                blocks.append({"text": part["text"]})
            elif part["type"] == "tool_use":
                blocks.append({"toolUse": {"toolUseId": part["id"], "name": part["name"], "input": part["input"]}})
            else:
                texts = [part["content"]] if isinstance(part["content"], str) else [p["text"] for p in part["content"]]
                blocks.append({"toolResult": {"toolUseId": part["tool_use_id"], "content": [{"text": text} for text in texts]}})
        found.append({"role": message["role"], "content": blocks})
    return found


def test_where_it_is_spoken() -> None:
    dialect = BedrockConverse()
    assert dialect.recognises("POST", "/model/us.anthropic.claude-x-v1%3A0/converse")
    assert dialect.recognises("POST", "/model/m/converse-stream")
    assert not dialect.recognises("POST", "/model/m/invoke")
    assert not dialect.recognises("GET", "/model/m/converse")
    assert dialect.path_info("/model/us.anthropic.claude-x-v1%3A0/converse-stream") == PathInfo("us.anthropic.claude-x-v1:0", stream=True)
    assert dialect.path_info("/model/m/converse") == PathInfo("m")
    assert dialect.path_info("/elsewhere") == PathInfo()
    assert dialect.session({}) == ""


def test_items_calls_and_the_open_turn() -> None:
    transcript = read(MESSAGES)
    kinds = [i.kind for i in transcript.items]
    assert kinds == [
        ItemKind.USER_TEXT,
        ItemKind.OTHER,
        ItemKind.ASSISTANT_TEXT,
        ItemKind.TOOL_CALL,
        ItemKind.TOOL_CALL,
        ItemKind.TOOL_RESULT,
        ItemKind.OTHER,
        ItemKind.TOOL_RESULT,
    ]
    assert transcript.turn == 5
    result, _, failed = transcript.items[5:]
    assert result.call is not None
    assert failed.call is not None
    assert (result.text, result.is_error, result.call.kind, result.call.path) == ("a\n“b”", False, ToolKind.READ, "a.log")
    assert (failed.text, failed.is_error, failed.call.name) == ("no such file", True, "Grep")


def test_a_result_is_replaced_where_it_stands_and_nothing_else_changes() -> None:
    raw = body(MESSAGES)
    dialect = BedrockConverse()
    transcript = dialect.read(raw, Policy())
    assert dialect.write(raw, transcript, {}) is raw
    written = dialect.write(raw, transcript, {5: "shorter ä"})
    expected = json.loads(raw)
    expected["messages"][2]["content"][0]["toolResult"]["content"][0]["text"] = "shorter ä"
    assert json.loads(written) == expected
    assert written.startswith(raw[: raw.index(b"a\\n")])


@pytest.mark.parametrize(
    ("config", "offered"), [({"tools": [{"toolSpec": {}}]}, True), ({"toolChoice": {"auto": {}}}, False), (None, False), ([], False)]
)
def test_tools_are_offered_in_a_configuration(config: Any, offered: bool) -> None:
    assert BedrockConverse().read(body(MESSAGES, toolConfig=config), Policy()).tools is offered
    assert not read(MESSAGES).tools


def test_a_cache_point_that_moves_is_the_same_lineage() -> None:
    without = [{**MESSAGES[0], "content": MESSAGES[0]["content"][:1]}, *MESSAGES[1:]]
    assert lineage(read(without).items) == lineage(read(MESSAGES).items)


@pytest.mark.parametrize(
    "block",
    [
        {"image": {"format": "png", "source": {"bytes": "eA=="}}},
        {"toolUse": {"toolUseId": "t"}},
        {"toolUse": {"toolUseId": "t", "name": "n", "input": [1]}},
        {"toolResult": {"toolUseId": "t", "content": "x"}},
        {"toolResult": {"toolUseId": "t", "content": [{"text": 3}]}},
        {"text": 3},
        {},
        3,
    ],
)
def test_a_block_of_unknown_shape_is_left_alone(block: Any) -> None:
    transcript = read([{"role": "user", "content": [block]}, *MESSAGES[1:]])
    assert transcript.spans[0] is None
    assert transcript.items[-1].text == "no such file"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"messages": 1}', b'{"messages": [1]}', b'{"messages": [{"role": "user"}]}', b"\xff"])
def test_what_is_no_request(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        BedrockConverse().read(raw, Policy())


@settings(max_examples=30, deadline=None)
@given(conversations(), st.integers(0, 20))
def test_a_prefix_is_read_the_same(messages: list[dict[str, Any]], length: int) -> None:
    whole, part = read(converse(messages)), read(converse(messages[:length]))
    assert lineage(whole.items)[: len(part.items)] == lineage(part.items)
