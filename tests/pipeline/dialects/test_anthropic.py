from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cache_aligner import lineage
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.anthropic_usage import AnthropicUsage
from pipeline.dialects.api import PathInfo, Unreadable
from pipeline.policy import Policy
from pipeline.transcript import ItemKind, ToolKind
from pipeline.usage import Usage
from tests.transcripts import body, conversations

CALL = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "cat a.log"}}


def read(messages: list[dict[str, Any]], **fields: Any) -> Any:
    return Anthropic().read(body(messages, **fields), Policy())


def conversation(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [result]}]


def test_items_calls_and_the_open_turn() -> None:
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a\nb", "is_error": True}
    transcript = read(conversation(result), stream=True)
    assert [i.kind for i in transcript.items] == [ItemKind.USER_TEXT, ItemKind.TOOL_CALL, ItemKind.TOOL_RESULT]
    assert transcript.turn == 2
    assert transcript.stream
    assert transcript.model == "claude-sonnet-4-5"
    item = transcript.items[2]
    assert (item.text, item.is_error, item.call.kind, item.call.path) == ("a\nb", True, ToolKind.READ, "a.log")


def test_only_the_text_of_the_result_is_replaced() -> None:
    raw = body(
        conversation(
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "a\n“b”\u0007"}, {"type": "image", "source": {}}]}
        )
    )
    dialect = Anthropic()
    transcript = dialect.read(raw, Policy())
    index = next(i for i, s in enumerate(transcript.spans) if s is not None)
    written = dialect.write(raw, transcript, {index: 'new "text"\n…'})
    value = json.loads(raw)
    value["messages"][2]["content"][0]["content"][0]["text"] = 'new "text"\n…'
    assert json.loads(written) == value
    span = transcript.spans[index]
    assert written.startswith(raw[: span.start])
    assert written.endswith(raw[span.end :])


def test_other_items_may_not_be_replaced() -> None:
    dialect = Anthropic()
    raw = body([{"role": "user", "content": "hello"}])
    with pytest.raises(ValueError, match="may not be rewritten"):
        dialect.write(raw, dialect.read(raw, Policy()), {0: "x"})


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m[0].update(content=[{"type": "text", "text": "Why?"}]),
        lambda m: m[2]["content"][0].update(cache_control={"type": "ephemeral", "ttl": "1h"}),
        lambda m: m[2]["content"].__setitem__(0, dict(reversed(m[2]["content"][0].items()))),
        lambda m: m[0].update(content=[{"type": "text", "text": "Why?", "cache_control": {"type": "ephemeral"}}]),
    ],
)
def test_a_moved_marker_or_another_spelling_is_the_same_lineage(change: Any) -> None:
    messages = conversation({"type": "tool_result", "tool_use_id": "toolu_1", "content": "x" * 300})
    before = lineage(read(messages).items)
    change(messages)
    assert lineage(read(messages).items) == before


def test_another_content_is_another_lineage() -> None:
    a = lineage(read(conversation({"type": "tool_result", "tool_use_id": "toolu_1", "content": "x" * 300})).items)
    b = lineage(read(conversation({"type": "tool_result", "tool_use_id": "toolu_1", "content": "x" * 299})).items)
    assert a[:2] == b[:2]
    assert a[2] != b[2]


def test_the_harness_is_not_the_user() -> None:
    reminder = "<system-reminder>\nUse TodoWrite.\n</system-reminder>"
    items = read([{"role": "user", "content": [{"type": "text", "text": reminder}, {"type": "text", "text": f"{reminder}Why?"}]}]).items
    assert [(i.kind, i.text) for i in items] == [(ItemKind.OTHER, ""), (ItemKind.USER_TEXT, "Why?")]


