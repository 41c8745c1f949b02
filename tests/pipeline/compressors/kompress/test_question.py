from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.answers import KINDS, looks_like
from pipeline.compressors.kompress.lexicon import stem
from pipeline.compressors.kompress.question import WORD, Question, plain, words_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("When did Nikola Tesla die?", "when"),
        ("what year was the bridge built", "when"),
        ("Who wrote the book?", "who"),
        ("In which city was she born?", "where"),
        ("How many seats are there?", "number"),
        ("How long are results stored?", "duration"),
        ("how much did it cost", "money"),
        ("What percentage of voters took part?", "percent"),
        ("Why does the client hang?", "why"),
        ("Which option sets the timezone?", "code"),
        ("How do I start a worker?", "how"),
        ("Is the floor waterproof?", "yes"),
        ("What is bronze made of?", "what"),
        ("retry delay worker", "keywords"),
        ("", "keywords"),
    ],
)
def test_what_is_asked(text, kind):
    assert Question.of(text).kind == kind
    assert kind in KINDS


@pytest.mark.parametrize(
    ("kind", "sentence", "expected"),
    [
        ("when", "He died in 1943.", True),
        ("when", "He died in New York.", False),
        ("who", "It was built by Thomas Renwick.", True),
        ("money", "It made 19 million dollars.", True),
        ("percent", "Only 3% remain.", True),
        ("code", "Pass --concurrency to change it.", True),
        ("keywords", "Anything at all in 1943.", False),
    ],
)
def test_what_answers_look_like(kind, sentence, expected):
    assert looks_like(kind, sentence, "question") is expected


def test_what_the_question_says_itself_is_no_answer():
    assert not looks_like("when", "The treaty of 1943 was signed.", "who signed the treaty of 1943?")


def test_terms_leave_out_stop_words_and_share_one_unit():
    question = Question.of("Who was the architect of the Port Averil lighthouse?")
    assert [term.word for term in question.terms] == ["architect", "port", "averil", "lighthouse"]
    assert 990 <= sum(term.weight for term in question.terms) <= 1000
    weights = {term.word: term.weight for term in question.terms}
    assert weights["averil"] > weights["port"]


def test_names_numbers_focus_and_couples():
    question = Question.of("Which city did Tesla move to in 1884?")
    words = [term.word for term in question.terms]
    assert {words[i] for i in question.names} == {"tesla"}
    assert {words[i] for i in question.numbers} == {"1884"}
    assert {words[i] for i in question.focus} == {"city"}
    assert ("tesla", "move") in question.couples
    assert ("to", "in") not in question.couples


def test_letters_lose_their_marks():
    assert words_of("Lōihi, ÉCLAIR and e\u0301clair: naïve") == ["loihi", "eclair", "and", "eclair", "naive"]
    assert [term.word for term in Question.of("Where is Lōihi?").terms] == ["loihi"]
    assert {term.word for term in Question.of("Where does Éclair live?").terms} == {"eclair", "live"}


def test_what_is_no_sentence_is_keywords():
    assert Question.of("retry delay").keywords
    assert not Question.of("what is the retry delay").keywords


def test_terms_side_by_side_are_a_compound_too():
    question = Question.of("how many wing stops are there")
    assert {term.word for term in question.terms} == {"wing", "stops"}
    assert question.compounds == {stem("wingstops"): (0, 1)}


def test_idioms_have_the_stems_of_what_they_mean():
    question = Question.of("when did the film come out")
    words = [term.word for term in question.terms]
    assert stem("released") in question.idioms[words.index("come")]
    assert Question.of("when did the film come home").idioms == {}


def test_camel_case_is_also_its_parts():
    assert {"urlfield", "field"} <= {term.word for term in Question.of("urlField validation").terms} | {"urlfield"}
    assert "field" in {term.word for term in Question.of("urlField validation").terms}


def test_a_long_text_has_few_terms():
    question = Question.of(" ".join(f"word{i}" for i in range(50_000)))
    assert len(question.terms) <= 24


@given(st.text(max_size=200))
@settings(max_examples=150)
def test_anything_can_be_asked(text):
    question = Question.of(text)
    assert question.kind in KINDS
    assert all(0 <= a < len(question.terms) and 0 <= b < len(question.terms) for a, b in question.pairs)


@given(st.text(st.characters(max_codepoint=127), max_size=60) | st.text("aZ9_ '’é.-\n", max_size=60))
def test_words_without_an_apostrophe_are_the_same_without_a_pattern(text):
    assert words_of(text) == WORD.findall(plain(text).lower())
