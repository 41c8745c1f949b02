from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.lexicon import BEGINNING, RAREST, STOP_WORDS, beginnings, rarity, related, stem


@pytest.mark.parametrize(
    "forms",
    [
        ("connect", "connects", "connected", "connection", "connections", "connecting"),
        ("write", "wrote", "written", "writer"),
        ("city", "cities"),
        ("find", "found", "finds"),
        ("establish", "established", "establishment"),
        ("configuration", "config", "configure", "configured"),
        ("retry", "retries", "retried"),
        ("population", "populations"),
        ("stop", "stopped", "stopping"),
        ("release", "releases", "released", "releasing"),
        ("horse", "horses"),
    ],
)
def test_the_forms_of_a_word_share_a_stem(forms):
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(("one", "other"), [("write", "white"), ("port", "part"), ("universe", "unit"), ("process", "progress")])
def test_different_words_have_different_stems(one, other):
    assert stem(one) != stem(other)


def test_what_is_no_word_stays():
    assert stem("x86") == "x86"
    assert stem("a" * 100) == "a" * 100


@given(st.text(string.ascii_lowercase, min_size=1, max_size=60))
@settings(max_examples=200)
def test_a_stem_is_never_empty_nor_longer(word):
    assert 0 < len(stem(word)) <= max(len(word), 14)


def test_rare_words_are_rarer():
    assert rarity("the") < rarity("people") < rarity("photosynthesis") <= RAREST
    assert rarity("qzxv") == RAREST
    assert all(rarity(word) <= RAREST for word in STOP_WORDS)


def test_related_words_are_known_both_ways_and_never_a_word_itself():
    assert all(one not in related(one) for one in map(stem, ("founder", "born", "win", "delete")))
    assert stem("birthplace") in related(stem("born"))
    assert stem("born") in related(stem("birthplace"))
    assert related("qzxv") == ()


def test_words_for_a_kind_lead_to_what_is_of_it_and_not_back():
    assert stem("horse") in related(stem("animal"))
    assert stem("animal") not in related(stem("horse"))


@given(
    st.text(string.ascii_lowercase + "'3é", min_size=1, max_size=12) | st.sampled_from(["flies", "went", "js's", "ski", "sky", "skied", "found's"])
)
@settings(max_examples=300)
def test_a_word_begins_as_one_with_its_stem_does(word):
    assert word[:BEGINNING] in beginnings([stem(word.removesuffix("'s"))])


def test_all_forms_of_an_irregular_word_are_among_those_that_begin_so():
    assert all(form[:BEGINNING] in beginnings([stem("went")]) for form in ("go", "goes", "went", "gone", "go's"))
    assert "wen" not in beginnings([stem("walk")])
