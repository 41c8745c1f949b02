from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.model import CUT, TEXT_LIMIT, bounded
from headroom_wrap.learn.readers import texts

ODD = st.sampled_from(["\\", '"', "\n", "\t", "é", "日本", "🙂", " ", "\x00", "word "])
UNITS = st.lists(st.one_of(ODD, st.text(max_size=3)), min_size=1, max_size=30).map("".join)


def raw(value: Any, *, ascii_only: bool = False) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


@settings(max_examples=50)
@given(st.text(max_size=300).filter(lambda text: text.isprintable()), st.integers(8, 200))
def test_small_texts_are_as_they_are_and_longer_ones_bounded(text: str, limit: int) -> None:
    found = texts.of(raw(text), limit)
    assert found.text == bounded(text, limit)
    assert len(found.text) <= limit
    assert found.size == len(text.encode())


@pytest.mark.slow
@given(UNITS, st.integers(3000, 9000), st.booleans())
@settings(max_examples=40)
def test_large_texts_are_bounded_without_being_decoded_whole(unit: str, times: int, ascii_only: bool) -> None:
    text = unit * times
    found = texts.of(raw(text, ascii_only=ascii_only), 4096)
    head, cut, tail = found.text.partition(CUT)
    if len(text.encode()) < 1 << 15:
        return
    assert cut == CUT
    assert len(found.text) <= 4096
    assert text.startswith(head)
    assert head or tail
    assert tail[8:] in text
    if not ascii_only:
        assert abs(found.size - len(text.encode())) <= 0.25 * len(text.encode())


def test_the_parts_of_a_list_are_joined_and_images_left_out() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "image", "source": {"data": "x" * 9}}, "two", None, {"type": "input_text", "text": "three"}]
    assert texts.of(raw(parts), 100).text == "one\ntwo\nthree"
    assert texts.of(raw({"text": "no list"}), 100) == texts.of(raw(7), 100) == texts.of(msgspec.Raw(), 100) == texts.of(None, 100) == texts.Text()
    assert texts.of(raw([{"text": 7}]), 100) == texts.Text()


def test_arguments_are_bounded_at_every_level() -> None:
    long = "x" * (TEXT_LIMIT * 2)
    found = texts.arguments(raw({"a": long, "b": {"c": [long] * 100}, "n": 7, "deep": _nest(20)}))
    assert found["n"] == 7
    assert len(str(found["a"])) == TEXT_LIMIT
    inner = found["b"]
    assert isinstance(inner, dict)
    assert len(inner["c"]) == 64
    assert all(len(item) == TEXT_LIMIT for item in inner["c"])
    assert str(found["deep"]).count("[") == 5
    assert texts.arguments(raw([1])) == texts.arguments(raw("x")) == texts.arguments(None) == texts.arguments(b"{") == {}
    assert texts.arguments(raw({"small": {"kept": _nest(20)}})) == {"small": {"kept": _nest(20)}}


def _nest(levels: int) -> list[Any]:
    return [_nest(levels - 1)] if levels else ["x"]


@given(st.binary(max_size=80))
def test_no_bytes_raise(data: bytes) -> None:
    texts.of(msgspec.Raw(data), 40)
    texts.of(msgspec.Raw(b'"' + data + b'"'), 40)
    texts.arguments(msgspec.Raw(b"{" + data + b"}"))


@given(st.binary(min_size=1, max_size=40), st.integers(70_000, 90_000))
@settings(max_examples=20)
def test_no_large_bytes_raise(data: bytes, size: int) -> None:
    found = texts.of(msgspec.Raw(b'"' + (data * size)[:size] + b'"'), 512)
    assert len(found.text) <= 512
