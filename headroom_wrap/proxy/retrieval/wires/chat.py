"""Chat Completions: calls are members of the assistant's message, results are messages by themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headroom_wrap.proxy.retrieval import bodies, tool
from headroom_wrap.proxy.retrieval.answers import Streamed, Whole, total
from headroom_wrap.proxy.retrieval.api import NAME, Answer, Call, Form, Made, Result
from headroom_wrap.proxy.retrieval.events import document, encode, with_data
from headroom_wrap.proxy.retrieval.wires.common import CommonWire
from pipeline.transcript import Span

_CUT = ("", "length", "content_filter")
_NOT_SENT = ("role", "annotations", "audio", "index")  # what only answers have, or what is written anew


class ChatWire(CommonWire):
    """The wire."""

    def fits(self, body: bytes, fields: Mapping[str, Span], target: str) -> bool:
        return bodies.at(body, fields.get("n")) in (b"", b"1") and not bodies.at(body, fields.get("functions"))

    def declaration(self) -> bytes:
        return encode({"type": "function", "function": {"name": NAME, "description": tool.DESCRIPTION, "parameters": tool.SCHEMA}})

    def answer(self, body: bytes, form: Form) -> Answer:
        return _Streamed() if form is Form.EVENTS else Whole(_read, _merged)

    def onward(self, body: bytes, elements: Sequence[bytes]) -> bytes:
        return bodies.extended(body, bodies.top(body)["messages"], elements)

    def results(self, results: Sequence[Result]) -> tuple[bytes, ...]:
        return tuple(encode({"role": "tool", "tool_call_id": r.call.id, "content": r.text}) for r in results)


class _Streamed(Streamed):
    """A streamed answer: one name and one role for all responses, calls numbered through, ours left out."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0
        self._places: dict[int, int] = {}
        self._ours: set[int] = set()
        self._name = ""

    def again(self) -> None:
        self._places = {}
        self._ours = set()
        self._name = self._name or next((made.id for made in self.made if made.id), "")

    def event(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        choices = value.get("choices")
        if not choices or len(choices) > 1 or choices[0].get("index"):
            return event
        delta = choices[0].get("delta") or {}
        calls = delta.get("tool_calls") or []
        left = [self._placed(call) for call in calls if not self._withheld(call)]
        if not self.touched:
            return event
        if calls:
            delta["tool_calls"] = left
            if not left:
                del delta["tool_calls"]
        if self.later:
            delta.pop("role", None)
            value["id"] = self._name or value.get("id")
        if choices[0].get("finish_reason"):
            return self._closed(event, at, value, delta)
        return b"" if not delta and not value.get("usage") else with_data(event, at, value)

    def last(self, event: bytes) -> bool:
        return b"[DONE]" in event

    def ending(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        if self.later:
            value["id"] = self._name or value.get("id")
        if value.get("usage"):
            value["usage"] = total(self.made)
        for choice in value.get("choices") or []:
            if choice.get("finish_reason") and self.made[-1].ours:
                choice["finish_reason"] = "stop"  # the client would look for calls
        return with_data(event, at, value)

    def heard(self, events: Sequence[bytes]) -> Made:
        return _heard(events)

    def failed(self, message: str) -> bytes:
        return b"data: " + encode({"error": {"message": message, "type": "server_error", "param": None, "code": None}}) + b"\n\n"

    def _closed(self, event: bytes, at: Span, value: dict[str, Any], delta: dict[str, Any]) -> bytes:
        """The last chunk of a message: what it adds to the message goes out, its end is held."""
        choice = value["choices"][0]
        now = b""
        if any(delta.values()):
            usage = value.pop("usage", None)
            value["choices"] = [{**choice, "finish_reason": None}]
            now = with_data(event, at, value)
            value["choices"] = [{**choice, "delta": {}}]
            if usage is not None:
                value["usage"] = usage
        self.close_with(with_data(event, at, value))
        return now

    def _withheld(self, call: Mapping[str, Any]) -> bool:
        index = call["index"]
        if index not in self._ours and (call.get("function") or {}).get("name") == NAME:
            if not self.touched:
                self._next = index
            self.called = True
            self._ours.add(index)
        return index in self._ours

    def _placed(self, call: Mapping[str, Any]) -> dict[str, Any]:
        index = call["index"]
        if self.touched and index not in self._places and (self.later or index >= self._next):
            self._places[index] = self._next
            self._next += 1
        return {**call, "index": self._places.get(index, index)}


def _heard(events: Sequence[bytes]) -> Made:
    message: dict[str, Any] = {}
    calls: dict[int, dict[str, Any]] = {}
    usage: dict[str, Any] = {}
    stop = name = ""
    pieces: dict[str, list[str]] = {}
    for event in events:
        found = document(event)
        value = found[1] if found is not None else {}
        name = name or str(value.get("id") or "")
        usage = value.get("usage") or usage
        for choice in value.get("choices") or []:
            stop = choice.get("finish_reason") or stop
            for key, piece in (choice.get("delta") or {}).items():
                if key == "tool_calls":
                    for call in piece or []:
                        calls[call["index"]] = _joined(calls.get(call["index"], {}), call)
                elif isinstance(piece, str):
                    pieces.setdefault(key, []).append(piece)
                elif isinstance(piece, list):
                    message[key] = [*message.get(key, []), *piece]
                elif piece is not None:
                    message[key] = piece
    said = {**message, **{key: "".join(texts) for key, texts in pieces.items()}}
    return _made(said, list(calls.values()), stop, usage, name)


def _joined(call: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    """A call with one more piece of it: its arguments come bit by bit, all else at once."""
    made = dict(call)
    for key, value in piece.items():
        if isinstance(value, dict):
            made[key] = _joined(made.get(key) or {}, value)
        elif key in ("arguments", "input") and isinstance(value, str):
            made[key] = made.get(key, "") + value
        elif value is not None:
            made[key] = value
    return made


def _read(body: bytes) -> Made:
    value = json.loads(body)
    choice = value["choices"][0]
    message = choice["message"]
    return _made(message, message.get("tool_calls") or [], choice.get("finish_reason") or "", value.get("usage") or {}, str(value.get("id") or ""))


def _made(message: Mapping[str, Any], calls: Sequence[Mapping[str, Any]], stop: str, usage: Mapping[str, Any], name: str) -> Made:
    ours = [call for call in calls if _is_ours(call)]
    said = {k: v for k, v in message.items() if v not in (None, "", []) and k not in _NOT_SENT and k not in ("content", "tool_calls")}
    asked = [{k: v for k, v in call.items() if k != "index"} for call in calls]
    content = message.get("content") or None
    element = {"role": "assistant", "content": content, **said, **({"tool_calls": asked} if asked else {})}
    return Made(
        elements=(encode(element),) if content or asked or said else (),
        visible=(encode(content or ""), *(encode(call) for call in asked if not _is_ours(call))),
        calls=tuple(Call(str(call.get("id") or ""), _arguments(call["function"].get("arguments"))) for call in ours),
        others=len(ours) < len(calls),
        answerable=stop not in _CUT,
        usage=usage,
        id=name,
    )


def _merged(body: bytes, made: Sequence[Made]) -> bytes:
    value = json.loads(body)
    choice = value["choices"][0]
    message = choice["message"]
    texts = [json.loads(one.visible[0]) for one in made]
    calls = [json.loads(call) for one in made for call in one.visible[1:]]
    message["content"] = "".join(texts) or message.get("content")
    message.pop("tool_calls", None)
    if calls:
        message["tool_calls"] = calls
    elif choice.get("finish_reason") == "tool_calls":
        choice["finish_reason"] = "stop"
    if value.get("usage"):
        value["usage"] = total(made)
    return encode(value)


def _is_ours(call: Mapping[str, Any]) -> bool:
    return (call.get("function") or {}).get("name") == NAME


def _arguments(text: object) -> Mapping[str, Any]:
    try:
        value = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
