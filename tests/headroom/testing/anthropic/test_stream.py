from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing import text, thinking, tool
from headroom.testing.anthropic.stream import encode, error_event, events, message, usage_fields
from headroom.testing.wire import pieces
from pipeline.usage import Usage

USAGE = Usage(input=7, cache_write_5m=100, cache_write_1h=20, cache_read=3000, output=42)
# As in https://platform.claude.com/docs/en/build-with-claude/streaming, with the fields of a request that uses the cache.
GOLDEN = r"""event: message_start
data: {"type":"message_start","message":{"model":"claude-opus-4-8","id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":120,"cache_read_input_tokens":3000,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":20},"output_tokens":1,"service_tier":"standard"}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I shall list the files h"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"ere: é"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"command\":\"ls\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":120,"cache_read_input_tokens":3000,"output_tokens":42}}

event: message_stop
data: {"type":"message_stop"}

"""


def test_the_events_of_an_answer():
    blocks = [thinking("hm") | {"signature": "sig"}, text("I shall list the files here: é"), tool("Bash", command="ls") | {"id": "toolu_1"}]
    body = message("msg_1", "claude-opus-4-8", blocks, "tool_use", USAGE)
    assert b"".join(encode(event) for event in events(body)).decode() == GOLDEN


def test_the_body_of_an_answer():
    body = message("msg_1", "m", [text("x")], "end_turn", USAGE)
    assert body["content"] == [text("x")]
    assert (body["stop_reason"], body["usage"]) == ("end_turn", usage_fields(USAGE))


def test_an_answer_without_content():
    body = message("msg_1", "m", [], "max_tokens", Usage(input=1))
    assert [name for name, _ in events(body)] == ["message_start", "message_delta", "message_stop"]


def test_unknown_blocks_come_whole():
    block = {"type": "redacted_thinking", "data": "x"}
    body = message("msg_1", "m", [block], "end_turn", USAGE)
    assert [data.get("content_block") for name, data in events(body) if name == "content_block_start"] == [block]


def test_errors():
    assert encode(error_event({"type": "error"})) == b'event: error\ndata: {"type":"error"}\n\n'


def assembled(body):
    """What a client makes of the stream."""
    blocks = []
    for name, data in events(body):
        if name == "content_block_start":
            blocks.append(dict(data["content_block"], partial=""))
        elif name == "content_block_delta":
            assert data["index"] == len(blocks) - 1
            delta, block = data["delta"], blocks[-1]
            match delta["type"]:
                case "text_delta":
                    block["text"] += delta["text"]
                case "thinking_delta":
                    block["thinking"] += delta["thinking"]
                case "signature_delta":
                    block["signature"] += delta["signature"]
                case "input_json_delta":
                    block["partial"] += delta["partial_json"]
        elif name == "content_block_stop":
            partial = blocks[-1].pop("partial")
            if blocks[-1]["type"] == "tool_use":
                blocks[-1]["input"] = json.loads(partial or "{}")
    return blocks


STRINGS = st.text(max_size=80)
BLOCKS = st.lists(
    STRINGS.map(text)
    | STRINGS.map(thinking)
    | st.dictionaries(st.text("abc", min_size=1, max_size=3), STRINGS | st.integers() | st.none(), max_size=3).map(
        lambda a: tool("T", **a) | {"id": "t"}
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(BLOCKS, st.integers(0, 9))
def test_a_stream_assembles_to_its_message_however_it_is_cut(blocks, size):
    body = message("msg_1", "m", blocks, "end_turn", USAGE)
    assert assembled(body) == blocks
    chunks = [encode(event) for event in events(body)]
    cut = list(pieces(chunks, size))
    assert b"".join(cut) == b"".join(chunks)
    assert not size or all(len(piece) <= size for piece in cut)


def test_a_huge_answer_is_not_a_huge_number_of_events():
    body = message("msg_1", "m", [text("x" * 1_000_000)], "end_turn", USAGE)
    assert len(list(events(body))) < 210
