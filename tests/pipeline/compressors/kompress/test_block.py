from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.block import STEM, cover, joint, log, read
from pipeline.compressors.kompress.question import UNIT, Question

TEXT = ("The mirror was made in Paris. ", "It weighs two tons.\n", "Mirrors are ground by hand.\n")


def test_hits_are_terms_by_how_well_they_match():
    question = Question.of("Where was the mirror made in Paris ground?")
    terms = [term.word for term in question.terms]
    block = read(TEXT, question)
    assert block.hits[0][terms.index("mirror")] == UNIT
    assert block.hits[2][terms.index("mirror")] == STEM
    assert block.hits[1] == {}
    assert block.places[0][0] == (1, terms.index("mirror"))


def test_what_no_sentence_has_weighs_nothing_and_the_rest_a_unit():
    question = Question.of("mirror zeppelin")
    block = read(TEXT, question)
    weights = dict(zip((term.word for term in question.terms), block.weights, strict=True))
    assert weights["zeppelin"] == 0
    assert weights["mirror"] == UNIT
    assert block.covered == [UNIT, 0, STEM]


def test_a_run_weighs_more_the_longer_it_is_and_no_more_than_all():
    runs = [run for _, run in read(["made in Paris", "made by Paris", "Paris in made"], Question.of("mirror made in paris")).spoken]
    assert runs[0] > runs[1] == runs[2] == 0
    assert read(["a b a b a b a b"], Question.of("a b a b")).spoken[0][1] <= UNIT


def test_hits_together_have_the_best_of_each():
    assert joint({0: 1000, 1: 550}, {1: 900, 2: 650}) == {0: 1000, 1: 900, 2: 650}
    assert joint({}, {1: 900}) == joint({1: 900}, {}) == {1: 900}
    assert cover({0: 500, 1: 1000}, [600, 400]) == 700


def test_logarithms_are_whole():
    assert [log(n) for n in (0, 1, 2, 4, 1024)] == [0, 0, 8, 16, 80]


@given(st.lists(st.text("abc d.\n", max_size=60), max_size=8), st.text("abc d?", max_size=40))
@settings(max_examples=150)
def test_what_a_question_touches_is_within_bounds(sentences, query):
    block = read(sentences, Question.of(query))
    assert len(block.hits) == len(block.places) == len(block.covered) == len(block.spoken) == len(sentences)
    assert all(0 <= own <= UNIT for own in block.covered)
    assert all(0 <= value <= UNIT for pair in block.spoken for value in pair)
