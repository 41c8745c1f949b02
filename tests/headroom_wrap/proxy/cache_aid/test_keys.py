"""Cache keys: one for all that could share a cached prefix, none that the client has not left to us."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing import OpenAICache
from headroom_wrap.proxy.cache_aid import keys
from pipeline.dialects.json_spans import Malformed

LONG = "You are an agent that helps. " * 60
TOOLS = [{"type": "function", "name": "shell", "description": LONG, "parameters": {"type": "object"}}]


def key_of(request):
    return json.loads(keys.with_key(json.dumps(request).encode())).get("prompt_cache_key")


def chat(*said, system=LONG, **more):
    messages = [{"role": "system", "content": system}] + [{"role": "user" if n % 2 == 0 else "assistant", "content": t} for n, t in enumerate(said)]
    return {"model": "gpt-5.2", "messages": messages, **more}


def test_a_conversation_keeps_its_key_and_shares_it_with_others_of_its_head():
    assert key_of(chat("a")) == key_of(chat("a", "b", "c")) == key_of(chat("other")) is not None
    assert key_of(chat("a")) != key_of(chat("a", system="Another application. " * 80))
    assert len(key_of(chat("a"))) <= 64


def test_a_client_with_a_key_is_left_alone():
    for given_key in ("mine", None):
        body = json.dumps(chat("a", prompt_cache_key=given_key)).encode()
        assert keys.with_key(body) is body


@pytest.mark.parametrize(
    ("request_", "has"),
    [
        ({"model": "m", "instructions": LONG, "input": "q"}, True),
        ({"model": "m", "tools": TOOLS, "input": [{"role": "user", "content": "q"}]}, True),
        ({"model": "m", "input": [{"role": "developer", "content": LONG}], "store": False}, True),
        ({"model": "m", "input": LONG, "store": False}, True),
        ({"model": "m", "input": [{"role": "developer", "content": LONG}]}, False),  # kept: the next request may not repeat it
        ({"model": "m", "input": [{"role": "developer", "content": LONG}], "store": False, "previous_response_id": "r"}, False),
        ({"model": "m", "instructions": LONG, "input": "q", "previous_response_id": "r"}, True),
        ({"model": "m", "input": "short", "store": False}, False),
        ({"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u" * 2000}}]}]}, False),
    ],
)
def test_only_what_later_requests_repeat_counts(request_, has):
    assert (key_of(request_) is not None) is has


def test_going_on_from_a_kept_response_has_the_key_of_its_beginning():
    begun = {"model": "m", "instructions": LONG, "input": "q"}
    assert key_of(begun) == key_of({**begun, "input": "next", "previous_response_id": "r"})


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"messages": {}}', b"x"])
def test_what_is_no_request_is_refused_or_left(body):
    try:
        assert keys.with_key(body) is body
    except (Malformed, KeyError):
        pass


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 900), st.text(max_size=20)), min_size=1, max_size=12),
    st.sampled_from(["gpt-5.2", "gpt-5.6-sol"]),
)
@settings(max_examples=80, deadline=None)
@pytest.mark.slow
def test_no_conversation_reads_less_than_without(asked, model):
    """Requests of several applications, whose heads part early or late."""
    plain, keyed = OpenAICache(), OpenAICache()
    for at, (app, size, said) in enumerate(asked):
        system = ("Common words of all. " * 400)[: 40 * size] + f" application {app} " + LONG * 3
        body = json.dumps(chat(said, system=system) | {"model": model}).encode()
        without = plain.charge(json.loads(body), float(at)).usage
        assert keyed.charge(json.loads(keys.with_key(body)), float(at)).usage == without
