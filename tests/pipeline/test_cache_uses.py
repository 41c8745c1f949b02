from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cache_clock, cache_uses
from pipeline.cache_uses import Uses, window
from pipeline.usage import Usage


def entry(**usage: int) -> cache_clock.Entry:
    made = cache_clock.after(None, "anthropic", Usage(**usage), 0.0)
    assert made is not None
    return made


@pytest.mark.parametrize(("written", "most"), [("cache_write_5m", 300.0), ("cache_write_1h", 3600.0), ("cache_read", 3600.0)])
def test_what_an_answer_left_is_gone_a_margin_after_its_life(written: str, most: float) -> None:
    uses = Uses()
    uses.asked("k", "anthropic", 0.0)
    uses.answered("k", "anthropic", entry(**{written: 9000}), 10.0)
    assert not uses.gone("k", 10.0 + most + 60.0)
    assert uses.gone("k", 10.0 + most + 60.5)


def test_in_doubt_it_is_there() -> None:
    uses = Uses()
    assert not uses.knows("k")
    assert not uses.gone("k", 1e9), "never seen"
    uses.answered("k", "anthropic", entry(cache_write_5m=9000), 0.0)
    uses.asked("k", "anthropic", 200.0)
    assert not uses.gone("k", 3800.0), "a request without an answer may have written for an hour"
    uses.answered("g", "gemini", None, 0.0)
    assert not uses.gone("g", 1e9), "no end is promised"


def test_a_shorter_life_takes_nothing_from_a_longer_one() -> None:
    uses = Uses()
    for at, written in ((0.0, "cache_write_1h"), (100.0, "cache_write_5m")):
        uses.asked("k", "anthropic", at)
        uses.answered("k", "anthropic", entry(**{written: 9000}), at + 10.0)
    assert not uses.gone("k", 3600.0), "another agent's beginning, or a fork's, was written for an hour"
    assert uses.gone("k", 3671.0)


def test_an_answer_says_nothing_of_another_request() -> None:
    uses = Uses()
    uses.asked("k", "anthropic", 0.0)
    uses.asked("k", "anthropic", 5.0)
    uses.answered("k", "anthropic", entry(cache_write_5m=9000), 10.0)
    assert not uses.gone("k", 3600.0), "one of the two may have written for an hour"
    uses.answered("k", "anthropic", entry(cache_write_5m=9000), 20.0)
    assert uses.gone("k", 400.0)


def test_a_request_that_was_given_up_counts_from_when_it_was_asked() -> None:
    uses = Uses()
    uses.asked("k", "anthropic", 0.0)
    for at in range(1000, 4000, 100):
        uses.asked("k", "anthropic", float(at))
        uses.answered("k", "anthropic", entry(cache_write_5m=9000), at + 10.0)
    assert uses.gone("k", 4300.0)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["cache_write_5m", "cache_write_1h"]), st.floats(0, 3000)), min_size=1, max_size=20))
def test_more_uses_are_never_sooner_gone(steps: list[tuple[bool, str, float]]) -> None:
    uses = Uses()
    uses.answered("k", "anthropic", entry(cache_write_5m=9000), 0.0)
    at = ends = 0.0
    for answered, written, later in steps:
        at += later
        uses.asked("k", "anthropic", at)
        if answered:
            uses.answered("k", "anthropic", entry(**{written: 9000}), at)
        ends = max(ends, at + (300.0 if answered and written == "cache_write_5m" else 3600.0))
    assert not uses.gone("k", ends + 60.0)
    assert uses.gone("k", ends + 60.5)


def test_windows_are_those_of_the_longest_life() -> None:
    assert (window("anthropic"), window("gemini")) == (3660.0, math.inf)


def test_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_uses, "_CONVERSATIONS", 2)
    uses = Uses()
    for name in "abac":
        uses.asked(name, "anthropic", 0.0)
    assert [uses.knows(name) for name in "abc"] == [True, False, True]
