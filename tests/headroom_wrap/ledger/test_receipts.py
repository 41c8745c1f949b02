from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.ledger.receipts import Effect, as_read, receipt
from pipeline.cache_misses import Cause, Verdict
from pipeline.prices import Price, cost
from pipeline.usage import Usage

PRICE = Price(input=10.0, output=50.0, cache_read=1.0, cache_write_5m=12.5, cache_write_1h=20.0)
MILLION = 1_000_000


def made(usage, effect=Effect(), price=PRICE, **options):
    identity = {"message_id": "m", "session": "s", "time": 1.0, "agent": "claude", "model": "x", "project": "/p"}
    return receipt(usage, effect, price, **{**identity, **options})


def saved(r):
    return r.cost_without - r.cost


def test_nothing_done_is_nothing_saved():
    r = made(Usage(10, 20, 30, 40, 50))
    assert r.cost == r.cost_without == cost(Usage(10, 20, 30, 40, 50), PRICE)
    assert r.overhead == 0


@pytest.mark.parametrize(
    ("usage", "rate"),
    [
        (Usage(input=500), 10.0),
        (Usage(cache_write_5m=500, cache_read=900), 12.5),
        (Usage(cache_write_1h=500), 20.0),
        (Usage(input=250, cache_write_5m=750), 11.875),
        (Usage(input=100, cache_write_5m=100, cache_write_1h=200), 15.625),
        (Usage(cache_read=900), 1.0),
        (Usage(), 10.0),
    ],
)
def test_new_tokens_are_priced_as_the_new_tokens_of_the_request(usage, rate):
    assert saved(made(usage, Effect(removed_new=4000))) == pytest.approx(4000 * rate / MILLION)


@pytest.mark.parametrize(
    ("usage", "rate"),
    [(Usage(cache_write_5m=500, cache_read=900), 1.0), (Usage(cache_write_5m=500), 12.5), (Usage(input=5), 10.0), (Usage(cache_read=1), 1.0)],
)
def test_old_tokens_are_priced_as_read_where_the_request_read(usage, rate):
    assert saved(made(usage, Effect(removed_old=4000))) == pytest.approx(4000 * rate / MILLION)


def test_the_provider_cache_is_not_our_saving():
    """Ten times as much read from the cache changes the cost, not the saving."""
    little, much = (made(Usage(cache_write_5m=100, cache_read=n), Effect(removed_new=1000)) for n in (1000, 10_000))
    assert much.cost > little.cost
    assert saved(much) == pytest.approx(saved(little))


def test_our_own_tokens_are_taken_off():
    r = made(Usage(cache_write_5m=2000, cache_read=50_000), Effect(removed_old=400, schema=400))
    assert r.overhead == pytest.approx(400 * 1.0 / MILLION)
    assert saved(r) == pytest.approx(0)
    r = made(Usage(cache_write_5m=2000, cache_read=50_000), Effect(retrieved_new=1000, retrieved_old=300))
    assert r.overhead == pytest.approx((1000 * 12.5 + 300) / MILLION)
    assert saved(r) == pytest.approx(-r.overhead)


def test_a_turn_that_we_caused_is_our_cost():
    usage = Usage(cache_write_5m=2000, cache_read=50_000, output=100)
    r = made(usage, Effect(removed_old=30_000, retrieved_new=1500, extra_turn=True))
    assert r.cost_without == pytest.approx(100 * 50 / MILLION)
    assert r.overhead == pytest.approx(r.cost - r.cost_without)
    assert saved(r) == pytest.approx(-(2000 * 12.5 + 50_000) / MILLION)
    assert r.removed_old == 30_000


def test_overhead_never_exceeds_what_was_charged():
    r = made(Usage(input=10, output=1), Effect(schema=400))
    assert r.overhead == pytest.approx(10 * 10 / MILLION)


def test_a_prompt_that_would_have_crossed_the_step():
    price = Price(1, 1, 1, 1, 1, above=1000, long=Price(2, 2, 2, 2, 2))
    r = made(Usage(input=900, output=100), Effect(removed_new=200), price)
    assert (r.cost, r.cost_without) == (pytest.approx(1000 / MILLION), pytest.approx(2 * 1200 / MILLION))


def test_unknown_price():
    r = made(Usage(input=5), Effect(removed_new=100, schema=10), None)
    assert (r.cost, r.cost_without, r.overhead, r.removed_new) == (None, None, 0.0, 100)


def test_tokens_are_those_of_the_model():
    r = made(Usage(input=5), Effect(removed_new=1000, removed_old=10, compressors=(("log", 1010),)), model="claude-opus-4-8")
    assert (r.removed_new, r.removed_old, r.compressors) == (1300, 13, (("log", 1313),))
    assert made(Usage(input=5), Effect(removed_new=1000), model="claude-opus-4-8", ratio=1.2).removed_new == 1200


def test_the_rest_is_passed_on():
    r = made(Usage(output=1), ttfb_ms=8.0, added_ms=2.0, reasons=(("too small", 3),))
    assert (r.message_id, r.session, r.time, r.agent, r.model, r.project) == ("m", "s", 1.0, "claude", "x", "/p")
    assert (r.ttfb_ms, r.added_ms, r.reasons) == (8.0, 2.0, (("too small", 3),))


count = st.integers(0, 200_000)
usages = st.builds(Usage, count, count, count, count, count)
effects = st.builds(Effect, count, count, count, count, count, st.booleans())


@settings(max_examples=100, deadline=None)
@given(usages, effects)
def test_bounds(usage, effect):
    r = made(usage, effect)
    assert r.cost == pytest.approx(cost(usage, PRICE))
    assert -1e-12 <= r.overhead <= r.cost + 1e-12
    # never more than what was left out at the dearest rate, never less than all that is ours
    assert -r.overhead - 1e-9 <= saved(r) <= (effect.removed_new + effect.removed_old) * 20 / MILLION + 1e-9


@settings(max_examples=100, deadline=None)
@given(usages, count, count)
def test_leaving_out_more_never_saves_less(usage, a, b):
    less, more = sorted((a, b))
    assert saved(made(usage, Effect(removed_new=less))) <= saved(made(usage, Effect(removed_new=more))) + 2e-5


def test_what_is_paid_again_is_priced_as_the_difference_to_reading_it():
    usage = Usage(input=100, cache_write_5m=900, cache_read=50)
    r = made(usage, verdict=Verdict(Cause.EXPIRED, 500, "…"))
    assert (r.cause, r.again) == ("expired", 500)
    assert r.again_cost == pytest.approx((50 * 10.0 + 450 * 12.5 - 500 * 1.0) / MILLION)
    assert (r.cost_without, r.overhead) == (r.cost, 0)
    assert made(usage, price=None, verdict=Verdict(Cause.EXPIRED, 500)).again_cost == 0


def test_a_cache_that_we_broke_the_untouched_request_would_have_read():
    usage = Usage(cache_write_5m=1000)
    r = made(usage, verdict=Verdict(Cause.OURS, 800, "…"))
    assert saved(r) == pytest.approx(-r.again_cost)
    assert r.overhead == pytest.approx(r.again_cost)


@settings(max_examples=50, deadline=None)
@given(st.builds(Usage, *[st.integers(0, 9000)] * 5), st.integers(0, 50_000))
def test_reading_moves_tokens_and_loses_none(usage, count):
    read = as_read(usage, count)
    assert (read.prompt, read.output) == (usage.prompt, usage.output)
    assert read.cache_read - usage.cache_read == pytest.approx(min(count, usage.prompt - usage.cache_read), abs=2)
    assert min(read.input, read.cache_write_5m, read.cache_write_1h) >= 0
