"""What a Gemini response was charged for, read beside the relay from its bytes. Nothing that the parser is fed makes it raise."""

from __future__ import annotations

import json
from typing import Any

from pipeline.dialects.openai_usage import JsonAnswer, count, text
from pipeline.usage import Usage

_DECODER = json.JSONDecoder()
_BETWEEN = " \t\r\n,["


class GeminiUsage(JsonAnswer):
    """Parser of one response: whole, as server-sent events (``alt=sse``), as a JSON array of chunks, or wrapped by Code Assist.

    ``usageMetadata`` carries running totals: a field named later replaces what was said before. ``promptTokenCount`` holds what was read from the
    cache, and not ``toolUsePromptTokenCount``, what the provider's own tools gave the model to read; thinking is billed as output.
    """

    def __init__(self, *, streamed: bool) -> None:
        super().__init__(streamed=streamed)
        self._fields: dict[str, Any] = {}

    @property
    def usage(self) -> Usage | None:
        fields = self._fields
        if not fields:
            return None
        prompt = count(fields, "promptTokenCount")
        read = min(count(fields, "cachedContentTokenCount"), prompt)
        new = prompt - read + count(fields, "toolUsePromptTokenCount")
        return Usage(input=new, cache_read=read, output=count(fields, "candidatesTokenCount") + count(fields, "thoughtsTokenCount"))

    def document(self, data: bytes) -> None:
        if data.lstrip()[:1] != b"[":
            super().document(data)
            return
        chunks = data.decode("utf-8", "replace")
        pos = 0
        while True:  # one by one, because the array may be cut off
            while pos < len(chunks) and chunks[pos] in _BETWEEN:
                pos += 1
            try:
                value, pos = _DECODER.raw_decode(chunks, pos)
            except (ValueError, RecursionError):
                return
            if isinstance(value, dict):
                self.take(value)

    def take(self, value: dict[str, Any]) -> None:
        self.fail(value.get("error"))
        inner = value.get("response", value)
        if not isinstance(inner, dict):
            return
        self.message_id = text(inner.get("responseId")) or self.message_id
        self.model = text(inner.get("modelVersion")) or self.model
        candidates = inner.get("candidates")
        for candidate in candidates if isinstance(candidates, list) else ():
            if isinstance(candidate, dict):
                self.stop_reason = text(candidate.get("finishReason")) or self.stop_reason
        feedback = inner.get("promptFeedback")
        if isinstance(feedback, dict):
            self.stop_reason = text(feedback.get("blockReason")) or self.stop_reason
        charged = inner.get("usageMetadata")
        if isinstance(charged, dict):
            self._fields.update({k: v for k, v in charged.items() if v is not None})
