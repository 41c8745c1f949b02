from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.words import _DROPPED, DEEPEST, shorten

SAY_SOMETHING = """no not never none nor neither without cannot nothing nobody nowhere must may might can could shall should will would need ought and or but if
unless until while only always except either both all any every each some many few more less most least before after above below between under over up down
off out into from to than then else because since although though however instead when where why how by with than yes true false null""".split()


@pytest.mark.parametrize("level", range(2, DEEPEST + 1))
def test_words_that_say_something_are_in_no_list(level: int) -> None:
    assert _DROPPED[level].isdisjoint(SAY_SOMETHING)
    assert all(word.isalpha() and word.islower() for word in _DROPPED[level])


@pytest.mark.parametrize(
    ("level", "text", "expected"),
    [
        (0, "The cat is on the mat.", "The cat is on the mat."),
        (1, "The cat is on the mat.", "The cat is on the mat."),
        (2, "The cat is on the mat.", "cat is on mat."),
        (3, "The cat is on the mat.", "cat on mat."),
        (4, "The cat is on the mat.", "cat mat."),
        (4, "It is not in the cache.", "It is not in cache."),
        (4, "You must not turn on the light or it is lost.", "You must not turn on light or it lost."),
        (4, "Take 3 of 5 and a few more.", "Take 3 of 5 and a few more."),
        (4, "at least one of a and b", "at least one of a and b"),
        (4, "She has to go; she has 16 eggs.", "She has to go; she has 16 eggs."),
        (4, 'Print "the value of it" in `a of b` mode.', 'Print "the value of it" in `a of b` mode.'),
        (2, "The `x` is a “very big thing” for the US.", "`x` is “very big thing” for US."),
        (4, "A is greater than B.", "A greater than B."),
        (4, "vitamin A is good", "vitamin A good"),
        (4, "The IT AS OF IN text", "IT AS OF IN text"),
        (4, "x = a * b", "x = a * b"),
        (4, "instead of the file", "instead of file"),
        (4, "turn it on.", "turn it on."),
        (2, "", ""),
        (2, "The", "The"),
    ],
)
def test_levels(level: int, text: str, expected: str) -> None:
    assert shorten(text, level) == expected


TOKENS = st.lists(
    st.sampled_from([
        "the", "The", "a", "of", "is", "not", "n't", "must", "never", "or", "and", "3", "v1.2", "/etc/x", "foo_bar", "https://a.b/c", "--opt", "`a", "b`", '"in', 'it"',
        "it", "which", "cat", "cats.", "=", "+", "(the", "that)", "A", "IT", "at", "least", "\n", "",
    ]),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300)
@given(TOKENS, st.integers(0, 6))
def test_only_words_of_the_lists_go(tokens: list[str], level: int) -> None:
    text = " ".join(tokens)
    dropped = _DROPPED[min(max(level, 2), DEEPEST)] if level >= 2 else frozenset()
    left = iter(shorten(text, level).split(" "))
    gone = []
    expected = next(left, None)
    for token in text.split(" "):
        if token == expected:
            expected = next(left, None)
        else:
            gone.append(token)
    assert expected is None, "what is left is a subsequence"
    assert {word.lower() for word in gone} <= dropped


@given(st.text(st.characters(codec=None), max_size=100), st.integers(2, 4))
def test_any_text(text: str, level: int) -> None:
    assert len(shorten(text, level)) <= len(text)
