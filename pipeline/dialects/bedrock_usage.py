"""What a response of Amazon Bedrock was charged for, read beside the relay from its bytes. Nothing that a parser here is fed makes it raise.

Sources: the API reference of Amazon Bedrock's runtime, ``InvokeModelWithResponseStream``, ``ConverseStream`` and ``TokenUsage``: what was read from
the cache and written to it stands beside ``inputTokens``, not in it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from pipeline.dialects.anthropic_usage import AnthropicUsage
from pipeline.dialects.event_stream import Frame, FrameParser
from pipeline.dialects.json_spans import mapping
from pipeline.dialects.openai_usage import JsonAnswer, count, text
from pipeline.usage import Usage

_TELLING = ("message_start", "message_delta", "error")
_METRICS = "amazon-bedrock-invocationMetrics"  # with the last event of a model of any vendor


class InvokeStreamUsage(AnthropicUsage):
    """Parser of one response to ``invoke-with-response-stream``: Anthropic's own events, each in base64 in a frame."""

    def __init__(self) -> None:
        super().__init__(streamed=True)
        self._frames = FrameParser()

    def feed(self, chunk: bytes) -> None:
        for frame in self._frames.feed(chunk):
            value = _exception(frame) or _invoked(frame)
            if value.get("type") not in _TELLING and self.usage is None and isinstance(value.get(_METRICS), dict):
                value = _measured(value[_METRICS])
            if value.get("type") in _TELLING:
                self._take(value)


class ConverseUsage(JsonAnswer):
    """Parser of one response to ``converse`` or, in frames, to ``converse-stream``."""

    def __init__(self, *, framed: bool) -> None:
        super().__init__(streamed=False)
        self._frames = FrameParser() if framed else None
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        return self._usage

    def feed(self, chunk: bytes) -> None:
        if self._frames is None:
            super().feed(chunk)
            return
        for frame in self._frames.feed(chunk):
            if failed := _exception(frame):
                self.take(failed)
            elif frame.headers.get(":event-type") in ("messageStop", "metadata"):
                self.document(frame.payload)

    def take(self, value: dict[str, Any]) -> None:
        self.fail(value.get("error"))
        self.stop_reason = text(value.get("stopReason")) or self.stop_reason
        charged = value.get("usage")
        if not isinstance(charged, dict) or not charged:
            return
        written = count(charged, "cacheWriteInputTokens")
        hour = min(_written_for_an_hour(charged.get("cacheDetails")), written)
        self._usage = Usage(
            input=count(charged, "inputTokens"),
            cache_write_5m=written - hour,
            cache_write_1h=hour,
            cache_read=count(charged, "cacheReadInputTokens"),
            output=count(charged, "outputTokens"),
        )


def _written_for_an_hour(details: object) -> int:
    found = [part for part in details if isinstance(part, dict) and part.get("ttl") == "1h"] if isinstance(details, list) else []
    return sum(count(part, "inputTokens") for part in found)


def _exception(frame: Frame) -> dict[str, Any]:
    """What a frame says that ends a stream in the middle, in Anthropic's words; nothing for any other frame."""
    kind = frame.headers.get(":message-type")
    if kind == "exception":
        said = text(mapping(frame.payload).get("message"))
        return {"type": "error", "error": {"type": frame.headers.get(":exception-type", "exception"), "message": said}}
    if kind == "error":
        said = frame.headers.get(":error-message", "")
        return {"type": "error", "error": {"type": frame.headers.get(":error-code", "error"), "message": said}}
    return {}


def _invoked(frame: Frame) -> dict[str, Any]:
    """The model's event in a frame, nothing if there is none."""
    if frame.headers.get(":event-type") != "chunk":
        return {}
    try:
        return mapping(base64.b64decode(text(mapping(frame.payload).get("bytes"))))
    except ValueError:
        return {}


def _measured(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What Bedrock counted itself, as the usage that the model did not name."""
    usage = {
        "input_tokens": count(metrics, "inputTokenCount"),
        "cache_read_input_tokens": count(metrics, "cacheReadInputTokenCount"),
        "cache_creation_input_tokens": count(metrics, "cacheWriteInputTokenCount"),
        "output_tokens": count(metrics, "outputTokenCount"),
    }
    return {"type": "message_delta", "usage": usage}
