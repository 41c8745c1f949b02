from __future__ import annotations

from pathlib import Path

from headroom_wrap.config import Surroundings
from headroom_wrap.events import Began, Block, Finished, Trouble
from headroom_wrap.supervisor.view import SessionView
from pipeline.usage import Usage


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def view(clock: Clock) -> SessionView:
    around = Surroundings({"TERM": "xterm", "NO_COLOR": "1"}, Path("/h"), Path("/w"))
    return SessionView("claude", panel=True, around=around, hint="Ctrl-\\ details", clock=clock, wall=clock)


def text(shown: SessionView) -> str:
    return b"\n".join(shown.lines(120, 3) or ()).decode()


def test_events_add_up_and_the_same_again_is_nothing_new() -> None:
    shown = view(Clock())
    assert "Ctrl-\\ details" in text(shown)
    shown.take(Began("m", "/", understood=True, compressed=1, new_reasons={"compressed": 1}, last="Bash: x", decided=(Block("x", "compressed"),)))
    shown.take(Finished("s", "m", Usage(10, cache_read=90), 0.5, 0.75, removed=1000, ttl_s=300))
    assert "bill $0.50 · saved $0.25" in text(shown)
    assert shown.lines(120, 3) is None
    assert len(shown.history.blocks) == len(shown.history.requests) == 1


def test_the_countdown_changes_the_panel_seldom() -> None:
    clock = Clock()
    shown = view(clock)
    shown.take(Finished("s", "m", Usage(10, cache_read=90), 0.5, 0.75, ttl_s=300))
    changes = 0
    before = b""
    for _ in range(400):
        clock.now += 1
        lines = shown.lines(120, 3)
        now = before if lines is None else b"".join(lines)
        changes += now != before
        before = now
    assert changes < 9


def test_a_look_takes_the_alarm_away() -> None:
    shown = view(Clock())
    shown.take(Trouble("store", "The disk is full."))
    assert "! STORE · The disk is full." in text(shown)
    shown.looked()
    assert "STORE" not in text(shown)
    assert shown.trouble is not None
    assert shown.history.notices[0].trouble.message == "The disk is full."


def test_not_routed_during_the_session() -> None:
    clock = Clock()
    shown = view(clock)
    for _ in range(140):
        clock.now += 0.25
        shown.wrote(clock.now)
    assert "! NOT ROUTED · claude is busy" in text(shown)
    shown.take(Began("m", "/", understood=True))
    assert "NOT ROUTED" not in text(shown)


def test_a_failed_panel_is_said_at_the_end() -> None:
    shown = view(Clock())
    shown.panel_failed(ValueError("x"))
    assert shown.trouble is not None
    assert "ValueError: x" in shown.trouble.message
