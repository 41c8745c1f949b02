"""What a ping is, who may send one, and what it is worth."""

from __future__ import annotations

import json

import pytest

from headroom.testing import PromptCache, check
from headroom_wrap.proxy.cache_aid.pings import by_key, ping, worth
from pipeline.dialects.json_spans import Malformed
from pipeline.prices import price_of
from tests.headroom_wrap.proxy.cache_aid.clients import HEADERS, units

MARK = {"type": "ephemeral"}
BODY = {
    "model": "claude-opus-4-8",
    "max_tokens": 8000,
    "stream": True,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "words " * 8000, "cache_control": MARK}]}],
}


def test_a_ping_reads_the_prompt_and_keeps_it():
    made = json.loads(ping(json.dumps(BODY).encode()))
    assert made == {**BODY, "max_tokens": 1, "stream": False}
    check(made, HEADERS)
    kept, lost = PromptCache(), PromptCache()
    for cache in (kept, lost):
        cache.charge(BODY, 0.0)
    pinged = kept.charge(made, 270.0).usage
    assert pinged.cache_read == pinged.prompt
    after, without = kept.charge(BODY, 500.0).usage, lost.charge(BODY, 500.0).usage
    each = worth(pinged.cache_read, price_of(BODY["model"]))
    dollars = price_of(BODY["model"]).input / 1e6
    assert (units(without) - units(after)) * dollars == pytest.approx(each.avoided)
    assert units(pinged) * dollars == pytest.approx(each.cost, rel=0.01)
    assert 0.08 < each.break_even < 0.10
    assert "9%" in each.said


@pytest.mark.parametrize(
    "more",
    [
        {"thinking": {"type": "enabled", "budget_tokens": 2000}},
        {"thinking": {"type": "adaptive"}},
        {"system": [{"type": "text", "text": "s", "cache_control": {**MARK, "ttl": "1h"}}]},
        {"messages": [{"role": "user", "content": "without a breakpoint"}]},
    ],
)
def test_where_the_prefix_would_be_another_or_needs_none_there_is_no_ping(more):
    assert ping(json.dumps({**BODY, **more}, separators=(",", ":")).encode()) is None


def test_what_is_no_request_is_refused():
    with pytest.raises(Malformed):
        ping(b"[]")


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({"x-api-key": "sk-ant-api03-x"}, True),
        ({"x-api-key": "sk-ant-oat01-x"}, False),
        ({"authorization": "Bearer sk-ant-oat01-x"}, False),
        ({"x-api-key": "k", "authorization": "Bearer x"}, False),
        ({}, False),
    ],
)
def test_only_keys_pay_for_pings(headers, may):
    assert by_key(headers) is may
