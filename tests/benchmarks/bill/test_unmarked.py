"""The benchmark of the cache aid: a client without breakpoints pays less with it, and nothing where it can do nothing."""

from __future__ import annotations

import json

import pytest

from benchmarks.bill.generate import Plan, generated
from benchmarks.bill.unmarked import billed, unmarked


@pytest.mark.slow
def test_a_session_without_breakpoints_is_cheaper_with_aid():
    session = generated(Plan("coding", "anthropic", "claude-opus-4-8", 3, 8))
    direct, ours = billed(session, aided=False), billed(session, aided=True)
    assert direct.usage.cache_read == direct.usage.cache_write_5m == 0
    assert ours.dollars < 0.6 * direct.dollars
    assert ours.usage.prompt == direct.usage.prompt
    assert ours.first == direct.first


@pytest.mark.slow
def test_where_prefixes_are_found_unasked_a_key_costs_nothing():
    session = generated(Plan("talk", "openai", "gpt-5.6-sol", 3, 8))
    assert billed(session, aided=True).usage == billed(session, aided=False).usage


def test_what_a_client_does_for_the_cache_is_taken_off():
    mark = {"cache_control": {"type": "ephemeral"}}
    body = {
        "system": [{"type": "text", "text": "s", **mark}],
        "prompt_cache_key": "k",
        "messages": [{"content": [{"text": "cache_control", **mark}]}],
    }
    assert "ephemeral" not in json.dumps(unmarked(body))
    assert unmarked(body)["messages"] == [{"content": [{"text": "cache_control"}]}]
