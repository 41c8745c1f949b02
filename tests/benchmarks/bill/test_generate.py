"""Generated sessions: the same from the same seed, accepted by the APIs, and prefixes that hold but where an agent itself breaks them."""

from __future__ import annotations

import json
from itertools import islice, pairwise

import pytest

from benchmarks.bill.generate import Plan, generated, plans
from benchmarks.bill.wires import WIRES, chain
from headroom.testing import check
from headroom.testing.gemini.validate import check_gemini
from headroom.testing.openai.responses import check_response

KINDS = ("investigation", "coding", "talk")


def plan(kind="coding", wire="anthropic", turns=30, seed=3):
    return Plan(kind, wire, WIRES[wire].models[0], seed, turns)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_requests(kind):
    def sent(seed):
        return [json.dumps([step.at, step.body, step.answer]) for step in islice(generated(plan(kind, seed=seed)).steps(), 8)]

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wire", WIRES)
def test_every_request_is_valid(kind, wire):
    for step in generated(plan(kind, wire)).steps():
        headers = dict(WIRES[wire].headers)
        if wire == "anthropic":
            check(step.body, headers, signatures=False)
        elif wire == "openai":
            check_response(step.body, headers)
        else:
            check_gemini(step.body, headers, "gemini-2.5-pro", signatures=False)


@pytest.mark.slow
def test_time_goes_on_and_conversations_grow():
    steps = list(generated(plan(turns=100, seed=8)).steps())
    assert all(one.at <= other.at for one, other in pairwise(steps))
    assert any(other.at - one.at > 300 for one, other in pairwise(steps))
    seen: set[bytes] = set()
    grown = taken_back = begun = 0
    for step in steps:
        links = chain(step.body["messages"])
        if len(links) == 1:
            begun += 1
        elif links[-2] in seen:  # what was sent last is said in another way
            taken_back += 1
        elif links[-3] in seen:  # an answer and what came of it were appended
            grown += 1
        seen |= set(links)
    assert grown + taken_back + begun == len(steps)
    assert taken_back >= 1
    assert begun >= 2  # the session, and a subagent or a summary


@pytest.mark.slow
def test_a_long_conversation_is_begun_anew():
    lengths = [len(step.body["messages"]) for step in generated(plan("investigation", turns=60)).steps()]
    assert any(after < before / 4 for before, after in pairwise(lengths))


def test_names_are_unique_and_length_is_limited():
    names = [p.name for p in plans()]
    assert len(set(names)) == len(names)
    assert max(p.turns for p in plans(most_turns=50)) == 50
    assert {p.wire for p in plans()} == set(WIRES)
