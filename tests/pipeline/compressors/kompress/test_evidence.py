from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.evidence import EVIDENCE, evidence
from pipeline.compressors.kompress.question import Question

TEXT = ("Tesla was born in Smiljan. ", "He died in New York in 1943.\n", "The river Tarsa is 487 kilometres long. ", "It rises on Mount Kelem.\n")


def found(name, sentences, query):
    return evidence(sentences, Question.of(query))[EVIDENCE.index(name)]


def test_evidence_is_what_a_sentence_a_paragraph_and_the_whole_text_have_of_a_question():
    query = "Is the river Tarsa near Smiljan or on Mount Kelem?"
    assert 0 < found("best", TEXT, query) < found("paragraph", TEXT, query) < found("whole", TEXT, query) <= 1000
    assert found("exact", TEXT, "native birthplace") < found("best", TEXT, "native birthplace")
    assert found("sentences", [*TEXT, *TEXT], query) > found("sentences", TEXT, query)
    assert found("whole", ["Nothing of the kind is said here."], query) == 0
    assert len(evidence([], Question.of(query))) == len(EVIDENCE)


def test_a_run_of_the_question_s_own_words_is_evidence():
    assert found("run", TEXT, "how long is the river tarsa") > found("run", TEXT, "is tarsa the name of a river") == 0


def test_keywords_are_told_from_questions():
    assert (found("keywords", TEXT, "river tarsa length"), found("few keywords", TEXT, "river tarsa length")) == (1, 1)
    assert (found("keywords", TEXT, "river tarsa length spring mount"), found("few keywords", TEXT, "river tarsa length spring mount")) == (1, 0)
    assert found("keywords", TEXT, "How long is the Tarsa?") == 0


@given(st.lists(st.text(max_size=80), max_size=12), st.text(max_size=60))
@settings(max_examples=100)
def test_shares_are_shares(sentences, query):
    rows = evidence(sentences, Question.of(query))
    assert all(type(value) is int for value in rows)
    assert all(0 <= rows[EVIDENCE.index(name)] <= 1000 for name in ("best", "exact", "paragraph", "whole", "run"))
