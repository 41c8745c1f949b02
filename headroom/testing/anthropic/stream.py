"""An answer as the Messages API sends it: one JSON body, or the events of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headroom.testing.wire import deltas, dumps
from pipeline.usage import Usage

Event = tuple[str, dict[str, Any]]


def usage_fields(usage: Usage) -> dict[str, Any]:
    """A usage in the API's own fields."""
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def message(message_id: str, model: str, blocks: Sequence[Mapping[str, Any]], stop_reason: str, usage: Usage) -> dict[str, Any]:
    """The body of an answer that is not streamed."""
    return {
        "model": model,
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "content": [dict(block) for block in blocks],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage_fields(usage),
    }


def events(body: Mapping[str, Any]) -> Iterator[Event]:
    """The events that stream a message made by :func:`message`."""
    usage = body["usage"]
    start = {**body, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": min(1, usage["output_tokens"])}}
    yield "message_start", {"type": "message_start", "message": start}
    pinged = False
    for index, block in enumerate(body["content"]):
        opening, deltas = _open(block)
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": opening}
        if not pinged:
            yield "ping", {"type": "ping"}
            pinged = True
        for delta in deltas:
            yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    counted = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    yield (
        "message_delta",
        {
            "type": "message_delta",
            "delta": {"stop_reason": body["stop_reason"], "stop_sequence": None},
            "usage": {name: usage[name] for name in counted},
        },
    )
    yield "message_stop", {"type": "message_stop"}


def error_event(body: Mapping[str, object]) -> Event:
    """An error as an event in a stream that has begun."""
    return "error", dict(body)


def encode(event: Event) -> bytes:
    """An event's bytes on the wire."""
    name, data = event
    return f"event: {name}\ndata: {dumps(data)}\n\n".encode("utf-8", "replace")


def _open(block: Mapping[str, Any]) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """What a block looks like when it starts, and the deltas that complete it."""
    kind = block["type"]
    if kind == "text":
        return {"type": "text", "text": ""}, _deltas("text_delta", "text", block["text"])
    if kind == "tool_use":
        opening = {"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}
        return opening, _input_deltas(dumps(block["input"]) if block["input"] else "")
    if kind == "thinking":
        opening = {"type": "thinking", "thinking": "", "signature": ""}
        return opening, _thinking_deltas(block["thinking"], block["signature"])
    return dict(block), iter(())


def _deltas(kind: str, name: str, value: str) -> Iterator[dict[str, Any]]:
    for piece in deltas(value):
        yield {"type": kind, name: piece}


def _input_deltas(value: str) -> Iterator[dict[str, Any]]:
    # The API opens every tool call's input with an empty piece.
    yield {"type": "input_json_delta", "partial_json": ""}
    yield from _deltas("input_json_delta", "partial_json", value)


def _thinking_deltas(value: str, signature: str) -> Iterator[dict[str, Any]]:
    yield from _deltas("thinking_delta", "thinking", value)
    yield {"type": "signature_delta", "signature": signature}
