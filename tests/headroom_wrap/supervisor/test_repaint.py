"""When the panel is painted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.supervisor.repaint import INTERVAL_S, Repaint


def painted(now: float) -> Repaint:
    repaint = Repaint(now)
    repaint.painted(now)
    return repaint


def test_it_starts_with_a_painting() -> None:
    assert Repaint(10.0).due() == 10.0


def test_nothing_is_due_while_nothing_changes() -> None:
    repaint = painted(10.0)
    repaint.output(11.0)
    assert repaint.due() is None


def test_two_paintings_are_an_interval_apart() -> None:
    repaint = painted(10.0)
    repaint.want(10.1)
    assert repaint.due() == 10.0 + INTERVAL_S


def test_it_waits_for_a_pause_but_not_for_ever() -> None:
    repaint = painted(10.0)
    repaint.want(20.0)
    assert repaint.due() == 20.0
    repaint.output(20.1)
    assert repaint.due() == 20.1 + 0.008
    repaint.output(20.5)
    assert repaint.due() == 20.25


def test_damage_does_not_wait_for_the_interval() -> None:
    repaint = painted(10.0)
    repaint.urgent(10.1)
    assert repaint.due() == 10.1


def test_unsafe_moments_are_retried_ever_more_seldom_until_there_is_output() -> None:
    repaint = Repaint(10.0)
    waits = []
    now = 10.0
    for _ in range(7):
        repaint.unsafe(now)
        due = repaint.due()
        assert due is not None
        waits.append(round(due - now, 3))
        now = due
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    repaint.unsafe(now)
    repaint.output(now + 0.1)
    assert repaint.due() == now + 0.1


def test_a_frame_that_never_ends_is_overdue_after_a_second() -> None:
    repaint = Repaint(10.0)
    repaint.unsafe(10.0)
    assert not repaint.overdue(10.9)
    assert repaint.overdue(11.0)
    repaint.painted(11.0)
    assert not repaint.overdue(20.0)


@given(st.lists(st.tuples(st.sampled_from(["want", "output", "paint"]), st.floats(0.001, 0.3)), max_size=60))
def test_however_busy_the_agent_a_change_shows_within_the_interval_and_patience(steps: list[tuple[str, float]]) -> None:
    now, last = 100.0, 100.0
    repaint = painted(now)
    wanted = None
    for what, pause in steps:
        now += pause
        if what == "want":
            repaint.want(now)
            wanted = now if wanted is None else wanted
        elif what == "output":
            repaint.output(now)
        due = repaint.due()
        assert (due is None) == (wanted is None)
        if due is not None:
            assert due <= max(wanted, last + INTERVAL_S) + 0.25 + 1e-9
            if now >= due:
                assert now - last >= INTERVAL_S - 1e-9
                repaint.painted(now)
                wanted, last = None, now
