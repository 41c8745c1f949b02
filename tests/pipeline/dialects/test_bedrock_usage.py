from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.api import UsageParser
from pipeline.dialects.bedrock_converse import BedrockConverse
from pipeline.usage import Usage
from tests.pipeline.dialects.aws_frames import event, exception, frame, header, invoked

FRAMED = "application/vnd.amazon.eventstream"
STARTS = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "claude-opus-4-8", "usage": {"input_tokens": 9, "cache_read_input_tokens": 500, "output_tokens": 1}},
}
ENDS = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}
SAYS = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": '"type":"message_delta" ä\n\n'}}
METRICS = {"inputTokenCount": 9, "outputTokenCount": 3, "cacheReadInputTokenCount": 4, "cacheWriteInputTokenCount": 2}
INVOKED = invoked(STARTS, SAYS, ENDS, {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS})
CHARGED = {
    "inputTokens": 30,
    "outputTokens": 628,
    "totalTokens": 1658,
    "cacheReadInputTokens": 700,
    "cacheWriteInputTokens": 300,
    "cacheDetails": [{"ttl": "1h", "inputTokens": 100}, {"ttl": "5m", "inputTokens": 200}],
}
TOLD = Usage(input=30, cache_write_5m=200, cache_write_1h=100, cache_read=700, output=628)
CONVERSED = b"".join((
    event("messageStart", {"role": "assistant"}),
    event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "ä"}, "usage": "no"}),
    event("messageStop", {"stopReason": "end_turn"}),
    event("metadata", {"usage": CHARGED, "metrics": {"latencyMs": 9}}),
))  # fmt: skip
WHOLE = json.dumps({"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "end_turn", "usage": CHARGED}).encode()


def fed(parser: UsageParser, *chunks: bytes) -> UsageParser:
    for chunk in chunks:
        parser.feed(chunk)
    parser.close()
    return parser


def facts(parser: UsageParser) -> tuple[Any, ...]:
    return (parser.usage, parser.message_id, parser.model, parser.stop_reason, parser.error)


CASES = [
    (Anthropic(), FRAMED, INVOKED, (Usage(input=9, cache_read=500, output=7), "msg_1", "claude-opus-4-8", "end_turn", "")),
    (BedrockConverse(), FRAMED, CONVERSED, (TOLD, "", "", "end_turn", "")),
    (BedrockConverse(), "application/json", WHOLE, (TOLD, "", "", "end_turn", "")),
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CASES), st.lists(st.integers(0, 2500), max_size=20))
def test_usage_split_anywhere(case: tuple[Any, ...], places: list[int]) -> None:
    dialect, content_type, data, expected = case
    at = sorted({0, *[min(p, len(data)) for p in places], len(data)})
    assert facts(fed(dialect.usage_parser(content_type), *(data[a:b] for a, b in zip(at, at[1:])))) == expected


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CASES[:2]), st.integers(0, 2500), st.integers(1, 255))
def test_a_corrupted_frame_ends_the_parse_quietly(case: tuple[Any, ...], place: int, noise: int) -> None:
    dialect, content_type, data, expected = case
    damaged = bytearray(data)
    damaged[place % len(data)] ^= noise
    found = fed(dialect.usage_parser(content_type), bytes(damaged))
    before = fed(dialect.usage_parser(content_type), bytes(damaged[: place % len(data)]))
    assert facts(found) == facts(before), "what stands in front of it counts, and nothing behind it"
    assert found.usage in (None, Usage(input=9, cache_read=500, output=1), expected[0])


def test_a_stream_that_breaks_off_says_what_it_knows() -> None:
    found = fed(Anthropic().usage_parser(FRAMED), invoked(STARTS, SAYS))
    assert (found.usage, found.stop_reason) == (Usage(input=9, cache_read=500, output=1), "")
    assert fed(BedrockConverse().usage_parser(FRAMED), CONVERSED[:-1]).usage is None


@pytest.mark.parametrize("dialect", [Anthropic(), BedrockConverse()])
def test_an_error_in_the_middle(dialect: Any) -> None:
    assert fed(dialect.usage_parser(FRAMED), exception("throttlingException", "Slow down.")).error == "throttlingException: Slow down."
    failed = frame(b"", header(":message-type", "error") + header(":error-code", "500") + header(":error-message", "Oh."))
    assert fed(dialect.usage_parser(FRAMED), failed).error == "500: Oh."


def test_a_model_that_names_no_usage_is_booked_by_what_bedrock_counts() -> None:
    said = {"outputText": "ä", "amazon-bedrock-invocationMetrics": METRICS}
    assert fed(Anthropic().usage_parser(FRAMED), invoked(said)).usage == Usage(input=9, cache_read=4, cache_write_5m=2, output=3)


@pytest.mark.parametrize(
    "data",
    [
        event("chunk", {"bytes": "%%%"}),
        event("chunk", {"bytes": 3}),
        event("chunk", ["x"]),
        frame(b"{", header(":event-type", "chunk")),
        event("metadata", {"usage": {"inputTokens": "x", "cacheDetails": [3, {"ttl": "1h"}]}}),
        event("metadata", {"usage": [1]}),
        event("messageStop", {"stopReason": 3}),
        frame(b"[" * 9999, header(":event-type", "metadata")),
        frame(b"[" * 9999, header(":message-type", "exception")),
    ],
)
@pytest.mark.parametrize("dialect", [Anthropic(), BedrockConverse()])
def test_shapes_that_are_unknown(dialect: Any, data: bytes) -> None:
    found = fed(dialect.usage_parser(FRAMED), data)
    assert found.usage in (None, Usage())
    assert found.stop_reason == ""
