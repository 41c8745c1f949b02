from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialects.openai_usage import ChatUsage, JsonAnswer, ResponsesUsage
from pipeline.usage import Usage

CHAT_BOOKED = {
    "prompt_tokens": 5300,
    "completion_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 5000, "cache_write_tokens": 250, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 30},
}
RESPONSE_BOOKED = {
    "input_tokens": 5300,
    "output_tokens": 42,
    "input_tokens_details": {"cached_tokens": 5000, "cache_write_tokens": 250},
    "output_tokens_details": {"reasoning_tokens": 30},
    "total_tokens": 5342,
}
CHARGED = Usage(input=50, cache_write_5m=250, cache_read=5000, output=42)


def events(*values: Any, named: bool = False) -> bytes:
    parts = []
    for value in values:
        name = f"event: {value['type']}\r\n" if named else ""
        parts.append(f"{name}data: {value if isinstance(value, str) else json.dumps(value)}\r\n\r\n")
    return ": hello\r\n\r\n".join(parts).encode()


def chunk(**fields: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-6.1-sol", "choices": [], "usage": None, **fields}


CHAT_STREAM = events(
    chunk(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]),
    chunk(choices=[{"index": 0, "delta": {"content": 'he said "usage": {"prompt_tokens": 1} ä'}, "finish_reason": None}]),
    chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]),
    chunk(usage=CHAT_BOOKED),
    "[DONE]",
)
RESPONSE = {"id": "resp_1", "object": "response", "model": "gpt-6.1-sol", "status": "in_progress", "usage": None, "error": None, "output": []}
RESPONSE_EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": RESPONSE},
    {"type": "response.in_progress", "response": RESPONSE},
    {"type": "response.output_text.delta", "delta": 'the "type":"response.completed" event'},
    {"type": "response.completed", "response": {**RESPONSE, "status": "completed", "usage": RESPONSE_BOOKED}},
]
RESPONSE_STREAM = events(*RESPONSE_EVENTS, named=True)


def facts(parser: JsonAnswer) -> tuple[str, str, str, str]:
    return (parser.message_id, parser.model, parser.stop_reason, parser.error)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(st.integers(0, 2000), max_size=12), st.booleans(), st.booleans())
def test_usage_from_a_stream_split_anywhere(cuts: list[int], lf: bool, responses: bool) -> None:
    data = RESPONSE_STREAM if responses else CHAT_STREAM
    data = data.replace(b"\r\n", b"\n") if lf else data
    parser = ResponsesUsage(streamed=True) if responses else ChatUsage(streamed=True)
    at = sorted({0, *[min(c, len(data)) for c in cuts], len(data)})
    for start, end in zip(at, at[1:]):
        parser.feed(data[start:end])
    parser.close()
    assert parser.usage == CHARGED
    assert facts(parser) == (("resp_1", "gpt-6.1-sol", "completed", "") if responses else ("chatcmpl-1", "gpt-6.1-sol", "tool_calls", ""))


def test_frames_of_a_websocket_are_events() -> None:
    parser = ResponsesUsage(streamed=False)
    for event in RESPONSE_EVENTS:
        parser.event(json.dumps(event).encode())
    assert parser.usage == CHARGED
    parser.close()
    assert parser.usage == CHARGED


