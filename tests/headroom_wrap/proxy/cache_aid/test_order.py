"""Tools in another order are sent in the first one; tools that say something else are never touched."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy.cache_aid.order import Order
from pipeline.dialects.json_spans import Malformed

A = {"name": "a", "input_schema": {"type": "object", "properties": {"x": {"type": "string"}, "y": {"type": "string"}}, "required": ["x", "y"]}}
B = {"name": "b", "description": "B", "input_schema": {"type": "object"}}
WHO = b"conversation"


def body_of(tools, **more):
    return json.dumps({"model": "m", "tools": tools, **more}).encode()


def shuffled(value, rng):
    """The same value with its keys in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], rng) for key in rng.sample(list(value), len(value))}
    return [shuffled(one, rng) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "again",
    [
        [B, A],
        [dict(reversed(A.items())), B],
        [{**A, "input_schema": {**A["input_schema"], "required": ["y", "x"]}}, B],
    ],
)
def test_the_first_order_goes_on(again):
    order, first = Order(), body_of([A, B])
    assert order.kept(first, WHO) is first
    assert order.kept(body_of(again, n=2), WHO) == body_of([A, B], n=2)
    same = body_of([A, B])
    assert order.kept(same, WHO) is same


def test_functions_of_gemini_are_tools_too():
    order = Order()
    first = body_of([{"functionDeclarations": [A, B]}])
    order.kept(first, WHO)
    assert order.kept(body_of([{"functionDeclarations": [B, A]}]), WHO) == first


@pytest.mark.parametrize(
    "other",
    [
        [A],
        [A, {**B, "description": "C"}],
        [A, {**B, "cache_control": {"type": "ephemeral"}}],
        [{**A, "input_schema": {**A["input_schema"], "enum": [1, 2]}}, B],
    ],
)
def test_other_tools_are_others(other):
    order = Order()
    order.kept(body_of([A, B]), WHO)
    body = body_of(other)
    assert order.kept(body, WHO) is body


def test_another_conversation_has_its_own_order():
    order = Order()
    order.kept(body_of([A, B]), WHO)
    body = body_of([B, A])
    assert order.kept(body, b"another") is body


def test_values_that_are_lists_keep_their_order():
    order = Order()
    order.kept(body_of([{**A, "enum": [1, 2]}]), WHO)
    body = body_of([{**A, "enum": [2, 1]}])
    assert order.kept(body, WHO) is body


@pytest.mark.parametrize("body", [b'{"tools": null}', b'{"tools": 3, "x": 1}', b"{}", b'{"tools": []}'])
def test_what_are_no_tools_is_left(body):
    assert Order().kept(body, WHO) is body


def test_what_is_no_object_is_refused():
    with pytest.raises(Malformed):
        Order().kept(b"[]", WHO)


def test_memory_is_limited():
    order = Order(limit=3000)
    for n in range(100):
        order.kept(body_of([A, B]), str(n).encode())
    assert sum(map(len, order._first.values())) <= 3500


JSON = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=6), JSON, max_size=4), max_size=4), st.integers(0, 99))
@settings(max_examples=120, deadline=None)
@pytest.mark.slow
def test_any_tools_in_any_order_go_on_as_first_written(tools, seed):
    rng = random.Random(seed)
    order, first = Order(), body_of(tools)
    order.kept(first, WHO)
    again = shuffled(tools, rng)
    rng.shuffle(again)
    assert order.kept(body_of(again), WHO) == first
