"""Gemini, bare or in Code Assist's wrapper: calls are parts of the model's content, results are the first parts of the content after it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from headroom_wrap.proxy.retrieval import bodies, elements, tool
from headroom_wrap.proxy.retrieval.answers import Streamed, Whole, total
from headroom_wrap.proxy.retrieval.api import NAME, Answer, Call, Form, Made, Result
from headroom_wrap.proxy.retrieval.elements import RawElements
from headroom_wrap.proxy.retrieval.events import encode, with_data
from headroom_wrap.proxy.retrieval.wires.common import CommonWire
from pipeline.dialects import json_spans
from pipeline.dialects.json_spans import Malformed
from pipeline.transcript import Span

_STREAMS = re.compile(r":streamGenerateContent(?:\?|$)")
_ALTS = frozenset({"json", "sse"})  # what ``alt`` may ask for: with others, numbers may stand for the names that are looked for
_ANSWERABLE = ("STOP",)


class GeminiWire(CommonWire):
    """The wire."""

    joins = True

    def members(self, body: bytes) -> Mapping[str, Span]:
        return _inner(body)

    def fits(self, body: bytes, fields: Mapping[str, Span], target: str) -> bool:
        asked = parse_qs(target.partition("?")[2])
        if not _ALTS.issuperset((*asked.get("alt", ()), *asked.get("$alt", ()))):
            return False
        settings = _either(fields, "generationConfig", "generation_config")
        several = settings is not None and _several(body, settings)
        tools = fields.get("tools")
        # Declared functions do not go together with the tools of the API's own, nor with a prompt that is kept there.
        return not several and not _either(fields, "cachedContent", "cached_content") and (tools is None or _declarations(body, tools) is not None)

    def tools(self, body: bytes, fields: Mapping[str, Span]) -> bytes:
        tools = fields.get("tools")
        declared = _declarations(body, tools) if tools is not None else None
        return bodies.at(body, tools) if declared is not None else b""

    def declaration(self) -> bytes:
        return encode({"name": NAME, "description": tool.DESCRIPTION, "parameters": tool.in_capitals()})

    def with_tool(self, body: bytes, declaration: bytes) -> bytes:
        outer = bodies.top(body)
        wrapped = "contents" not in outer
        tools = (json_spans.members(body, outer["request"]) if wrapped else outer).get("tools")
        if tools is None:
            whole = outer["request"] if wrapped else json_spans.whole(body)
            return bodies.with_member(body, whole, "tools", b'[{"functionDeclarations":[' + declaration + b"]}]")
        declared = _declarations(body, tools)
        if declared is None:
            raise Malformed("tools without functions")
        return bodies.extended(body, declared, [declaration])

    def form(self, target: str, content_type: str) -> Form:
        return Form.ARRAY if _STREAMS.search(target) and "event-stream" not in content_type else super().form(target, content_type)

    def answer(self, body: bytes, form: Form) -> Answer:
        if form is Form.WHOLE:
            return Whole(_read, _merged)
        return _Streamed() if form is Form.EVENTS else _Listed()

    def onward(self, body: bytes, elements: Sequence[bytes]) -> bytes:
        return bodies.extended(body, _inner(body)["contents"], elements)

    def results(self, results: Sequence[Result]) -> tuple[bytes, ...]:
        return tuple(encode({"functionResponse": {**_named(r.call), "response": {"error" if r.failed else "output": r.text}}}) for r in results)

    def message(self, results: Sequence[bytes]) -> tuple[bytes, ...]:
        return (b'{"role":"user","parts":[' + b",".join(results) + b"]}",)

    def ahead(self, body: bytes, message: Span, results: Sequence[bytes]) -> tuple[Span, bytes] | None:
        fields = json_spans.members(body, message)
        if "role" in fields and json_spans.string(body, fields["role"]) not in ("user", "function"):
            return None
        return bodies.first(body, fields["parts"], results)


def _inner(body: bytes) -> dict[str, Span]:
    """The request's members, whether Code Assist wraps them or not."""
    outer = bodies.top(body)
    return outer if "contents" in outer else json_spans.members(body, outer["request"])


def _either(fields: Mapping[str, Span], camel: str, snake: str) -> Span | None:
    return fields.get(camel) or fields.get(snake)


def _several(body: bytes, settings: Span) -> bool:
    fields = json_spans.members(body, settings)
    return bodies.at(body, _either(fields, "candidateCount", "candidate_count")) not in (b"", b"1")


def _declarations(body: bytes, tools: Span) -> Span | None:
    """Where the last list of functions stands; None if there is none, or one without functions."""
    found = None
    for span in json_spans.elements(body, tools):
        fields = json_spans.members(body, span)
        found = _either(fields, "functionDeclarations", "function_declarations") or found
    return found if bodies.at(body, found).strip(b"[] \t\r\n") else None


def _named(call: Call) -> dict[str, str]:
    return {"id": call.id, "name": NAME} if call.id else {"name": NAME}


