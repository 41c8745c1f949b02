"""From counts to steps: what more evidence does, and what time does."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.feedback.evidence import Subject, Tally
from pipeline.feedback.verdict import HALF_LIFE_S, Seen, rate, step, steps, verdicts
from pipeline.policy import Step
from pipeline.transcript import ToolKind

NOW = 1_800_000_000.0
DAY = 86_400.0


def tally(sent: float, asked: float = 0.0, saved: float = 1000.0, cost: float = 3000.0) -> Tally:
    """Forms, each of which saved so much, and cost so much where it was asked for."""
    return Tally(sent, asked, asked, sent * 500, asked * 500, sent * saved, asked * cost)


def seen(name: str, age_days: float = 0.0, *, compressor: str = "log", kind: ToolKind = ToolKind.SHELL, tool: str = "make", **forms: Tally) -> Seen:
    """A conversation; its forms by the name of the step that they stay to."""
    evidence = {Subject(compressor, kind, Step[stays.upper()], tool): counted for stays, counted in forms.items()}
    return Seen(NOW - age_days * DAY, name, evidence)


@pytest.mark.parametrize(
    ("counted", "loses"),
    [
        (tally(12), False),
        (tally(12, 7), True),
        (tally(12, 7, saved=2000), False),  # 24,000 were saved, 21,000 paid
        (tally(12, 3), False),
        (tally(100, 40), True),
        (tally(100, 30), False),
        (tally(5, 5), True),
        (tally(5, 5, cost=1900), False),  # as little evidence as that must be clear
        (tally(50, 50, cost=1900), True),
    ],
)
def test_elision_is_given_up_where_it_costs_more_than_it_saves(counted: Tally, loses: bool) -> None:
    found = rate(counted)
    assert found is not None
    assert found.loses is loses
    assert 0 < found.asked < 1
    assert found.bearable > 0


@pytest.mark.parametrize("counted", [Tally(), tally(4, 4), tally(5, 5, saved=0)])
def test_of_too_little_nothing_is_said(counted: Tally) -> None:
    assert rate(counted) is None


GOOD, BAD = tally(10), tally(10, 9)


@pytest.mark.parametrize(
    ("full", "large", "lossless", "taken"),
    [
        (GOOD, Tally(), BAD, Step.FULL),
        (BAD, Tally(), BAD, Step.LARGE),
        (BAD, tally(30), GOOD, Step.FULL),
        (BAD, GOOD, GOOD, Step.LARGE),
        (BAD, BAD, GOOD, Step.LOSSLESS),
        (Tally(), BAD, Tally(), Step.LOSSLESS),
        (GOOD, tally(30, 27), GOOD, Step.LOSSLESS),
        (BAD, BAD, BAD, Step.OFF),
    ],
)
def test_the_first_step_at_which_nothing_is_lost(full: Tally, large: Tally, lossless: Tally, taken: Step) -> None:
    assert step({Step.FULL: full, Step.LARGE: large, Step.LOSSLESS: lossless}) is taken


def test_a_step_is_of_one_compressor_and_one_kind() -> None:
    asked = [seen(f"{n}", large=tally(1, 1)) for n in range(8)]
    fine = [seen(f"{n}", kind=ToolKind.READ, large=tally(1)) for n in range(8)] + [seen(f"{n}", compressor="build", large=tally(1)) for n in range(8)]
    assert steps(asked + fine, NOW) == {("log", ToolKind.SHELL): Step.LOSSLESS}
    assert [(v.compressor, v.kind, v.sent, v.asked, v.step) for v in verdicts(asked + fine, NOW)] == [
        ("build", ToolKind.SHELL, 8, 0, Step.FULL),
        ("log", ToolKind.READ, 8, 0, Step.FULL),
        ("log", ToolKind.SHELL, 8, 8, Step.LOSSLESS),
    ]


def test_it_comes_back_as_the_evidence_fades() -> None:
    asked = [seen(f"{n}", large=tally(1, 1)) for n in range(12)]
    taken = [steps(asked, NOW + days * DAY) for days in range(60)]
    assert taken[0] == {("log", ToolKind.SHELL): Step.LOSSLESS}
    back = taken.index({})
    assert 14 <= back <= 28
    assert all(taken[:back])
    assert not any(taken[back:])


def test_since_when() -> None:
    asked = [seen(f"{n}", (8 - n) / 24, large=tally(1, 1)) for n in range(8)]
    (found,) = verdicts(asked, NOW)
    assert found.since == pytest.approx(NOW - DAY / 6), "the fifth was enough"
    (faded,) = verdicts(asked, NOW + 60 * DAY)
    assert (faded.step, faded.since, faded.sent) == (Step.FULL, 0.0, 8)
    (again,) = verdicts([*asked, *(seen(f"later {n}", -90, large=tally(5, 5)) for n in range(2))], NOW + 91 * DAY)
    assert again.since == NOW + 90 * DAY


def test_whose_results_were_asked_for() -> None:
    rows = [seen("a", tool="rg", full=tally(2, 1)), seen("b", tool="grep", full=tally(3, 2)), seen("c", tool="ag", full=tally(3))]
    (found,) = verdicts(rows, NOW)
    assert found.tools == ("grep", "rg")
    assert (found.sent, found.asked, found.whole, found.fetched) == (8, 3, 3, 1500)


def test_forms_that_hid_nothing_are_not_told_of() -> None:
    (found,) = verdicts([seen("a", lossless=tally(9, 9))], NOW)
    assert (found.sent, found.asked, found.step, found.rate) == (0, 0, Step.FULL, None)


def test_a_clock_that_was_wrong_makes_no_evidence_last_longer() -> None:
    ahead = [seen(f"{n}", -1000, large=tally(1, 1)) for n in range(8)]
    assert steps(ahead, NOW) == {("log", ToolKind.SHELL): Step.LOSSLESS}
    assert verdicts(ahead, NOW)[0].since <= NOW


TALLIES = st.builds(
    lambda sent, share, saved, cost: tally(sent, round(sent * share), saved, cost),
    st.integers(1, 12),
    st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    st.floats(1, 5000),
    st.floats(0, 9000),
)
SEEN = st.lists(
    st.tuples(st.floats(0, 60), st.sampled_from(["log", "search"]), st.sampled_from(["full", "large", "lossless"]), TALLIES), min_size=1, max_size=15
).map(lambda rows: [seen(f"{n}", age, compressor=name, **{stays: counted}) for n, (age, name, stays, counted) in enumerate(rows)])


@settings(max_examples=80)
@given(SEEN, st.randoms(use_true_random=False))
def test_the_order_of_the_conversations_does_not_matter(rows: list[Seen], order: random.Random) -> None:
    mixed = list(rows)
    order.shuffle(mixed)
    assert verdicts(mixed, NOW) == verdicts(rows, NOW)


@settings(max_examples=80)
@given(SEEN, st.data())
def test_more_retrievals_never_make_it_less_gentle(rows: list[Seen], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(rows) - 1))
    ((subject, counted),) = rows[number].evidence.items()
    more = counted.plus(Tally(asked=counted.sent - counted.asked, cost=data.draw(st.floats(0, 20_000))))
    worse = [*rows[:number], Seen(rows[number].time, rows[number].conversation, {subject: more}), *rows[number + 1 :]]
    before, after = steps(rows, NOW), steps(worse, NOW)
    part = (subject.compressor, subject.kind)
    assert after.get(part, Step.FULL) >= before.get(part, Step.FULL)


@settings(max_examples=80)
@given(SEEN)
def test_what_nobody_asks_for_is_never_given_up_and_all_fades(rows: list[Seen]) -> None:
    assert all(Step.FULL < taken <= Step.OFF for taken in steps(rows, NOW).values())
    never = [Seen(s.time, s.conversation, {k: Tally(t.sent, saved=t.saved) for k, t in s.evidence.items()}) for s in rows]
    assert steps(never, NOW) == {}
    assert steps(rows, NOW + 12 * HALF_LIFE_S) == {}


@settings(max_examples=80)
@given(SEEN)
def test_nothing_that_is_found_is_of_the_future(rows: list[Seen]) -> None:
    for found in verdicts(rows, NOW):
        assert (found.since > 0) == (found.step > Step.FULL)
        assert found.since <= NOW
