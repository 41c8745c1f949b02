"""Who is asked, and in which order those that recognise a content come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.registry import ranking
from pipeline.policy import Policy

CONTENT = Content("text")


@dataclass
class Answering:
    """A compressor that is so sure, and knows how sure it can be."""

    name: str
    sure: float
    surest: float = 1.0
    asked: list[str] = field(default_factory=list)

    def recognise(self, content: Content) -> float:
        self.asked.append(content.text)
        return self.sure

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        return None


class Failing(Answering):
    def recognise(self, content: Content) -> float:
        raise ValueError


def in_order(among: tuple[Answering, ...]) -> list[tuple[float, str]]:
    """The same by asking each in turn until one is sure."""
    answers: list[tuple[float, str]] = []
    for compressor in among:
        answers.append((compressor.sure, compressor.name))
        if compressor.sure >= 0.95:
            break
    return sorted((a for a in answers if a[0] > 0), key=lambda a: -a[0])


SHARES = st.sampled_from([0.0, 0.2, 0.5, 0.9, 0.92, 0.95, 0.97, 1.0])


@settings(max_examples=300)
@given(st.lists(st.tuples(SHARES, SHARES), max_size=7))
def test_who_is_put_off_changes_no_order(pairs: list[tuple[float, float]]) -> None:
    among = tuple(Answering(str(n), min(pair), max(pair)) for n, pair in enumerate(pairs))
    assert [(sure, c.name) for sure, c in ranking(CONTENT, among)] == in_order(among)


def test_who_cannot_win_is_asked_only_for_a_second() -> None:
    log, table, listing = Answering("log", 0.9, 0.92), Answering("table", 0.4, 0.9), Answering("listing", 0.0, 0.92)
    found = ranking(CONTENT, (log, table, listing))
    assert next(found) == (0.9, log)
    assert not table.asked
    assert listing.asked
    assert [c.name for _, c in found] == ["table"]


def test_who_fails_does_not_recognise(caplog: pytest.LogCaptureFixture) -> None:
    good = Answering("good", 0.5)
    assert [c.name for _, c in ranking(CONTENT, (Failing("bad", 1.0), good))] == ["good"]
    assert "bad failed to recognise" in caplog.text


@pytest.mark.parametrize("answer", [None, float("nan"), -0.5, 1.5, float("inf"), "sure", []])
def test_whose_answer_is_no_share_does_not_recognise(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    good = Answering("good", 0.5)
    assert [c.name for _, c in ranking(CONTENT, (Answering("bad", answer), good))] == ["good"]
    assert "bad failed to recognise" in caplog.text
    assert list(ranking(CONTENT, (Answering("bad", answer),))) == []


@pytest.mark.parametrize("surest", [None, "0.9", float("nan")])
def test_who_does_not_say_in_a_number_how_sure_it_can_be_is_asked(surest: Any) -> None:
    assert [c.name for _, c in ranking(CONTENT, (Answering("good", 0.5), Answering("odd", 0.9, surest)))] == ["odd", "good"]


def test_nobody() -> None:
    assert list(ranking(CONTENT, (Answering("none", 0.0),))) == []
    assert list(ranking(CONTENT, ())) == []
