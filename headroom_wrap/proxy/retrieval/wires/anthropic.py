"""Anthropic Messages: calls are blocks of the answer, results are the first blocks of the message after it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from headroom_wrap.proxy.retrieval import bodies, tool
from headroom_wrap.proxy.retrieval.answers import Streamed, Whole, total
from headroom_wrap.proxy.retrieval.api import NAME, Answer, Call, Form, Made, Result, Unclear
from headroom_wrap.proxy.retrieval.events import document, encode, with_data
from headroom_wrap.proxy.retrieval.wires.common import CommonWire
from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.dialects.messages import first_byte
from pipeline.transcript import Span

_BEDROCK = re.compile(r"/model/[^/]{1,600}/invoke")  # streams in frames of AWS's own
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
_CHARGED = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
_UNMARKED = (b"thinking", b"redacted_thinking")  # a breakpoint may not stand at these


class AnthropicWire(CommonWire):
    """The wire."""

    joins = True

    def fits(self, body: bytes, fields: Mapping[str, Span], target: str) -> bool:
        return _BEDROCK.search(target) is None

    def declaration(self) -> bytes:
        return encode({"name": NAME, "description": tool.DESCRIPTION, "input_schema": tool.SCHEMA})

    def answer(self, body: bytes, form: Form) -> Answer:
        return _Streamed() if form is Form.EVENTS else Whole(_read, _merged)

    def onward(self, body: bytes, elements: Sequence[bytes]) -> bytes:
        return bodies.extended(body, bodies.top(body)["messages"], elements)

    def results(self, results: Sequence[Result]) -> tuple[bytes, ...]:
        return tuple(
            encode({"type": "tool_result", "tool_use_id": r.call.id, "content": r.text, **({"is_error": True} if r.failed else {})}) for r in results
        )

    def message(self, results: Sequence[bytes]) -> tuple[bytes, ...]:
        return (b'{"role":"user","content":[' + b",".join(results) + b"]}",)

    def ahead(self, body: bytes, message: Span, results: Sequence[bytes]) -> tuple[Span, bytes] | None:
        fields = json_spans.members(body, message)
        content = fields["content"]
        if json_spans.string(body, fields["role"]) != "user" or first_byte(body, content) != b"[":
            return None
        return bodies.first(body, content, results)

    def marked(self, body: bytes, turn: Sequence[Span], elements: Sequence[bytes]) -> Sequence[bytes]:
        mark = _mark(body, turn[-1])
        last = elements[-1] if elements else b""
        if not mark or b'"assistant"' not in last[:30]:
            return elements
        blocks = json_spans.elements(last, bodies.top(last)["content"])
        fields = json_spans.members(last, blocks[-1])
        if "cache_control" in fields or bodies.at(last, fields["type"]).strip(b'"') in _UNMARKED:
            return elements
        end = blocks[-1].end - 1
        return [*elements[:-1], splice(last, [(Span(end, end), b',"cache_control":' + mark)])]


class _Streamed(Streamed):
    """A streamed answer: blocks are numbered through all responses, ours left out."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0
        self._places: dict[int, int] = {}
        self._ours: set[int] = set()

    def again(self) -> None:
        self._places = {}
        self._ours = set()

    def event(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        kind = value["type"]
        if kind == "message_start":
            return b"" if self.later else event
        if kind == "content_block_start":
            return self._opens(event, at, value)
        if kind in ("content_block_delta", "content_block_stop"):
            index = value["index"]
            return b"" if index in self._ours else _moved(event, at, self._places.get(index, index))
        if kind == "message_delta" and self.touched:
            return self.close_with(event)
        return event

    def last(self, event: bytes) -> bool:
        return b"message_stop" in event

    def ending(self, event: bytes, at: Span, value: dict[str, Any]) -> bytes:
        if value["type"] != "message_delta":
            return event
        usage = value.get("usage") or {}
        summed = total(self.made)
        value["usage"] = {**usage, **{name: summed[name] for name in {**dict.fromkeys(_CHARGED), **usage} if name in summed}}
        if self.made[-1].ours:  # the client would wait for a call to answer
            value["delta"]["stop_reason"] = "end_turn"
        return with_data(event, at, value)

    def heard(self, events: Sequence[bytes]) -> Made:
        return _heard(events)

    def failed(self, message: str) -> bytes:
        data = encode({"type": "error", "error": {"type": "api_error", "message": message}})
        return b"event: error\ndata: " + data + b"\n\n"

    def _opens(self, event: bytes, at: Span, value: Mapping[str, Any]) -> bytes:
        index, block = value["index"], value["content_block"]
        if _is_ours(block):
            if not self.touched:
                self._next = index
            self.called = True
            self._ours.add(index)
            return b""
        if not self.touched:
            return event
        self._places[index] = self._next
        self._next += 1
        return _moved(event, at, self._places[index])


class _Block:
    """A content block that is put together from its pieces."""

    def __init__(self, opening: Mapping[str, Any]) -> None:
        self.value = dict(opening)
        self._pieces: dict[str, list[str]] = {}
        self._input: list[str] = []

    def add(self, delta: Mapping[str, Any]) -> None:
        kind = delta["type"]
        if kind == "input_json_delta":
            self._input.append(delta["partial_json"])
        elif kind == "citations_delta":
            self.value["citations"] = [*(self.value.get("citations") or []), delta["citation"]]
        elif kind in _DELTAS:
            self._pieces.setdefault(_DELTAS[kind], []).append(delta[_DELTAS[kind]])
        else:
            raise Unclear(f"a piece of an unknown kind: {kind}")

    def raw(self) -> bytes:
        """The block as it goes into a request. Raises ``ValueError`` if its input is not whole."""
        value = {**self.value, **{name: self.value.get(name, "") + "".join(pieces) for name, pieces in self._pieces.items()}}
        given = "".join(self._input)
        if not given:
            return encode(value)
        if not isinstance(json.loads(given), dict):
            raise Unclear("a call whose input is no object")
        return b"{" + b",".join(encode(k) + b":" + (given.encode() if k == "input" else encode(v)) for k, v in value.items()) + b"}"


def _heard(events: Sequence[bytes]) -> Made:
    blocks: dict[int, _Block] = {}
    usage: dict[str, Any] = {}
    stop = name = ""
    for event in events:
        found = document(event)
        value = found[1] if found is not None else {}
        kind = value.get("type")
        if kind == "message_start":
            name = value["message"]["id"]
            usage |= value["message"].get("usage") or {}
        elif kind == "content_block_start":
            blocks[value["index"]] = _Block(value["content_block"])
        elif kind == "content_block_delta":
            blocks[value["index"]].add(value["delta"])
        elif kind == "message_delta":
            usage |= {k: v for k, v in (value.get("usage") or {}).items() if v is not None}
            stop = value["delta"].get("stop_reason") or ""
    raw = []
    for block in blocks.values():
        if stop == "tool_use":
            raw.append(block.raw())
        elif not _is_ours(block.value):  # a call in which the answer was cut off is none that could be answered
            with contextlib.suppress(ValueError):
                raw.append(block.raw())
    return _made(raw, stop, usage, name)


def _read(body: bytes) -> Made:
    fields = bodies.top(body)
    usage = json_spans.plain(body, fields["usage"]) if "usage" in fields else {}
    blocks = [body[span.start : span.end] for span in json_spans.elements(body, fields["content"])]
    stop = bodies.at(body, fields.get("stop_reason")).decode().strip('"')
    return _made(blocks, stop, usage if isinstance(usage, dict) else {}, json_spans.string(body, fields["id"]))


def _made(blocks: Sequence[bytes], stop: str, usage: Mapping[str, Any], name: str) -> Made:
    sent: list[bytes] = []
    visible: list[bytes] = []
    calls: list[Call] = []
    others = False
    for raw in blocks:
        value = json.loads(raw)
        if _is_ours(value):
            calls.append(Call(value["id"], value["input"]))
        else:
            visible.append(raw)
            others = others or value["type"] == "tool_use"
        if value["type"] != "text" or value["text"].strip():  # the API makes empty texts, and refuses them
            sent.append(raw)
    elements = (b'{"role":"assistant","content":[' + b",".join(sent) + b"]}",) if sent else ()
    return Made(elements, tuple(visible), tuple(calls), others, stop == "tool_use", usage, name)


def _merged(body: bytes, made: Sequence[Made]) -> bytes:
    fields = bodies.top(body)
    blocks = b"[" + b",".join(piece for one in made for piece in one.visible) + b"]"
    replaced = [(fields["content"], blocks)]
    if "usage" in fields:
        replaced.append((fields["usage"], encode(total(made))))
    if made[-1].ours and "stop_reason" in fields:
        replaced.append((fields["stop_reason"], b'"end_turn"'))
    return splice(body, replaced)


def _is_ours(block: Mapping[str, Any]) -> bool:
    return block.get("type") == "tool_use" and block.get("name") == NAME


def _moved(event: bytes, at: Span, place: int) -> bytes:
    """The event of a block that the client counts as another one."""
    return splice(event, [(json_spans.members(event, at)["index"], str(place).encode())])


def _mark(body: bytes, message: Span) -> bytes:
    """The cache breakpoint at the end of a message, ``b""`` if there is none."""
    content = json_spans.members(body, message)["content"]
    if first_byte(body, content) != b"[":
        return b""
    blocks = json_spans.elements(body, content)
    return bodies.at(body, json_spans.members(body, blocks[-1]).get("cache_control")) if blocks else b""
