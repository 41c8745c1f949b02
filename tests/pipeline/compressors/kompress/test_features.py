from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.features import NAMES, extract
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


def test_words_are_known_without_their_marks_and_written_as_one():
    assert feature("soft", ["The Lōihi seamount rises."], "loihi") == [1000]
    assert feature("soft", ["Wingstop has a thousand restaurants."], "wing stops")[0] > 800


def test_words_of_a_kind_that_is_asked_for_count():
    horse, nothing = feature("soft", ["They ate their horses.", "They ate their bread."], "animals")
    assert horse > nothing == 0
    assert feature("soft", ["The animals were hungry."], "horse") == [0]


def test_an_idiom_means_what_its_words_do_not():
    assert feature("soft", ["The film was released in March."], "when did it come out")[0] > 0
    assert feature("soft", ["The film was released in March."], "when did they come home")[0] == 0


def test_a_run_of_the_question_marks_its_paragraph():
    text = ["Some like it hot and loud.\n", "It is a comedy. ", "The film some like it hot begins in Chicago.\n", "Hot days are what some like.\n"]
    runs = feature("run", text, "where does some like it hot begin")
    assert runs[2] > runs[3]
    assert feature("paragraph run", text, "where does some like it hot begin")[1:3] == [runs[2]] * 2
    assert feature("paragraph run below best", text, "where does some like it hot begin")[2] == 0


def test_the_rarest_word_of_a_question_marks_its_paragraph():
    text = ["Ergotism was common. ", "It is a disease.\n", "A common disease is the flu.\n"]
    assert feature("rarest", text, "is ergotism a common disease") == [1000, 0, 0]
    assert feature("paragraph rarest", text, "is ergotism a common disease") == [1000, 1000, 0]


@given(st.lists(st.text(max_size=80), max_size=12), st.text(max_size=60))
@settings(max_examples=150)
def test_any_text_has_features(sentences, query):
    question = Question.of(query)
    rows = extract(sentences, question)
    assert len(rows) == len(sentences)
    assert all(type(value) is int for row in rows for value in row)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sentences",
    [["a" * 3_000_000], ["word " * 400_000], ["A. " * 3] * 20_000, ["one " * 300_000 + "--x " * 100_000]],
    ids=["one word", "one sentence", "many sentences", "numbers and flags"],
)
def test_hostile_text_takes_linear_time(sentences):
    assert cpu_seconds(lambda: extract(sentences, Question.of("How many words does Tesla have in one hundred years?"))) < 8
