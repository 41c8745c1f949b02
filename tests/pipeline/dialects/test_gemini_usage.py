from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialects.gemini_usage import GeminiUsage
from pipeline.usage import Usage

BOOKED = {"promptTokenCount": 5050, "cachedContentTokenCount": 5000, "candidatesTokenCount": 12, "thoughtsTokenCount": 30, "totalTokenCount": 5092}
CHUNKS: list[dict[str, Any]] = [
    {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "ä"}]}}],
        "usageMetadata": {"promptTokenCount": 5050},
        "modelVersion": "gemini-4-argon",
    },
    {
        "candidates": [{"content": {"parts": []}, "finishReason": "STOP"}],
        "usageMetadata": BOOKED,
        "responseId": "r1",
        "modelVersion": "gemini-4-argon",
    },
]
CHARGED = Usage(input=50, cache_read=5000, output=42)
SSE = "".join(f"data: {json.dumps(c, ensure_ascii=False)}\r\n\r\n" for c in CHUNKS).encode()
ARRAY = ("[" + ",\r\n".join(json.dumps(c, indent=1) for c in CHUNKS) + "\n]\n").encode()
WRAPPED = "".join(f"data: {json.dumps({'response': c, 'traceId': 't'})}\n\n" for c in CHUNKS).encode()
WHOLE = json.dumps(CHUNKS[1]).encode()


def facts(parser: GeminiUsage) -> tuple[str, str, str, str]:
    return (parser.message_id, parser.model, parser.stop_reason, parser.error)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(st.integers(0, 900), max_size=12), st.sampled_from([(SSE, True), (ARRAY, False), (WRAPPED, True), (WHOLE, False)]))
def test_usage_split_anywhere(cuts: list[int], given_as: tuple[bytes, bool]) -> None:
    data, streamed = given_as
    parser = GeminiUsage(streamed=streamed)
    at = sorted({0, *[min(c, len(data)) for c in cuts], len(data)})
    for start, end in zip(at, at[1:]):
        parser.feed(data[start:end])
    parser.close()
    assert parser.usage == CHARGED
    assert facts(parser) == ("r1", "gemini-4-argon", "STOP", "")


def test_what_the_providers_own_tools_gave_to_read_is_input() -> None:
    parser = GeminiUsage(streamed=False)
    parser.feed(json.dumps({"usageMetadata": BOOKED | {"toolUsePromptTokenCount": 10309, "totalTokenCount": 15401}}).encode())
    parser.close()
    assert parser.usage == Usage(input=50 + 10309, cache_read=5000, output=42)


@pytest.mark.parametrize(("data", "streamed"), [(SSE, True), (ARRAY, False)])
def test_a_cut_answer_says_what_it_knows(data: bytes, streamed: bool) -> None:
    parser = GeminiUsage(streamed=streamed)
    parser.feed(data[: data.index(b"STOP")])
    parser.close()
    assert parser.usage == Usage(input=5050)
    assert facts(parser) == ("", "gemini-4-argon", "", "")


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: [e]])
def test_errors(wrap: Any) -> None:
    parser = GeminiUsage(streamed=False)
    parser.feed(json.dumps(wrap({"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}})).encode())
    parser.close()
    assert (parser.error, parser.usage) == ("RESOURCE_EXHAUSTED: quota", None)


def test_a_blocked_prompt_is_a_reason_to_stop() -> None:
    parser = GeminiUsage(streamed=False)
    parser.feed(b'{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}')
    parser.close()
    assert (parser.stop_reason, parser.usage) == ("SAFETY", Usage(input=4))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["response", "error", "usageMetadata", "candidates", "promptTokenCount", "finishReason", "promptFeedback"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.lists(st.binary(max_size=60) | JSON, max_size=5), st.booleans())
def test_the_parser_never_raises(chunks: list[Any], streamed: bool) -> None:
    parser = GeminiUsage(streamed=streamed)
    for part in chunks:
        data = part if isinstance(part, bytes) else json.dumps(part).encode()
        parser.event(data)
        parser.feed(data if isinstance(part, bytes) or not streamed else b"data: " + data + b"\n\n")
    parser.close()
    assert parser.usage is None or min(parser.usage.input, parser.usage.output) >= 0
