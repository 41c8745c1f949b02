"""Responses over HTTP: calls and results are items of one list; the server may keep the conversation and know it by the last response's id."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headroom_wrap.proxy.retrieval import bodies, tool
from headroom_wrap.proxy.retrieval.answers import Streamed, Whole, total
from headroom_wrap.proxy.retrieval.api import NAME, Answer, Call, Form, Made, Result
from headroom_wrap.proxy.retrieval.events import document, encode, with_data
from headroom_wrap.proxy.retrieval.wires.common import CommonWire
from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.dialects.messages import first_byte
from pipeline.transcript import Span

_BEGINS = ("response.created", "response.in_progress", "response.queued")
_ENDS = ("response.completed", "response.incomplete")
_MARKS = tuple(kind.encode() for kind in _ENDS)


class ResponsesWire(CommonWire):
    """The wire."""

    def fits(self, body: bytes, fields: Mapping[str, Span], target: str) -> bool:
        return not bodies.at(body, fields.get("conversation")) and bodies.at(body, fields.get("background")) != b"true" and "input" in fields

    def previous(self, body: bytes, fields: Mapping[str, Span]) -> str:
        goes_on = self.kept(body, fields) and bodies.at(body, fields.get("previous_response_id"))
        return json_spans.string(body, fields["previous_response_id"]) if goes_on else ""

    def kept(self, body: bytes, fields: Mapping[str, Span]) -> bool:
        return bodies.at(body, fields.get("store")) != b"false"

    def declaration(self) -> bytes:
        return encode({"type": "function", "name": NAME, "description": tool.DESCRIPTION, "parameters": tool.SCHEMA, "strict": False})

    def answer(self, body: bytes, form: Form) -> Answer:
        kept = self.kept(body, bodies.top(body))
        return _Streamed(kept=kept) if form is Form.EVENTS else Whole(lambda whole: _read(whole, kept=kept), _merged, always=kept)

    def onward(self, body: bytes, elements: Sequence[bytes]) -> bytes:
        body = _listed(body)
        return bodies.extended(body, bodies.top(body)["input"], elements)

    def results(self, results: Sequence[Result]) -> tuple[bytes, ...]:
        return tuple(encode({"type": "function_call_output", "call_id": r.call.id, "output": r.text}) for r in results)

    def going_on(self, body: bytes, response: str, results: Sequence[bytes]) -> bytes:
        body = splice(body, [(bodies.top(body)["previous_response_id"], json_spans.literal(response))])
        if not results:
            return body
        body = _listed(body)
        return splice(body, [bodies.first(body, bodies.top(body)["input"], results)])


def _listed(body: bytes) -> bytes:
    """The body with a list of items where it has a text."""
    given = bodies.top(body)["input"]
    if first_byte(body, given) != b'"':
        return body
    return splice(body, [(given, b'[{"role":"user","content":' + body[given.start : given.end] + b"}]")])


class _Streamed(Streamed):
    """A streamed answer: items and events are numbered through all responses, our calls left out.

    Args:
        kept: the server keeps the response.
    """

    def __init__(self, *, kept: bool) -> None:
        super().__init__(*_MARKS, b"response.created")
        self._kept_there = kept
        self._next = 0
        self._places: dict[int, int] = {}
        self._ours: set[int] = set()
        self._number: int | None = None
        self._name = ""  # by which the client knows the answer: that of the first response

    def again(self) -> None:
        self._places = {}
        self._ours = set()

    def event(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        kind = value["type"]
        if kind in _ENDS:
            return self.close_with(event)
        if kind in _BEGINS:
            if self.later:
                return b""
            self._name = value["response"].get("id") or self._name
        if kind == "response.output_item.added" and self._withheld(value):
            return b""
        index = value.get("output_index")
        if not self.touched:
            return event
        if index is None:
            return self._numbered(event, at)
        if index in self._ours:
            return b""
        if kind == "response.output_item.added":
            self._places[index] = self._next
            self._next += 1
        return self._numbered(event, at, self._places.get(index, index))

    def last(self, event: bytes) -> bool:
        return True

    def ending(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        response = value["response"]
        response["output"] = _output(self.made)
        response["id"] = self._name or self.made[0].id
        if response.get("usage"):
            response["usage"] = total(self.made)
        if self._number is not None and "sequence_number" in value:
            value["sequence_number"] = self._number
        return with_data(event, at, value)

    def heard(self, events: Sequence[bytes]) -> Made:
        items: list[bytes] = []
        response: dict[str, Any] = {}
        for event in events:
            found = document(event)
            if found is None:
                continue
            at, value = found
            if value.get("type") == "response.output_item.done":
                item = json_spans.members(event, at)["item"]
                items.append(event[item.start : item.end])
            elif value.get("type") in _ENDS:
                response = value["response"]
        return _made(items, response, kept=self._kept_there)

    def failed(self, message: str) -> bytes:
        return b"event: error\ndata: " + encode({"type": "error", "code": "server_error", "message": message, "param": None}) + b"\n\n"

    def _withheld(self, value: Mapping[str, Any]) -> bool:
        if not _is_ours(value["item"]):
            return False
        if not self.touched:
            self._next = value["output_index"]
            self._number = value.get("sequence_number")
        self.called = True
        self._ours.add(value["output_index"])
        return True

    def _numbered(self, event: bytes, at: Span, place: int | None = None) -> bytes:
        fields = json_spans.members(event, at)
        changes = []
        if place is not None:
            changes.append((fields["output_index"], str(place).encode()))
        if self._number is not None and "sequence_number" in fields:
            changes.append((fields["sequence_number"], str(self._number).encode()))
            self._number += 1
        return splice(event, changes)


def _read(body: bytes, *, kept: bool) -> Made:
    fields = bodies.top(body)
    items = [body[span.start : span.end] for span in json_spans.elements(body, fields["output"])]
    return _made(items, json.loads(body), kept=kept)


def _made(items: Sequence[bytes], response: Mapping[str, Any], *, kept: bool) -> Made:
    sent: list[bytes] = []
    visible: list[bytes] = []
    calls: list[Call] = []
    others = False
    for raw in items:
        item = json.loads(raw)
        kind = str(item.get("type"))
        if _is_ours(item):
            calls.append(Call(item["call_id"], _arguments(item.get("arguments"))))
        else:
            visible.append(raw)
            others = others or kind in ("function_call", "custom_tool_call", "local_shell_call", "computer_call", "shell_call", "apply_patch_call")
        if kind != "reasoning" or kept or item.get("encrypted_content"):  # else the server does not know it any more
            sent.append(raw)
    complete = response.get("status") == "completed"
    return Made(tuple(sent), tuple(visible), tuple(calls), others, complete, response.get("usage") or {}, str(response.get("id") or ""))


def _merged(body: bytes, made: Sequence[Made]) -> bytes:
    fields = bodies.top(body)
    replaced = [(fields["output"], b"[" + b",".join(item for one in made for item in one.visible) + b"]")]
    if bodies.at(body, fields.get("usage")):
        replaced.append((fields["usage"], encode(total(made))))
    return splice(body, replaced)


def _output(made: Sequence[Made]) -> list[Any]:
    return [json.loads(item) for one in made for item in one.visible]


def _is_ours(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "function_call" and item.get("name") == NAME


def _arguments(text: object) -> Mapping[str, Any]:
    try:
        value = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
