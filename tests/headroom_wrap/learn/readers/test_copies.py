from __future__ import annotations

from dataclasses import replace

from headroom_wrap.learn.model import Event, Response, Session, ToolUse, UserText
from headroom_wrap.learn.readers.copies import Copies
from pipeline.transcript import ToolKind
from pipeline.usage import Usage


def use(number: int) -> ToolUse:
    return ToolUse(f"c{number}", "Bash", ToolKind.SHELL, {}, f"make {number}", time=10.0 + number)


def session(name: str, *events: Event) -> Session:
    responses = tuple(Response(f"m{place}", "", Usage(output=1), before=place) for place in range(len(events)))
    return Session("claude", name, "/p", 10.0, 99.0, events, responses)


def test_a_fork_has_only_what_came_after_it() -> None:
    copies = Copies()
    first = session("a", UserText("Go.", 10.0), use(1), use(2))
    fork = session("b", UserText("Go.", 10.0), use(1), use(2), UserText("Again.", 40.0), use(3))
    assert copies.cut(first) == first
    cut = copies.cut(fork)
    assert cut is not None
    assert cut.events == (UserText("Again.", 40.0), use(3))
    assert (cut.started, [response.before for response in cut.responses]) == (40.0, [0, 1])
    assert copies.cut(session("c", UserText("Go.", 10.0), use(1))) is None


def test_parts_and_repetitions_of_one_session_are_its_own() -> None:
    copies = Copies()
    first = session("a", use(1), use(2))
    assert copies.cut(first) == first
    assert copies.cut(replace(first, part=1)) == replace(first, part=1)


def test_the_same_id_at_another_time_or_of_another_agent_is_another_call() -> None:
    copies = Copies()
    copies.cut(session("a", use(1)))
    later = session("b", replace(use(1), time=500.0))
    other = replace(session("c", use(1)), agent="codex")
    assert copies.cut(later) == later
    assert copies.cut(other) == other