def test_mid_conversation_system_messages_and_unknown_blocks_pass() -> None:
    messages = [
        {"role": "user", "content": [{"type": "document", "source": {"data": "x"}, "cache_control": {"type": "ephemeral"}}]},
        {"role": "system", "content": "The task tools have not been used."},
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "server_tool_use", "id": "s", "name": "x", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "s"}]},
    ]
    assert {i.kind for i in read(messages).items} == {ItemKind.OTHER}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"messages": 3}',
        b'{"messages": [3]}',
        b'{"messages": [{"role": "user"}]}',
        b"\xff\xfe",
        b'{"messages":[],"messages":[]}',
    ],
)
def test_other_bodies_are_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        Anthropic().read(raw, Policy())


@given(st.binary(max_size=200))
def test_any_body_is_read_or_refused(raw: bytes) -> None:
    try:
        Anthropic().read(raw, Policy())
    except Unreadable:
        pass


@given(conversations())
def test_reading_again_gives_the_same_and_little_memory_is_kept(messages: list[dict[str, Any]]) -> None:
    dialect = Anthropic(cache_bytes=2000)
    raw = body(messages)
    first = dialect.read(raw, Policy())
    assert dialect.read(raw, Policy()) == first
    assert Anthropic().read(raw, Policy()) == first
    assert sum(entry[2] for entry in dialect._cache.values()) <= 2000


STREAM = (
    b'event: message_start\r\ndata: {"type":"message_start","message":{"id":"msg_1","model":"claude-sonnet-4-5","usage":{"input_tokens":10,'
    b'"cache_creation_input_tokens":300,"cache_read_input_tokens":5000,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":1}}}\r\n\r\n'
    b': comment\r\nevent: ping\r\ndata: {"type": "ping"}\r\n\r\n'
    b'event: content_block_delta\r\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"usage \xc3\xa4"}}\r\n\r\n'
    b'event: message_delta\r\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":42}}\r\n\r\n'
    b'event: message_stop\r\ndata: {"type":"message_stop"}\r\n\r\n'
)
CHARGED = Usage(input=10, cache_write_5m=100, cache_write_1h=200, cache_read=5000, output=42)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12), st.booleans())
def test_usage_from_a_stream_split_anywhere(cuts: list[int], lf: bool) -> None:
    data = STREAM.replace(b"\r\n", b"\n") if lf else STREAM
    parser = AnthropicUsage(streamed=True)
    at = sorted({0, *[min(c, len(data)) for c in cuts], len(data)})
    for start, end in zip(at, at[1:], strict=False):
        parser.feed(data[start:end])
    parser.close()
    assert parser.usage == CHARGED
    assert (parser.message_id, parser.model, parser.stop_reason, parser.error) == ("msg_1", "claude-sonnet-4-5", "tool_use", "")


def test_a_cut_stream_says_what_it_knows() -> None:
    parser = AnthropicUsage(streamed=True)
    parser.feed(STREAM[: STREAM.index(b"message_delta")])
    parser.close()
    assert parser.usage == Usage(10, 100, 200, 5000, 1)


def test_totals_whose_empty_line_was_cut_off_count() -> None:
    parser = AnthropicUsage(streamed=True)
    parser.feed(STREAM[: STREAM.index(b'"usage":{"output_tokens":42}}') + len(b'"usage":{"output_tokens":42}}')])
    parser.close()
    assert parser.usage == CHARGED


