from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.cache_misses import Cause, Head, Sent, Watch
from pipeline.usage import Usage

HEAD = Head(b"tools", b"system", b"ours")
FIRST = Sent(0.0, ("a", "b", "c"), "m", HEAD, {"b": 1})
NEXT = Sent(20.0, ("a", "b", "c", "d", "e"), "m", HEAD, {"b": 1, "e": 2})
FULL = Usage(input=10, cache_write_5m=5000)
MISSED = Usage(cache_read=100, cache_write_5m=5600)


def second(sent, usage=MISSED, *, first=FULL, dialect="anthropic"):
    watch = Watch()
    assert watch.answered("s", dialect, FIRST, first, 10.0).cause is Cause.FIRST
    return watch.answered("s", dialect, sent, usage, sent.at + 1)


@pytest.mark.parametrize("usage", [Usage(cache_read=5000, cache_write_5m=300), Usage(cache_read=4600, cache_write_1h=1)])
def test_what_was_written_and_is_read_is_no_miss(usage):
    verdict = second(NEXT, usage)
    assert (verdict.cause, verdict.again, verdict.said) == (Cause.GROWTH, 0, "")
    assert verdict.entry.tokens == usage.prompt


def test_a_read_alone_has_no_cause():
    assert second(NEXT, Usage(input=400, cache_read=5000)).cause is None


@pytest.mark.parametrize(
    ("changes", "cause", "said"),
    [
        ({"model": "other"}, Cause.MODEL, "the model changed from m to other"),
        ({"at": 10.0 + 480}, Cause.EXPIRED, "nothing was asked for 8 min, and the cache lives 5 min"),
        ({"head": replace(HEAD, tools=b"x")}, Cause.TOOLS, "the agent changed its tools"),
        ({"head": replace(HEAD, system=b"x")}, Cause.SYSTEM, "the agent changed its instructions"),
        ({"head": replace(HEAD, ours=b"x")}, Cause.OURS, "Headroom's own tools"),
        ({"forms": {"b": 9, "e": 2}}, Cause.OURS, "in another form"),
        ({"forms": {"e": 2}}, Cause.OURS, "in another form"),
        ({"forms": {"b": 1, "c": 3}}, Cause.OURS, "in another form"),
        ({"keys": ("a", "x", "y", "z"), "forms": {}}, Cause.HISTORY, "rewrote earlier parts"),
        ({"keys": ("a", "b"), "forms": {"b": 1}}, Cause.HISTORY, "rewrote earlier parts"),
        ({"keys": ("a", "b", "x"), "forms": {}}, Cause.OURS, "in another form"),
        ({"forms": {"b": 1, "e": 7}}, Cause.PROVIDER, "the provider let its cache go"),
        ({"head": Head(), "forms": {"b": 1}}, Cause.PROVIDER, "the provider let its cache go"),
    ],
)
def test_a_miss_is_explained(changes, cause, said):
    verdict = second(replace(NEXT, **changes))
    assert verdict.cause is cause
    assert said in verdict.said
    assert verdict.again == 4900


def test_what_is_broken_anyway_is_not_ours():
    worse = {"b": 9}
    assert second(replace(NEXT, forms=worse, at=1000.0)).cause is Cause.EXPIRED
    assert second(replace(NEXT, forms=worse, model="o")).cause is Cause.MODEL
    assert second(replace(NEXT, forms=worse, head=replace(HEAD, tools=b"x"))).cause is Cause.TOOLS


def test_what_may_have_expired_goes_behind_what_is_proved():
    late = replace(NEXT, at=1000.0)
    read = Usage(cache_read=5000)
    watch = Watch()
    watch.answered("s", "openai-chat", FIRST, read, 10.0)
    assert watch.answered("s", "openai-chat", replace(late, forms={}), Usage(input=6000), 1001.0).cause is Cause.OURS
    watch = Watch()
    watch.answered("s", "openai-chat", FIRST, read, 10.0)
    assert watch.answered("s", "openai-chat", late, Usage(input=6000), 1001.0).cause is Cause.EXPIRED


def test_no_more_is_paid_again_than_is_new():
    assert second(NEXT, Usage(cache_read=3000, cache_write_5m=700, input=300)).again == 1000


def test_another_conversation_or_session_or_a_short_prompt_is_no_miss():
    assert second(replace(NEXT, keys=("other",))).cause is Cause.FIRST
    assert second(NEXT, Usage(input=500), first=Usage(cache_write_5m=500)).cause is None
    watch = Watch()
    watch.answered("s", "anthropic", FIRST, FULL, 10.0)
    assert watch.answered("t", "anthropic", NEXT, MISSED, 21.0).cause is Cause.FIRST
    assert watch.answered("s", "anthropic", replace(NEXT, keys=()), MISSED, 21.0).cause is None


def test_what_is_still_on_its_way_cannot_be_read():
    """Subagents with one beginning start at once: each writes it."""
    watch = Watch()
    watch.answered("s", "anthropic", FIRST, FULL, 10.0)
    assert watch.answered("s", "anthropic", replace(NEXT, at=9.0), MISSED, 11.0).cause is Cause.FIRST


def test_a_fork_goes_on_from_where_it_branched_off():
    watch = Watch()
    watch.answered("s", "anthropic", FIRST, FULL, 10.0)
    watch.answered("s", "anthropic", NEXT, Usage(cache_read=5000, cache_write_5m=2000), 21.0)
    fork = Sent(30.0, ("a", "b", "c", "x"), "m", HEAD, {"b": 1})
    assert watch.answered("s", "anthropic", fork, Usage(cache_read=5000, cache_write_5m=100), 31.0).cause is Cause.GROWTH
    back = Sent(40.0, (*NEXT.keys, "f"), "m", HEAD, NEXT.forms)
    assert watch.answered("s", "anthropic", back, Usage(cache_read=7000, cache_write_5m=10), 41.0).cause is Cause.GROWTH


def test_two_models_in_turn_have_a_cache_each():
    watch = Watch()
    watch.answered("s", "anthropic", FIRST, FULL, 10.0)
    other = replace(NEXT, model="o")
    assert watch.answered("s", "anthropic", other, Usage(cache_write_5m=6000), 21.0).cause is Cause.MODEL
    back = replace(NEXT, at=30.0)
    assert watch.answered("s", "anthropic", back, Usage(cache_read=5000, cache_write_5m=900), 31.0).cause is Cause.GROWTH


def test_what_is_remembered_is_bounded():
    watch = Watch()
    for n in range(3000):
        watch.answered("s", "anthropic", Sent(n, (str(n % 1000),)), FULL, float(n))
    assert len(watch._known) <= 500
    assert len(watch._entries) <= 500
    for n in range(20):
        watch.answered("s", "anthropic", Sent(n, ("x",)), FULL, float(n))
    assert len(watch._known["s", "x"]) == 4
