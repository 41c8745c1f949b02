from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.features import NAMES, coverage, extract
from pipeline.compressors.kompress.question import Question
from tests.cpu import cpu_seconds

TEXT = ("Tesla was born in Smiljan. ", "He died in New York in 1943.\n", "The river Tarsa is 487 kilometres long. ", "It rises on Mount Kelem.\n")


def feature(name, sentences, query):
    return [row[NAMES.index(name)] for row in extract(sentences, Question.of(query))]


def test_there_is_a_row_for_each_sentence_and_a_number_for_each_name():
    rows = extract(TEXT, Question.of("When did Tesla die?"))
    assert len(rows) == len(TEXT)
    assert {len(row) for row in rows} == {len(NAMES)}
    assert len(set(NAMES)) == len(NAMES)
    assert extract([], Question.of("When?")) == []


def test_a_word_matches_its_forms_its_relatives_and_what_is_spelled_alike():
    exact, form, relative, alike, none = feature(
        "soft", ["The founder spoke.", "The founders spoke.", "It was established early.", "Confounders matter.", "Cats purr."], "founder"
    )
    assert exact == 1000
    assert exact > form >= relative > none == 0
    assert alike > 0


def test_neighbours_headings_and_paragraphs_count():
    assert feature("previous", TEXT, "Tesla")[1] == 1000
    assert feature("next", TEXT, "Kelem")[2] == 1000
    assert feature("paragraph", TEXT, "Tesla")[:2] == [1000, 1000]
    assert feature("paragraph", TEXT, "Tesla")[2:] == [0, 0]
    assert feature("heading gain", ["Retries", "They are capped."], "retries")[1] > 0
    assert feature("topic", TEXT, "Tesla") == sorted(feature("topic", TEXT, "Tesla"), reverse=True)


def test_the_kind_of_answer_is_seen():
    assert feature("looks", TEXT, "When did Tesla die?") == [0, 1000, 0, 0]
    assert feature("when looks", TEXT, "When did Tesla die?") == [0, 1000, 0, 0]


def test_order_and_phrases_are_seen():
    together, apart = feature("phrases", ["The retry delay is ten.", "Delay it, then retry."], "retry delay")
    assert together > apart
    assert feature("pairs", ["The retry delay is ten.", "Delay the next worker before any retry."], "retry delay") == [1000, 0]


def test_names_and_numbers_that_are_asked_for():
    assert feature("names", TEXT, "Where did Kelem rise?") == [0, 0, 0, 1000]
    assert feature("numbers missing", TEXT, "What happened in 1943?") == [1000, 0, 1000, 1000]


def test_coverage_is_the_best_sentence_less_chance():
    assert coverage(TEXT, Question.of("When was Tesla born in Smiljan, as a child of a priest in a village?")) > 250
    assert coverage(TEXT, Question.of("Which settings does the compiler accept for vectorisation?")) < 250
    long = [*TEXT, *["Nothing of the kind is said here."] * 200]
    query = Question.of("Did Tesla like the opera of Vienna?")
    assert coverage(long, query) < coverage(TEXT, query)
    assert coverage([], query) == 0


@given(st.lists(st.text(max_size=80), max_size=12), st.text(max_size=60))
@settings(max_examples=150)
def test_any_text_has_features(sentences, query):
    question = Question.of(query)
    rows = extract(sentences, question)
    assert len(rows) == len(sentences)
    assert all(type(value) is int for row in rows for value in row)
    assert 0 <= coverage(sentences, question) <= 1000


@pytest.mark.slow
@pytest.mark.parametrize(
    "sentences",
    [["a" * 3_000_000], ["word " * 400_000], ["A. " * 3] * 20_000, ["one " * 300_000 + "--x " * 100_000]],
    ids=["one word", "one sentence", "many sentences", "numbers and flags"],
)
def test_hostile_text_takes_linear_time(sentences):
    assert cpu_seconds(lambda: extract(sentences, Question.of("How many words does Tesla have in one hundred years?"))) < 8
