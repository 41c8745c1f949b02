"""An answer as the Responses API sends it: items, one JSON body, or the events of a stream and of a WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from headroom.testing.script import Answer
from headroom.testing.seal import sealed
from headroom.testing.shapes import JsonObject
from headroom.testing.wire import deltas, dumps
from pipeline.usage import Usage

Event = dict[str, Any]

_ECHOED = (
    "instructions max_output_tokens max_tool_calls metadata parallel_tool_calls previous_response_id prompt_cache_key reasoning safety_identifier"
    " service_tier store temperature text tool_choice tools top_logprobs top_p truncation user"
).split()
_DEFAULTS = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "metadata": {}, "truncation": "disabled", "store": True}


def usage_fields(usage: Usage, reasoning: int = 0) -> dict[str, Any]:
    """A usage in the API's own fields: what was read from and written to the cache is part of the input."""
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": written},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": usage.prompt + usage.output,
    }


def items(answer: Answer, new_id: Callable[[str], str]) -> list[dict[str, Any]]:
    """The output items of an answer, all with ids.

    Args:
        answer: its calls have ids already.
        new_id: makes one for a prefix.
    """
    return [_item(block, new_id) for block in answer.blocks]


def _item(block: Mapping[str, Any], new_id: Callable[[str], str]) -> dict[str, Any]:
    match block["type"]:
        case "text":
            part = {"type": "output_text", "text": block["text"], "annotations": [], "logprobs": []}
            return {"id": new_id("msg"), "type": "message", "status": "completed", "role": "assistant", "content": [part]}
        case "thinking":
            name = new_id("rs")
            summary = [{"type": "summary_text", "text": block["thinking"]}] if block["thinking"] else []
            return {"id": name, "type": "reasoning", "summary": summary, "encrypted_content": sealed(f"{name} {block['thinking']}")}
        case "tool_use":
            space = {"namespace": block["namespace"]} if "namespace" in block else {}
            called = {**space, "name": block["name"], "arguments": dumps(block["input"])}
            return {"id": new_id("fc"), "type": "function_call", "status": "completed", "call_id": block["id"], **called}
        case "custom_tool_use":
            called = {"name": block["name"], "input": block["input"]}
            return {"id": new_id("ctc"), "type": "custom_tool_call", "status": "completed", "call_id": block["id"], **called}
        case "shell_use":
            action = {"type": "exec", "env": {}, **block["input"]}
            return {"id": new_id("lsh"), "type": "local_shell_call", "status": "completed", "call_id": block["id"], "action": action}
        case "compaction":
            name = new_id("cmp")
            return {"id": name, "type": "compaction", "encrypted_content": sealed(name)}
        case kind:
            raise ValueError(f"the Responses API has no block of the type {kind}")


def body(response_id: str, request: JsonObject, output: Sequence[JsonObject], stop: str, created: float) -> dict[str, Any]:
    """The finished response without its usage.

    Args:
        response_id: its id.
        request: what it answers; the API repeats its settings.
        output: the items.
        stop: why it ended, in the words of :class:`headroom.testing.Answer`.
        created: seconds.
    """
    incomplete = {"max_tokens": "max_output_tokens", "refusal": "content_filter"}.get(stop)
    return {
        "id": response_id,
        "object": "response",
        "created_at": int(created),
        "status": "incomplete" if incomplete else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "model": request.get("model"),
        "output": [dict(item) for item in output],
        **{name: _DEFAULTS.get(name) if request.get(name) is None else request[name] for name in _ECHOED},
        "usage": None,
    }


def events(response: Mapping[str, Any]) -> Iterator[Event]:
    """The events that stream a response made by :func:`body`, numbered."""
    for number, event in enumerate(_events(response)):
        yield {"type": event.pop("type"), "sequence_number": number, **event}


def _events(response: Mapping[str, Any]) -> Iterator[Event]:
    start = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield {"type": "response.created", "response": start}
    yield {"type": "response.in_progress", "response": start}
    for index, item in enumerate(response["output"]):
        opening, inner = _open(item)
        yield {"type": "response.output_item.added", "output_index": index, "item": opening}
        for event in inner:
            yield {"type": event.pop("type"), "item_id": item["id"], "output_index": index, **event}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    ending = "response.incomplete" if response["status"] == "incomplete" else "response.completed"
    yield {"type": ending, "response": dict(response)}


def failed_event(response: Mapping[str, Any], error: Mapping[str, object]) -> Event:
    """The event that ends a stream in the middle of a response."""
    fields = {"code": error.get("code") or error.get("type"), "message": error.get("message")}
    failed = {**response, "status": "failed", "output": [], "usage": None, "error": fields}
    return {"type": "response.failed", "sequence_number": 0, "response": failed}


def encode(event: Event) -> bytes:
    """An event's bytes as a server-sent event."""
    return f"event: {event['type']}\ndata: {dumps(event)}\n\n".encode("utf-8", "replace")


def _open(item: Mapping[str, Any]) -> tuple[dict[str, Any], Iterator[Event]]:
    """What an item looks like when it starts, and the events between that and its end."""
    match item["type"]:
        case "message":
            return {**item, "status": "in_progress", "content": []}, _text_events(item["content"][0])
        case "reasoning":
            return {**item, "summary": [], "encrypted_content": ""}, _summary_events(item["summary"])
        case "function_call":
            return {**item, "status": "in_progress", "arguments": ""}, _call_events("response.function_call_arguments", "arguments", item)
        case "custom_tool_call":
            return {**item, "status": "in_progress", "input": ""}, _call_events("response.custom_tool_call_input", "input", item)
        case "local_shell_call":
            return {**item, "status": "in_progress"}, iter(())
    return dict(item), iter(())


def _text_events(part: Mapping[str, Any]) -> Iterator[Event]:
    yield {"type": "response.content_part.added", "content_index": 0, "part": {**part, "text": ""}}
    for piece in deltas(part["text"]):
        yield {"type": "response.output_text.delta", "content_index": 0, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", "content_index": 0, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", "content_index": 0, "part": dict(part)}


def _summary_events(summary: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    for index, part in enumerate(summary):
        yield {"type": "response.reasoning_summary_part.added", "summary_index": index, "part": {**part, "text": ""}}
        for piece in deltas(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", "summary_index": index, "delta": piece}
        yield {"type": "response.reasoning_summary_text.done", "summary_index": index, "text": part["text"]}
        yield {"type": "response.reasoning_summary_part.done", "summary_index": index, "part": dict(part)}


def _call_events(name: str, member: str, item: Mapping[str, Any]) -> Iterator[Event]:
    for piece in deltas(item[member]):
        yield {"type": f"{name}.delta", "delta": piece}
    done = {"type": f"{name}.done", member: item[member]}
    yield done if member == "input" else {**done, "name": item["name"]}