def test_an_error_in_mid_stream() -> None:
    parser = AnthropicUsage(streamed=True)
    parser.feed(b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n')
    assert parser.error == "overloaded_error: Overloaded"
    assert parser.usage is None


def test_usage_of_a_whole_answer() -> None:
    parser = AnthropicUsage(streamed=False)
    parser.feed(b'{"id":"msg_2","model":"m","stop_reason":"end_turn","usage":{"input_tokens":3,')
    parser.feed(b'"cache_creation_input_tokens":7,"output_tokens":2}}')
    parser.close()
    assert parser.usage == Usage(input=3, cache_write_5m=7, output=2)
    assert (parser.message_id, parser.stop_reason) == ("msg_2", "end_turn")


@given(st.lists(st.binary(max_size=80), max_size=6), st.booleans())
def test_the_parser_never_raises(chunks: list[bytes], streamed: bool) -> None:
    parser = AnthropicUsage(streamed=streamed)
    for chunk in chunks:
        parser.feed(chunk)
    parser.close()
    assert parser.usage is None or parser.usage.output >= 0


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": None},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": [["nested"]]},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": ["bare"]},
        {"type": "tool_result", "content": "answers nothing"},
        {"type": "text", "text": None},
        {"no": "type"},
        "bare",
    ],
)
def test_a_block_of_unknown_shape_changes_nothing_for_the_others(odd: Any) -> None:
    messages = conversation({"type": "tool_result", "tool_use_id": "toolu_1", "content": "a\nb"})
    plain = read(messages)
    messages[2]["content"].append(odd)
    transcript = read(messages)
    assert transcript.items[:3] == plain.items
    assert lineage(transcript.items)[:3] == lineage(plain.items)
    assert [i.kind for i in transcript.items[3:]] == [ItemKind.OTHER]


def test_what_is_written_is_json_though_a_path_in_it_is_no_unicode() -> None:
    raw = body(conversation({"type": "tool_result", "tool_use_id": "toolu_1", "content": "a"}))
    transcript = Anthropic().read(raw, Policy())
    written = Anthropic().write(raw, transcript, {2: "as in result 1 (Read \udcff.py) – é"})
    assert json.loads(written.decode("utf-8"))["messages"][2]["content"][0]["content"] == "as in result 1 (Read \udcff.py) – é"


@pytest.mark.parametrize(
    ("path", "info"),
    [
        ("/v1/messages", PathInfo()),
        ("/gateway/v1/messages", PathInfo()),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-x@2026:rawPredict", PathInfo("claude-x@2026")),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:streamRawPredict", PathInfo("claude-x", stream=True)),
        ("/model/eu.anthropic.claude-x-v1%3A0/invoke", PathInfo("eu.anthropic.claude-x-v1:0")),
        ("/model/m/invoke-with-response-stream", PathInfo("m", stream=True)),
    ],
)
def test_where_it_is_served_and_what_the_path_says(path: str, info: PathInfo) -> None:
    assert Anthropic().recognises("POST", path)
    assert not Anthropic().recognises("GET", path)
    assert Anthropic().path_info(path) == info


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages/count_tokens",
        "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
        "/v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict",
        "/model/m/converse",
        "/model/m/n/invoke",
    ],
)
def test_neighbours_are_not_its_own(path: str) -> None:
    assert not Anthropic().recognises("POST", path)
    assert Anthropic().path_info(path) == PathInfo()


@pytest.mark.parametrize(
    ("metadata", "session"),
    [
        ({"user_id": json.dumps({"device_id": "d", "session_id": "s1"})}, "s1"),
        ({"user_id": "user_ab12_account_cd_session_s2"}, "s2"),
        ({"user_id": "somebody"}, ""),
        ({"user_id": "{"}, ""),
        ({"user_id": '{"session_id": 7}'}, ""),
        ({"user_id": 7}, ""),
        ({}, ""),
        ("x", ""),
        (None, ""),
    ],
)
def test_the_session_in_the_metadata(metadata: object, session: str) -> None:
    body = json.dumps({"model": "m", "metadata": metadata, "messages": []}).encode()
    assert Anthropic().read(body, Policy()).session == session


@pytest.mark.parametrize(
    ("asked", "forgets"),
    [
        ({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}, False),
        ({"edits": [{"type": "clear_thinking_20251015"}, {"type": "clear_tool_uses_20250919"}]}, True),
        ({"edits": [{"type": "compact_20260112"}]}, True),
        ({"edits": [{}]}, True),
        ({"edits": []}, False),
        ({"edits": "none"}, False),
        ({}, False),
        (None, False),
        ("auto", False),
    ],
)
def test_what_the_api_may_clear(asked: object, forgets: bool) -> None:
    assert read([{"role": "user", "content": "hi"}], context_management=asked).forgets == forgets
