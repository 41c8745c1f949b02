from __future__ import annotations

import pytest

from headroom_wrap.events import Trouble
from headroom_wrap.supervisor.alarms import Alarms, Busy, Figures

NONE = Figures()
IDLE = Figures(requests=12, understood=12, answered=12, prompt=90_000, reason="too small")


def work(alarms: Alarms | Busy, start: float, seconds: float) -> float:
    busy = alarms.busy if isinstance(alarms, Alarms) else alarms
    for step in range(int(seconds * 4) + 1):
        busy.wrote(start + step / 4)
    return start + seconds


def test_an_agent_that_works_without_us_is_seen_until_a_request_comes() -> None:
    alarms = Alarms("claude")
    now = work(alarms, 100.0, 29)
    assert alarms.current(NONE, now) == ("", "")
    now = work(alarms, now, 2)
    name, why = alarms.current(NONE, now)
    assert name == "NOT ROUTED"
    assert why.startswith("claude is busy")
    alarms.busy.typed()
    assert alarms.current(NONE, now + 50)[0] == "NOT ROUTED"
    assert alarms.current(Figures(requests=1), now + 60) == ("", "")
    assert alarms.current(NONE, now + 60) == ("", "")


def test_typing_and_pauses_are_no_work() -> None:
    busy = Busy()
    work(busy, 0.0, 20)
    busy.typed()
    work(busy, 21.0, 20)
    assert busy.seconds == 20
    busy.wrote(50.0)
    assert busy.seconds == 0


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (IDLE, "nothing made smaller in 12 requests; left alone: too small"),
        (Figures(requests=12, understood=12, answered=12, prompt=90_000), "there was no tool result"),
        (Figures(requests=5), "cannot read any of 5 requests"),
        (Figures(requests=12, understood=12, answered=12, prompt=90_000, compressed=1), ""),
        (Figures(requests=12, understood=12, answered=12, prompt=9_000), ""),
        (Figures(requests=4), ""),
    ],
)
def test_a_session_without_effect(figures: Figures, said: str) -> None:
    name, why = Alarms("claude").current(figures, 0.0)
    assert (name == "NO EFFECT") == bool(said)
    assert said in why


def test_a_trouble_goes_with_its_cause_with_time_and_with_a_look() -> None:
    alarms = Alarms("claude")
    alarms.trouble(Trouble("upstream", "cannot be reached"), 0.0)
    assert alarms.current(NONE, 1.0) == ("UPSTREAM", "cannot be reached")
    alarms.answered()
    assert alarms.current(NONE, 1.0) == ("", "")
    alarms.trouble(Trouble("store", "full"), 0.0)
    alarms.answered()
    assert alarms.current(NONE, 299.0)[0] == "STORE"
    assert alarms.current(NONE, 301.0) == ("", "")
    alarms.trouble(Trouble("proxy", "gone", lasting=True), 0.0)
    assert alarms.current(NONE, 9999.0)[0] == "PROXY"
    alarms.acknowledge(NONE, 9999.0)
    assert alarms.current(NONE, 9999.0) == ("", "")


def test_a_look_is_for_the_warning_that_is_shown_not_for_one_that_is_old() -> None:
    alarms = Alarms("claude")
    alarms.trouble(Trouble("worker", "died"), 0.0)
    alarms.acknowledge(IDLE, 400.0)
    assert alarms.current(IDLE, 401.0) == ("", "")


def test_a_warning_that_was_seen_is_not_shown_again() -> None:
    alarms = Alarms("claude")
    alarms.acknowledge(IDLE, 0.0)
    assert alarms.current(IDLE, 1.0) == ("", "")
    alarms.trouble(Trouble("worker", "died"), 2.0)
    assert alarms.current(IDLE, 3.0)[0] == "WORKER"