class _Streamed(Streamed):
    """A streamed answer: our calls are taken out of the chunks in which they come."""

    def event(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        inner = value.get("response", value)
        candidates = inner.get("candidates")
        if not candidates or len(candidates) > 1:
            return event
        candidate = candidates[0]
        content = candidate.get("content") or {}
        parts = content.get("parts") or []
        left = [part for part in parts if not _is_ours(part)]
        self.called = self.called or len(left) < len(parts)
        if not self.touched:
            return event
        if candidate.get("finishReason"):
            candidate["content"] = {**content, "parts": left}
            return self._closed(event, at, value)
        if len(left) == len(parts):
            return event
        if not left:
            return b""
        content["parts"] = left
        return with_data(event, at, value)

    def ending(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        inner = value.get("response", value)
        if inner.get("usageMetadata"):
            inner["usageMetadata"] = total(self.made)
        return with_data(event, at, value)

    def heard(self, events: Sequence[bytes]) -> Made:
        parts: list[dict[str, Any]] = []
        stop = name = ""
        usage: dict[str, Any] = {}
        for event in events:
            found = self.document(event)
            value = found[1] if found is not None else {}
            inner = value.get("response", value)
            usage |= inner.get("usageMetadata") or {}
            name = inner.get("responseId") or name
            for candidate in inner.get("candidates") or []:
                stop = candidate.get("finishReason") or stop
                for part in (candidate.get("content") or {}).get("parts") or []:
                    _join(parts, part)
        return _made(parts, stop, usage, name)

    def failed(self, message: str) -> bytes:
        return b"data: " + _error(message) + b"\r\n\r\n"

    def _closed(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        """The last chunk of a message: what it adds to the message goes out, its end is held."""
        inner = value.get("response", value)
        candidate = inner["candidates"][0]
        content = candidate["content"]
        now = b""
        if any(part != {"text": ""} for part in content["parts"]):
            unended = {**candidate, "finishReason": None}
            said = {**inner, "candidates": [{k: v for k, v in unended.items() if v is not None}]}
            said.pop("usageMetadata", None)
            now = with_data(event, at, {**value, "response": said} if inner is not value else said)
        candidate["content"] = {**content, "parts": [{"text": ""}], "role": "model"}
        self.close_with(with_data(event, at, value))
        return now


class _Listed(_Streamed):
    """The same as one array, whose elements the chunks are: it is opened once, closed once, and has a comma between any two."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = False

    def splitter(self) -> RawElements:
        return RawElements()

    def document(self, event: bytes) -> tuple[Span, dict[str, Any]] | None:
        return elements.element(event)

    def placed(self, event: bytes) -> bytes:
        placed = elements.placed(event, first=not self._opened) if self.touched else event
        self._opened = self._opened or bool(placed and not placed.isspace())
        return placed

    def last(self, event: bytes) -> bool:
        return elements.closes(event)

    def shuts(self, event: bytes) -> bool:
        return self.touched and elements.closes(event)

    def failed(self, message: str) -> bytes:
        return (b"," if self._opened else b"[") + _error(message) + b"]"


def _error(message: str) -> bytes:
    return encode({"error": {"code": 500, "message": message, "status": "INTERNAL"}})


def _join(parts: list[dict[str, Any]], part: Mapping[str, Any]) -> None:
    """One more part; a text that only goes on is put to the text before it."""
    plain = part.keys() == {"text"}
    if plain and parts and parts[-1].keys() == {"text"}:
        parts[-1]["text"] += part["text"]
    elif not plain or part["text"]:
        parts.append(dict(part))


def _read(body: bytes) -> Made:
    value = json.loads(body)
    inner = value.get("response", value)
    candidate = inner["candidates"][0]
    parts = (candidate.get("content") or {}).get("parts") or []
    return _made(parts, candidate.get("finishReason") or "", inner.get("usageMetadata") or {}, inner.get("responseId") or "")


def _made(parts: Sequence[Mapping[str, Any]], stop: str, usage: Mapping[str, Any], name: str) -> Made:
    visible = [part for part in parts if not _is_ours(part)]
    calls = [part["functionCall"] for part in parts if _is_ours(part)]
    return Made(
        elements=(encode({"role": "model", "parts": list(parts)}),) if parts else (),
        visible=tuple(encode(part) for part in visible),
        calls=tuple(Call(call.get("id") or "", call.get("args") or {}) for call in calls),
        others=any("functionCall" in part for part in visible),
        answerable=stop in _ANSWERABLE,
        usage=usage,
        id=name,
    )


def _merged(body: bytes, made: Sequence[Made]) -> bytes:
    value = json.loads(body)
    inner = value.get("response", value)
    content = inner["candidates"][0].setdefault("content", {"role": "model"})
    content["parts"] = [json.loads(part) for one in made for part in one.visible] or [{"text": ""}]
    if inner.get("usageMetadata"):
        inner["usageMetadata"] = total(made)
    return encode(value)


def _is_ours(part: Mapping[str, Any]) -> bool:
    called = part.get("functionCall")
    return isinstance(called, dict) and called.get("name") == NAME
