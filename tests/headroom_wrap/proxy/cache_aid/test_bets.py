"""What breakpoints cost and earn over whole conversations, billed by the simulated cache."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy.cache_aid import breakpoints
from headroom_wrap.proxy.cache_aid.bets import STAKE, Bets
from pipeline.usage import Usage
from tests.headroom_wrap.proxy.cache_aid.clients import billed, conversation


def ratio(requests):
    direct, _ = billed(requests, aided=False)
    ours, _ = billed(requests, aided=True)
    return ours / direct


def many(number, pauses, every, **more):
    return [request for n in range(number) for request in conversation(n, pauses, start=every * n, **more)]


@pytest.mark.parametrize(
    ("requests", "most"),
    [
        (conversation(1, [20] * 19), 0.25),  # an agent at work
        (conversation(1, ([20] * 8 + [900]) * 3), 0.45),  # its user comes and goes
        (conversation(1, [20] * 2), 0.85),  # three requests are enough
        (conversation(1, [30] * 15, tools=False, text_content=True, grows=100), 0.30),  # a chat
        (many(30, [], 30), 0.20),  # many single questions to one application
        (many(10, [15] * 8, 3), 0.35),  # conversations at the same time
    ],
)
@pytest.mark.slow
def test_what_is_asked_again_in_time_is_read(requests, most):
    assert ratio(requests) <= most


@pytest.mark.parametrize(
    "requests",
    [
        conversation(1, []),
        conversation(1, [400] * 19),  # never within an entry's life
        many(10, [], 400),
        many(10, [20], 1000, head=200, grows=20),  # too small to be cached
    ],
)
@pytest.mark.slow
def test_without_evidence_nothing_is_spent(requests):
    assert ratio(requests) == 1.0


@pytest.mark.parametrize(
    ("requests", "most"),
    [
        (conversation(1, [20] + [400] * 18), 1.004),
        (conversation(1, [20, 400] * 9), 1.004),
        (many(30, [20], 1000), 1.011),  # conversations of two requests each: after two of them nothing is staked on a third
        ([r for n in range(15) for r in conversation(n, [], start=(200 if n % 2 else 0) + 2000 * (n // 2))], 1.05),
    ],
)
@pytest.mark.slow
def test_evidence_that_deceives_is_not_trusted_for_long(requests, most):
    assert 1.0 < ratio(requests) <= most


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from([3, 60, 280, 295, 310, 900, 4000]), max_size=14), st.floats(0, 3000), st.integers(0, 2)),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=40, deadline=None)
@pytest.mark.slow
def test_whatever_clients_do_no_more_is_lost_than_the_first_bets(plans):
    requests = [
        r for n, (pauses, start, head) in enumerate(plans) for r in conversation(n, pauses, start=start, head=1500, grows=400, head_seed=head)
    ]
    _, worst = billed(requests, aided=True)
    largest = max(len(r.body) for r in requests) / 4
    # Each head may lose two bets, and each conversation what it had in its purse when its pauses grew.
    assert worst <= min(STAKE, 0.25 * largest * 2 * (len(plans) + 3))


@pytest.mark.slow
def test_all_first_bets_together_are_limited():
    requests = [r for n in range(60) for r in conversation(n, [20], start=1000 * n, head=20_000, head_seed=n)]
    _, worst = billed(requests, aided=True)
    assert 0.9 * STAKE - 6000 <= worst <= STAKE


@pytest.mark.slow
def test_bets_that_are_open_count_as_lost():
    requests = [conversation(n, [10], head=20_000, head_seed=n) for n in range(30)]
    bets = Bets()
    for first, _ in requests:
        bets.made(breakpoints.outline(first.body), 0.0)
    made = [bets.made(breakpoints.outline(second.body), 10.0) for _, second in requests]
    assert 0 < sum(bet.price for bet in made) <= STAKE
    for bet in made:
        bets.settle(bet, None)
        bets.settle(bet, None)
    assert bets.purse.open == pytest.approx(0)
    assert bets.purse.earned == 0


def test_a_failed_request_leaves_nothing_to_read():
    first, second, third = conversation(1, [10, 10])
    bets = Bets()
    bets.settle(bets.made(breakpoints.outline(first.body), 0.0), Usage(input=3000))
    bet = bets.made(breakpoints.outline(second.body), 10.0)
    bets.settle(bet, None)
    assert bets.made(breakpoints.outline(third.body), 20.0).price >= bet.price


def test_a_retry_is_no_turn_of_its_own():
    first, second = conversation(1, [400])
    bets = Bets()
    for body, at in ((first.body, 0.0), (second.body, 400.0), (second.body, 401.0), (second.body, 402.0)):
        bet = bets.made(breakpoints.outline(body), at)
    assert not [place for place in bet.places if place.link == bet.turn]


def test_no_request_gets_more_than_four():
    bets = Bets()
    for request in conversation(1, [20] * 12):
        seen = breakpoints.outline(request.body)
        bet = bets.made(seen, request.at)
        made = breakpoints.written(request.body, bet.places, seen)
        assert len(bet.places) == json.dumps(json.loads(made)).count('"cache_control"') <= 4
        bets.settle(bet, Usage(cache_write_5m=seen.ends[-1].tokens))
