"""What an Anthropic response was charged for, read beside the relay from its bytes. Nothing that it is fed makes it raise."""

from __future__ import annotations

from typing import Any

from pipeline.dialects.json_spans import mapping
from pipeline.dialects.sse import SseParser
from pipeline.usage import Usage

_MAX_BODY = 64 * 1024 * 1024


class AnthropicUsage:
    """Parser of one response, streamed (``message_start`` … ``message_delta``) or whole.

    ``message_delta`` carries running totals: a field named there replaces what ``message_start`` said.
    """

    def __init__(self, *, streamed: bool) -> None:
        self.message_id = ""
        self.model = ""
        self.stop_reason = ""
        self.error = ""
        self._fields: dict[str, Any] = {}
        self._events = SseParser() if streamed else None
        self._body: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        if self._events is None:
            self._size += len(chunk)
            if self._size <= _MAX_BODY:
                self._body.append(chunk)
            return
        self._take_events(self._events, chunk)

    def close(self) -> None:
        if self._events is None:
            self._take(mapping(b"".join(self._body)))
            self._body = []
        else:
            self._take_events(self._events, b"\n\n")  # it may have been cut off before its last line was ended

    def _take_events(self, events: SseParser, chunk: bytes) -> None:
        for event in events.feed(chunk):
            if event.name in ("message_start", "message_delta", "error"):
                self._take(mapping(event.data))

    @property
    def usage(self) -> Usage | None:
        fields = self._fields
        if not fields:
            return None
        writes = fields.get("cache_creation")
        total = _count(fields, "cache_creation_input_tokens")
        hour = _count(writes, "ephemeral_1h_input_tokens") if isinstance(writes, dict) else 0
        hour = min(hour, total)
        return Usage(
            input=_count(fields, "input_tokens"),
            cache_write_5m=total - hour,
            cache_write_1h=hour,
            cache_read=_count(fields, "cache_read_input_tokens"),
            output=_count(fields, "output_tokens"),
        )

    def _take(self, event: dict[str, Any]) -> None:
        error = event.get("error")
        if isinstance(error, dict):
            self.error = f"{error.get('type', 'error')}: {error.get('message', '')}"
            return
        message = event.get("message", event)
        if not isinstance(message, dict):
            return
        delta = event.get("delta")
        self.message_id = _text(message.get("id")) or self.message_id
        self.model = _text(message.get("model")) or self.model
        self.stop_reason = _text((delta if isinstance(delta, dict) else message).get("stop_reason")) or self.stop_reason
        for usage in (message.get("usage"), event.get("usage")):
            if isinstance(usage, dict):
                self._fields.update({k: v for k, v in usage.items() if v is not None})


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    return max(int(value), 0) if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15 else 0