def test_whole_answers() -> None:
    chat = ChatUsage(streamed=False)
    answer = json.dumps(
        {"id": "c", "model": "m", "choices": [{"finish_reason": "stop"}], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    ).encode()
    chat.feed(answer[:9])
    assert chat.usage is None
    chat.feed(answer[9:])
    chat.close()
    assert (chat.usage, facts(chat)) == (Usage(input=7, output=2), ("c", "m", "stop", ""))
    response = ResponsesUsage(streamed=False)
    response.feed(
        json.dumps({**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "usage": RESPONSE_BOOKED}).encode()
    )
    response.close()
    assert (response.usage, facts(response)) == (CHARGED, ("resp_1", "gpt-6.1-sol", "max_output_tokens", ""))


def test_a_cut_stream_says_what_it_knows() -> None:
    first = ChatUsage(streamed=True)
    first.feed(CHAT_STREAM[: CHAT_STREAM.index(b"he said")])
    assert facts(first) == ("chatcmpl-1", "gpt-6.1-sol", "", "")
    chat = ChatUsage(streamed=True)
    chat.feed(CHAT_STREAM[: CHAT_STREAM.index(b'"prompt_tokens": 5300')])
    chat.close()
    assert (chat.usage, facts(chat)) == (None, ("chatcmpl-1", "gpt-6.1-sol", "tool_calls", ""))
    response = ResponsesUsage(streamed=True)
    response.feed(RESPONSE_STREAM.removesuffix(b"\r\n\r\n"))
    assert response.usage is None
    response.close()
    assert response.usage == CHARGED  # the event was whole, only its empty line was missing
    begun = ResponsesUsage(streamed=True)
    begun.feed(RESPONSE_STREAM[: RESPONSE_STREAM.index(b"response.output_text.delta")])
    begun.close()
    assert (begun.usage, facts(begun)) == (None, ("resp_1", "gpt-6.1-sol", "", ""))


def test_a_chat_stream_without_usage_names_none_and_running_totals_end_with_the_last() -> None:
    silent = ChatUsage(streamed=True)
    silent.feed(events(chunk(choices=[{"finish_reason": "stop"}]), chunk(usage={}), "[DONE]"))
    silent.close()
    assert silent.usage is None
    running = ChatUsage(streamed=True)
    running.feed(events(*(chunk(usage={"prompt_tokens": 9, "completion_tokens": n}) for n in (1, 2, 3))))
    assert running.usage == Usage(input=9, output=3)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"type": "error", "code": "server_error", "message": "no"}, "server_error: no"),
        ({"type": "error", "status": 429, "error": {"type": "usage_limit_reached", "message": "later"}}, "usage_limit_reached: later"),
        ({"type": "response.failed", "response": {**RESPONSE, "status": "failed", "error": {"code": "rate", "message": "x"}}}, "rate: x"),
        ({"type": "error"}, "error: "),
    ],
)
def test_errors_in_mid_stream(event: dict[str, Any], error: str) -> None:
    parser = ResponsesUsage(streamed=True)
    parser.feed(events(RESPONSE_EVENTS[0], event))
    parser.close()
    assert parser.error == error
    assert parser.usage is None
    assert parser.message_id == "resp_1"


@pytest.mark.parametrize("make", [ChatUsage, ResponsesUsage])
@pytest.mark.parametrize(("said", "error"), [({"type": "t", "message": "m"}, "t: m"), ("no such model", "error: no such model")])
def test_an_answer_that_is_an_error(make: Any, said: Any, error: str) -> None:
    parser = make(streamed=False)
    parser.feed(json.dumps({"error": said}).encode())
    parser.close()
    assert (parser.error, parser.usage) == (error, None)


@pytest.mark.parametrize("cached", [-5, 10**30, "9", None, True, 1e400])
def test_counts_that_make_no_sense_never_make_a_negative_bill(cached: Any) -> None:
    parser = ChatUsage(streamed=False)
    parser.feed(json.dumps({"usage": {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": cached}}}).encode())
    parser.close()
    assert parser.usage == Usage(input=10, output=1)


def test_more_read_from_the_cache_than_was_sent_is_no_more_than_was_sent() -> None:
    parser = ChatUsage(streamed=False)
    parser.feed(b'{"usage": {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 3}}}')
    parser.close()
    assert parser.usage == Usage(cache_read=10)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["error", "response.completed", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "error", "usage", "response", "choices", "input_tokens", "prompt_tokens_details", "incomplete_details"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.lists(st.binary(max_size=60) | JSON, max_size=5), st.booleans(), st.sampled_from([ChatUsage, ResponsesUsage]))
def test_the_parser_never_raises(chunks: list[Any], streamed: bool, make: Any) -> None:
    parser = make(streamed=streamed)
    for part in chunks:
        data = part if isinstance(part, bytes) else json.dumps(part).encode()
        parser.event(data)
        parser.feed(data if isinstance(part, bytes) or not streamed else b"data: " + data + b"\n\n")
    parser.close()
    assert parser.usage is None or min(parser.usage.input, parser.usage.output) >= 0
