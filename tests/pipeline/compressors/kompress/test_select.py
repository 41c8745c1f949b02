from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compressors.kompress.segment import segment
from pipeline.compressors.kompress.select import Ranking, admonishes, by_facts, filled, questions, repeats
from pipeline.compressors.kompress.squeeze import squeeze
from tests.pipeline.compressors.kompress.stand_in import Overlap, coverage

TEXT = "The parser reads tokens.\n\nThe cache holds values for an hour.\n\nA server answers requests. The server listens on port 80.\n"


def ranking(text: str, query: str, gate: float = 0.25) -> tuple[list[str], Ranking]:
    units = segment(text)
    said = squeeze(text, units)
    return said, Ranking(units, said, query, Overlap(), coverage=coverage, gate=gate)


def test_best_first() -> None:
    said, found = ranking(TEXT, "How long does the cache hold values?")
    assert said[found.by_score()[0]] == "The cache holds values for an hour."


def test_the_fewest_units_with_the_mass() -> None:
    said, found = ranking(TEXT, "which port does the server listen on")
    assert [said[n] for n in sorted(found.probable(0.5))] == ["The server listens on port 80."]
    assert len(found.probable(1.0)) >= 4


def test_every_question_has_its_own_set() -> None:
    said, found = ranking(TEXT, "How long does the cache hold values? What does the parser read?")
    assert {said[n] for n in found.probable(0.5)} == {"The parser reads tokens.", "The cache holds values for an hour."}


def test_the_gate() -> None:
    assert not ranking(TEXT, "Who painted the ceiling of the chapel?")[1].passes
    assert not ranking(TEXT, "")[1].passes
    assert ranking(TEXT, "Who painted the ceiling? What values does the cache hold? Which tokens?")[1].passes, "two of three are enough"
    assert ranking(TEXT, "nonsense")[1].by_score() == []


def test_questions() -> None:
    assert questions("Fix the build.") == ["Fix the build."]
    assert questions("I use numpy. How does it broadcast?") == ["I use numpy. How does it broadcast?"], "one question needs what stands around it"
    assert questions("Answer: (1) Who is it? (2) What is it?") == ["Answer: (1) Who is it?", "(2) What is it?"]
    assert questions("  ") == []


def test_repeated_paragraphs() -> None:
    said = " ".join(
        ["This paragraph is long enough that it is worth a marker when it stands in a text for the second time, as it does here. Truly."] * 4
    )
    text = f"{said}\n\nSomething else.\n\n{said}\n\nSomething else.\n"
    units = segment(text)
    found = repeats(text, units)
    assert {units[n].paragraph for n in found} == {2}
    assert all(text[units[a].start : units[a].end].strip() == text[units[b].start : units[b].end].strip() for a, b in found.items())


def test_filled_up_to_the_floor() -> None:
    assert filled([2], [0, 1, 2], [10, 10, 10, 10], 20) == bytearray(b"\1\0\1\0")
    assert filled([2], [0, 1], [10, 10, 10, 10], 5) == bytearray(b"\0\0\1\0")
    assert filled([], [], [1], 9) == bytearray(b"\0")


def test_facts_go_before_phrases() -> None:
    text = "It is nice to have you here with us on this day. Set MAX_SIZE in /etc/x.conf to 4096. You must never delete it. We hope that all is well."
    units = segment(text)
    said = squeeze(text, units)
    order = [said[n] for n in by_facts(units, said)]
    assert order[:2] == ["Set MAX_SIZE in /etc/x.conf to 4096.", "You must never delete it."] or order[:2] == [
        "You must never delete it.",
        "Set MAX_SIZE in /etc/x.conf to 4096.",
    ]


@pytest.mark.parametrize(("said", "expected"), [("Warning: hot", True), ("**Deprecated**", True), ("- error: no", True), ("No warning here", False)])
def test_admonitions(said: str, expected: bool) -> None:
    assert admonishes(said) is expected


class Given:
    def __init__(self, scores: list[int]) -> None:
        self._scores = scores

    def scores(self, sentences: object, query: str) -> list[int]:
        return self._scores


@given(st.lists(st.integers(-20_000, 20_000), min_size=1, max_size=30), st.floats(0.01, 1.0))
def test_the_set_holds_the_mass_and_is_minimal(scores: list[int], mass: float) -> None:
    text = "".join(f"Sentence number x{n} is here.\n\n" for n in range(len(scores)))
    units = segment(text)
    said = squeeze(text, units)
    found = Ranking(units, said, "any", Given(scores), coverage=lambda sentences, query: 1.0, gate=0.2).probable(mass)
    weights = [math.exp(s / 1000) for s in scores]
    held = [w for w, n in zip(weights, [i for i, s in enumerate(said) if s], strict=True) if n in found]
    assert sum(held) >= mass * sum(weights) * (1 - 1e-6)
    assert sum(held) - min(held) <= mass * sum(weights) * (1 + 1e-6)
