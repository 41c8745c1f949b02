from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dialects import json_spans
from pipeline.dialects.json_spans import Malformed
from pipeline.transcript import Span

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
LAYOUTS = st.sampled_from([{}, {"indent": 1}, {"indent": "\t"}, {"separators": (",", ":")}, {"separators": (" , ", " :  ")}])


def encoded(value: Any, layout: dict[str, Any], escaped: bool) -> bytes:
    text = json.dumps(value, ensure_ascii=escaped, **layout)
    return (
        text.encode("utf-8", "surrogatepass") if escaped or not any("\ud800" <= c <= "\udfff" for c in text) else json.dumps(value, **layout).encode()
    )


@given(st.dictionaries(st.text(st.characters(codec=None), max_size=8), VALUES, max_size=6), LAYOUTS, st.booleans())
def test_members(value: dict[str, Any], layout: dict[str, Any], escaped: bool) -> None:
    buf = b" " + encoded(value, layout, escaped) + b"\n"
    found = json_spans.members(buf, json_spans.whole(buf))
    assert {k: json_spans.plain(buf, s) for k, s in found.items()} == value
    assert list(found) == list(value)


@given(st.lists(VALUES, max_size=6), LAYOUTS, st.booleans())
def test_elements(value: list[Any], layout: dict[str, Any], escaped: bool) -> None:
    buf = encoded(value, layout, escaped)
    assert [json_spans.plain(buf, s) for s in json_spans.elements(buf, json_spans.whole(buf))] == value


@given(st.text(st.characters(codec=None), max_size=40), st.booleans())
def test_strings(text: str, escaped: bool) -> None:
    buf = encoded(text, {}, escaped)
    assert json_spans.string(buf, json_spans.whole(buf)) == text


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(buf: bytes) -> None:
    for read in (json_spans.members, json_spans.elements):
        try:
            read(buf, json_spans.whole(buf))
        except Malformed:
            pass


@pytest.mark.parametrize("buf", [b'{"a":1,"a":2}', b'{"a":1,"b":2,"a":1}', b'{"a":"\\ud800","a":2}', b"[]", b"{", b'{"a"}', b""])
def test_no_object(buf: bytes) -> None:
    with pytest.raises(Malformed):
        json_spans.members(buf, json_spans.whole(buf))


def test_lone_surrogates_do_not_stop_the_reading() -> None:
    buf = b'{"model": "m", "messages": [{"role":"user","content":"\\ud83d tail"}]}'
    top = json_spans.members(buf, json_spans.whole(buf))
    message = json_spans.elements(buf, top["messages"])[0]
    content = json_spans.members(buf, message)["content"]
    assert json_spans.string(buf, content) == "\ud83d tail"
    assert buf[content.start : content.end] == b'"\\ud83d tail"'


def test_deep_nesting_is_refused_or_read_without_recursion() -> None:
    buf = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b', "b": 1}'
    assert json_spans.members(buf, json_spans.whole(buf))["b"] == Span(len(buf) - 2, len(buf) - 1)


def test_how_deep_a_value_may_be_does_not_depend_on_who_asks() -> None:
    deep, too_deep = ('{"a":' * n + "[1]" + "}" * n for n in (198, 202))
    assert json_spans.mapping(deep)
    assert json_spans.plain(deep.encode(), Span(0, len(deep)))
    assert json_spans.mapping(too_deep) == {}
    with pytest.raises(Malformed):
        json_spans.plain(too_deep.encode(), Span(0, len(too_deep)))
    flat = json.dumps([{"a": [1]}] * 1000)
    assert json_spans.plain(flat.encode(), Span(0, len(flat))) == json.loads(flat)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", '"{}"', "null", "[" * 100_000, b"\xff", '{"a": 1} x'])
def test_what_is_no_object_is_an_empty_one(text: str | bytes) -> None:
    assert json_spans.mapping(text) == {}
    assert json_spans.mapping('{"a": [1]}') == {"a": [1]}
