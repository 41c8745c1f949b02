from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.core import Mode, Settings, compress, kompress
from pipeline.compressors.kompress.folds import fold
from pipeline.compressors.kompress.segment import segment
from pipeline.compressors.kompress.squeeze import squeeze


def folded(text: str) -> str:
    units = segment(text)
    return "\n".join(fold(units, squeeze(text, units)))


def test_the_address_of_a_person_is_said_once() -> None:
    text = "Thanks to Ann Lee <ann@example.org> for this.\n\nReviewed by Ann Lee  <ann@example.org> and Bo Ek <bo@example.org>.\n"
    assert folded(text) == "Thanks to Ann Lee <ann@example.org> for this.\n\nReviewed by Ann Lee and Bo Ek <bo@example.org>."


def test_who_has_two_addresses_keeps_them() -> None:
    text = "From Ann Lee <ann@example.org>.\n\nFrom Ann Lee <ann@example.net>.\n\nFrom Ann Lee <ann@example.org>.\n"
    assert folded(text).count("<ann@example.") == 3


@pytest.mark.parametrize("before", ["Send it to", "Reported by", "see also"])
def test_an_address_without_a_name_stays(before: str) -> None:
    assert folded(f"{before} <ann@example.org>.\n\n{before} <ann@example.org>.\n").count("<ann@example.org>") == 2


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[#205](https://a.example/issues/205)", "(https://a.example/issues/205)"),
        (
            "[`e019a75`](https://a.example/commit/e019a75ee267a53a48d02ac983266cdf2b4e16a9)",
            "(https://a.example/commit/e019a75ee267a53a48d02ac983266cdf2b4e16a9)",
        ),
        ("[https://a.example/x](https://a.example/x)", "(https://a.example/x)"),
        ("[the guide](https://a.example/guide)", "[the guide](https://a.example/guide)"),
        ("[20](https://a.example/issues/205)", "[20](https://a.example/issues/205)"),
        ("![205](https://a.example/205)", "![205](https://a.example/205)"),
    ],
)
def test_a_link_is_its_address_where_that_says_its_text(link: str, said: str) -> None:
    assert folded(f"It was fixed in {link} for all of them.\n") == f"It was fixed in {said} for all of them."


def test_code_is_not_folded() -> None:
    text = "Use it like this:\n\n```\ngit log --author 'Ann Lee <ann@example.org>'\ngit log --author 'Ann Lee <ann@example.org>'\n```\n"
    assert folded(text).count("<ann@example.org>") == 2


CHANGES = "".join(
    f"2022-02-{day}  Ann Lee  <ann@example.org>\n\n\tThe parser reads the header of the frame number {day} before it asks for more.\n\n"
    for day in range(10, 28)
)


def test_a_record_of_changes_is_folded_where_words_may_go_and_says_so() -> None:
    result = kompress(CHANGES)
    assert result.mode is Mode.SAFE
    assert result.text.count("Ann Lee") == 18
    assert result.text.count("<ann@example.org>") == 1
    assert "addresses behind names" in result.summary
    assert compress(CHANGES, "", Settings(deepest=1)).text.count("<ann@example.org>") == 18


def test_without_a_gentler_mode_a_text_that_is_not_asked_stays() -> None:
    assert compress(CHANGES, "Who paints the fence?", Settings(Mode.FOCUS)).mode is Mode.SAFE
    assert compress(CHANGES, "Who paints the fence?", Settings(Mode.FOCUS, gentler=False)).mode is None
    assert compress(CHANGES, "", Settings(gentler=False)).mode is Mode.SAFE


PIECES = st.sampled_from(
    ["Ann Lee", " <a@b.c>", " <d@e.f>", "Bo", " ", "\n", "\n\n", "[#1]", "(https://a/1)", "[1](https://a/1)", "- ", "x", "<", ">", "`"]
)


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_address_is_lost(text: str) -> None:
    result = folded(text)
    for address in ("<a@b.c>", "<d@e.f>", "https://a/1"):
        assert (address in text) == (address in result)
    assert len(result) <= len(text)
