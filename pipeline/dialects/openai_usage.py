"""What an OpenAI response was charged for, read beside the relay from its bytes. Nothing that a parser here is fed makes it raise.

OpenAI counts what was read from the cache, and from GPT-5.6 on what was written to it, inside the prompt's tokens.
"""

from __future__ import annotations

import abc
import json
import re
from typing import Any

from pipeline.dialects.sse import SseParser
from pipeline.usage import Usage

_MAX_BODY = 64 * 1024 * 1024
_CHAT_BOOKED = re.compile(rb'"(?:usage|error)"\s{0,9}:\s{0,9}\{|"finish_reason"\s{0,9}:\s{0,9}"')
_RESPONSE_BOOKED = re.compile(rb'"type"\s{0,9}:\s{0,9}"(?:response\.(?:created|completed|incomplete|failed)|error)"')


class JsonAnswer(abc.ABC):
    """A response as the JSON documents that it consists of: its body, or the data of its server-sent events. Subclasses ``take`` them."""

    def __init__(self, *, streamed: bool) -> None:
        self.message_id = ""
        self.model = ""
        self.stop_reason = ""
        self.error = ""
        self._events = SseParser() if streamed else None
        self._body: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the response body, split anywhere."""
        if self._events is not None:
            for event in self._events.feed(chunk):
                self.event(event.data)
            return
        self._size += len(chunk)
        if self._size <= _MAX_BODY:
            self._body.append(chunk)

    def close(self) -> None:
        """The body ended, complete or not."""
        if self._events is not None:
            self.feed(b"\n\n")  # an event whose empty line was cut off may be whole
            return
        body, self._body = b"".join(self._body), []
        if body:
            self.document(body)

    def event(self, data: bytes) -> None:
        """One event as JSON: the data of a server-sent event, or a text frame of a WebSocket."""
        self.document(data)

    def document(self, data: bytes) -> None:
        """One JSON document; what is none is passed over."""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return
        if isinstance(value, dict):
            self.take(value)

    @abc.abstractmethod
    def take(self, value: dict[str, Any]) -> None:
        """What a document says."""

    def fail(self, error: object) -> None:
        """Note an error as the API words it, where there is one."""
        if isinstance(error, dict):
            kind = text(error.get("type")) or text(error.get("code")) or text(error.get("status")) or "error"
            self.error = f"{kind}: {text(error.get('message'))}"
        elif isinstance(error, str) and error:
            self.error = f"error: {error}"


class ChatUsage(JsonAnswer):
    """Parser of one chat completion. Streamed, it names its usage in the last chunk, or in every chunk so far; only if the client asked for it."""

    def __init__(self, *, streamed: bool) -> None:
        super().__init__(streamed=streamed)
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        return self._usage

    def event(self, data: bytes) -> None:
        if not self.message_id or _CHAT_BOOKED.search(data) is not None:  # most chunks hold a few letters of text
            self.document(data)

    def take(self, value: dict[str, Any]) -> None:
        self.fail(value.get("error"))
        self.message_id = text(value.get("id")) or self.message_id
        self.model = text(value.get("model")) or self.model
        choices = value.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self.stop_reason = text(choice.get("finish_reason")) or self.stop_reason
        self._usage = _usage(value.get("usage"), "prompt", "completion") or self._usage


class ResponsesUsage(JsonAnswer):
    """Parser of one response of the Responses API: whole, streamed, or as frames of a WebSocket given to ``event``."""

    def __init__(self, *, streamed: bool) -> None:
        super().__init__(streamed=streamed)
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        return self._usage

    def event(self, data: bytes) -> None:
        if _RESPONSE_BOOKED.search(data) is not None:
            self.document(data)

    def take(self, value: dict[str, Any]) -> None:
        if value.get("type") == "error":
            self.fail(value.get("error") or {"code": value.get("code"), "message": value.get("message")})
            return
        response = value.get("response", value)
        if not isinstance(response, dict):
            return
        self.fail(response.get("error"))
        self.message_id = text(response.get("id")) or self.message_id
        self.model = text(response.get("model")) or self.model
        details = response.get("incomplete_details")
        reason = text(details.get("reason")) if isinstance(details, dict) else ""
        status = text(response.get("status"))
        if status not in ("", "queued", "in_progress"):
            self.stop_reason = reason or status
        self._usage = _usage(response.get("usage"), "input", "output") or self._usage


def _usage(charged: object, prompt: str, answer: str) -> Usage | None:
    """A ``usage`` object by class of billing; None if it is none. ``prompt`` and ``answer`` begin the names of its fields."""
    if not isinstance(charged, dict) or not charged:
        return None
    details = charged.get(f"{prompt}_tokens_details")
    total = count(charged, f"{prompt}_tokens")
    read = min(count(details, "cached_tokens"), total)
    written = min(count(details, "cache_write_tokens"), total - read)
    return Usage(input=total - read - written, cache_write_5m=written, cache_read=read, output=count(charged, f"{answer}_tokens"))


def text(value: object) -> str:
    """A string, ``""`` for anything else."""
    return value if isinstance(value, str) else ""


def count(fields: object, name: str) -> int:
    """The number of tokens in the member ``name``, 0 where none stands there."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return max(int(value), 0) if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15 else 0
