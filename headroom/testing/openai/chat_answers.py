"""An answer as Chat Completions sends it: one JSON body, or the chunks of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headroom.testing.script import Answer
from headroom.testing.wire import deltas, dumps
from pipeline.usage import Usage

DONE = b"data: [DONE]\n\n"
"""What ends a stream."""

_FINISH = {"max_tokens": "length", "refusal": "content_filter"}


def usage_fields(usage: Usage, reasoning: int = 0) -> dict[str, Any]:
    """A usage in the API's own fields: what was read from and written to the cache is part of the prompt."""
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": written, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def message(answer: Answer) -> dict[str, Any]:
    """The assistant's message. Thinking stays with the provider, as it does in this API."""
    texts = [block["text"] for block in answer.blocks if block["type"] == "text"]
    calls = [_call(block) for block in answer.blocks if block["type"] in {"tool_use", "custom_tool_use"}]
    made: dict[str, Any] = {"role": "assistant", "content": "\n".join(texts) if texts else None, "refusal": None, "annotations": []}
    return {**made, "tool_calls": calls} if calls else made


def body(completion_id: str, model: str, made: Mapping[str, Any], stop: str, created: float) -> dict[str, Any]:
    """The whole completion without its usage.

    Args:
        completion_id: its id.
        model: as the request names it.
        made: the message.
        stop: why it ended, in the words of :class:`headroom.testing.Answer`.
        created: seconds.
    """
    finish = _FINISH.get(stop, "tool_calls" if made.get("tool_calls") else "stop")
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": int(created),
        "model": model,
        "choices": [{"index": 0, "message": dict(made), "logprobs": None, "finish_reason": finish}],
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def chunks(completion: Mapping[str, Any], usage: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The chunks that stream a completion made by :func:`body`; with a usage, every chunk has the member and the last one its value."""
    choice = completion["choices"][0]
    head = {**completion, "object": "chat.completion.chunk"}

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        made = {**head, "choices": [{"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish}]}
        return made if usage is None else {**made, "usage": None}

    yield chunk({"role": "assistant", "content": "" if choice["message"]["content"] is not None else None, "refusal": None})
    for piece in deltas(choice["message"]["content"] or ""):
        yield chunk({"content": piece})
    for index, call in enumerate(choice["message"].get("tool_calls", ())):
        for part in _call_deltas(call):
            yield chunk({"tool_calls": [{"index": index, **part}]})
    yield chunk({}, choice["finish_reason"])
    if usage is not None:
        yield {**head, "choices": [], "usage": dict(usage)}


def encode(chunk: Mapping[str, Any]) -> bytes:
    """A chunk's bytes as a server-sent event."""
    return f"data: {dumps(chunk)}\n\n".encode("utf-8", "replace")


def _call(block: Mapping[str, Any]) -> dict[str, Any]:
    if block["type"] == "tool_use":
        return {"id": block["id"], "type": "function", "function": {"name": block["name"], "arguments": dumps(block["input"])}}
    return {"id": block["id"], "type": "custom", "custom": {"name": block["name"], "input": block["input"]}}


def _call_deltas(call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A call in pieces: its id and name come once, before the first piece of its arguments."""
    kind = call["type"]
    member = "arguments" if kind == "function" else "input"
    yield {**call, kind: {**call[kind], member: ""}}
    for piece in deltas(call[kind][member]):
        yield {kind: {member: piece}}


def calls(made: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The tool calls of a message."""
    found: Sequence[Mapping[str, Any]] = made.get("tool_calls", ())
    return found
