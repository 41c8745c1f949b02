"""An answer as ``generateContent`` sends it: one JSON body, or the chunks of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headroom.testing.gemini.validate import call_signature
from headroom.testing.script import Answer
from headroom.testing.wire import deltas, dumps
from pipeline.usage import Usage

_FINISH = {"max_tokens": "MAX_TOKENS", "refusal": "SAFETY"}


def usage_fields(usage: Usage, thoughts: int) -> dict[str, Any]:
    """A usage in the API's own fields: what was read from the cache is part of the prompt, thinking is no part of the candidates.

    Args:
        usage: tokens by class.
        thoughts: output tokens that were thinking.
    """
    made: dict[str, Any] = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": usage.output - thoughts,
        "totalTokenCount": usage.prompt + usage.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}],
    }
    if thoughts:
        made["thoughtsTokenCount"] = thoughts
    if usage.cache_read:
        made["cachedContentTokenCount"] = usage.cache_read
        made["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": usage.cache_read}]
    return made


def parts(answer: Answer, *, thoughts: bool) -> list[dict[str, Any]]:
    """The parts of an answer; of calls made together only the first is signed.

    Args:
        answer: its calls have ids already.
        thoughts: the request wants to see the thinking.
    """
    made: list[dict[str, Any]] = []
    signed = False
    for block in answer.blocks:
        if block["type"] == "text":
            made.append({"text": block["text"]})
        elif block["type"] == "thinking" and thoughts:
            made.append({"text": block["thinking"], "thought": True})
        elif block["type"] == "tool_use":
            call = {"id": block["id"], "name": block["name"], "args": block["input"]}
            made.append({"functionCall": call} if signed else {"functionCall": call, "thoughtSignature": call_signature(call)})
            signed = True
    return made


def body(response_id: str, model: str, made: Sequence[Mapping[str, Any]], stop: str, usage: Mapping[str, Any]) -> dict[str, Any]:
    """The whole response.

    Args:
        response_id: its id.
        model: as the request's path names it.
        made: its parts.
        stop: why it ended, in the words of :class:`headroom.testing.Answer`.
        usage: in the API's fields.
    """
    candidate = {"content": {"parts": [dict(part) for part in made], "role": "model"}, "finishReason": _FINISH.get(stop, "STOP"), "index": 0}
    return {"candidates": [candidate], "usageMetadata": dict(usage), "modelVersion": model, "responseId": response_id}


def chunks(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The chunks that stream a response made by :func:`body`: texts in pieces, calls whole, the reason of the end in the last."""
    candidate = response["candidates"][0]
    pieces = [piece for part in candidate["content"]["parts"] for piece in _pieces(part)] or [{"text": ""}]
    running = {name: value for name, value in response["usageMetadata"].items() if name != "candidatesTokenCount"}
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        made = {"content": {"parts": [piece], "role": "model"}, **({"finishReason": candidate["finishReason"]} if last else {}), "index": 0}
        yield {**response, "candidates": [made], "usageMetadata": response["usageMetadata"] if last else running}


def encode(chunk: Mapping[str, Any]) -> bytes:
    """A chunk's bytes as a server-sent event."""
    return f"data: {dumps(chunk)}\r\n\r\n".encode("utf-8", "replace")


def listed(made: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    """The chunks as one JSON array, which is how they come where no server-sent events are asked for."""
    opening = "["
    for chunk in made:
        yield f"{opening}{dumps(chunk)}".encode("utf-8", "replace")
        opening = "\r\n,"
    yield b"]"


def _pieces(part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if not part.get("text"):
        yield dict(part)
        return
    for piece in deltas(part["text"]):
        yield {**part, "text": piece}
